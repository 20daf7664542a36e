"""Refreshing (RFC 6749 section 6).

Those of public clients are bound (RFC 9449 section 5, RFC 8705 section 4) and replaced (RFC 9700 section 4.14.2).
"""

from typing import Any

from .clients import Client
from .errors import OAuthError
from .parts import Steps, part
from .token_request import TokenRequest, allowed_scope
from .token_response import new_refresh_token, token_response
from .tokens import REFRESH_LIFETIME, Refresh, Tokens


def refresh_token(asked: TokenRequest) -> dict[str, Any]:
    """Return the response for a refresh token."""
    tokens, value = asked.state.tokens, asked.form.get("refresh_token", "")
    old = known(tokens, value)
    if old is None:
        came_again(tokens, value)
        raise OAuthError("invalid_grant", "unknown refresh token")
    REFRESHING(asked, old)
    answer = token_response(asked, old.grant, scope_of(asked, old))
    if is_replaced_for(asked.client):
        retire(asked, old)
        answer["refresh_token"] = new_refresh_token(asked, old.grant)
    return answer


@part
def known(tokens: Tokens, value: str) -> Refresh | None:
    """Return the refresh token of this value, if there is one."""
    return tokens.refresh.get(value)


@part
def came_again(tokens: Tokens, value: str) -> None:
    """Somebody holds a copy of a token that was replaced: its grant ends (RFC 9700 section 4.14.2)."""
    if (grant := tokens.spent.get(value)) is not None:
        tokens.revoke(grant)


@part
def is_not_revoked(asked: TokenRequest, old: Refresh) -> None:
    """Its grant has not ended."""
    if old.grant.revoked:
        raise OAuthError("invalid_grant", "unknown refresh token")


@part
def is_the_clients(asked: TokenRequest, old: Refresh) -> None:
    """RFC 6749 section 6: it was issued to this client."""
    if old.grant.client is not asked.client:
        raise OAuthError("invalid_grant", "unknown refresh token")


@part
def key_matches(asked: TokenRequest, old: Refresh) -> None:
    """RFC 9449 section 5: the proof is by the key that it is bound to."""
    if old.jkt and asked.jkt is None:
        raise OAuthError("invalid_grant", "this refresh token needs a DPoP proof")
    if old.jkt and asked.jkt != old.jkt:
        raise OAuthError("invalid_grant", "this refresh token is bound to another key")


@part
def certificate_matches(asked: TokenRequest, old: Refresh) -> None:
    """RFC 8705 section 4: the certificate is the one that it is bound to."""
    if old.x5t and asked.x5t != old.x5t:
        raise OAuthError("invalid_grant", "this refresh token is bound to another certificate")


REFRESHING = Steps(is_not_revoked, is_the_clients, key_matches, certificate_matches)


@part
def scope_of(asked: TokenRequest, old: Refresh) -> str:
    """Return the scope of the new access token: no more than was granted (RFC 6749 section 6)."""
    return allowed_scope(asked.form, old.grant.scope)


@part
def is_replaced_for(client: Client) -> bool:
    """Return whether a refresh replaces the token: a public client's (RFC 9700 section 4.14.2)."""
    return client.public


@part
def retire(asked: TokenRequest, old: Refresh) -> None:
    """End a refresh token that is replaced, and remember it in case that it comes again."""
    tokens, value = asked.state.tokens, asked.form["refresh_token"]
    tokens.spent.put(value, old.grant, REFRESH_LIFETIME)
    tokens.refresh.pop(value)
