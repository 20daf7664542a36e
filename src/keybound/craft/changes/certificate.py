"""Changes of mutual TLS: another certificate, another TLS version, or another way to present a bound token."""

import base64
import time
from dataclasses import replace
from urllib.parse import urlencode

from keybound.craft.changes.request import unchanged
from keybound.craft.jose import Json, Key, jwt
from keybound.craft.named import named
from keybound.craft.proof import fresh_jti, new_proof
from keybound.craft.request import NO_CERTIFICATE, Change, Draft, Identity
from keybound.errors import NotApplicable

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@named
def related_certificate(draft: Draft, name: str) -> None:
    """Connect with a certificate related to the client's own, by its name in keybound.craft.certificates.

    Raises NotApplicable when the profile's certificates have none by that name.
    """
    related = draft.attacker.related(draft.identity)
    if name not in related:
        raise NotApplicable(f"there is no certificate {name!r} for this client: `keybound certs` makes them")
    draft.identity = related[name]


@named
def over(draft: Draft, version: str, then: Change = unchanged) -> None:
    """Apply `then` and connect with this TLS version only ("TLSv1.2" or "TLSv1.3")."""
    then(draft)
    draft.identity = replace(draft.identity, version=version)


@named
def with_guessed_secret(draft: Draft) -> None:
    """Add a client_secret, as if the client had one."""
    if draft.form is not None:
        draft.form["client_secret"] = "a-guess"


@named
def with_guessed_basic(draft: Draft) -> None:
    """Add HTTP Basic credentials of the client with a guessed secret."""
    if draft.form is not None:
        pair = f"{draft.form.get('client_id', '')}:a-guess"
        draft.headers.append(("Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}"))


@named
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


@named
def at(draft: Draft, url: str, then: Change = unchanged) -> None:
    """Apply `then` and send the request to another URL; a proof stays as it is."""
    then(draft)
    draft.url = url


@named
def showing(draft: Draft, identity: Identity) -> None:
    """Connect as `identity`."""
    draft.identity = identity


@named
def in_query(draft: Draft) -> None:
    """Present the token in the query (RFC 6750 section 2.3), with no certificate."""
    no_certificate(draft)
    draft.url += ("&" if "?" in draft.url else "?") + urlencode({"access_token": draft.token or ""})
    draft.token = None


@named
def as_dpop(draft: Draft) -> None:
    """Present the token as DPoP, with a proof of the attacker's key, and no certificate."""
    no_certificate(draft)
    draft.scheme = "DPoP"
    draft.proof = new_proof(draft.attacker.key, draft.method, draft.url, time.time() - 1, token=draft.token)


@named
def with_proof(draft: Draft, key: Key, now: float) -> None:
    """Add a proof of `key` made at `now` (seconds since the epoch) to a request that comes with a certificate."""
    draft.proof = new_proof(key, draft.method, draft.url, now, token=draft.token)


@named
def in_form(draft: Draft) -> None:
    """Present the token as a form parameter (RFC 6750 section 2.2), with no certificate."""
    no_certificate(draft)
    draft.form, draft.token = {"access_token": draft.token or ""}, None


@named
def no_certificate(draft: Draft) -> None:
    """Connect without a client certificate."""
    draft.identity = NO_CERTIFICATE


@named
def attackers_certificate(draft: Draft) -> None:
    """Connect with the attacker's certificate."""
    draft.identity = draft.attacker.identity
