"""The token endpoint: three grants, and what their tokens are bound to (RFC 6749, RFC 9449, RFC 8705)."""

import asyncio
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from . import jose, other_grants, pki
from .clients import CIBA, DEVICE, EXCHANGE, JWT_BEARER, REDIRECT_URI, Client
from .errors import OAuthError
from .proof import Proof
from .proof_requests import proof_of
from .state import REFERENCE, Reference, at_plain, authenticated, client_certificate
from .tokens import ACCESS_LIFETIME, REFRESH_LIFETIME, Grant, Refresh, cnf_of, jkt_of

_LATE = 0.1  # seconds
_EXCUSED = {
    "refresh_token": "as-bound-client-refresh-excused",
    **dict.fromkeys((DEVICE, EXCHANGE, CIBA, JWT_BEARER), "as-bound-client-extensions-excused"),
}
_UNBOUND_FAULTS = {
    "client_credentials": "client-credentials-unbound",
    "authorization_code": "code-grant-unbound",
    "refresh_token": "refresh-grant-unbound",
    DEVICE: "device-grant-unbound",
    EXCHANGE: "exchange-grant-unbound",
    CIBA: "ciba-grant-unbound",
    JWT_BEARER: "jwt-bearer-grant-unbound",
}


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A token request of an authenticated client, its proof checked."""

    state: Reference
    client: Client
    form: Mapping[str, str]
    proof: Proof | None
    certificate: bytes | None

    def wrong(self, name: str) -> bool:
        """Return whether the fault as-`name` is on."""
        return self.state.faults.on(f"as-{name}")

    @property
    def x5t(self) -> str | None:
        """The thumbprint of the certificate that tokens of this request are to be bound to."""
        return pki.x5t(self.certificate, self.state.faults) if self.certificate else None


async def token(request: web.Request) -> web.Response:
    """Answer a token request (RFC 6749 section 3.2)."""
    state = request.app[REFERENCE]
    client, form = await authenticated(request)
    grant_type = form.get("grant_type")
    try:
        proof = proof_of(request, client, form)
    except OAuthError as error:
        for_nonce = error.code == "use_dpop_nonce"
        if state.faults.on("as-nonce-burns-code" if for_nonce else "as-code-burned"):
            state.tokens.codes.pop(form.get("code", ""))
            state.tokens.refresh.pop(form.get("refresh_token", ""))
            state.tokens.pending.pop(form.get("device_code", ""))
        raise
    grant = _GRANTS.get(grant_type or "")
    if grant_type is None or grant is None:
        code = "unsupported_grant_type" if grant_type else "invalid_request"
        raise OAuthError(code, "no such grant_type", html=state.faults.on("as-errors-are-pages"))
    if grant_type not in client.grants:
        raise OAuthError("unauthorized_client", "the client does not use this grant")
    excuse = _EXCUSED.get(grant_type)
    excused = state.faults.on("as-bound-client-proof-optional") or (excuse and state.faults.on(excuse))
    if client.dpop_bound and proof is None and not excused:
        raise OAuthError("invalid_request", "this client needs a DPoP proof")
    certificate = client_certificate(request) if client.certificate_bound else None
    if at_plain(request) and state.faults.on("as-plain-endpoint-unbound"):
        certificate = None
    if client.identity and state.faults.on("as-mtls-client-proof-ignored"):
        proof = None
    if certificate is None and client.identity and state.faults.on("as-mtls-binds-registered"):
        certificate = client.identity.der
    answer = grant(TokenRequest(state, client, form, proof, certificate))
    if state.faults.on("as-code-used-late") and (redeemed := state.tokens.codes.get(form.get("code", ""))):
        await asyncio.sleep(_LATE)
        redeemed.used = True
    if proof is None and "DPoP" in request.headers and state.faults.on("as-empty-header-says-dpop"):
        answer["token_type"] = "DPoP"
    return web.json_response(answer)


def _scope(asked: TokenRequest, allowed: str) -> str:
    scope = asked.form.get("scope", allowed)
    if not set(scope.split()) <= set(allowed.split()):
        raise OAuthError("invalid_scope", "this scope is not allowed")
    return scope


def _client_credentials(asked: TokenRequest) -> dict[str, Any]:
    scope = _scope(asked, asked.client.scope)
    return _answer(asked, Grant(asked.client, asked.client.id, scope), scope)


def _authorization_code(asked: TokenRequest) -> dict[str, Any]:
    """RFC 6749 section 4.1.3, RFC 7636 section 4.6, RFC 9449 section 10. Only success uses the code up."""
    tokens = asked.state.tokens
    code = tokens.codes.get(asked.form.get("code", ""))
    stolen = code is not None and code.grant.client is not asked.client and not asked.wrong("code-any-client")
    if code is None or stolen:
        raise OAuthError("invalid_grant", "unknown code")
    if code.used and not asked.wrong("code-reusable"):
        if not asked.wrong("code-reuse-forgiven"):
            tokens.revoke(code.grant)
        raise OAuthError("invalid_grant", "this code was used before")
    spared = "code-binding-confidential-only" if asked.client.public else "code-binding-public-only"
    bound_to = None if asked.wrong(spared) else code.request.jkt
    verifier = asked.form.get("code_verifier", "")
    right = hmac.compare_digest(jose.digest(verifier).encode(), code.request.challenge.encode())
    if not right and not asked.wrong("code-verifier-ignored"):
        raise OAuthError("invalid_grant", "code_verifier does not match")
    if asked.form.get("redirect_uri") != REDIRECT_URI:
        raise OAuthError("invalid_grant", "redirect_uri does not match")
    if bound_to and asked.proof is None and not asked.wrong("code-proof-optional"):
        raise OAuthError("invalid_grant", "this code needs a DPoP proof")
    if bound_to and asked.proof and not _fits(asked, asked.proof.jkt, bound_to):
        raise OAuthError("invalid_grant", "this code is bound to another key")
    if asked.client.public and asked.client.certificate_bound and asked.certificate is None:
        raise OAuthError("invalid_request", "this client needs a certificate")
    code.used = not asked.wrong("code-used-late")
    tokens.codes.put(asked.form["code"], code, ACCESS_LIFETIME)  # a second use must find it and revoke
    answer = _answer(asked, code.grant, code.grant.scope)
    if "refresh_token" in asked.client.grants:
        answer["refresh_token"] = _new_refresh(asked, code.grant)
    if "openid" in code.grant.scope.split():
        answer["id_token"] = tokens.id_token(code)
    return answer


def _fits(asked: TokenRequest, jkt: str, wanted: str) -> bool:
    """Return whether the proof's key is the one that `dpop_jkt` named; a fault compares what both have."""
    loose = asked.wrong("dpop-jkt-prefix-compared") and (jkt.startswith(wanted) or wanted.startswith(jkt))
    caseless = asked.wrong("dpop-jkt-case-ignored") and jkt.lower() == wanted.lower()
    return jkt == wanted or loose or caseless


