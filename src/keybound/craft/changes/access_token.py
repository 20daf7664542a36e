"""Changes of an honest access token that keybound mints, or of what introspection answers about it."""

import time

from cryptography.hazmat.primitives import serialization

from keybound.craft.access_token import AccessToken
from keybound.craft.certificates import x5c_of
from keybound.craft.changes.values import HOUR, value_of
from keybound.craft.jose import Key, b64url, compact_json, hs256
from keybound.craft.named import named


@named
def token_claim(token: AccessToken, name: str, value: object) -> None:
    """Replace claim `name` by `value`, or by what that makes of the right one."""
    token.claims[name] = value_of(value, token.claims.get(name))


@named
def without_token_claim(token: AccessToken, name: str) -> None:
    """Leave claim `name` out."""
    token.claims.pop(name, None)


@named
def token_header(token: AccessToken, name: str, value: object) -> None:
    """Replace member `name` of the JOSE header by `value`, or by what that makes of the right one."""
    token.header[name] = value_of(value, token.header.get(name))


@named
def without_token_header(token: AccessToken, name: str) -> None:
    """Leave member `name` of the JOSE header out."""
    del token.header[name]


@named
def cnf(token: AccessToken, value: object) -> None:
    """Replace `cnf` by `value`, or by what that makes of the right one."""
    token.claims["cnf"] = value_of(value, dict(token.claims["cnf"]))


@named
def bound_to(token: AccessToken, member: str, value: object) -> None:
    """Replace one member of `cnf` (jkt, x5t#S256) by `value`, or by what that makes of the right one."""
    right = token.claims["cnf"]
    token.claims["cnf"] = right | {member: value_of(value, right.get(member))}


@named
def beside_cnf(token: AccessToken) -> None:
    """Put the binding one level too high, as a claim of its own."""
    token.claims |= token.claims.pop("cnf")


@named
def expired(token: AccessToken) -> None:
    """Let the token have expired an hour ago."""
    now = int(time.time())
    token.claims |= {"iat": now - 2 * HOUR, "exp": now - HOUR}


@named
def not_yet(token: AccessToken) -> None:
    """Let the token become valid in an hour (RFC 7519 section 4.1.5)."""
    token.claims["nbf"] = int(time.time()) + HOUR
    token.claims["exp"] = int(time.time()) + 2 * HOUR


# --- signature and key ---------------------------------------------------------------------------------------------


@named
def unsigned_token(token: AccessToken) -> None:
    """Use alg none and no signature."""
    token.header["alg"] = "none"
    token.signer = lambda _: b""


@named
def hs256_with_public_key(token: AccessToken) -> None:
    """Use HS256 with the issuer's public key, as PEM text, for the secret."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    secret = token.key.private.public_key().public_bytes(serialization.Encoding.PEM, form)
    token.header["alg"] = "HS256"
    token.signer = lambda data: hs256(secret, data)


@named
def flipped_token_signature(token: AccessToken) -> None:
    """Flip the first bit of the signature."""
    sign = token.signer

    def signer(data: bytes) -> bytes:
        right = sign(data)
        return bytes([right[0] ^ 0x80]) + right[1:]

    token.signer = signer


@named
def empty_token_signature(token: AccessToken) -> None:
    """Leave the signature empty."""
    token.signer = lambda _: b""


@named
def strangers_x5c(token: AccessToken) -> None:
    """Sign with a key that is not the issuer's, and bring a certificate of it along in `x5c`."""
    token.header["x5c"] = [x5c_of(_by_stranger(token))]


def _by_stranger(token: AccessToken) -> Key:
    key = Key.generate(token.key.alg)
    token.signer = key.sign
    return key


@named
def signed_by_stranger(token: AccessToken) -> None:
    """Sign with a key that is not the issuer's, under the issuer's kid."""
    _by_stranger(token)


@named
def strangers_kid(token: AccessToken) -> None:
    """Sign with a key that is not the issuer's, and name it in `kid`."""
    token.header["kid"] = _by_stranger(token).thumbprint


@named
def strangers_jwk(token: AccessToken) -> None:
    """Sign with a key that is not the issuer's, and bring it along in `jwk`."""
    token.header["jwk"] = dict(_by_stranger(token).jwk)


@named
def strangers_jku(token: AccessToken, address: str) -> None:
    """Sign with a key that is not the issuer's, and say in `jku` where it can be fetched (below `address`)."""
    key = _by_stranger(token)
    jwk = key.jwk | {"kid": key.thumbprint, "alg": key.alg, "use": "sig"}
    token.header |= {"kid": key.thumbprint, "jku": f"{address}/stranger/{b64url(compact_json(jwk))}"}


# --- what introspection answers --------------------------------------------------------------------------------------


@named
def revoked_from(token: AccessToken, end: float) -> None:
    """Let introspection call the token inactive from `end` on (seconds since the epoch)."""
    token.order["until"] = end


@named
def active_if_signed(token: AccessToken) -> None:
    """Let introspection call the token active for those only who ask for a signed response (RFC 9701)."""
    token.order["signed"] = True


@named
def answered(token: AccessToken, response: str) -> None:
    """Let a signed response be wrong in the way called `response` (see keybound.issuer.introspection)."""
    token.order["response"] = response
