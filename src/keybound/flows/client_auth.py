"""Client authentication: none, secret, assertion (RFC 7523), certificate (RFC 8705 section 2)."""

import base64
import secrets
from typing import Protocol
from urllib.parse import quote

from keybound.craft.jose import Json, Key, jwt
from keybound.craft.named import named
from keybound.craft.request import NO_CERTIFICATE, Draft, Identity
from keybound.errors import NotApplicable
from keybound.profile.clients import Client
from keybound.profile.target_profile import Profile

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_SECONDS = 60


class Clients(Protocol):
    """Who sends for the clients of a profile, as far as their authentication needs it."""

    profile: Profile

    def identity(self, client: Client) -> Identity:
        """Return the TLS identity of a client."""

    def now(self) -> float:
        """Return the target's time in seconds since the epoch."""


def _basic(client: Client, draft: Draft, _audience: str, _now: float) -> None:
    assert client.secret is not None  # noqa: S101 - the profile's validation guarantees it
    pair = f"{quote(client.id, safe='')}:{quote(client.secret.get_secret_value(), safe='')}"
    draft.headers.append(("Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}"))


def _post(client: Client, draft: Draft, _audience: str, _now: float) -> None:
    assert client.secret is not None and draft.form is not None  # noqa: S101, PT018
    draft.form |= {"client_id": client.id, "client_secret": client.secret.get_secret_value()}


def client_key(client: Client) -> Key:
    """Return the key with which a client of private_key_jwt signs its assertions."""
    assert client.key is not None  # noqa: S101 - the profile's validation guarantees it
    return Key.from_pem(client.key.get_secret_value(), client.key_alg)


def assertion(client: Client, audience: str, now: float) -> str:
    """Return a new client assertion (RFC 7523 section 3) of a client that has a key."""
    key = client_key(client)
    header: Json = {"alg": key.alg, "typ": "JWT"} | ({"kid": client.key_id} if client.key_id else {})
    claims: Json = {
        "iss": client.id,
        "sub": client.id,
        "aud": client.assertion_audience or audience,
        "jti": secrets.token_urlsafe(16),
        "iat": int(now),
        "exp": int(now) + _ASSERTION_SECONDS,
    }
    return jwt(header, claims, key)


def _assertion(client: Client, draft: Draft, audience: str, now: float) -> None:
    assert draft.form is not None  # noqa: S101
    signed = assertion(client, audience, now)
    draft.form |= {"client_assertion_type": _ASSERTION_TYPE, "client_assertion": signed}
    draft.form["client_id"] = client.id


def _identified(client: Client, draft: Draft, _audience: str, _now: float) -> None:
    assert draft.form is not None  # noqa: S101
    draft.form["client_id"] = client.id


_METHODS = {
    "none": _identified,
    "client_secret_basic": _basic,
    "client_secret_post": _post,
    "private_key_jwt": _assertion,
    "tls_client_auth": _identified,
    "self_signed_tls_client_auth": _identified,
}


def authenticate(client: Client, draft: Draft, audience: str, now: float) -> None:
    """Add to `draft` what authenticates `client`. `audience` is the issuer, `now` seconds since the epoch.

    A client certificate is no part of the request: it belongs to the draft's TLS identity.
    """
    _METHODS[client.auth](client, draft, audience, now)


_CREDENTIALS = ("client_id", "client_secret", "client_assertion", "client_assertion_type")


def _strip(draft: Draft) -> dict[str, str]:
    """Take away all that authenticates a client, and return the form."""
    form = draft.form = {n: v for n, v in (draft.form or {}).items() if n not in _CREDENTIALS}
    draft.headers = [(name, value) for name, value in draft.headers if name != "Authorization"]
    draft.identity = NO_CERTIFICATE
    return form


@named
def unauthenticated(draft: Draft, client: Client) -> None:
    """Leave `client_id` and no credentials of `client`."""
    _strip(draft)["client_id"] = client.id


@named
def by_client(draft: Draft, session: Clients, client: Client) -> None:
    """Let the request come from `client`, rightly authenticated; all else stays as it is."""
    _strip(draft)
    draft.identity = session.identity(client)
    authenticate(client, draft, session.profile.issuer or draft.url, session.now())


@named
def with_wrong_credentials(draft: Draft, client: Client) -> None:
    """Change the secret, or the signature of the assertion; raises NotApplicable where the client has neither."""
    if client.secret is None and client.key is None:
        raise NotApplicable("the client authenticates by certificate: that is for other cases")
    wrong = f"{quote(client.id, safe='')}:{secrets.token_urlsafe(24)}"
    basic = f"Basic {base64.b64encode(wrong.encode()).decode()}"
    draft.headers = [(name, basic if name == "Authorization" else value) for name, value in draft.headers]
    form = draft.form or {}
    if "client_secret" in form:
        form["client_secret"] = secrets.token_urlsafe(24)
    if "client_assertion" in form:
        signed, _, signature = form["client_assertion"].rpartition(".")
        form["client_assertion"] = f"{signed}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


@named
def for_audience(draft: Draft, session: Clients, client: Client, audience: str | list[str]) -> None:
    """Make the client assertion for `audience` instead, one or several (RFC 9126 section 2)."""
    chosen = client.model_copy(update={"assertion_audience": audience})
    authenticate(chosen, draft, "", session.now())
