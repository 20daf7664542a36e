"""Grants beyond codes and client credentials: devices, exchange, CIBA, assertions, and what each sends."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from keybound.craft.jose import Key, jwt
from keybound.craft.request import Change, Draft
from keybound.errors import Inconclusive
from keybound.flows.lanes import Lane
from keybound.flows.login import approve
from keybound.flows.session import Session
from keybound.judge.answer import Answer, Effect, Outcome
from keybound.profile.clients import Grant
from keybound.wire.exchange import Response

USED_TO: tuple[Grant, ...] = ("device_code", "token_exchange", "ciba", "jwt_bearer")
"""The grants of this module."""

_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
_ASSERTION_SECONDS = 60


def _holds(name: str) -> Effect:
    return lambda response: f"{response.status} and a {name}" if response.object.get(name) else None


def start(
    session: Session,
    lane: Lane,
    endpoint: str,
    form: dict[str, str],
    name: str,
    *,
    key: Key | None = None,
    change: Change | None = None,
    label: str = "start",
) -> tuple[Answer, dict[str, Any]]:
    """Send the request that starts a flow, with a proof of `key` if given; return its answer and its members.

    `name` is the member that shows that it was accepted.
    """
    client = lane.client
    url = session.endpoint(endpoint, mtls=client.certificate is not None)
    if client.scope:
        form["scope"] = client.scope
    kept: list[Response] = []

    def effect(response: Response) -> str | None:
        kept.append(response)
        return _holds(name)(response)

    def build() -> Draft:
        return session.draft(client, url, dict(form), key)

    answer = session.send_with_nonce(build, change, label, "as", effect)
    members = kept[-1].object if kept else {}
    if isinstance(value := members.get(name), str):
        session.secrets(value, "code")
    return answer, members


def _started(outcome: tuple[Answer, dict[str, Any]], what: str) -> dict[str, Any]:
    answer, members = outcome
    if answer.outcome is not Outcome.EFFECT:
        raise Inconclusive(f"the valid {what} request failed: {answer.explained}")
    return members


def device(session: Session, lane: Lane, key: Key | None = None) -> dict[str, str]:
    """Start a device flow, approve it as the user, and return what polls for the token (RFC 8628 sections 3.1 to 3.4).

    `key` proves itself in the device authorization request, which RFC 9449 does not speak of.
    """
    begun = _started(
        start(session, lane, "device_authorization", {}, "device_code", key=key), "device authorization"
    )
    user_code, uri = str(begun.get("user_code")), begun.get("verification_uri_complete")
    approve(session.wire, session.profile, str(uri or begun.get("verification_uri")), user_code)
    return {"device_code": str(begun["device_code"])}


def _backchannel(session: Session, lane: Lane) -> dict[str, str]:
    """OpenID Connect CIBA Core sections 7 and 10.1, poll mode; the server approves by itself."""
    login = session.profile.login
    hint = lane.client.login_hint or (login.username if login else "")
    form = {"login_hint": hint, **({} if lane.client.scope else {"scope": "openid"})}
    begun = _started(start(session, lane, "backchannel_authentication", form, "auth_req_id"), "CIBA")
    return {"auth_req_id": str(begun["auth_req_id"])}


def _exchange(session: Session, lane: Lane) -> dict[str, str]:
    """RFC 8693 section 2.1: the subject's token is bound to the same key as the new one."""
    name = str(lane.client.subject_client)
    own = [
        each
        for each in session.lanes(lane.mechanism, "client_credentials", "authorization_code")
        if each.name == name
    ]
    if not own:
        raise Inconclusive(
            f"client {name}, the subject_client of {lane.name}, gets no {lane.mechanism} tokens"
        )
    return {"subject_token": session.token(own[0]).value, "subject_token_type": _ACCESS_TOKEN}


def _assertion(session: Session, lane: Lane) -> dict[str, str]:
    """RFC 7523 section 2.1."""
    given = lane.client.assertion
    assert given is not None  # noqa: S101 - the profile's validation guarantees it
    key, now = Key.from_pem(given.key.get_secret_value(), given.key_alg), int(session.now())
    claims = {
        "iss": given.issuer,
        "sub": given.subject,
        "aud": given.audience or session.profile.issuer or session.endpoint("token"),
        "jti": secrets.token_urlsafe(16),
        "iat": now,
        "exp": now + _ASSERTION_SECONDS,
    }
    header = {"alg": key.alg, "typ": "JWT"} | ({"kid": given.key_id} if given.key_id else {})
    value = jwt(header, claims, key)
    session.secrets(value, "token")
    form = {"assertion": value}
    return form | ({"scope": lane.client.scope} if lane.client.scope else {})


FORMS: Mapping[str, Callable[[Session, Lane], dict[str, str]]] = {
    "device_code": device,
    "token_exchange": _exchange,
    "ciba": _backchannel,
    "jwt_bearer": _assertion,
}
"""What the token request of each grant carries, made anew each time."""
