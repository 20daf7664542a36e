"""One running server's state, and what every authorization server endpoint does with a request first."""

import secrets
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal
from urllib.parse import parse_qsl

from aiohttp import web

from . import certificates, clients, pki
from .client_authentication import Credentials, Registry, authenticate
from .client_keys import certificates_of
from .clients import Client
from .errors import OAuthError, ProofError
from .nonces import Nonces
from .parts import InForce, Side, part
from .proof import Checker, Proof, Received
from .store import Expiring
from .tokens import AuthorizationRequest, Tokens
from .trusted import Trusted
from .unparsed import hosts, trailers
from .wrong import Faults

NonceMode = Literal["off", "as", "rs", "both"]
USERNAME = "alice"
_FORM = "application/x-www-form-urlencoded"


@dataclass
class Reference:
    """Everything one server knows."""

    issuer: str
    faults: Faults
    pki: pki.Pki
    registry: Registry
    tokens: Tokens
    nonces: dict[str, Nonces]
    checkers: dict[str, Checker]
    password: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    canary: str = field(default_factory=lambda: f"canary-{secrets.token_hex(16)}")
    pushed: Expiring[AuthorizationRequest] = field(default_factory=Expiring)
    logins: Expiring[AuthorizationRequest] = field(default_factory=Expiring)
    notes: dict[str, deque[str]] = field(default_factory=dict)
    trusted: Trusted | None = None  # set: a resource server alone, with the tokens of this issuer
    header: str | None = None
    backend: str | None = None
    short_lifetimes: bool = False
    in_force: dict[Side, InForce] = field(default_factory=lambda: {"as": InForce(), "rs": InForce()})


REFERENCE = web.AppKey("REFERENCE", Reference)


def build(
    issuer: str,
    made: pki.Pki,
    nonce: NonceMode,
    faults: Sequence[str],
    header: str | None = None,
    jwks_uri: str | None = None,
) -> Reference:
    """Return the state of a new server; ValueError on an unknown fault. `jwks_uri`: of the client that has one.

    `header`: where the proxy in front puts the client's certificate; None when TLS ends here.
    """
    on = Faults(faults)
    nonces = {side: Nonces(partial(on.of, side)) for side in ("as", "rs") if nonce in {side, "both"}}
    if len(nonces) > 1:
        nonces["as"].other, nonces["rs"].other = nonces["rs"], nonces["as"]
    bases = (issuer, alias_of(issuer))
    audiences = frozenset(f"{base}{path}" for base in bases for path in ("", "/token", "/par"))
    return Reference(
        issuer=issuer,
        faults=on,
        pki=made,
        registry=Registry(clients.register(made, jwks_uri), made.ca.certificate, audiences, bases),
        tokens=Tokens(issuer, pki.new_key()),
        nonces=nonces,
        header=header,
        checkers={"as": Checker("as", on, nonces.get("as")), "rs": Checker("rs", on, nonces.get("rs"))},
    )


SHORT_AGE = 8
SHORT_AHEAD = 12  # a profile that counts here asks for ten seconds
SHORT_SLOT = 3
SHORT_ACCESS_LIFETIME = 35


def shorten_lifetimes(state: Reference) -> None:
    """Keep for seconds what is else kept for minutes, for testers who would have to wait for it to end."""
    state.short_lifetimes = True
    state.tokens.access_lifetime = SHORT_ACCESS_LIFETIME
    for checker in state.checkers.values():
        checker.max_age, checker.max_ahead = SHORT_AGE, SHORT_AHEAD
    for nonces in state.nonces.values():
        nonces.slot_seconds = SHORT_SLOT


def alias_of(issuer: str) -> str:
    """Return the origin of the mTLS endpoint aliases (RFC 8705 section 5): the same server by its address."""
    return issuer.replace("//localhost", "//127.0.0.1")


def at_plain(request: web.Request) -> bool:
    """Return whether a request came to an endpoint by the name that has an alias."""
    state = request.app[REFERENCE]
    return state.header is None and f"//{request.host}" != alias_of(state.issuer).partition(":")[2]


def client_chain(request: web.Request, side: str) -> list[bytes]:
    """Return the client's certificate (DER) and what it showed of its chain; empty when it has none.

    `side` is "as" or "rs": whose faults apply. Only TLS, or the proxy that ends it, can be trusted with this.
    """
    state = request.app[REFERENCE]
    if state.faults.on(f"{side}-trusts-certificate-header") and (
        found := certificates.from_any_header(request)
    ):
        return [found]
    if state.faults.on("rs-trailers-merged"):
        for name, value in trailers(request).items():
            if name == "Client-Cert" and (found := certificates.from_header([value])):
                return [found]
    plain = request.scheme == "http" and state.header is None
    if (
        plain
        and state.faults.on("rs-backend-trusts-header")
        and (found := certificates.from_any_header(request))
    ):
        return [found]
    if state.header is None:
        return certificates.from_handshake(request)
    values = request.headers.getall(state.header, [])
    if state.header.lower() != "client-cert":  # which RFC 9440 section 2.2 lets come once only
        values = values[:1]  # as most frameworks read a field
    forwarded = certificates.from_header(values)
    return [forwarded] if forwarded else []


