"""Authorization requests, pushed and plain, and the login form (RFC 6749 section 4.1, RFC 9126)."""

import hmac
import html
import re
import secrets
from collections.abc import Mapping
from urllib.parse import urlencode

from aiohttp import web

from . import jose
from .clients import REDIRECT_URI, Client
from .errors import OAuthError
from .parts import part
from .proof import Proof
from .proof_requests import proof_of
from .state import (
    REFERENCE,
    USERNAME,
    Reference,
    authenticated,
    parameters,
    read_form,
)
from .token_request import allowed_scope
from .tokens import CODE_LIFETIME, AuthorizationRequest, Code, Grant, new_handle

REQUEST_URI_LIFETIME = 90
LOGIN_LIFETIME = 300
SHORT_CODE_LIFETIME = 15

_CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in</title></head>
<body><h1>Sign in</h1><p>{message}</p>{form}</body></html>
"""
_LOGIN = """<form method="post" action="/login">
<input type="hidden" name="csrf" value="{csrf}">
<label>User name <input type="text" name="username" autocomplete="username"></label>
<label>Password <input type="password" name="password" autocomplete="current-password"></label>
<button type="submit">Sign in</button></form>"""


def page(message: str, form: str = "", status: int = 200) -> web.Response:
    """Return an HTML page; `message` is escaped, `form` is not."""
    body = _PAGE.format(message=html.escape(message), form=form)
    return web.Response(text=body, content_type="text/html", status=status)


def check_redirect_uri(params: Mapping[str, str]) -> None:
    """Raise OAuthError unless the redirect URI is the registered one (RFC 9700 section 2.1)."""
    if params.get("redirect_uri") != REDIRECT_URI:
        raise OAuthError("invalid_request", "redirect_uri is not registered")


@part
def request_of(client: Client, form: dict[str, str]) -> dict[str, str]:
    """Return the parameters of a pushed request: those of a request object alone, if it has one.

    Raises OAuthError if the object is not the client's (RFC 9126 section 3, RFC 9101 section 6).
    """
    if "request" not in form or client.key is None:
        return form
    try:
        jws = jose.parse_jws(form["request"])
        jose.verify(jws, client.key.public_key(), "ES256")
    except ValueError:
        raise OAuthError("invalid_request_object", "the request object does not verify") from None
    if jws.header.get("alg") != "ES256" or jws.claims.get("client_id") != client.id:
        raise OAuthError("invalid_request_object", "the request object is not the client's")
    return {name: value for name, value in jws.claims.items() if isinstance(value, str)}


@part
def check_request(client: Client, params: Mapping[str, str], jkt: str | None) -> AuthorizationRequest:
    """Return the request in `params`; OAuthError says what is wrong (RFC 6749 section 4.1.2.1, RFC 7636)."""
    if "authorization_code" not in client.grants:
        raise OAuthError("unauthorized_client", "the client does not use this grant")
    if "request" in params:
        raise OAuthError("request_not_supported", "request objects are not supported")
    if params.get("response_type") != "code":
        raise OAuthError("unsupported_response_type", "response_type must be code")
    challenge = params.get("code_challenge", "")
    if params.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise OAuthError("invalid_request", "PKCE with S256 is needed")
    scope = allowed_scope(params, client.scope)
    return AuthorizationRequest(client, scope, challenge, jkt, params.get("state"), params.get("nonce"))


@part
def key_of_pushed(params: Mapping[str, str], proof: Proof | None) -> str | None:
    """Return the thumbprint that a pushed request names, by dpop_jkt, a proof, or both (RFC 9449 section 10.1)."""
    named = params.get("dpop_jkt")
    if proof is None:
        return named
    if named not in {None, proof.jkt}:
        raise OAuthError("invalid_request", "dpop_jkt is not the key of the proof")
    return proof.jkt


async def par(request: web.Request) -> web.Response:
    """Take a pushed request (RFC 9126 section 2)."""
    state = request.app[REFERENCE]
    client, form = await authenticated(request)
    proof = proof_of(request, client, form)
    if "request_uri" in form:
        raise OAuthError("invalid_request", "request_uri cannot be pushed")
    params = request_of(client, form)
    check_redirect_uri(params)
    wanted = check_request(client, params, key_of_pushed(params, proof))
    uri = f"urn:ietf:params:oauth:request_uri:{secrets.token_urlsafe(32)}"
    state.pushed.put(uri, wanted, REQUEST_URI_LIFETIME)
    return web.json_response({"request_uri": uri, "expires_in": REQUEST_URI_LIFETIME}, status=201)


@part
def key_of_plain(params: Mapping[str, str]) -> str | None:
    """Return the thumbprint that a request names by dpop_jkt (RFC 9449 section 10)."""
    return params.get("dpop_jkt")


async def authorize(request: web.Request) -> web.Response:
    """The authorization endpoint: shows the login form, or says what is wrong with the request."""
    state = request.app[REFERENCE]
    try:
        params = parameters(request.rel_url.raw_query_string)
        client = _known_client(state, params)
        if "request_uri" in params:
            return _login_page(state, pushed_request(state, client, params))
        check_redirect_uri(params)
    except OAuthError as error:
        return page(str(error), status=400)  # without a trusted redirect URI the user is told, not the client
    try:
        may_come_unpushed(client)
        return _login_page(state, check_request(client, params, key_of_plain(params)))
    except OAuthError as error:
        answer = {"error": error.code, "error_description": str(error), "state": params.get("state")}
        return _redirect(state, answer)


def _known_client(state: Reference, params: Mapping[str, str]) -> Client:
    client = state.registry.clients.get(params.get("client_id", ""))
    if client is None:
        raise OAuthError("invalid_request", "unknown client")
    return client


@part
def may_come_unpushed(client: Client) -> None:
    """RFC 9126 section 6: require_pushed_authorization_requests."""
    if client.par_only:
        raise OAuthError("invalid_request", "this client pushes its requests")


@part
def pushed_request(state: Reference, client: Client, params: Mapping[str, str]) -> AuthorizationRequest:
    """Return what the client pushed, which alone counts, once (RFC 9126 sections 2.2 and 4, RFC 9101 section 5)."""
    uri = params["request_uri"]
    wanted = state.pushed.get(uri)
    if wanted is None:
        raise OAuthError("invalid_request", "unknown request_uri")
    pushed_by(client, wanted)
    use_up_request_uri(state, uri)
    return wanted


@part
def pushed_by(client: Client, wanted: AuthorizationRequest) -> None:
    """RFC 9126 section 2.2: a request_uri is for the client that got it."""
    if wanted.client is not client:
        raise OAuthError("invalid_request", "unknown request_uri")


@part
def use_up_request_uri(state: Reference, request_uri: str) -> None:
    """RFC 9126 section 4: a request_uri is good once."""
    state.pushed.pop(request_uri)


def _login_page(
    state: Reference, wanted: AuthorizationRequest, message: str = "", status: int = 200
) -> web.Response:
    csrf = secrets.token_urlsafe(32)
    state.logins.put(csrf, wanted, LOGIN_LIFETIME)
    message = message or f"{wanted.client.id} asks for access: {wanted.scope}"
    return page(message, _LOGIN.format(csrf=csrf), status)


def _redirect(state: Reference, answer: Mapping[str, str | None]) -> web.Response:
    """Send the browser back to the client, with `iss` (RFC 9207)."""
    query = urlencode({k: v for k, v in {**answer, "iss": state.issuer}.items() if v is not None})
    return web.Response(status=303, headers={"Location": f"{REDIRECT_URI}?{query}"})


async def login(request: web.Request) -> web.Response:
    """Where the login form goes: on the right password, a code for the client."""
    state = request.app[REFERENCE]
    try:
        form = await read_form(request)
    except OAuthError as error:
        return page(str(error), status=400)
    wanted = state.logins.pop(form.get("csrf", ""))
    if wanted is None:
        return page("This form has expired.", status=400)
    given = form.get("password", "").encode()
    if form.get("username") != USERNAME or not hmac.compare_digest(given, state.password.encode()):
        return _login_page(state, wanted, "Wrong user name or password.", 400)
    return granted(state, wanted)


@part
def granted(state: Reference, wanted: AuthorizationRequest) -> web.Response:
    """Send the browser back to the client with a code (RFC 6749 section 4.1.2)."""
    code = new_handle("code")
    grant = Grant(wanted.client, USERNAME, wanted.scope)
    state.tokens.codes.put(code, Code(grant, wanted), code_lifetime(state))
    return _redirect(state, {"code": code, "state": wanted.state})


@part
def code_lifetime(state: Reference) -> int:
    """Return for how many seconds a code is good."""
    return SHORT_CODE_LIFETIME if state.short_lifetimes else CODE_LIFETIME
