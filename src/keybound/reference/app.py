"""The routes, and how errors become answers."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from . import (
    authorize,
    challenges,
    extension_grants,
    introspection,
    metadata,
    registration,
    resource,
    resource_metadata,
    token_endpoint,
)
from .errors import Crash, OAuthError, Refusal
from .nonces import Nonces, newest
from .parts import Side, in_force, part
from .state import REFERENCE, Reference

MAX_BODY = 65536
_NONCE_SIDES = {
    "/token": "as",
    "/par": "as",
    "/device_authorization": "as",
    "/api/other": "rs",
    "/api": "rs",
    "/api/notes": "rs",
    "/userinfo": "rs",
}
_CACHEABLE = {"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", "/jwks"}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@part
def error_response(error: OAuthError) -> web.Response:
    """Return the answer that says what is wrong (RFC 6749 section 5.2)."""
    response = web.json_response({"error": error.code, "error_description": str(error)}, status=error.status)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="reference"'
    return response


@part
def forbid_storing(response: web.StreamResponse, path: str) -> None:
    """Nothing but the public documents may be stored (RFC 6749 section 5.1)."""
    if path not in _CACHEABLE:
        response.headers["Cache-Control"] = "no-store"
        response.headers["Pragma"] = "no-cache"


def _side(state: Reference, path: str) -> Side:
    """Return which server answers at `path`."""
    return "rs" if state.trusted is not None or path.startswith(("/api", "/userinfo")) else "as"


@web.middleware
async def one_server(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Put in force, for the request, what the faults of its server put in a part's place."""
    state = request.app[REFERENCE]
    with in_force(state.in_force[_side(state, request.path)]):
        return await handler(request)


@web.middleware
async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn raised errors into responses; add the headers that many responses share."""
    state = request.app[REFERENCE]
    response: web.StreamResponse
    try:
        response = await handler(request)
    except OAuthError as error:
        response = error_response(error)
    except Refusal as refusal:
        response = challenges.refuse(state, refusal)
    except Crash:
        response = web.Response(status=500)
    forbid_storing(response, request.path)
    side = _NONCE_SIDES.get(request.path, "")
    if side and "Origin" in request.headers:
        allow_origin(response)
    if side in state.nonces:
        hand_out(state.nonces[side], response)
    return response


@part
def allow_origin(response: web.StreamResponse) -> None:
    """Let pages of other origins read an answer, its challenge and nonce included (Fetch, section 3.3)."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "WWW-Authenticate, DPoP-Nonce"


@part
def hand_out(nonces: Nonces, response: web.StreamResponse) -> None:
    """Add the newest nonce to an answer (RFC 9449 section 8.2)."""
    response.headers["DPoP-Nonce"] = newest(nonces)


_ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", "/.well-known/oauth-authorization-server", metadata.metadata),
    ("GET", "/.well-known/openid-configuration", metadata.metadata),
    ("GET", "/jwks", metadata.jwks),
    ("POST", "/par", authorize.par),
    ("POST", "/register", registration.register),
    ("GET", "/authorize", authorize.authorize),
    ("POST", "/login", authorize.login),
    ("POST", "/token", token_endpoint.token),
    ("POST", "/device_authorization", extension_grants.device_authorization),
    ("GET", "/device", extension_grants.device_page),
    ("POST", "/device", extension_grants.device_page),
    ("POST", "/bc-authorize", extension_grants.backchannel),
    ("POST", "/introspect", introspection.introspect),
    ("POST", "/revoke", introspection.revoke),
    ("GET", "/userinfo", resource.userinfo),
    ("POST", "/userinfo", resource.userinfo),
    ("GET", "/api", resource.api),
    ("HEAD", "/api", resource.api),
    ("GET", "/api/other", resource.api),
    ("POST", "/api", resource.api),
    ("GET", "/api/notes", resource.notes),
    ("POST", "/api/notes", resource.new_note),
]


_ALONE = {"/api", "/api/other", "/api/notes"}


def create(state: Reference) -> web.Application:
    """Return the application that serves `state`."""
    app = web.Application(middlewares=[one_server, answer], client_max_size=MAX_BODY)
    app[REFERENCE] = state
    routes = _ROUTES
    if state.trusted is not None:
        routes = [route for route in _ROUTES if route[1] in _ALONE] + [
            ("GET", resource_metadata.PATH, resource_metadata.document)
        ]
        app.cleanup_ctx.append(state.trusted.connection)
    for method, path, handler in routes:
        app.router.add_route(method, path, handler)
    return app