def client_certificate(request: web.Request, side: str = "as") -> bytes | None:
    """Return the certificate (DER) of the client alone, or None."""
    return next(iter(client_chain(request, side)), None)


def received(request: web.Request, who: str, token: str | None = None) -> Received:
    """Return what a proof has to match. The Host header only chooses among our own names."""
    state, side = request.app[REFERENCE], "rs" if token is not None else "as"
    alias = alias_of(state.issuer)
    origin, method = alias if request.host == alias.partition("//")[2] else state.issuer, request.method
    if state.faults.on(f"{side}-host-trusted"):
        origin = f"https://{request.headers.get('Host', '')}"
    named = hosts(request)
    for which, index in (("first", 0), ("last", -1)):
        if len(named) > 1 and state.faults.on(f"{side}-{which}-host-trusted"):
            origin = f"https://{named[index]}"
    host = request.headers.get("Host", "")
    if "/" in host and side == "rs" and state.faults.on("rs-host-with-path-trusted"):
        return Received(method, f"https://{host.rstrip('?#')}", "", who, token)
    if state.faults.on(f"{side}-method-override-trusted"):
        method = request.headers.get("X-HTTP-Method-Override", method)
    if state.faults.on(f"{side}-other-overrides-trusted"):
        others = (request.headers.get(name) for name in ("X-HTTP-Method", "X-Method-Override"))
        method = next(filter(None, (*others, request.query.get("_method"))), method)
    if "@" in host and state.faults.on(f"{side}-host-userinfo-cut"):
        origin = f"https://{host.rpartition('@')[2]}"
    if "://" in request.raw_path and state.faults.on(f"{side}-absolute-form-trusted"):
        origin = "/".join(request.raw_path.split("/", 3)[:3])
    uri = _moved(request.headers, state.faults, side, origin, request.rel_url.raw_path)
    return Received(method, uri, request.rel_url.raw_query_string, who, token)


def _moved(fields: Mapping[str, str], faults: Faults, side: str, origin: str, path: str) -> str:
    """Return the URI of a request; faults let fields that only a proxy should set change it."""
    host = fields.get("X-Forwarded-Host", "")
    if host and "," not in host and faults.on(f"{side}-forwarded-trusted"):
        origin = f"https://{host}"
    if "," in host and faults.on(f"{side}-forwarded-list-trusted"):
        origin = f"https://{host.rpartition(',')[2].strip()}"
    if "Forwarded" in fields and faults.on(f"{side}-forwarded-field-trusted"):
        origin = f"https://{fields['Forwarded'].partition('host=')[2].partition(';')[0]}"
    if "X-Forwarded-Proto" in fields and faults.on(f"{side}-forwarded-proto-trusted"):
        origin = f"{fields['X-Forwarded-Proto']}://{origin.partition('://')[2]}"
    if faults.on(f"{side}-forwarded-prefix-trusted"):
        path = fields.get("X-Forwarded-Prefix", "") + path
    if "X-Forwarded-Port" in fields and faults.on(f"{side}-forwarded-port-trusted"):
        origin = f"{origin.rpartition(':')[0]}:{fields['X-Forwarded-Port']}"
    if faults.on(f"{side}-rewrite-url-trusted"):
        path = fields.get("X-Rewrite-URL", path)
    if faults.on(f"{side}-original-url-trusted"):
        path = fields.get("X-Original-URL", path)
    return origin + path


def proof_fields(request: web.Request, side: str) -> list[str]:
    """Return the values of the DPoP fields; a fault reads the field's name with its case (RFC 9110 section 5.1)."""
    if request.app[REFERENCE].faults.on(f"{side}-header-case-sensitive"):
        return [value.decode("latin-1") for name, value in request.raw_headers if name == b"DPoP"]
    return request.headers.getall("DPoP", [])


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
    if request.content_type != _FORM:
        raise OAuthError("invalid_request", f"the body must be {_FORM}")
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
    shown = Credentials(form, values[0] if values else None, client_chain(request, "as"), fetched)
    return authenticate(registry, shown), form


def proof_of(request: web.Request, client: Client, *, unverified: bool = False) -> Proof | None:
    """Return the proof sent to the token or PAR endpoint, if any; OAuthError if bad (RFC 9449 section 5).

    `unverified`: a fault forgets the signature here, and here only.
    """
    state = request.app[REFERENCE]
    checker = state.checkers["as"]
    if unverified:
        checker = replace(checker, faults=Faults(["as-signature-not-verified"]))
    try:
        return checker.check(proof_fields(request, "as"), received(request, client.id))
    except ProofError as error:
        code = "server_error" if state.faults.on("as-proof-error-code") else error.code
        wrong_status = error.code == "use_dpop_nonce" and state.faults.on("as-nonce-wrong-status")
        raise OAuthError(
            "use_dpop_nonce" if error.code == "use_dpop_nonce" else code,
            str(error),
            401 if wrong_status else 400,
            html=state.faults.on("as-proof-error-not-json"),
        ) from error