def _refresh_token(asked: TokenRequest) -> dict[str, Any]:
    """RFC 6749 section 6; public clients' are bound and rotated (RFC 9449 section 5, RFC 8705 section 4)."""
    tokens = asked.state.tokens
    value = asked.form.get("refresh_token", "")
    old = tokens.refresh.get(value)
    if old is None and asked.wrong("refresh-cut"):
        old = tokens.refresh.find(value[:8]) if value else None
    if old is None and (spent := tokens.spent.get(value)) and not asked.wrong("refresh-reuse-forgiven"):
        tokens.revoke(spent)  # RFC 9700 section 4.14.2: somebody holds a copy
    if old is None or old.grant.revoked:
        raise OAuthError("invalid_grant", "unknown refresh token")
    if old.grant.client is not asked.client and not asked.wrong("refresh-any-client"):
        raise OAuthError("invalid_grant", "unknown refresh token")
    if old.jkt and asked.proof is None and not asked.wrong("refresh-proof-optional"):
        raise OAuthError("invalid_grant", "this refresh token needs a DPoP proof")
    unprotected = asked.wrong("refresh-public-unprotected")
    any_key = unprotected or asked.wrong("refresh-any-key")
    if old.jkt and asked.proof and asked.proof.jkt != old.jkt and not any_key:
        raise OAuthError("invalid_grant", "this refresh token is bound to another key")
    other = asked.x5t is None or (asked.x5t != old.x5t and not asked.wrong("mtls-refresh-any-certificate"))
    if old.x5t and other and not asked.wrong("mtls-refresh-neither"):
        raise OAuthError("invalid_grant", "this refresh token is bound to another certificate")
    widened = asked.wrong("refresh-widens-scope")
    scope = _scope(asked, asked.client.scope if widened else old.grant.scope)
    answer = _answer(asked, old.grant, scope, old)
    rotated = asked.client.public or asked.wrong("refresh-rotates-all")
    if rotated and not unprotected:
        if not (old.x5t and asked.wrong("mtls-refresh-neither")):
            tokens.spent.put(asked.form["refresh_token"], old.grant, REFRESH_LIFETIME)
            tokens.refresh.pop(asked.form["refresh_token"])
        answer["refresh_token"] = _new_refresh(asked, old.grant, rotated=True)
    return answer


