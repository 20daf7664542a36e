"""Faults in how the resource server refuses, and in what it publishes of itself (RFC 9449 section 7.1, RFC 9728)."""

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from keybound.reference.access import BAD_TOKEN, NO_PROOF, OTHER_CERTIFICATE
from keybound.reference.challenges import challenges, dpop_parameters, error_parameters, refuse
from keybound.reference.errors import Refusal
from keybound.reference.foreign_tokens import binding
from keybound.reference.parts import Instead, alter, replace
from keybound.reference.resource_metadata import PATH, metadata_of, publish
from keybound.reference.state import Reference

from .fault import Fault, fault

_REALM = 'realm="reference"'
_OTHER = {"DPoP": "Bearer", "Bearer": "DPoP"}
Refuse = Callable[[Reference, Refusal], web.Response]


def _told(
    when: Callable[[Refusal], bool],
    *,
    code: str | None = None,
    status: int | None = None,
    schemes: tuple[str, ...] | None = None,
) -> Instead:
    """Tell a refusal of which `when` holds with another code or status, or in the challenges of other schemes."""

    def body(right: Refuse, state: Reference, refusal: Refusal) -> web.Response:
        if when(refusal):
            refusal = Refusal(
                str(refusal), code or refusal.code, status or refusal.status, schemes or refusal.schemes
            )
        return right(state, refusal)

    return replace(refuse, body)


def _no_challenge(when: Callable[[Refusal], bool]) -> Instead:
    return alter(challenges, lambda values, state, refusal: [] if when(refusal) else values)


_NO_CHALLENGE_IN_403 = _no_challenge(lambda refusal: (refusal.code, refusal.status) == ("invalid_token", 403))


def _with_body(right: Refuse, state: Reference, refusal: Refusal) -> web.Response:
    response = right(state, refusal)
    if str(refusal) == NO_PROOF:
        response.text = json.dumps({"error": refusal.code, "message": state.canary})
    return response


def _without_algs(own: list[str], state: Reference) -> list[str]:
    return [each for each in own if not each.startswith("algs=")] or [_REALM]


def _at_other_path(own: list[str], state: Reference) -> list[str]:
    return [each.replace(PATH, f"{PATH}/other") for each in own]


def _said(**members: Any) -> Instead:
    """Put members into the metadata."""
    return alter(metadata_of, lambda said, state: {**said, **members})


def _said_algs(*more: str) -> Instead:
    def change(said: dict[str, Any], state: Reference) -> dict[str, Any]:
        return {
            **said,
            "dpop_signing_alg_values_supported": [*said["dpop_signing_alg_values_supported"], *more],
        }

    return alter(metadata_of, change)


def _not_found(*_: object) -> web.Response:
    return web.Response(status=404)


def _as_text(response: web.Response, state: Reference) -> web.Response:
    response.content_type = "text/plain"
    return response


FAULTS: tuple[Fault, ...] = (
    fault(
        "rs-no-challenge",
        "a 401 has no WWW-Authenticate",
        _no_challenge(lambda refusal: refusal.status == 401),
    ),
    fault(
        "rs-challenge-without-error", "the challenge has no error", replace(error_parameters, lambda *_: [])
    ),
    fault(
        "rs-challenge-without-algs", "the DPoP challenge has no algs", alter(dpop_parameters, _without_algs)
    ),
    fault(
        "rs-challenge-lists-none",
        "algs of the challenge contains none",
        alter(dpop_parameters, lambda own, state: [own[0].removesuffix('"') + ' none"', *own[1:]]),
    ),
    fault(
        "rs-challenge-attributes-twice",
        "a challenge has its error twice",
        alter(error_parameters, lambda said, *_: [*said, *said[:1]]),
    ),
    fault(
        "rs-error-in-other-challenge",
        "the error stands in the challenge of the scheme that was not tried",
        replace(error_parameters, lambda right, refusal, scheme: right(refusal, _OTHER[scheme])),
    ),
    fault(
        "rs-error-without-credentials",
        "a request without credentials is told an error",
        _told(lambda refusal: refusal.code is None, code="invalid_token", schemes=("DPoP", "Bearer")),
    ),
    fault(
        "rs-body-in-refusal",
        "a refusal for want of a proof carries the protected body",
        replace(refuse, _with_body),
    ),
    fault(
        "rs-token-wrong-error",
        "a bad token is answered 403",
        _told(lambda refusal: str(refusal) == BAD_TOKEN, status=403),
        _NO_CHALLENGE_IN_403,
        alone=True,
    ),
    fault(
        "rs-bearer-wrong-status",
        "a bad bearer token is answered 400",
        _told(lambda refusal: str(refusal) == BAD_TOKEN and refusal.schemes == ("Bearer",), status=400),
    ),
    fault(
        "rs-bad-token-blamed-on-proof",
        "a bad token is answered invalid_dpop_proof",
        _told(
            lambda refusal: str(refusal) == BAD_TOKEN and refusal.schemes == ("DPoP",),
            code="invalid_dpop_proof",
        ),
    ),
    fault(
        "rs-scope-wrong-status",
        "insufficient_scope comes with 401",
        _told(lambda refusal: refusal.code == "insufficient_scope", status=401),
    ),
    fault(
        "rs-nonce-wrong-status",
        "a missing nonce is answered with the other side's status",
        _told(lambda refusal: refusal.code == "use_dpop_nonce", status=400),
    ),
    fault(
        "rs-mtls-wrong-error",
        "a certificate mismatch is answered 403 without a challenge",
        _told(lambda refusal: str(refusal) == OTHER_CERTIFICATE, status=403),
        _NO_CHALLENGE_IN_403,
    ),
    fault(
        "rs-challenge-other-metadata",
        "the challenge points to the metadata of another resource",
        alter(dpop_parameters, _at_other_path),
        alone=True,
    ),
    fault(
        "rs-metadata-not-served",
        "the challenge points to metadata that is not there",
        replace(publish, _not_found),
        alone=True,
    ),
    fault(
        "rs-metadata-not-json", "the metadata is served as text/plain", alter(publish, _as_text), alone=True
    ),
    fault(
        "rs-metadata-other-resource",
        "the metadata names another resource",
        alter(metadata_of, lambda said, state: {**said, "resource": f"{state.issuer}/other"}),
        alone=True,
    ),
    fault(
        "rs-metadata-without-resource",
        "the metadata does not name its resource",
        alter(metadata_of, lambda said, state: {"authorization_servers": said["authorization_servers"]}),
        alone=True,
    ),
    fault(
        "rs-metadata-empty-array",
        "the metadata has an empty array",
        _said(authorization_servers=[]),
        alone=True,
    ),
    fault("rs-metadata-algs-none", "the metadata lists the algorithm none", _said_algs("none"), alone=True),
    fault(
        "rs-metadata-algs-unsupported",
        "the metadata lists an algorithm that does not work",
        _said_algs("ES512"),
        alone=True,
    ),
    fault(
        "rs-metadata-flag-string",
        "the flags of the metadata are strings",
        _said(tls_client_certificate_bound_access_tokens="true", dpop_bound_access_tokens_required="true"),
        alone=True,
    ),
    fault(
        "rs-metadata-says-dpop-required",
        "tokens without a DPoP binding work though the metadata denies it",
        _said(dpop_bound_access_tokens_required=True),
        replace(binding, lambda right, cnf: {} if cnf is None else right(cnf)),
        alone=True,
    ),
)
