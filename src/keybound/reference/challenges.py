"""How a resource is refused: status and challenges (RFC 9449 section 7.1, RFC 6750 section 3)."""

from aiohttp import web

from .errors import Refusal
from .parts import part
from .proof import PROOF_ALGS
from .resource_metadata import PATH
from .state import Reference

_REALM = 'realm="reference"'


@part
def refuse(state: Reference, refusal: Refusal) -> web.Response:
    """Return the answer to a request that does not get the resource."""
    response = web.json_response({"error": refusal.code} if refusal.code else {}, status=refusal.status)
    for value in challenges(state, refusal):
        response.headers.add("WWW-Authenticate", value)
    return response


@part
def challenges(state: Reference, refusal: Refusal) -> list[str]:
    """Return the WWW-Authenticate values; both schemes are offered (RFC 9449 section 7.2)."""
    return [
        f"{scheme} {', '.join([*error_parameters(refusal, scheme), *own])}"
        for scheme, own in (("DPoP", dpop_parameters(state)), ("Bearer", [_REALM]))
    ]


@part
def error_parameters(refusal: Refusal, scheme: str) -> list[str]:
    """Return what the challenge of a scheme says went wrong: nothing if other credentials were sent, or none."""
    if refusal.code is None or scheme not in refusal.schemes:
        return []
    return [f'error="{refusal.code}"', f'error_description="{refusal}"']


@part
def dpop_parameters(state: Reference) -> list[str]:
    """Return the algorithms that proofs may use, and where the metadata is, if any (RFC 9728 section 5.1)."""
    algs = f'algs="{" ".join(PROOF_ALGS)}"'
    return [algs, f'resource_metadata="{state.issuer}{PATH}"'] if state.trusted else [algs]
