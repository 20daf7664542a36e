"""Introspection (RFC 7662, RFC 9449 section 6.2, RFC 8705 section 3.2) and revocation (RFC 7009)."""

from typing import Any

from aiohttp import web

from .errors import OAuthError
from .state import REFERENCE, alias_of, authenticated, client_certificate

RESOURCE_SERVER = "rs"


async def introspect(request: web.Request) -> web.Response:
    """Tell the resource server's client about an access token; no proof is needed and no binding checked.

    Any other client is told about its own tokens only.
    """
    state = request.app[REFERENCE]
    client, form = await authenticated(request)
    if state.faults.on("as-introspection-wants-proof") and "DPoP" not in request.headers:
        raise OAuthError("invalid_dpop_proof", "a DPoP proof is needed")
    if state.faults.on("as-introspection-demands-certificate") and client_certificate(request) is None:
        raise OAuthError("invalid_client", "introspection needs a certificate", 401)
    if "token" not in form:
        raise OAuthError("invalid_request", "token is missing")
    token = state.tokens.read(form["token"])
    if client.id != RESOURCE_SERVER and (token is None or token.claims["client_id"] != client.id):
        raise OAuthError("access_denied", "this client may not introspect the token", 403)
    if token is None:
        return web.json_response({"active": False})
    says_dpop = "jkt" in token.cnf and not state.faults.on("as-introspection-says-bearer")
    answer: dict[str, Any] = {**token.claims, "active": True, "token_type": "DPoP" if says_dpop else "Bearer"}
    hidden = {
        member
        for member, fault in (
            ("jkt", "as-introspection-without-cnf"),
            ("x5t#S256", "as-introspection-without-x5t"),
        )
        if state.faults.on(fault)
    }
    if token.cnf.keys() & hidden:
        answer["cnf"] = {name: value for name, value in token.cnf.items() if name not in hidden}
        if not answer["cnf"]:
            del answer["cnf"]
    return web.json_response(answer)


async def revoke(request: web.Request) -> web.Response:
    """Revoke an access token, or a refresh token with all that came from it; unknown ones are fine."""
    state = request.app[REFERENCE]
    if alias_of(state.issuer).endswith(f"//{request.host}") and state.faults.on(
        "as-alias-revocation-missing"
    ):
        raise web.HTTPNotFound
    tokens = state.tokens
    client, form = await authenticated(request)
    if "token" not in form:
        raise OAuthError("invalid_request", "token is missing")
    access, refresh = tokens.read(form["token"]), tokens.refresh.get(form["token"])
    owner = access.claims["client_id"] if access else refresh.grant.client.id if refresh else client.id
    if owner != client.id:
        raise OAuthError("invalid_grant", "the token was issued to another client")
    if refresh:
        tokens.revoke(refresh.grant)
    if access:
        tokens.revoke_access(access.claims["jti"])
    return web.Response()
