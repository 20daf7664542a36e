"""Client registration (RFC 7591). Whoever asks is registered, and forgotten at once: no case uses such a client."""

import secrets
import time
from typing import Any

from aiohttp import web

from . import jose
from .errors import OAuthError
from .parts import Steps, part

KNOWN = frozenset((
    "client_name", "dpop_bound_access_tokens", "grant_types", "jwks", "jwks_uri", "redirect_uris",
    "response_types", "scope", "tls_client_auth_san_dns", "tls_client_auth_san_email",
    "tls_client_auth_san_ip", "tls_client_auth_san_uri", "tls_client_auth_subject_dn",
    "tls_client_certificate_bound_access_tokens", "token_endpoint_auth_method",
))  # fmt: skip


async def register(request: web.Request) -> web.Response:
    """Answer a registration request with the client's id and all that was registered (section 3.2.1)."""
    try:
        asked = jose.parse_json(await request.read())
    except ValueError:
        raise OAuthError("invalid_client_metadata", "the body is not JSON") from None
    if not isinstance(asked, dict):
        raise OAuthError("invalid_client_metadata", "the body is no JSON object")
    METADATA(asked)
    made = {"client_id": secrets.token_urlsafe(16), "client_id_issued_at": int(time.time())}
    return web.json_response(made | registered(asked), status=201)


@part
def registered(asked: dict[str, Any]) -> dict[str, Any]:
    """Return what is registered of the metadata: what is known; the rest is ignored (section 2)."""
    return {name: value for name, value in asked.items() if name in KNOWN}


@part
def has_one_key_set(asked: dict[str, Any]) -> None:
    """Section 2: jwks and jwks_uri exclude each other."""
    if {"jwks", "jwks_uri"} <= asked.keys():
        raise OAuthError("invalid_client_metadata", "jwks and jwks_uri exclude each other")


@part
def has_one_subject(asked: dict[str, Any]) -> None:
    """RFC 8705 section 2.1.2: exactly one subject for tls_client_auth."""
    if len([name for name in asked if name.startswith("tls_client_auth_")]) > 1:
        raise OAuthError("invalid_client_metadata", "a client has one subject")


@part
def gets_bound_tokens_by_code(asked: dict[str, Any]) -> None:
    """RFC 9449 section 5.2: the authorization endpoint gives no tokens to a client whose tokens are to be bound."""
    if asked.get("dpop_bound_access_tokens") and asked.get("response_types", ["code"]) != ["code"]:
        raise OAuthError(
            "invalid_client_metadata", "bound tokens do not come from the authorization endpoint"
        )


METADATA = Steps(has_one_key_set, has_one_subject, gets_bound_tokens_by_code)
