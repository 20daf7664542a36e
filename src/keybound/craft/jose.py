"""JOSE from raw bytes: base64url, JSON, keys and signatures that can also be built wrong.

A JOSE library refuses to produce most of what keybound must send, so signing (RFC 7515, RFC 7518) and
thumbprints (RFC 7638) are written here on the primitives of `cryptography`.
"""

import base64
import hashlib
import hmac
import json
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
Json = dict[str, Any]

_CURVES: dict[str, tuple[ec.EllipticCurve, str, int]] = {
    "ES256": (ec.SECP256R1(), "P-256", 32),
    "ES384": (ec.SECP384R1(), "P-384", 48),
    "ES512": (ec.SECP521R1(), "P-521", 66),
}
_CURVE_OF = {curve.name: alg for alg, (curve, _, _) in _CURVES.items()}
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "256": hashes.SHA256(),
    "384": hashes.SHA384(),
    "512": hashes.SHA512(),
}
_EDDSA = ("EdDSA", "Ed25519")
_RSA = ("PS256", "RS256", "PS384", "RS384", "PS512", "RS512")

_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
"""The characters of base64url in the order of their values."""

SUPPORTED_ALGS = ("ES256", *_EDDSA, "ES384", "ES512", *_RSA)
"""Asymmetric algorithms keybound can sign with, in the order it prefers them."""


