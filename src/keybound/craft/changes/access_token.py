"""Token deltas: each changes one thing of an honest access token. The words that attacks/tokens is written in."""

import time
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import serialization

from keybound.craft.access_token import AccessToken, TokenChange
from keybound.craft.certificates import x5c_of
from keybound.craft.jose import Key, b64url, compact_json, hs256, sha256_b64url

HOUR = 3600


def token_claim(name: str, change: Callable[[Any], Any]) -> TokenChange:
    """Replace claim `name` by `change(its right value)`."""

    def delta(token: AccessToken) -> None:
        token.claims[name] = change(token.claims.get(name))

    return delta


def all_of_token(*deltas: TokenChange) -> TokenChange:
    """Apply several deltas that together make one defect."""

    def delta(token: AccessToken) -> None:
        for each in deltas:
            each(token)

    return delta


def without_token_claim(name: str) -> TokenChange:
    """Leave claim `name` out."""

    def delta(token: AccessToken) -> None:
        token.claims.pop(name, None)

    return delta


def token_header(name: str, change: Callable[[Any], Any]) -> TokenChange:
    """Replace member `name` of the JOSE header by `change(its right value)`; None takes it out."""

    def delta(token: AccessToken) -> None:
        token.header[name] = change(token.header.get(name))
        if token.header[name] is None:
            del token.header[name]

    return delta


def cnf(change: Callable[[dict[str, Any]], Any]) -> TokenChange:
    """Replace `cnf` by `change(the right one)`."""
    return token_claim("cnf", lambda right: change(dict(right)))


def bound_to(member: str, change: Callable[[Any], Any]) -> TokenChange:
    """Replace one member of `cnf` (jkt, x5t#S256) by `change(its right value)`."""
    return cnf(lambda right: right | {member: change(right.get(member))})


def expired(token: AccessToken) -> None:
    """Let the token have expired an hour ago."""
    now = int(time.time())
    token.claims |= {"iat": now - 2 * HOUR, "exp": now - HOUR}


def not_yet(token: AccessToken) -> None:
    """Let the token become valid in an hour (RFC 7519 section 4.1.5)."""
    token.claims["nbf"] = int(time.time()) + HOUR
    token.claims["exp"] = int(time.time()) + 2 * HOUR


# --- signature and key ---------------------------------------------------------------------------------------------


def unsigned_token(token: AccessToken) -> None:
    """Use alg none and no signature."""
    token.header["alg"] = "none"
    token.signer = lambda _: b""


def hs256_with_public_key(token: AccessToken) -> None:
    """Use HS256 with the issuer's public key, as PEM text, for the secret."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    secret = token.key.private.public_key().public_bytes(serialization.Encoding.PEM, form)
    token.header["alg"] = "HS256"
    token.signer = lambda data: hs256(secret, data)


def flipped_token_signature(token: AccessToken) -> None:
    """Flip the first bit of the signature."""
    sign = token.signer

    def signer(data: bytes) -> bytes:
        right = sign(data)
        return bytes([right[0] ^ 0x80]) + right[1:]

    token.signer = signer


def empty_token_signature(token: AccessToken) -> None:
    """Leave the signature empty."""
    token.signer = lambda _: b""


def strangers_x5c(token: AccessToken) -> None:
    """Sign with a key that is not the issuer's, and bring a certificate of it along in `x5c`."""
    token.header["x5c"] = [x5c_of(_by_stranger(token))]


def _by_stranger(token: AccessToken) -> Key:
    key = Key.generate(token.key.alg)
    token.signer = key.sign
    return key


def signed_by_stranger(token: AccessToken) -> None:
    """Sign with a key that is not the issuer's, under the issuer's kid."""
    _by_stranger(token)


def strangers_kid(token: AccessToken) -> None:
    """Sign with a key that is not the issuer's, and name it in `kid`."""
    token.header["kid"] = _by_stranger(token).thumbprint


def strangers_jwk(token: AccessToken) -> None:
    """Sign with a key that is not the issuer's, and bring it along in `jwk`."""
    token.header["jwk"] = dict(_by_stranger(token).jwk)


def strangers_jku(address: str) -> TokenChange:
    """Sign with a key that is not the issuer's, and say in `jku` where it can be fetched (below `address`)."""

    def delta(token: AccessToken) -> None:
        key = _by_stranger(token)
        jwk = key.jwk | {"kid": key.thumbprint, "alg": key.alg, "use": "sig"}
        token.header |= {"kid": key.thumbprint, "jku": f"{address}/stranger/{b64url(compact_json(jwk))}"}

    return delta


# --- what introspection answers --------------------------------------------------------------------------------------


def revoked_from(end: float) -> TokenChange:
    """Let introspection call the token inactive from `end` on (seconds since the epoch)."""

    def delta(token: AccessToken) -> None:
        token.order["until"] = end

    return delta


def active_if_signed(token: AccessToken) -> None:
    """Let introspection call the token active for those only who ask for a signed response (RFC 9701)."""
    token.order["signed"] = True


def answered(response: str) -> TokenChange:
    """Let a signed response be wrong in the way called `response` (see keybound.issuer.introspection)."""

    def delta(token: AccessToken) -> None:
        token.order["response"] = response

    return delta


def thumbprint_of_nothing(_: object) -> str:
    """Return a well-formed thumbprint of a key or certificate that nobody has."""
    return sha256_b64url(b"keybound: nobody holds this")
