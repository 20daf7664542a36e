"""Introspection (RFC 7662, RFC 9449 section 6.2, RFC 8705 section 3.2) and revocation (RFC 7009)."""

from typing import Any

from aiohttp import web

from .errors import OAuthError
from .parts import part
from .state import REFERENCE, authenticated
from .tokens import AccessToken

RESOURCE_SERVER = "rs"


async def introspect(request: web.Request) -> web.Response:
    """Tell the resource server's client about an access token; no proof is needed and no binding checked.

    Any other client is told about its own tokens only.
    """
    state = request.app[REFERENCE]
    client, form = await authenticated(request)
    if "token" not in form:
        raise OAuthError("invalid_request", "token is missing")
    token = state.tokens.read(form["token"])
    if client.id != RESOURCE_SERVER and (token is None or token.claims["client_id"] != client.id):
        raise OAuthError("access_denied", "this client may not introspect the token", 403)
    return web.json_response(introspection_response(token) if token else {"active": False})


@part
def introspection_response(token: AccessToken) -> dict[str, Any]:
    """Return what is said of a good token (RFC 7662 section 2.2)."""
    token_type = "DPoP" if "jkt" in token.cnf else "Bearer"
    return {**token.claims, "active": True, "token_type": token_type}


async def revoke(request: web.Request) -> web.Response:
    """Revoke an access token, or a refresh token with all that came from it; unknown ones are fine."""
    tokens = request.app[REFERENCE].tokens
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
