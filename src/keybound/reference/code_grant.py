"""Redeeming an authorization code (RFC 6749 section 4.1.3, RFC 7636 section 4.6, RFC 9449 section 10)."""

import hmac
from typing import Any

from . import jose
from .clients import REDIRECT_URI
from .errors import OAuthError
from .parts import Steps, part
from .token_request import TokenRequest
from .token_response import new_refresh_token, token_response
from .tokens import ACCESS_LIFETIME, Code


def authorization_code(asked: TokenRequest) -> dict[str, Any]:
    """Return the response for a code. Only success uses the code up."""
    tokens = asked.state.tokens
    code = tokens.codes.get(asked.form.get("code", ""))
    if code is None:
        raise OAuthError("invalid_grant", "unknown code")
    REDEEMING(asked, code)
    use_up(asked, code)
    answer = token_response(asked, code.grant, code.grant.scope)
    if "refresh_token" in asked.client.grants:
        answer["refresh_token"] = new_refresh_token(asked, code.grant)
    if "openid" in code.grant.scope.split():
        answer["id_token"] = tokens.id_token(code)
    return answer


@part
def is_the_clients(asked: TokenRequest, code: Code) -> None:
    """The code was issued to this client."""
    if code.grant.client is not asked.client:
        raise OAuthError("invalid_grant", "unknown code")


@part
def is_unused(asked: TokenRequest, code: Code) -> None:
    """A code is good once; what came of it ends when it comes again (RFC 6749 section 4.1.2)."""
    if code.used:
        asked.state.tokens.revoke(code.grant)
        raise OAuthError("invalid_grant", "this code was used before")


@part
def verifier_matches(asked: TokenRequest, code: Code) -> None:
    """RFC 7636 section 4.6, with S256."""
    verifier = asked.form.get("code_verifier", "")
    if not hmac.compare_digest(jose.digest(verifier).encode(), code.request.challenge.encode()):
        raise OAuthError("invalid_grant", "code_verifier does not match")


@part
def redirect_uri_matches(asked: TokenRequest, code: Code) -> None:
    """The redirect URI is that of the authorization request, which every client has but one of."""
    if asked.form.get("redirect_uri") != REDIRECT_URI:
        raise OAuthError("invalid_grant", "redirect_uri does not match")


@part
def key_matches(asked: TokenRequest, code: Code) -> None:
    """RFC 9449 section 10: the proof is by the key that the authorization request named."""
    if code.request.jkt is None:
        return
    if asked.jkt is None:
        raise OAuthError("invalid_grant", "this code needs a DPoP proof")
    if not same_thumbprint(asked.jkt, code.request.jkt):
        raise OAuthError("invalid_grant", "this code is bound to another key")


@part
def same_thumbprint(jkt: str, dpop_jkt: str) -> bool:
    """Return whether a proof's key is the one that `dpop_jkt` named."""
    return jkt == dpop_jkt


@part
def certificate_is_there(asked: TokenRequest, code: Code) -> None:
    """RFC 8705 section 4: a public client binds its tokens to the certificate that it shows here."""
    if asked.client.public and asked.client.certificate_bound and asked.certificate is None:
        raise OAuthError("invalid_request", "this client needs a certificate")


REDEEMING = Steps(
    is_the_clients,
    is_unused,
    verifier_matches,
    redirect_uri_matches,
    key_matches,
    certificate_is_there,
)


@part
def use_up(asked: TokenRequest, code: Code) -> None:
    """Mark a code as used, and keep it: a second use must find it."""
    code.used = True
    asked.state.tokens.codes.put(asked.form["code"], code, ACCESS_LIFETIME)
