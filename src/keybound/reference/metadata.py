"""What the authorization server publishes of itself (RFC 8414)."""

from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import web

from .clients import Client
from .parts import part
from .proof import PROOF_ALGS
from .state import REFERENCE, Reference, alias_of

_ASSERTION_ALGS = ["ES256"]


@part
def metadata_of(state: Reference) -> dict[str, Any]:
    """Return the server's metadata (RFC 8414 section 2, RFC 9449 section 5.1, RFC 8705 section 3.3)."""
    issuer, clients = state.issuer, state.registry.clients.values()
    methods = _sorted(clients, lambda client: (client.auth,))
    confidential = [method for method in methods if method != "none"]
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "pushed_authorization_request_endpoint": f"{issuer}/par",
        "introspection_endpoint": f"{issuer}/introspect",
        "registration_endpoint": f"{issuer}/register",
        "revocation_endpoint": f"{issuer}/revoke",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "device_authorization_endpoint": f"{issuer}/device_authorization",
        "backchannel_authentication_endpoint": f"{issuer}/bc-authorize",
        "backchannel_token_delivery_modes_supported": ["poll"],
        "jwks_uri": f"{issuer}/jwks",
        "scopes_supported": _sorted(clients, lambda client: client.scope.split()),
        "grant_types_supported": _sorted(clients, lambda client: client.grants),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
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
        "dpop_signing_alg_values_supported": list(PROOF_ALGS),
        "tls_client_certificate_bound_access_tokens": True,
        **({} if state.header else {"mtls_endpoint_aliases": _aliases(state)}),
    }


def _aliases(state: Reference) -> dict[str, str]:
    """RFC 8705 section 5: where clients with certificates go. Behind a proxy there is one address only."""
    paths = {
        "token_endpoint": "/token",
        "pushed_authorization_request_endpoint": "/par",
        "introspection_endpoint": "/introspect",
        "revocation_endpoint": "/revoke",
        "userinfo_endpoint": "/userinfo",
    }
    return {name: alias_of(state.issuer) + path for name, path in paths.items()}


def _sorted(clients: Iterable[Client], values: Callable[[Client], Iterable[str]]) -> list[str]:
    return sorted({value for client in clients for value in values(client)})


async def metadata(request: web.Request) -> web.Response:
    """The metadata document, at the places of RFC 8414 and of OpenID Connect Discovery."""
    return web.json_response(metadata_of(request.app[REFERENCE]))


async def jwks(request: web.Request) -> web.Response:
    """The key that signs access tokens."""
    tokens = request.app[REFERENCE].tokens
    return web.json_response({"keys": [{**tokens.jwk(), "kid": tokens.kid, "use": "sig", "alg": "ES256"}]})