def _new_refresh(asked: TokenRequest, grant: Grant, *, rotated: bool = False) -> str:
    """Return a new refresh token; a confidential client's is bound by its authentication alone."""
    tokens = asked.state.tokens
    jkt = asked.proof.jkt if asked.proof else None
    bound = asked.client.public and not (rotated and asked.wrong("rotated-refresh-unbound"))
    first = jkt_of(asked.proof, asked.state.faults) if asked.proof else None
    value = secrets.token_urlsafe(6 if asked.wrong("short-refresh-tokens") else 32)
    refresh = Refresh(grant, first, jkt if bound else None, asked.x5t if bound else None)
    tokens.refresh.put(value, refresh, REFRESH_LIFETIME)
    return value


def _answer(asked: TokenRequest, grant: Grant, scope: str, old: Refresh | None = None) -> dict[str, Any]:
    """Issue an access token bound to the key and certificate of this request; `old` is what was refreshed."""
    proof = None if asked.wrong(_UNBOUND_FAULTS[asked.form["grant_type"]]) else asked.proof
    forget = old is not None and asked.wrong("mtls-binding-on-first-token-only")
    forget = forget or (asked.form["grant_type"] == "authorization_code" and asked.wrong("mtls-code-unbound"))
    forget = forget or (
        asked.form["grant_type"] in other_grants.GRANTS and asked.wrong("mtls-extensions-unbound")
    )
    if old is not None and old.first_jkt is None and asked.wrong("refresh-late-proof-unbound"):
        proof = None
    cnf = cnf_of(proof, None if forget else asked.certificate, asked.state.faults)
    if (
        old
        and old.first_jkt
        and "jkt" in cnf
        and not asked.client.public
        and asked.wrong("refresh-binds-old-key")
    ):
        cnf["jkt"] = old.first_jkt
    says_dpop = (asked.proof if asked.wrong("refresh-late-proof-unbound") else proof) or (
        old and old.first_jkt and asked.wrong("refresh-remembers-type")
    )
    answer: dict[str, Any] = {
        "access_token": asked.state.tokens.issue(grant, cnf, scope),
        "token_type": "DPoP" if says_dpop and not asked.wrong("says-bearer") else "Bearer",
        "expires_in": 604800 if asked.wrong("long-lived-tokens") else asked.state.tokens.access_lifetime,
        "scope": scope,
    }
    if asked.wrong("says-nothing"):
        del answer["token_type"]
    return answer


def _other(asked: TokenRequest) -> dict[str, Any]:
    """Any other grant: what it allows is the only difference."""
    kind = asked.form["grant_type"]
    grant = other_grants.GRANTS[kind](asked)
    answer = _answer(asked, grant, grant.scope) | other_grants.MORE.get(kind, {})
    if "refresh_token" in asked.client.grants:
        answer["refresh_token"] = _new_refresh(asked, grant)
    return answer


_GRANTS = {
    **dict.fromkeys(other_grants.GRANTS, _other),
    "client_credentials": _client_credentials,
    "authorization_code": _authorization_code,
    "refresh_token": _refresh_token,
}
