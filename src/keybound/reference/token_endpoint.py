"""The token endpoint (RFC 6749 section 3.2, RFC 9449 section 5, RFC 8705 section 3)."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from . import extension_grants
from .clients import Client
from .code_grant import authorization_code
from .errors import OAuthError
from .parts import Steps, part
from .proof_requests import proof_of
from .refresh_grant import refresh_token
from .state import REFERENCE, authenticated, client_certificate
from .token_request import TokenRequest, allowed_scope
from .token_response import token_response
from .tokens import Grant


async def token(request: web.Request) -> web.Response:
    """Answer a token request."""
    return web.json_response(await answer(request))


@part
async def answer(request: web.Request) -> dict[str, Any]:
    """Return the members of the response; OAuthError if there are to be no tokens."""
    client, form = await authenticated(request)
    proof = proof_of(request, client, form)
    asked = TokenRequest(request.app[REFERENCE], client, form, proof, certificate_to_bind(request, client))
    BEFORE_ANY_GRANT(asked)
    return carry_out(asked)


@part
def certificate_to_bind(request: web.Request, client: Client) -> bytes | None:
    """Return the certificate that tokens are to be bound to: the one shown here, where the client has bound tokens."""
    return client_certificate(request) if client.certificate_bound else None


@part
def grant_type_is_known(asked: TokenRequest) -> None:
    """RFC 6749 section 5.2."""
    if asked.grant_type not in _GRANTS:
        code = "unsupported_grant_type" if asked.grant_type else "invalid_request"
        raise OAuthError(code, "no such grant_type")


@part
def client_uses_the_grant(asked: TokenRequest) -> None:
    """RFC 7591 section 2: a client has registered its grant types."""
    if asked.grant_type not in asked.client.grants:
        raise OAuthError("unauthorized_client", "the client does not use this grant")


@part
def bound_client_brings_a_proof(asked: TokenRequest) -> None:
    """RFC 9449 section 5.2: dpop_bound_access_tokens."""
    if asked.client.dpop_bound and asked.proof is None:
        raise OAuthError("invalid_request", "this client needs a DPoP proof")


BEFORE_ANY_GRANT = Steps(grant_type_is_known, client_uses_the_grant, bound_client_brings_a_proof)


@part
def carry_out(asked: TokenRequest) -> dict[str, Any]:
    """Check what is shown for the tokens, and issue them."""
    return _GRANTS[asked.grant_type](asked)


def _client_credentials(asked: TokenRequest) -> dict[str, Any]:
    """RFC 6749 section 4.4."""
    scope = allowed_scope(asked.form, asked.client.scope)
    return token_response(asked, Grant(asked.client, asked.client.id, scope), scope)


_GRANTS: dict[str, Callable[[TokenRequest], dict[str, Any]]] = {
    "client_credentials": _client_credentials,
    "authorization_code": authorization_code,
    "refresh_token": refresh_token,
    **dict.fromkeys(extension_grants.GRANTS, extension_grants.extension_grant),
}
