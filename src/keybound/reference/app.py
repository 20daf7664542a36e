"""The routes, the metadata, and how errors become answers."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from . import (
    authorize,
    introspection,
    other_grants,
    registration,
    resource,
    resource_metadata,
    token_endpoint,
)
from .clients import Client
from .errors import Crash, OAuthError, Refusal
from .nonces import Nonces, newest
from .parts import Side, in_force, part
from .proof import PROOF_ALGS
from .state import REFERENCE, Reference, alias_of

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
_ASSERTION_ALGS = ["ES256"]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def metadata_of(state: Reference) -> dict[str, Any]:
    """Return the server's metadata (RFC 8414 section 2, RFC 9449 section 5.1, RFC 8705 section 3.3)."""
    issuer, clients = state.issuer, state.authenticator.clients.values()
    methods = _sorted(clients, lambda client: (client.auth,))
    confidential = [method for method in methods if method != "none"]
    algs: Any = [
        alg for alg in PROOF_ALGS if alg != "ES256" or not state.faults.on("as-metadata-without-es256")
    ]
    if state.faults.on("as-metadata-algs-none"):
        algs.append("none")
    if state.faults.on("as-metadata-algs-partial"):
        algs.remove("RS256")
    if state.faults.on("as-metadata-secrets-only"):
        methods = [method for method in methods if "secret" in method]
    if state.faults.on("as-metadata-algs-string"):
        algs = " ".join(algs)
    wrong, plain = state.faults.on, issuer.replace("https", "http", 1)
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "pushed_authorization_request_endpoint": f"{issuer}/par",
        "introspection_endpoint": f"{issuer}/introspect",
        "registration_endpoint": f"{issuer}/register",
        "revocation_endpoint": f"{plain if wrong('as-metadata-endpoint-http') else issuer}/revoke",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "device_authorization_endpoint": f"{issuer}/device_authorization",
        "backchannel_authentication_endpoint": f"{issuer}/bc-authorize",
        "backchannel_token_delivery_modes_supported": ["poll"],
        "jwks_uri": f"{issuer}/jwks",
        "scopes_supported": _sorted(clients, lambda client: client.scope.split()),
        "grant_types_supported": _sorted(clients, lambda client: client.grants),
        **({} if wrong("as-metadata-incomplete") else {"response_types_supported": ["code"]}),
        "response_modes_supported": [] if wrong("as-metadata-empty-array") else ["query"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": _ASSERTION_ALGS,
        "introspection_endpoint_auth_methods_supported": confidential,
        "introspection_endpoint_auth_signing_alg_values_supported": _ASSERTION_ALGS,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": _ASSERTION_ALGS,
        "request_object_signing_alg_values_supported": _ASSERTION_ALGS,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "dpop_signing_alg_values_supported": algs,
        "tls_client_certificate_bound_access_tokens": (
            "true" if state.faults.on("as-metadata-mtls-flag-string") else True
        ),
        **({} if state.header else {"mtls_endpoint_aliases": _aliases(state)}),
    }


def _aliases(state: Reference) -> Any:
    """RFC 8705 section 5: where clients with certificates go. Behind a proxy there is one address only."""
    alias = alias_of(state.issuer)
    if state.faults.on("as-metadata-alias-http"):
        return {"revocation_endpoint": f"{alias}/revoke".replace("https", "http")}
    paths = {
        "token_endpoint": "/token",
        "pushed_authorization_request_endpoint": "/par",
        "introspection_endpoint": "/introspect",
        "revocation_endpoint": "/revoke",
        "userinfo_endpoint": "/userinfo",
    }
    aliases = {name: alias + path for name, path in paths.items()}
    return list(aliases.items()) if state.faults.on("as-metadata-aliases-list") else aliases


def _sorted(clients: Any, values: Callable[[Client], Any]) -> list[str]:
    return sorted({value for client in clients for value in values(client)})


async def metadata(request: web.Request) -> web.Response:
    """The metadata document, at the places of RFC 8414 and of OpenID Connect Discovery."""
    return web.json_response(metadata_of(request.app[REFERENCE]))


async def jwks(request: web.Request) -> web.Response:
    """The key that signs access tokens."""
    tokens = request.app[REFERENCE].tokens
    return web.json_response({"keys": [{**tokens.jwk(), "kid": tokens.kid, "use": "sig", "alg": "ES256"}]})


def _error(state: Reference, error: OAuthError) -> web.Response:
    if error.html:
        return authorize.page(str(error), status=error.status)
    response = web.json_response({"error": error.code, "error_description": str(error)}, status=error.status)
    if error.status == 401 and not state.faults.on("as-invalid-client-without-challenge"):
        response.headers["WWW-Authenticate"] = 'Basic realm="reference"'
    return response


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
        response = _error(state, error)
    except Refusal as refusal:
        response = resource.refuse(state, refusal)
    except Crash:
        response = web.Response(status=500)
    if request.path not in _CACHEABLE:
        response.headers["Cache-Control"] = "no-store"
        response.headers["Pragma"] = "no-cache"
    if request.path == "/token" and state.faults.on("as-token-cacheable"):
        response.headers["Cache-Control"] = "private"
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
    ("GET", "/.well-known/oauth-authorization-server", metadata),
    ("GET", "/.well-known/openid-configuration", metadata),
    ("GET", "/jwks", jwks),
    ("POST", "/par", authorize.par),
    ("POST", "/register", registration.register),
    ("GET", "/authorize", authorize.authorize),
    ("POST", "/login", authorize.login),
    ("POST", "/token", token_endpoint.token),
    ("POST", "/device_authorization", other_grants.device_authorization),
    ("GET", "/device", other_grants.device_page),
    ("POST", "/device", other_grants.device_page),
    ("POST", "/bc-authorize", other_grants.backchannel),
    ("POST", "/introspect", introspection.introspect),
    ("POST", "/revoke", introspection.revoke),
    ("GET", "/userinfo", resource.userinfo),
    ("POST", "/userinfo", resource.userinfo),
    ("GET", "/api", resource.api),
    ("HEAD", "/api", resource.api),
    ("GET", "/api/other", resource.api),
    ("POST", "/api", resource.api),
    ("GET", "/api/notes", resource.notes),
    ("POST", "/api/notes", resource.notes),
]


_ALONE = {"/api", "/api/other", "/api/notes"}


def create(state: Reference) -> web.Application:
    """Return the application that serves `state`."""
    app = web.Application(middlewares=[one_server, answer], client_max_size=MAX_BODY)
    app[REFERENCE] = state
    routes = _ROUTES
    if state.trusted is not None:
        routes = [route for route in _ROUTES if route[1] in _ALONE] + [
            ("GET", resource.METADATA, resource_metadata.document)
        ]
        app.cleanup_ctx.append(state.trusted.connection)
    for method, path, handler in routes:
        app.router.add_route(method, path, handler)
    return app
