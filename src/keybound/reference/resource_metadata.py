"""What the resource server publishes of itself (RFC 9728)."""

from typing import Any

from aiohttp import web

from .parts import part
from .proof import PROOF_ALGS
from .state import REFERENCE, Reference

PATH = "/.well-known/oauth-protected-resource/api"


@part
def metadata_of(state: Reference) -> dict[str, Any]:
    """Return the metadata of the protected resource (section 2)."""
    assert state.trusted is not None  # noqa: S101  # only a resource server alone has this route
    return {
        "resource": f"{state.issuer}/api",
        "authorization_servers": [state.trusted.issuer],
        "scopes_supported": ["read"],
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": list(PROOF_ALGS),
        "tls_client_certificate_bound_access_tokens": True,
        "dpop_bound_access_tokens_required": False,
    }


@part
def publish(state: Reference) -> web.Response:
    """Return the answer that holds it (section 3.2)."""
    return web.json_response(metadata_of(state))


async def document(request: web.Request) -> web.Response:
    """The metadata document."""
    return publish(request.app[REFERENCE])
