"""Deltas of mutual TLS: another certificate, another TLS version, or another way to present a bound token."""

import base64
import time
from dataclasses import replace
from urllib.parse import urlencode

from keybound.craft.changes.proof import all_of, no_certificate
from keybound.craft.jose import Json, Key, jwt
from keybound.craft.proof import fresh_jti, new_proof
from keybound.craft.request import Change, Draft, Identity
from keybound.errors import NotApplicable

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def related_certificate(name: str) -> Change:
    """Connect with a certificate related to the client's own, by its name in keybound.craft.certificates.

    Raises NotApplicable when the profile's certificates have none by that name.
    """

    def delta(draft: Draft) -> None:
        relatives = draft.attacker.related(draft.identity)
        if name not in relatives:
            raise NotApplicable(
                f"there is no certificate {name!r} for this client: `keybound certs` makes them"
            )
        draft.identity = relatives[name]

    return delta


def over(version: str, delta: Change = lambda _: None) -> Change:
    """Apply `delta` and connect with this TLS version only ("TLSv1.2" or "TLSv1.3")."""

    def change(draft: Draft) -> None:
        delta(draft)
        draft.identity = replace(draft.identity, version=version)

    return change


def with_guessed_secret(draft: Draft) -> None:
    """Add a client_secret, as if the client had one."""
    if draft.form is not None:
        draft.form["client_secret"] = "a-guess"


def with_guessed_basic(draft: Draft) -> None:
    """Add HTTP Basic credentials of the client with a guessed secret."""
    if draft.form is not None:
        pair = f"{draft.form.get('client_id', '')}:a-guess"
        draft.headers.append(("Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}"))


def with_forged_assertion(draft: Draft) -> None:
    """Add a client assertion in the client's name, signed with the attacker's key (RFC 7523)."""
    if draft.form is not None:
        who, now = draft.form.get("client_id", ""), int(time.time())
        claims: Json = {
            "iss": who,
            "sub": who,
            "aud": draft.url,
            "jti": fresh_jti(),
            "iat": now,
            "exp": now + 60,
        }
        key = draft.attacker.key
        draft.form["client_assertion_type"] = _ASSERTION_TYPE
        draft.form["client_assertion"] = jwt({"alg": key.alg, "typ": "JWT"}, claims, key)


def at(url: str, delta: Change = lambda _: None) -> Change:
    """Apply `delta` and send the request to another URL; a proof stays as it is."""

    def change(draft: Draft) -> None:
        delta(draft)
        draft.url = url

    return change


def showing(identity: Identity) -> Change:
    """Connect as `identity`."""

    def delta(draft: Draft) -> None:
        draft.identity = identity

    return delta


def in_query(draft: Draft) -> None:
    """Present the token in the query (RFC 6750 section 2.3), with no certificate."""
    no_certificate(draft)
    draft.url += ("&" if "?" in draft.url else "?") + urlencode({"access_token": draft.token or ""})
    draft.token = None


def as_dpop(draft: Draft) -> None:
    """Present the token as DPoP, with a proof of the attacker's key, and no certificate."""
    no_certificate(draft)
    draft.scheme = "DPoP"
    draft.proof = new_proof(draft.attacker.key, draft.method, draft.url, time.time() - 1, token=draft.token)


def with_proof(key: Key, now: float) -> Change:
    """Add a proof of `key` made at `now` (seconds since the epoch) to a request that comes with a certificate."""

    def delta(draft: Draft) -> None:
        draft.proof = new_proof(key, draft.method, draft.url, now, token=draft.token)

    return delta


def in_form(draft: Draft) -> None:
    """Present the token as a form parameter (RFC 6750 section 2.2), with no certificate."""
    no_certificate(draft)
    draft.form, draft.token = {"access_token": draft.token or ""}, None


__all__ = [
    "all_of",
    "as_dpop",
    "at",
    "in_form",
    "in_query",
    "no_certificate",
    "over",
    "related_certificate",
    "showing",
    "with_forged_assertion",
    "with_guessed_basic",
    "with_guessed_secret",
]
