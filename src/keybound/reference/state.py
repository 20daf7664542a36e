"""One running server's state, and what every authorization server endpoint does with a request first."""

import secrets
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from ssl import SSLObject
from typing import Literal
from urllib.parse import parse_qsl

from aiohttp import web

from . import clients, pki
from .clients import Authenticator, Client
from .errors import OAuthError, ProofError
from .faults import Faults
from .nonces import Nonces
from .proof import Checker, Proof, Received
from .store import Expiring
from .tokens import AuthorizationRequest, Tokens
from .trusted import Trusted

NonceMode = Literal["off", "as", "rs", "both"]
USERNAME = "alice"
_FORM = "application/x-www-form-urlencoded"


@dataclass
class Reference:
    """Everything one server knows."""

    issuer: str
    faults: Faults
    pki: pki.Pki
    authenticator: Authenticator
    tokens: Tokens
    nonces: dict[str, Nonces]
    checkers: dict[str, Checker]
    password: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    canary: str = field(default_factory=lambda: f"canary-{secrets.token_hex(16)}")
    pushed: Expiring[AuthorizationRequest] = field(default_factory=Expiring)
    logins: Expiring[AuthorizationRequest] = field(default_factory=Expiring)
    notes: dict[str, deque[str]] = field(default_factory=dict)
    trusted: Trusted | None = None  # set: a resource server alone, with the tokens of this issuer


REFERENCE = web.AppKey("REFERENCE", Reference)


def build(issuer: str, made: pki.Pki, nonce: NonceMode, faults: Sequence[str]) -> Reference:
    """Return the state of a new server; ValueError on an unknown fault."""
    on = Faults(faults)
    nonces = {side: Nonces() for side in ("as", "rs") if nonce in {side, "both"}}
    audiences = frozenset({issuer, f"{issuer}/token", f"{issuer}/par"})
    return Reference(
        issuer=issuer,
        faults=on,
        pki=made,
        authenticator=Authenticator(clients.register(made), made.ca.certificate, audiences, on),
        tokens=Tokens(issuer, pki.new_key(), on),
        nonces=nonces,
        checkers={"as": Checker("as", on, nonces.get("as")), "rs": Checker("rs", on, nonces.get("rs"))},
    )


def client_certificate(request: web.Request) -> bytes | None:
    """Return the certificate (DER) whose key the client proved in this connection's handshake, or None."""
    tls = request.transport.get_extra_info("ssl_object") if request.transport else None
    return tls.getpeercert(binary_form=True) if isinstance(tls, SSLObject) else None


def received(request: web.Request, who: str, token: str | None = None) -> Received:
    """Return what a proof has to match. The host is our own: the Host header is the sender's to choose."""
    state = request.app[REFERENCE]
    uri = state.issuer + request.rel_url.raw_path
    return Received(request.method, uri, request.rel_url.raw_query_string, who, token)


def parameters(encoded: str) -> dict[str, str]:
    """Return the parameters of a form or query without empty ones; repeated ones are refused (RFC 6749)."""
    try:
        pairs = parse_qsl(encoded, errors="strict", max_num_fields=100)
    except ValueError:
        raise OAuthError("invalid_request", "malformed parameters") from None
    if len(dict(pairs)) != len(pairs):
        raise OAuthError("invalid_request", "repeated parameter")
    return dict(pairs)


async def read_form(request: web.Request) -> dict[str, str]:
    """Return the parameters of a form body."""
    if request.content_type != _FORM:
        raise OAuthError("invalid_request", f"the body must be {_FORM}")
    try:
        return parameters((await request.read()).decode())
    except UnicodeDecodeError:
        raise OAuthError("invalid_request", "the body is not UTF-8") from None


async def authenticated(request: web.Request) -> tuple[Client, dict[str, str]]:
    """Return the client that sent a form, and the form; OAuthError if it does not authenticate."""
    form = await read_form(request)
    values = request.headers.getall("Authorization", [])
    if len(values) > 1:
        raise OAuthError("invalid_request", "more than one Authorization header")
    authenticator = request.app[REFERENCE].authenticator
    return authenticator.authenticate(form, values[0] if values else None, client_certificate(request)), form


def proof_of(request: web.Request, client: Client) -> Proof | None:
    """Return the proof sent to the token or PAR endpoint, if any; OAuthError if bad (RFC 9449 section 5)."""
    state = request.app[REFERENCE]
    try:
        return state.checkers["as"].check(request.headers.getall("DPoP", []), received(request, client.id))
    except ProofError as error:
        code = "server_error" if state.faults.on("as-proof-error-code") else error.code
        raise OAuthError(
            "use_dpop_nonce" if error.code == "use_dpop_nonce" else code,
            str(error),
            html=state.faults.on("as-proof-error-not-json"),
        ) from error
