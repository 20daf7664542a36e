"""What keybound's issuer answers to introspection (RFC 7662), as JSON or signed (RFC 9701), honest or as ordered.

A sealed token can carry an order: `until` (the token is revoked from then on, in seconds since the epoch), `signed`
(it is active for those only who ask for a signed response), `response` (a name in RESPONSES: what is wrong with it).
"""

import time
from collections.abc import Callable, Mapping

from keybound.craft.access_token import ORDER, unsealed
from keybound.craft.jose import Json, Key, b64url, compact_json, read_claims
from keybound.issuer.keys import IssuerKeys

MEDIA_TYPE = "application/token-introspection+jwt"
_INACTIVE: Json = {"active": False}

Signed = tuple[Json, Json, Callable[[bytes], bytes]]
"""A JWT before it is encoded: header, claims, signer."""


def _flipped(signed: Signed) -> Signed:
    header, claims, sign = signed

    def signer(data: bytes) -> bytes:
        right = sign(data)
        return bytes([right[0] ^ 0x80]) + right[1:]

    return header, claims, signer


def _by_stranger(signed: Signed) -> Signed:
    header, claims, _ = signed
    return header, claims, Key.generate(str(header["alg"])).sign


RESPONSES: Mapping[str, Callable[[Signed], Signed]] = {
    "signature-flipped": _flipped,
    "signed-by-stranger": _by_stranger,
    "alg-none": lambda signed: (signed[0] | {"alg": "none"}, signed[1], lambda _: b""),
    "aud-other": lambda signed: (signed[0], signed[1] | {"aud": "another-resource-server"}, signed[2]),
    "iss-other": lambda signed: (signed[0], signed[1] | {"iss": "https://other.example/"}, signed[2]),
    "typ-at-jwt": lambda signed: (signed[0] | {"typ": "at+jwt"}, signed[1], signed[2]),
}
"""What can be wrong with a signed response, by name; "plain" besides is JSON for who asked for a signed one."""


def answer(keys: IssuerKeys, token: str, *, signed: bool = False) -> tuple[Json, str | None]:
    """Return what introspection says of `token`, and the name in RESPONSES (or "plain") of how to say it wrongly.

    `signed`: a signed response was asked for.
    """
    said = unsealed(keys.seal, token)
    if said is None:
        return _of_jwt(keys, token), None
    order = said.pop(ORDER, {})
    if time.time() >= order.get("until", float("inf")) or (order.get("signed") and not signed):
        return dict(_INACTIVE), None
    return said, order.get("response")


def signed_response(keys: IssuerKeys, said: Json, wrong: str | None) -> str:
    """Return the response of RFC 9701 that says `said`; `wrong` is a name in RESPONSES."""
    settings = keys.settings
    header: Json = {"typ": "token-introspection+jwt", "alg": keys.signing.alg, "kid": keys.kid}
    claims: Json = {"iss": settings.iss, "aud": settings.introspection_client, "iat": int(time.time())}
    made: Signed = (header, claims | {"token_introspection": said}, keys.signing.sign)
    if wrong is not None and wrong in RESPONSES:
        made = RESPONSES[wrong](made)
    text = f"{b64url(compact_json(made[0]))}.{b64url(compact_json(made[1]))}"
    return f"{text}.{b64url(made[2](text.encode()))}"


def _of_jwt(keys: IssuerKeys, token: str) -> Json:
    claims = read_claims(token)
    if claims is None or not _is_ours(keys, token) or claims.get("exp", 0) <= time.time():
        return dict(_INACTIVE)
    bound = claims.get("cnf")
    kind = "DPoP" if isinstance(bound, dict) and "jkt" in bound else "Bearer"
    return {**claims, "active": True, "token_type": kind}


def _is_ours(keys: IssuerKeys, token: str) -> bool:
    header, _, rest = token.partition(".")
    claims, _, signature = rest.partition(".")
    try:
        from joserfc import jws  # noqa: PLC0415 - only introspection of JWTs needs it
        from joserfc.jwk import import_key  # noqa: PLC0415

        jws.deserialize_compact(
            f"{header}.{claims}.{signature}", import_key(dict(keys.signing.jwk)), [keys.signing.alg]
        )
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is not ours
        return False
    return True
