"""What the resource server publishes of itself (RFC 9728)."""

from typing import Any

from aiohttp import web

from .proof import PROOF_ALGS
from .state import REFERENCE, Reference


def metadata_of(state: Reference) -> dict[str, Any]:
    """Return the metadata of the protected resource."""
    assert state.trusted is not None  # noqa: S101  # only a resource server alone has this route
    wrong = state.faults.on
    if wrong("rs-metadata-without-resource"):
        return {"authorization_servers": [state.trusted.issuer]}
    flag: Any = "true" if wrong("rs-metadata-flag-string") else True
    return {
        "resource": f"{state.issuer}/{'other' if wrong('rs-metadata-other-resource') else 'api'}",
        "authorization_servers": [] if wrong("rs-metadata-empty-array") else [state.trusted.issuer],
        "scopes_supported": ["read"],
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": [
            *PROOF_ALGS,
            *(["none"] if wrong("rs-metadata-algs-none") else []),
            *(["ES512"] if wrong("rs-metadata-algs-unsupported") else []),
        ],
        "tls_client_certificate_bound_access_tokens": flag,
        "dpop_bound_access_tokens_required": (
            flag if wrong("rs-metadata-flag-string") else wrong("rs-metadata-says-dpop-required")
        ),
    }


async def document(request: web.Request) -> web.Response:
    """The metadata document."""
    state = request.app[REFERENCE]
    if state.faults.on("rs-metadata-not-served"):
        raise web.HTTPNotFound
    text = "text/plain" if state.faults.on("rs-metadata-not-json") else "application/json"
    return web.json_response(metadata_of(state), content_type=text)
