"""Faults in authorization requests, pushed and plain, in codes, and in what a code is bound to."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace as with_
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from keybound.reference.authorize import (
    LOGIN_LIFETIME,
    check_request,
    code_lifetime,
    granted,
    key_of_plain,
    key_of_pushed,
    may_come_unpushed,
    pushed_by,
    pushed_request,
    request_of,
    use_up_request_uri,
)
from keybound.reference.clients import REDIRECT_URI, Client
from keybound.reference.code_grant import (
    is_the_clients,
    is_unused,
    key_matches,
    same_thumbprint,
    use_up,
    verifier_matches,
)
from keybound.reference.errors import OAuthError
from keybound.reference.extension_grants import key_is_that_of_the_start
from keybound.reference.parts import Instead, alter, leave_out, replace
from keybound.reference.proof import Proof
from keybound.reference.state import REFERENCE, USERNAME, Reference, read_form
from keybound.reference.token_endpoint import answer
from keybound.reference.token_request import TokenRequest
from keybound.reference.tokens import AuthorizationRequest, Code, Grant

from .fault import Fault, fault

_LATE = 0.1  # seconds
Params = Mapping[str, str]
Answer = dict[str, Any]
Answering = Callable[[web.Request], Coroutine[Any, Any, Answer]]


def _forgiven(_: object, asked: TokenRequest, code: Code) -> None:
    if code.used:
        raise OAuthError("invalid_grant", "this code was used before")


def _still_unused(right: Callable[[TokenRequest, Code], None], asked: TokenRequest, code: Code) -> None:
    right(asked, code)
    code.used = False


async def _marked_late(right: Answering, request: web.Request) -> Answer:
    made, form = await right(request), await read_form(request)
    if (redeemed := request.app[REFERENCE].tokens.codes.get(form.get("code", ""))) is not None:
        await asyncio.sleep(_LATE)
        redeemed.used = True
    return made


def _burns(error_code: str) -> Instead:
    """End the code or token that came with a request which is refused with this error code."""

    async def body(right: Answering, request: web.Request) -> Answer:
        try:
            return await right(request)
        except OAuthError as error:
            if error.code == error_code:
                tokens, form = request.app[REFERENCE].tokens, await read_form(request)
                tokens.codes.pop(form.get("code", ""))
                tokens.refresh.pop(form.get("refresh_token", ""))
                tokens.pending.pop(form.get("device_code", ""))
            raise

    return replace(answer, body)


def _proof_forgotten(
    right: Callable[[Params, Proof | None], str | None], params: Params, proof: Proof | None
) -> str | None:
    right(params, proof)
    return params.get("dpop_jkt")


class Implicit(AuthorizationRequest):
    """A request whose answer is a token."""


def _implicit_ok(
    right: Callable[[Client, Params, str | None], AuthorizationRequest],
    client: Client,
    params: Params,
    jkt: str | None,
) -> AuthorizationRequest:
    if params.get("response_type") != "token":
        return right(client, params, jkt)
    wanted = right(client, {**params, "response_type": "code"}, jkt)
    return Implicit(client, wanted.scope, wanted.challenge, jkt, wanted.state, wanted.nonce)


def _token_at_once(
    right: Callable[[Reference, AuthorizationRequest], web.Response],
    state: Reference,
    wanted: AuthorizationRequest,
) -> web.Response:
    if not isinstance(wanted, Implicit):
        return right(state, wanted)
    token = state.tokens.issue(Grant(wanted.client, USERNAME, wanted.scope), {}, wanted.scope)
    fragment = urlencode({"access_token": token, "token_type": "Bearer", "state": wanted.state or ""})
    return web.Response(status=303, headers={"Location": f"{REDIRECT_URI}#{fragment}"})


def _with_what_stands_beside(params: dict[str, str], client: Client, form: dict[str, str]) -> dict[str, str]:
    return params | {name: value for name, value in form.items() if name == "dpop_jkt"}


def _as_in_url(
    wanted: AuthorizationRequest, state: Reference, client: Client, params: Params
) -> AuthorizationRequest:
    return with_(wanted, jkt=params.get("dpop_jkt", wanted.jkt))


FAULTS: tuple[Fault, ...] = (
    fault("as-code-any-client", "a code is redeemed by any client", leave_out(is_the_clients)),
    fault("as-code-reusable", "a code can be redeemed again", leave_out(is_unused)),
    fault(
        "as-code-reuse-forgiven",
        "the second use of a code has no consequences",
        replace(is_unused, _forgiven),
    ),
    fault(
        "as-code-used-late",
        "a code is used up a moment after its tokens were made",
        replace(use_up, _still_unused),
        replace(answer, _marked_late),
    ),
    fault(
        "as-code-lives-on", "a code is good for five minutes", alter(code_lifetime, lambda *_: LOGIN_LIFETIME)
    ),
    fault("as-code-verifier-ignored", "code_verifier is not compared", leave_out(verifier_matches)),
    fault(
        "as-code-burned",
        "a bad proof uses up the code or refresh token that came with it",
        _burns("invalid_dpop_proof"),
    ),
    fault(
        "as-nonce-burns-code",
        "a request that only lacked a nonce uses up its code or refresh token",
        _burns("use_dpop_nonce"),
    ),
    fault(
        "as-code-proof-optional",
        "a code with dpop_jkt yields an unbound token without a proof",
        leave_out(key_matches, lambda asked, code: asked.proof is None),
    ),
    fault(
        "as-code-binding-public-only",
        "the codes of confidential clients are bound to no key",
        leave_out(key_matches, lambda asked, code: not asked.client.public),
    ),
    fault(
        "as-code-binding-confidential-only",
        "the codes of public clients are bound to no key",
        leave_out(key_matches, lambda asked, code: asked.client.public),
    ),
    fault(
        "as-dpop-jkt-prefix-compared",
        "dpop_jkt and thumbprint are compared as far as both go",
        replace(
            same_thumbprint, lambda right, jkt, dpop_jkt: jkt.startswith(dpop_jkt) or dpop_jkt.startswith(jkt)
        ),
    ),
    fault(
        "as-dpop-jkt-case-ignored",
        "dpop_jkt is compared without its case",
        replace(same_thumbprint, lambda right, jkt, dpop_jkt: jkt.lower() == dpop_jkt.lower()),
    ),
    fault(
        "as-ignores-dpop-jkt",
        "dpop_jkt of the authorization request is ignored",
        replace(key_of_plain, lambda right, params: None),
    ),
    fault(
        "as-ignores-dpop-jkt-in-par",
        "dpop_jkt of a pushed request is ignored",
        replace(key_of_pushed, lambda right, params, proof: right({}, proof)),
    ),
    fault(
        "as-par-proof-not-bound",
        "a proof at PAR is checked and forgotten",
        replace(key_of_pushed, _proof_forgotten),
    ),
    fault(
        "as-par-jkt-mismatch-ok",
        "dpop_jkt may differ from the proof at PAR",
        replace(key_of_pushed, lambda right, params, proof: right({} if proof else params, proof)),
    ),
    fault(
        "as-request-object-mixed",
        "dpop_jkt beside a request object counts",
        alter(request_of, _with_what_stands_beside),
    ),
    fault(
        "as-query-beside-request-uri",
        "dpop_jkt in the URL replaces what was pushed",
        alter(pushed_request, _as_in_url),
    ),
    fault("as-request-uri-any-client", "a request_uri works for any client", leave_out(pushed_by)),
    fault(
        "as-request-uri-reusable",
        "a request_uri starts any number of authorizations",
        leave_out(use_up_request_uri),
    ),
    fault("as-par-optional", "a client that has to push its requests need not", leave_out(may_come_unpushed)),
    fault(
        "as-implicit-ok",
        "response_type token gives an unbound token, to a bound client as well",
        replace(check_request, _implicit_ok),
        replace(granted, _token_at_once),
    ),
    fault(
        "as-device-key-forgotten",
        "a proof is checked where a device flow starts, and forgotten",
        leave_out(key_is_that_of_the_start),
    ),
)
