"""Authorization requests, pushed and plain, and the login form (RFC 6749 section 4.1, RFC 9126)."""

import hmac
import html
import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode

from aiohttp import web

from . import jose
from .clients import REDIRECT_URI, Client
from .errors import OAuthError
from .proof_requests import proof_of
from .state import (
    REFERENCE,
    USERNAME,
    Reference,
    authenticated,
    parameters,
    read_form,
    refuse_unknown,
)
from .tokens import CODE_LIFETIME, AuthorizationRequest, Code, Grant

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


def _implicit(state: Reference, params: dict[str, str]) -> bool:
    """Return whether a fault answers this request with a token; the rest of it is then checked like another one."""
    if params.get("response_type") != "token" or not state.faults.on("as-implicit-ok"):
        return False
    params["response_type"] = "code"
    return True


def _of_request_object(state: Reference, client: Client, form: dict[str, str]) -> dict[str, str]:
    """Return the parameters of a request object, which alone count (RFC 9126 section 3, RFC 9101 section 6.3)."""
    if "request" not in form or client.key is None:
        return form
    try:
        jws = jose.parse_jws(form["request"])
        jose.verify(jws, client.key.public_key(), "ES256")
    except ValueError:
        raise OAuthError("invalid_request_object", "the request object does not verify") from None
    if jws.header.get("alg") != "ES256" or jws.claims.get("client_id") != client.id:
        raise OAuthError("invalid_request_object", "the request object is not the client's")
    signed = {name: value for name, value in jws.claims.items() if isinstance(value, str)}
    beside = {"dpop_jkt": form["dpop_jkt"]} if "dpop_jkt" in form else {}
    return signed | (beside if state.faults.on("as-request-object-mixed") else {})


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
    scope = params.get("scope", client.scope)
    if not set(scope.split()) <= set(client.scope.split()):
        raise OAuthError("invalid_scope", "the client may not ask for this scope")
    return AuthorizationRequest(client, scope, challenge, jkt, params.get("state"), params.get("nonce"))


async def par(request: web.Request) -> web.Response:
    """Take a pushed request with dpop_jkt, a proof, or both (RFC 9126, RFC 9449 section 10.1)."""
    state = request.app[REFERENCE]
    client, form = await authenticated(request)
    proof = proof_of(request, client, form)
    if "request_uri" in form:
        raise OAuthError("invalid_request", "request_uri cannot be pushed")
    form = _of_request_object(state, client, form)
    implicit = _implicit(state, form)
    check_redirect_uri(form)
    jkt = None if state.faults.on("as-ignores-dpop-jkt-in-par") else form.get("dpop_jkt")
    if proof and jkt not in {None, proof.jkt} and not state.faults.on("as-par-jkt-mismatch-ok"):
        raise OAuthError("invalid_request", "dpop_jkt is not the key of the proof")
    if proof and not state.faults.on("as-par-proof-not-bound"):
        jkt = proof.jkt
    uri = f"urn:ietf:params:oauth:request_uri:{secrets.token_urlsafe(32)}"
    wanted = replace(check_request(client, form, jkt), implicit=implicit)
    state.pushed.put(uri, wanted, REQUEST_URI_LIFETIME)
    return web.json_response({"request_uri": uri, "expires_in": REQUEST_URI_LIFETIME}, status=201)


async def authorize(request: web.Request) -> web.Response:
    """The authorization endpoint: shows the login form, or says what is wrong with the request."""
    state = request.app[REFERENCE]
    try:
        params = parameters(request.rel_url.raw_query_string)
        refuse_unknown(state, params)
        client = _known_client(state, params)
        if "request_uri" in params:
            pushed = _pushed(state, client, params["request_uri"])
            if "dpop_jkt" in params and state.faults.on("as-query-beside-request-uri"):
                pushed = replace(pushed, jkt=params["dpop_jkt"])
            return _login_page(state, pushed)
        check_redirect_uri(params)
    except OAuthError as error:
        return page(str(error), status=400)  # without a trusted redirect URI the user is told, not the client
    try:
        if client.par_only and not state.faults.on("as-par-optional"):
            raise OAuthError("invalid_request", "this client pushes its requests")
        jkt = None if state.faults.on("as-ignores-dpop-jkt") else params.get("dpop_jkt")
        implicit = _implicit(state, params)
        return _login_page(state, replace(check_request(client, params, jkt), implicit=implicit))
    except OAuthError as error:
        answer = {"error": error.code, "error_description": str(error), "state": params.get("state")}
        return _redirect(state, answer)


def _known_client(state: Reference, params: Mapping[str, str]) -> Client:
    client = state.authenticator.clients.get(params.get("client_id", ""))
    if client is None:
        raise OAuthError("invalid_request", "unknown client")
    return client


def _pushed(state: Reference, client: Client, uri: str) -> AuthorizationRequest:
    """Return what the client pushed, once (RFC 9126 sections 2.2 and 4)."""
    wanted = state.pushed.get(uri)
    if wanted is None:
        raise OAuthError("invalid_request", "unknown request_uri")
    if wanted.client is not client and not state.faults.on("as-request-uri-any-client"):
        raise OAuthError("invalid_request", "unknown request_uri")
    if not state.faults.on("as-request-uri-reusable"):
        state.pushed.pop(uri)
    return wanted


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
    code = secrets.token_urlsafe(6 if state.faults.on("as-short-codes") else 32)
    grant = Grant(wanted.client, USERNAME, wanted.scope)
    if wanted.implicit:
        token = state.tokens.issue(grant, {}, wanted.scope)
        answer = urlencode({"access_token": token, "token_type": "Bearer", "state": wanted.state or ""})
        return web.Response(status=303, headers={"Location": f"{REDIRECT_URI}#{answer}"})
    lifetime = SHORT_CODE_LIFETIME if state.short_lifetimes else CODE_LIFETIME
    if state.faults.on("as-code-lives-on"):
        lifetime = LOGIN_LIFETIME
    state.tokens.codes.put(code, Code(grant, wanted), lifetime)
    return _redirect(state, {"code": code, "state": wanted.state})
