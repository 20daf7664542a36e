"""What a token response says, and what its tokens are bound to (RFC 9449 section 5, RFC 8705 sections 3 and 4)."""

from typing import Any

from .parts import part
from .token_request import TokenRequest
from .tokens import REFRESH_LIFETIME, Grant, Refresh, jkt_of, new_handle


@part
def token_response(asked: TokenRequest, grant: Grant, scope: str) -> dict[str, Any]:
    """Return the response with a new access token of `grant` (RFC 6749 section 5.1)."""
    tokens = asked.state.tokens
    return {
        "access_token": tokens.issue(grant, confirmation(asked), scope),
        "token_type": token_type(asked),
        "expires_in": tokens.access_lifetime,
        "scope": scope,
    }


@part
def confirmation(asked: TokenRequest) -> dict[str, str]:
    """Return the `cnf` of an access token: the key (RFC 9449 section 6), the certificate (RFC 8705 section 3)."""
    cnf: dict[str, str] = {}
    if asked.proof:
        cnf["jkt"] = jkt_of(asked.proof)
    if asked.x5t:
        cnf["x5t#S256"] = asked.x5t
    return cnf


@part
def token_type(asked: TokenRequest) -> str:
    """RFC 9449 section 5: a token that is bound to a proof's key is of type DPoP."""
    return "DPoP" if asked.proof else "Bearer"


@part
def new_refresh_token(asked: TokenRequest, grant: Grant) -> str:
    """Return a new refresh token."""
    value = new_handle("refresh token")
    asked.state.tokens.refresh.put(value, Refresh(grant, *refresh_binding(asked)), REFRESH_LIFETIME)
    return value


@part
def refresh_binding(asked: TokenRequest) -> tuple[str | None, str | None]:
    """Return the thumbprints of the key and the certificate that a new refresh token is bound to.

    A confidential client's is bound by its authentication alone (RFC 9449 section 5, RFC 8705 section 4).
    """
    return (asked.jkt, asked.x5t) if asked.client.public else (None, None)
