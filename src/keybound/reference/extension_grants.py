"""Extension grants (RFC 6749 section 4.5): devices (RFC 8628), exchange (RFC 8693), CIBA, assertions (RFC 7523)."""

import hmac
import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from aiohttp import web

from . import jose
from .authorize import page
from .clients import CIBA, DEVICE, EXCHANGE, GRANTOR, JWT_BEARER, Client
from .errors import OAuthError
from .parts import part
from .proof_requests import proof_of
from .state import REFERENCE, USERNAME, authenticated, parameters, read_form
from .token_request import TokenRequest, allowed_scope
from .token_response import new_refresh_token, token_response
from .tokens import Grant, Pending

LIFETIME = 300
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
_ASSERTION_LIFETIME = 600
_FORM = """<form method="{method}" action="/device">
<label>Code <input type="text" name="user_code" value="{code}"></label>{more}
<button type="submit">Allow</button></form>"""
_LOGIN = """<label>User name <input type="text" name="username"></label>
<label>Password <input type="password" name="password"></label>"""


def _may(client: Client, grant: str) -> None:
    if grant not in client.grants:
        raise OAuthError("unauthorized_client", "the client does not use this grant")


async def device_authorization(request: web.Request) -> web.Response:
    """Start a device flow (RFC 8628 section 3.1); a proof ties it to its key (draft on DPoP for it, section 3.1)."""
    state = request.app[REFERENCE]
    client, form = await authenticated(request)
    _may(client, DEVICE)
    proof = proof_of(request, client, form)
    device_code, user_code = secrets.token_urlsafe(32), secrets.token_hex(4).upper()
    grant = Grant(client, USERNAME, allowed_scope(form, client.scope))
    state.tokens.pending.put(device_code, Pending(grant, proof.jkt if proof else None), LIFETIME)
    state.tokens.user_codes.put(user_code, device_code, LIFETIME)
    uri = f"{state.issuer}/device"
    return web.json_response(
        {
            "device_code": device_code,
            "user_code": user_code,
            "verification_uri": uri,
            "verification_uri_complete": f"{uri}?user_code={quote(user_code)}",
            "expires_in": LIFETIME,
            "interval": 0,
        }
    )


async def device_page(request: web.Request) -> web.Response:
    """Where the user types the code that the device shows, logs in and agrees (RFC 8628 section 3.3)."""
    state = request.app[REFERENCE]
    try:
        form = (
            await read_form(request)
            if request.method == "POST"
            else parameters(request.rel_url.raw_query_string)
        )
    except OAuthError as error:
        return page(str(error), status=400)
    device_code = state.tokens.user_codes.get(form.get("user_code", ""))
    pending = state.tokens.pending.get(device_code or "")
    if pending is None:
        return page("Type the code.", _FORM.format(method="get", code="", more=""))
    if request.method == "GET":
        return page("Sign in.", _FORM.format(method="post", code=form["user_code"], more=_LOGIN))
    right = hmac.compare_digest(form.get("password", "").encode(), state.password.encode())
    if form.get("username") != USERNAME or not right:
        return page("Wrong user name or password.", status=400)
    pending.approved = True
    return page("Go back to your device.")


async def backchannel(request: web.Request) -> web.Response:
    """Start a CIBA flow in poll mode (CIBA Core section 7); the user agrees at once."""
    state = request.app[REFERENCE]
    client, form = await authenticated(request)
    _may(client, CIBA)
    if form.get("login_hint") != USERNAME:
        raise OAuthError("unknown_user_id", "nobody is known by this login_hint")
    auth_req_id = secrets.token_urlsafe(32)
    grant = Grant(client, USERNAME, allowed_scope(form, client.scope))
    state.tokens.pending.put(auth_req_id, Pending(grant, None, approved=True), LIFETIME)
    return web.json_response({"auth_req_id": auth_req_id, "expires_in": LIFETIME, "interval": 0})


def _poll(asked: TokenRequest, name: str) -> Grant:
    """RFC 8628 sections 3.4 and 3.5, CIBA Core section 10.1: good once, for the client that started."""
    pending = asked.state.tokens.pending.get(asked.form.get(name, ""))
    if pending is None or pending.grant.client is not asked.client:
        raise OAuthError("invalid_grant", f"unknown {name}")
    if not pending.approved:
        raise OAuthError("authorization_pending", "the user has not agreed yet")
    key_is_that_of_the_start(asked, pending)
    asked.state.tokens.pending.pop(asked.form[name])
    return pending.grant


@part
def key_is_that_of_the_start(asked: TokenRequest, pending: Pending) -> None:
    """A proof where the flow began ties its tokens to that key (draft on DPoP for the device grant, section 3.2)."""
    if pending.jkt and asked.jkt != pending.jkt:
        raise OAuthError("invalid_grant", "the flow began with another key")


def _exchange(asked: TokenRequest) -> Grant:
    """RFC 8693 section 2.1. A subject token may come from any client; the new token is bound to the new proof's key."""
    if asked.form.get("subject_token_type") != ACCESS_TOKEN:
        raise OAuthError("invalid_request", "only access tokens are exchanged")
    subject = asked.state.tokens.read(asked.form.get("subject_token", ""))
    if subject is None:
        raise OAuthError("invalid_request", "subject_token is not valid")
    scope = set(subject.claims["scope"].split()) & set(asked.client.scope.split())
    return Grant(asked.client, subject.claims["sub"], " ".join(sorted(scope)))


def _assertion(asked: TokenRequest) -> Grant:
    """RFC 7523 section 3."""
    grantor = asked.client.grantor
    try:
        jws = jose.parse_jws(asked.form.get("assertion", ""))
        if grantor is None or jws.header.get("alg") != "ES256":
            raise OAuthError("invalid_grant", "the assertion is of nobody we trust")
        jose.verify(jws, grantor.public_key(), "ES256")
    except ValueError:
        raise OAuthError("invalid_grant", "the assertion does not verify") from None
    claims, now = jws.claims, time.time()
    audiences = {asked.state.issuer, f"{asked.state.issuer}/token"}
    good = claims.get("iss") == GRANTOR and claims.get("sub") == USERNAME and claims.get("aud") in audiences
    expires = claims.get("exp")
    if not good or not isinstance(expires, int) or not now < expires < now + _ASSERTION_LIFETIME:
        raise OAuthError("invalid_grant", "the assertion is not for us, or not now")
    return Grant(asked.client, USERNAME, allowed_scope(asked.form, asked.client.scope))


GRANTS: dict[str, Callable[[TokenRequest], Grant]] = {
    DEVICE: lambda asked: _poll(asked, "device_code"),
    CIBA: lambda asked: _poll(asked, "auth_req_id"),
    EXCHANGE: _exchange,
    JWT_BEARER: _assertion,
}
_MORE: dict[str, dict[str, Any]] = {EXCHANGE: {"issued_token_type": ACCESS_TOKEN}}
"""What the response says besides (RFC 8693 section 2.2.1)."""


def extension_grant(asked: TokenRequest) -> dict[str, Any]:
    """Return the response for an extension grant: what it allows is the only difference."""
    grant = GRANTS[asked.grant_type](asked)
    answer = token_response(asked, grant, grant.scope) | _MORE.get(asked.grant_type, {})
    if "refresh_token" in asked.client.grants:
        answer["refresh_token"] = new_refresh_token(asked, grant)
    return answer
