"""Faults in how the resource server takes the token out of a request (RFC 6750 section 2, RFC 9110 section 11)."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from keybound.reference.access import (
    SCHEMES,
    TOKEN68,
    authorization_fields,
    authorize,
    good_token,
    is_sent_elsewhere,
    proof_holds,
    read,
    scheme_and_credentials,
)
from keybound.reference.errors import Crash, Refusal
from keybound.reference.parts import Instead, alter, leave_out, refuse, replace
from keybound.reference.proof_requests import proof_fields
from keybound.reference.state import FORM, REFERENCE, parameters
from keybound.reference.tokens import AccessToken

from .fault import Fault, fault

Found = Callable[[web.Request], Awaitable[AccessToken | None]]
Parsed = tuple[str | None, str]


def _without_credentials(found: Found) -> Instead:
    """Where there are no credentials, open the resource for the token that is `found`, and check nothing."""

    async def body(
        right: Callable[[web.Request, str], Awaitable[AccessToken]], request: web.Request, scope: str
    ) -> AccessToken:
        try:
            return await right(request, scope)
        except Refusal as refusal:
            token = await found(request) if refusal.code is None else None
            if token is None:
                raise
            return token

    return replace(authorize, body)


async def _in_query(request: web.Request) -> AccessToken | None:
    return await read(request.app[REFERENCE], request.query.get("access_token", ""))


async def _in_form(request: web.Request) -> AccessToken | None:
    if request.content_type != FORM:
        return None
    form = parameters((await request.read()).decode())
    return await read(request.app[REFERENCE], form.get("access_token", ""))


async def _in_cookie(request: web.Request) -> AccessToken | None:
    return await read(request.app[REFERENCE], request.cookies.get("access_token", ""))


async def _in_proof(request: web.Request) -> AccessToken | None:
    """Take a proof, of which nothing is checked, for the token."""
    anybody = AccessToken({"scope": "read openid", "client_id": "", "sub": ""}, opaque=False)
    return anybody if "DPoP" in request.headers else None


def _unless_bound_to_key(found: Found) -> Found:
    async def unbound(request: web.Request) -> AccessToken | None:
        token = await found(request)
        return token if token and "jkt" not in token.cnf else None

    return unbound


def _with_its_case(right: Callable[[str], Parsed], value: str) -> Parsed:
    scheme, credentials = right(value)
    return scheme if value.partition(" ")[0] in SCHEMES.values() else None, credentials


def _any_scheme(parsed: Parsed, value: str) -> Parsed:
    scheme, credentials = parsed
    unknown = credentials and value.partition(" ")[0].lower() not in SCHEMES
    return "DPoP" if unknown else scheme, credentials


async def _nowhere(*_: object) -> bool:
    return False


FAULTS: tuple[Fault, ...] = (
    fault(
        "rs-query-token-ok",
        "a bound token in the query is a bearer token",
        _without_credentials(_in_query),
    ),
    fault(
        "rs-form-token-ok",
        "a bound token in a form is a bearer token",
        _without_credentials(_in_form),
    ),
    fault(
        "rs-cookie-token-ok",
        "a bound token in a cookie is taken as it is",
        _without_credentials(_in_cookie),
    ),
    fault(
        "rs-proof-alone-ok",
        "a proof without a token opens the resource",
        _without_credentials(_in_proof),
    ),
    fault(
        "rs-query-token-unbound",
        "a token in the query needs no certificate",
        _without_credentials(_unless_bound_to_key(_in_query)),
    ),
    fault(
        "rs-form-token-unbound",
        "a token in a form needs no certificate",
        _without_credentials(_unless_bound_to_key(_in_form)),
    ),
    fault(
        "rs-token-elsewhere-ignored",
        "a token in the query or a form beside the header is not seen",
        replace(is_sent_elsewhere, _nowhere),
    ),
    fault(
        "rs-proxy-authorization-ok",
        "Proxy-Authorization is read",
        alter(
            authorization_fields,
            lambda values, request: values or request.headers.getall("Proxy-Authorization", []),
        ),
    ),
    fault(
        "rs-first-authorization",
        "of several Authorization fields the first counts",
        alter(authorization_fields, lambda values, request: values[:1]),
    ),
    fault(
        "rs-last-authorization",
        "of several Authorization fields the last counts",
        alter(authorization_fields, lambda values, request: values[-1:]),
    ),
    fault(
        "rs-scheme-case-sensitive",
        "the scheme name is compared with its case",
        replace(scheme_and_credentials, _with_its_case),
    ),
    fault(
        "rs-any-scheme-ok",
        "the name of the scheme does not matter",
        alter(scheme_and_credentials, _any_scheme),
    ),
    fault(
        "rs-credentials-cut",
        "what follows a blank in the credentials is left out",
        alter(scheme_and_credentials, lambda parsed, value: (parsed[0], parsed[1].partition(" ")[0])),
    ),
    fault(
        "rs-lower-case-scheme-unchecked",
        "under `dpop` no proof is looked at",
        leave_out(
            proof_holds,
            lambda visit: (
                not proof_fields(visit.request) and authorization_fields(visit.request)[0].startswith("dpop")
            ),
        ),
    ),
    fault(
        "rs-crashes-on-odd-token",
        "a token with illegal characters ends in a 500",
        refuse(good_token, Crash(), lambda state, credentials: not TOKEN68.fullmatch(credentials)),
    ),
)
