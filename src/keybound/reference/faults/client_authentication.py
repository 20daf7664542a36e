"""Faults in how clients prove who they are: secrets, assertions, and what passes without either."""

from collections.abc import Callable

from aiohttp import web

from keybound.reference.client_authentication import (
    Attempt,
    Credentials,
    Registry,
    assertion_is_for_us,
    audiences,
    authenticate,
    prove,
    secret_is_right,
)
from keybound.reference.clients import Client
from keybound.reference.errors import OAuthError
from keybound.reference.parts import Instead, first, leave_out, replace
from keybound.reference.state import authenticated, client_chain

from .fault import Fault, fault

_CONFIDENTIAL = ("client_secret_basic", "client_secret_post", "private_key_jwt")


def _not_by(parameter: str) -> Instead:
    """Believe every client without a certificate that sends this parameter, and no credentials in header or JWT."""
    return leave_out(
        prove,
        lambda attempt: (
            attempt.client.identity is None
            and attempt.shown.authorization is None
            and "client_assertion" not in attempt.shown.form
            and parameter in attempt.shown.form
        ),
    )


def _any_secret_with(parameter: str) -> Instead:
    return leave_out(secret_is_right, lambda attempt: parameter in attempt.shown.form)


def _for_itself_without_any(attempt: Attempt) -> bool:
    shown = attempt.shown
    return (
        attempt.client.auth in _CONFIDENTIAL
        and shown.form.get("grant_type") == "client_credentials"
        and shown.authorization is None
        and not {"client_secret", "client_assertion"} & shown.form.keys()
    )


def _secret_for_key(attempt: Attempt) -> bool:
    return attempt.client.auth == "private_key_jwt" and "client_secret" in attempt.shown.form


def _proof_is_assertion(
    right: Callable[[Registry, Credentials], Client], registry: Registry, shown: Credentials
) -> Client:
    if "client_assertion" in shown.form and "jwk" in shown.assertion.header:
        return registry.clients[shown.form["client_id"]]
    return right(registry, shown)


def _no_endpoint(attempt: Attempt) -> None:
    if all(each.endswith(("/token", "/par")) for each in audiences(attempt)):
        raise OAuthError("invalid_client", "the assertion is for an endpoint", 401)


def _any_of_ours(right: Callable[[Attempt], None], attempt: Attempt) -> None:
    if not any(each in attempt.registry.audiences for each in audiences(attempt)):
        right(attempt)


def _no_secret_with_certificate(request: web.Request) -> None:
    if "Authorization" in request.headers and client_chain(request):
        raise OAuthError("invalid_client", "the certificate is nobody's", 401)


FAULTS: tuple[Fault, ...] = (
    fault(
        "as-client-authentication-optional",
        "a client that leaves its credentials out is believed",
        leave_out(prove, _for_itself_without_any),
    ),
    fault(
        "as-secret-instead-of-key",
        "a client with a key may send any secret",
        leave_out(prove, _secret_for_key),
    ),
    fault(
        "as-refresh-unauthenticated",
        "a confidential client need not authenticate to refresh",
        _not_by("refresh_token"),
    ),
    fault(
        "as-code-unauthenticated",
        "a confidential client need not authenticate to redeem a code",
        _not_by("code"),
    ),
    fault(
        "as-par-unauthenticated", "pushed requests need no client authentication", _not_by("response_type")
    ),
    fault("as-refresh-any-secret", "any secret will do for a refresh", _any_secret_with("refresh_token")),
    fault("as-par-any-secret", "any secret will do for a pushed request", _any_secret_with("response_type")),
    fault(
        "as-proof-as-assertion-ok",
        "a proof passes for a client assertion",
        replace(authenticate, _proof_is_assertion),
    ),
    fault(
        "as-assertion-any-audience",
        "a client assertion for another server is taken",
        leave_out(assertion_is_for_us, lambda attempt: bool(audiences(attempt))),
    ),
    fault(
        "as-assertion-aud-issuer-only",
        "a client assertion for an endpoint is refused",
        first(assertion_is_for_us, _no_endpoint),
    ),
    fault(
        "as-assertion-aud-loose",
        "any of our URLs, and a list of them, is an audience",
        replace(assertion_is_for_us, _any_of_ours),
    ),
    fault(
        "as-certificate-excludes-secret",
        "a secret does not count on a connection with a certificate",
        first(authenticated, _no_secret_with_certificate),
    ),
)