def b64url(data: bytes) -> str:
    """Return base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64url(text: str) -> bytes:
    """Return the bytes of a base64url text with or without padding; raises ValueError on anything else."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def b64uint(number: int, length: int | None = None) -> str:
    """Return a Base64urlUInt (RFC 7518 section 2), left-padded to `length` bytes if given."""
    return b64url(number.to_bytes(length or max(1, (number.bit_length() + 7) // 8), "big"))


def compact_json(value: object) -> bytes:
    """Return JSON without white space, as UTF-8."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


_DEEPEST = 64  # levels; what nests deeper than any protocol message is made to exhaust its reader
_HUGE = sys.float_info.max


def _number(digits: str) -> float:
    return min(max(float(digits), -_HUGE), _HUGE)


def _integer(digits: str) -> float:
    return int(digits) if len(digits) < 19 else _number(digits)


def _constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _require_shallow(value: Any, left: int = _DEEPEST) -> None:
    if left == 0:
        raise ValueError("nested too deeply")
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        if isinstance(item, dict | list):
            _require_shallow(item, left - 1)


def read_json(data: str | bytes) -> Any:
    """Return the value of a JSON text (RFC 8259) from a stranger; raises ValueError on anything else.

    NaN, Infinity, half a surrogate pair and more than 64 levels are refused. A number beyond a double's range
    becomes the largest double, so that reckoning with it cannot fail. Of equal names the last one counts.
    """
    try:
        value = json.loads(data, parse_float=_number, parse_int=_integer, parse_constant=_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    _require_shallow(value)
    if ("\\u" if isinstance(data, str) else b"\\u") in data:  # type: ignore[operator]
        compact_json(value)  # half a surrogate pair cannot be encoded
    return value


def sha256_b64url(data: bytes) -> str:
    """Return base64url(SHA-256(data)): the form of `ath`, `jkt` and `x5t#S256`."""
    return b64url(hashlib.sha256(data).digest())


def thumbprint(jwk: Json) -> str:
    """Return the RFC 7638 SHA-256 thumbprint of a public JWK (EC, OKP or RSA)."""
    members = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n")}[
        jwk["kty"]
    ]
    return sha256_b64url(compact_json({name: jwk[name] for name in members}))


@dataclass(frozen=True)
class Key:
    """A private key together with the one JWS algorithm it is used with."""

    alg: str
    private: PrivateKey

    @staticmethod
    def generate(alg: str = "ES256") -> "Key":
        """Return a new key for a JWS algorithm of SUPPORTED_ALGS; raises ValueError on another."""
        if alg in _CURVES:
            return Key(alg, ec.generate_private_key(_CURVES[alg][0]))
        if alg in _EDDSA:
            return Key(alg, ed25519.Ed25519PrivateKey.generate())
        if alg in _RSA:
            return Key(alg, rsa.generate_private_key(65537, 2048))
        raise ValueError(f"keybound cannot sign with {alg!r}")

    @staticmethod
    def from_pem(pem: str, alg: str | None = None) -> "Key":
        """Return the key of a PEM text; `alg` defaults to the natural one of its type.

        Raises ValueError when the key is of no type that JWS signs with, or `alg` is for another type.
        """
        private = serialization.load_pem_private_key(pem.encode(), None)
        if isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name in _CURVE_OF:
            fitting: tuple[str, ...] = (_CURVE_OF[private.curve.name],)
        elif isinstance(private, ed25519.Ed25519PrivateKey):
            fitting = _EDDSA
        elif isinstance(private, rsa.RSAPrivateKey):
            fitting = _RSA
        else:
            raise ValueError("the key is of no type that JWS can sign with (EC P-256/384/521, Ed25519, RSA)")
        if alg not in {None, *fitting}:
            raise ValueError(f"alg {alg!r} does not fit the key, which signs with {' or '.join(fitting)}")
        return Key(alg or fitting[0], private)

    @cached_property
    def jwk(self) -> Json:
        """The public key as a JWK with its required members only."""
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            _, crv, size = _CURVES[_CURVE_OF[self.private.curve.name]]
            point = self.private.public_key().public_numbers()
            return {"kty": "EC", "crv": crv, "x": b64uint(point.x, size), "y": b64uint(point.y, size)}
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return {"kty": "OKP", "crv": "Ed25519", "x": b64url(self.private.public_key().public_bytes_raw())}
        numbers = self.private.public_key().public_numbers()
        return {"kty": "RSA", "n": b64uint(numbers.n), "e": b64uint(numbers.e)}

    @cached_property
    def private_jwk(self) -> Json:
        """The key pair as a JWK: what a proof must never carry (RFC 9449 section 4.2)."""
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            size = _CURVES[_CURVE_OF[self.private.curve.name]][2]
            return self.jwk | {"d": b64uint(self.private.private_numbers().private_value, size)}
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.jwk | {"d": b64url(self.private.private_bytes_raw())}
        numbers = self.private.private_numbers()
        members = {
            "d": numbers.d,
            "p": numbers.p,
            "q": numbers.q,
            "dp": numbers.dmp1,
            "dq": numbers.dmq1,
            "qi": numbers.iqmp,
        }
        return self.jwk | {name: b64uint(value) for name, value in members.items()}

    @cached_property
    def thumbprint(self) -> str:
        """The RFC 7638 thumbprint of the public key: the `jkt` a token bound to it must carry."""
        return thumbprint(self.jwk)

    def public_der(self) -> bytes:
        """Return the public key as SubjectPublicKeyInfo in DER."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.private.public_key().public_bytes(serialization.Encoding.DER, form)

    def public_pem(self) -> bytes:
        """Return the public key as SubjectPublicKeyInfo in PEM."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.private.public_key().public_bytes(serialization.Encoding.PEM, form)

    def sign(self, data: bytes) -> bytes:
        """Return the JWS signature octets over `data` (RFC 7518 section 3, RFC 8037)."""
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(data)
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            size = _CURVES[_CURVE_OF[self.private.curve.name]][2]
            r, s = decode_dss_signature(self.private.sign(data, ec.ECDSA(_HASHES[self.alg[2:]])))
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")
        digest = _HASHES[self.alg[2:]]
        scheme = (
            padding.PSS(padding.MGF1(digest), digest.digest_size)
            if self.alg[0] == "P"
            else padding.PKCS1v15()
        )
        return self.private.sign(data, scheme, digest)


def malleate(signature: bytes) -> bytes:
    """Return the other ES256 signature that verifies as well: (r, n - s) for (r, s)."""
    s = int.from_bytes(signature[32:], "big")
    return signature[:32] + (_P256_ORDER - s).to_bytes(32, "big")


def hs256(secret: bytes, data: bytes) -> bytes:
    """Return an HMAC-SHA-256 tag: a *symmetric* JWS signature, never right for a proof."""
    return hmac.digest(secret, data, "sha256")


def jwt(header: Json, claims: Json, key: Key) -> str:
    """Return a signed compact JWT (RFC 7519)."""
    signed = f"{b64url(compact_json(header))}.{b64url(compact_json(claims))}"
    return f"{signed}.{b64url(key.sign(signed.encode()))}"


def read_claims(token: str) -> Json | None:
    """Return the claims of a compact JWT without verifying it; None for an opaque token."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = read_json(unb64url(parts[1]))
    except ValueError:
        return None
    return claims if isinstance(claims, dict) else None
