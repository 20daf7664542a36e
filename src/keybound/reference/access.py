"""Who may have a protected resource: RFC 9449 section 7, RFC 8705 section 3, RFC 6750."""

import re
from dataclasses import dataclass

from aiohttp import web

from . import foreign_tokens, jose
from .errors import ProofError, Refusal
from .parts import Steps, part
from .pki import x5t
from .proof import Proof, check
from .proof_requests import proof_fields, received
from .state import FORM, REFERENCE, Reference, client_certificate
from .tokens import AccessToken, jkt_of

SCHEMES = {"dpop": "DPoP", "bearer": "Bearer"}
BAD_TOKEN = "the token is not valid"
NO_PROOF = "a DPoP proof is needed"
OTHER_CERTIFICATE = "the token is bound to another certificate"
TOKEN68 = re.compile(r"[A-Za-z0-9._~+/-]+=*")


@dataclass
class Visit:
    """A request for a resource that wants `scope`, and the good token in its credentials; its proof, once checked."""

    request: web.Request
    scheme: str
    credentials: str
    token: AccessToken
    scope: str
    proof: Proof | None = None

    @property
    def state(self) -> Reference:
        """The server."""
        return self.request.app[REFERENCE]

    def refusal(self, description: str, code: str = "invalid_token", status: int = 401) -> Refusal:
        """Return a refusal that the challenge of the scheme in use will tell."""
        return Refusal(description, code, status, (self.scheme,))


@part
async def authorize(request: web.Request, scope: str) -> AccessToken:
    """Return the access token of a request that may have a resource of this scope; raise Refusal for any other."""
    scheme, credentials = await credentials_of(request)
    token = await good_token(request.app[REFERENCE], credentials)
    if token is None:
        raise Refusal(BAD_TOKEN, "invalid_token", schemes=(scheme,))
    ACCESS(Visit(request, scheme, credentials, token, scope))
    return token


# --- the token -----------------------------------------------------------------------------------------------------


@part
async def credentials_of(request: web.Request) -> tuple[str, str]:
    """Return the scheme and the token, which is sent in one way only (RFC 6750 section 2)."""
    values = authorization_fields(request)
    if len(values) > 1 or (values and await is_sent_elsewhere(request)):
        raise Refusal("more than one way to send a token", "invalid_request", 400, ("DPoP", "Bearer"))
    scheme, credentials = scheme_and_credentials(values[0]) if values else (None, "")
    if scheme is None:
        raise Refusal("no credentials", None)
    return scheme, credentials


@part
def authorization_fields(request: web.Request) -> list[str]:
    """Return the values of the Authorization fields."""
    return request.headers.getall("Authorization", [])


@part
async def is_sent_elsewhere(request: web.Request) -> bool:
    """Return whether a token is in the query or in a form."""
    if "access_token" in request.query:
        return True
    return request.content_type == FORM and b"access_token=" in await request.read()


@part
def scheme_and_credentials(value: str) -> tuple[str | None, str]:
    """Return scheme and credentials of an Authorization field; the scheme, which has no case, is None if not ours."""
    scheme, _, credentials = value.partition(" ")
    return SCHEMES.get(scheme.lower()), credentials.strip(" ")


@part
async def good_token(state: Reference, credentials: str) -> AccessToken | None:
    """Return a token that is good here, whatever it is bound to, or None."""
    if not TOKEN68.fullmatch(credentials):
        return None
    return await read(state, credentials)


async def read(state: Reference, value: str) -> AccessToken | None:
    """Return the token `value` of our own issuer, or of the one elsewhere that is trusted; None for any other."""
    if state.trusted is not None:
        return await foreign_tokens.read(state.trusted, value)
    return state.tokens.read(value)


# --- what it is bound to -------------------------------------------------------------------------------------------


@part
def token_is_bound_to_certificate(visit: Visit) -> None:
    """RFC 8705 section 3: if the token is bound to a certificate, it is the one that this connection has shown."""
    bound = visit.token.cnf.get("x5t#S256")
    shown = client_certificate(visit.request)
    if bound is not None and (shown is None or x5t(shown) != bound):
        raise visit.refusal(OTHER_CERTIFICATE)


@part
def scheme_fits_binding(visit: Visit) -> None:
    """RFC 9449 section 7.2: a token that is bound to a key is no bearer token."""
    if visit.scheme == "Bearer" and "jkt" in visit.token.cnf:
        raise visit.refusal("the token is bound to a DPoP key")


@part
def proof_holds(visit: Visit) -> None:
    """RFC 9449 section 7.1: under the scheme DPoP there is a proof, and it passes the checks of section 4.3."""
    if visit.scheme == "DPoP":
        visit.proof = checked_proof(visit)


def checked_proof(visit: Visit) -> Proof | None:
    """Return the proof that came along; raise Refusal if there is none, or if it does not hold."""
    values = proof_fields(visit.request)
    if not values:
        raise visit.refusal(NO_PROOF, "invalid_dpop_proof")
    came_with = received(visit.request, jose.digest(visit.credentials), visit.credentials)
    try:
        return check(values, came_with, visit.state.proofs["rs"])
    except ProofError as error:
        raise visit.refusal(str(error), error.code) from error


@part
def token_is_bound_to_key(visit: Visit) -> None:
    """RFC 9449 section 7.1: the token is bound to the key that made the proof. A bearer token has none to compare."""
    if visit.proof is not None and visit.token.cnf.get("jkt") != jkt_of(visit.proof):
        raise visit.refusal("the token is bound to another key")


@part
def token_covers_scope(visit: Visit) -> None:
    """RFC 6750 section 3.1."""
    if visit.scope not in visit.token.claims["scope"].split():
        raise visit.refusal("the token does not cover this resource", "insufficient_scope", 403)


ACCESS = Steps(
    token_is_bound_to_certificate,
    scheme_fits_binding,
    proof_holds,
    token_is_bound_to_key,
    token_covers_scope,
)
