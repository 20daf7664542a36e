"""Client registration (RFC 7591). Whoever asks is registered, and forgotten at once: no case uses such a client."""

import secrets
import time
from typing import Any

from aiohttp import web

from . import jose
from .errors import OAuthError
from .state import REFERENCE, Reference

_SUBJECT = "tls_client_auth_"
_KNOWN = frozenset((
    "client_name", "dpop_bound_access_tokens", "grant_types", "jwks", "jwks_uri", "redirect_uris",
    "response_types", "scope", "tls_client_auth_san_dns", "tls_client_auth_san_email",
    "tls_client_auth_san_ip", "tls_client_auth_san_uri", "tls_client_auth_subject_dn",
    "tls_client_certificate_bound_access_tokens", "token_endpoint_auth_method",
))  # fmt: skip


async def register(request: web.Request) -> web.Response:
    """Answer a registration request with the client's id and all that was registered (section 3.2.1)."""
    state = request.app[REFERENCE]
    try:
        asked = jose.parse_json(await request.read())
    except ValueError:
        raise OAuthError("invalid_client_metadata", "the body is not JSON") from None
    if not isinstance(asked, dict):
        raise OAuthError("invalid_client_metadata", "the body is no JSON object")
    _check(state, asked)
    registered = {name: value for name, value in asked.items() if name in _KNOWN}
    if state.faults.on("as-registration-hides-binding"):
        registered = {
            name: value for name, value in registered.items() if not name.endswith("_access_tokens")
        }
    made = {"client_id": secrets.token_urlsafe(16), "client_id_issued_at": int(time.time())}
    return web.json_response(made | registered, status=201)


def _check(state: Reference, asked: dict[str, Any]) -> None:
    """Raise OAuthError for metadata that contradicts itself."""
    wrong = state.faults.on
    subjects = [name for name in asked if name.startswith(_SUBJECT)]
    bad = {
        "as-registration-refuses-unknown": bool(asked.keys() - _KNOWN)
        and wrong("as-registration-refuses-unknown"),
        "as-registration-both-key-sets": {"jwks", "jwks_uri"} <= asked.keys(),
        "as-registration-two-subjects": len(subjects) > 1,
        "as-registration-front-channel": bool(asked.get("dpop_bound_access_tokens"))
        and asked.get("response_types", ["code"]) != ["code"],
    }
    allowed = {name for name in bad if wrong(name) and name != "as-registration-refuses-unknown"}
    if any(found for name, found in bad.items() if name not in allowed):
        raise OAuthError("invalid_client_metadata", "the client metadata cannot be registered")
