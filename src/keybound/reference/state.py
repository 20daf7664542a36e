"""One running server's state, and what every authorization server endpoint does with a request first."""

import secrets
from collections import deque
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl

from aiohttp import web

from . import clients, pki, shown_certificates
from .client_authentication import Credentials, Registry, authenticate
from .client_keys import certificates_of
from .clients import Client
from .errors import OAuthError
from .foreign_tokens import Issuer
from .nonces import Nonces
from .parts import InForce, Side, part
from .proof import ProofState
from .store import Expiring
from .tokens import AuthorizationRequest, Tokens

NonceMode = Literal["off", "as", "rs", "both"]
USERNAME = "alice"
FORM = "application/x-www-form-urlencoded"


@dataclass
class Reference:
    """Everything one server knows."""

    issuer: str
    pki: pki.Pki
    registry: Registry
    tokens: Tokens
    nonces: dict[str, Nonces]
    proofs: dict[Side, ProofState]
    password: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    canary: str = field(default_factory=lambda: f"canary-{secrets.token_hex(16)}")
    pushed: Expiring[AuthorizationRequest] = field(default_factory=Expiring)
    logins: Expiring[AuthorizationRequest] = field(default_factory=Expiring)
    notes: dict[str, deque[str]] = field(default_factory=dict)
    trusted: Issuer | None = None  # set: a resource server alone, with the tokens of this issuer
    header: str | None = None
    backend: str | None = None
    short_lifetimes: bool = False
    in_force: dict[Side, InForce] = field(default_factory=lambda: {"as": InForce(), "rs": InForce()})


REFERENCE = web.AppKey("REFERENCE", Reference)


def build(
    issuer: str,
    made: pki.Pki,
    nonce: NonceMode,
    header: str | None = None,
    jwks_uri: str | None = None,
) -> Reference:
    """Return the state of a new server. `jwks_uri`: of the client that has one.

    `header`: where the proxy in front puts the client's certificate; None when TLS ends here.
    """
    key = secrets.token_bytes(32)
    nonces = {side: Nonces(side, key) for side in ("as", "rs") if nonce in {side, "both"}}
    bases = (issuer, alias_of(issuer))
    audiences = frozenset(f"{base}{path}" for base in bases for path in ("", "/token", "/par"))
    return Reference(
        issuer=issuer,
        pki=made,
        registry=Registry(clients.register(made, jwks_uri), made.ca.certificate, audiences, bases),
        tokens=Tokens(issuer, pki.new_key()),
        nonces=nonces,
        header=header,
        proofs={"as": ProofState(nonces.get("as")), "rs": ProofState(nonces.get("rs"))},
    )


SHORT_AGE = 8
SHORT_AHEAD = 12  # a profile that counts here asks for ten seconds
SHORT_SLOT = 3
SHORT_ACCESS_LIFETIME = 35


def shorten_lifetimes(state: Reference) -> None:
    """Keep for seconds what is else kept for minutes, for testers who would have to wait for it to end."""
    state.short_lifetimes = True
    state.tokens.access_lifetime = SHORT_ACCESS_LIFETIME
    for proofs in state.proofs.values():
        proofs.max_age, proofs.max_ahead = SHORT_AGE, SHORT_AHEAD
    for nonces in state.nonces.values():
        nonces.slot_seconds = SHORT_SLOT


def alias_of(issuer: str) -> str:
    """Return the origin of the mTLS endpoint aliases (RFC 8705 section 5): the same server by its address."""
    return issuer.replace("//localhost", "//127.0.0.1")


def at_plain(request: web.Request) -> bool:
    """Return whether a request came to an endpoint by the name that has an alias."""
    state = request.app[REFERENCE]
    return state.header is None and f"//{request.host}" != alias_of(state.issuer).partition(":")[2]


@part
def client_chain(request: web.Request) -> list[bytes]:
    """Return the client's certificate (DER) and what it showed of its chain; empty when it has none.

    Only TLS, or the proxy that ends it, can be trusted with this.
    """
    header = request.app[REFERENCE].header
    if header is None:
        return shown_certificates.from_handshake(request)
    return shown_certificates.from_proxy(request, header)


def client_certificate(request: web.Request) -> bytes | None:
    """Return the certificate (DER) of the client alone, or None."""
    return next(iter(client_chain(request)), None)


@part
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
    if request.content_type != FORM:
        raise OAuthError("invalid_request", f"the body must be {FORM}")
    try:
        return parameters((await request.read()).decode())
    except UnicodeDecodeError:
        raise OAuthError("invalid_request", "the body is not UTF-8") from None


@part
async def authenticated(request: web.Request) -> tuple[Client, dict[str, str]]:
    """Return the client that sent a form, and the form; OAuthError if it does not authenticate."""
    form = await read_form(request)
    values = request.headers.getall("Authorization", [])
    if len(values) > 1:
        raise OAuthError("invalid_request", "more than one Authorization header")
    registry = request.app[REFERENCE].registry
    named = registry.clients.get(form.get("client_id", ""))
    fetched = await certificates_of(named) if named else []
    shown = Credentials(form, values[0] if values else None, client_chain(request), fetched)
    return authenticate(registry, shown), form
