"""JOSE by the letter, on `cryptography` alone: strict parsing, six signature algorithms, thumbprints.

Whatever is wrong with the input raises ValueError.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

PublicKey = ec.EllipticCurvePublicKey | Ed25519PublicKey | rsa.RSAPublicKey

# What a thumbprint covers, in order: RFC 7638 section 3.2, RFC 8037 section 2.
REQUIRED_MEMBERS = {
    "EC": ("crv", "kty", "x", "y"),
    "OKP": ("crv", "kty", "x"),
    "RSA": ("e", "kty", "n"),
    "oct": ("k", "kty"),
}
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
CURVES: dict[str, tuple[ec.EllipticCurve, int]] = {
    "P-256": (ec.SECP256R1(), 32),
    "P-384": (ec.SECP384R1(), 48),
}
RSA_BITS = range(2048, 8193)


def b64u_encode(data: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def b64u_decode(text: str) -> bytes:
    """Return the bytes of unpadded, canonical base64url (RFC 7515 section 2)."""
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        raise ValueError("not base64url")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if b64u_encode(data) != text:
        raise ValueError("not canonical base64url")
    return data


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate JSON member")
    return members


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def parse_json(data: bytes | str) -> Any:
    """Return the JSON value; duplicate members, NaN and deep nesting are errors (RFC 7515 section 4)."""
    text = data if isinstance(data, str) else data.decode("utf-8")
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except RecursionError:
        raise ValueError("JSON nested too deep") from None


def digest(data: bytes | str) -> str:
    """Return base64url(SHA-256(data))."""
    return b64u_encode(hashlib.sha256(data.encode() if isinstance(data, str) else data).digest())


@dataclass(frozen=True, slots=True)
class Jws:
    """A JWS in compact form whose payload is a JSON object, taken apart and not verified."""

    header: dict[str, Any]
    claims: dict[str, Any]
    signing_input: bytes
    signature: bytes


def parse_jws(value: str) -> Jws:
    """Take a compact JWS apart (RFC 7515 section 5.2); `crit` is refused, as no extension is known."""
    parts = value.split(".")
    if len(parts) != 3:
        raise ValueError("not three parts")
    header, claims = (parse_json(b64u_decode(part)) for part in parts[:2])
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise ValueError("header and payload must be JSON objects")  # noqa: TRY004
    if "crit" in header:
        raise ValueError("critical header member not understood")
    return Jws(header, claims, f"{parts[0]}.{parts[1]}".encode(), b64u_decode(parts[2]))


def thumbprint(jwk: dict[str, Any], members: tuple[str, ...] | None = None, algorithm: str = "sha256") -> str:
    """Return the thumbprint of a JWK over `members`, or what its kty requires (RFC 7638 section 3)."""
    kty = jwk.get("kty")
    if not isinstance(kty, str) or kty not in REQUIRED_MEMBERS:
        raise ValueError("unsupported key type")
    if not all(isinstance(jwk.get(name), str) for name in REQUIRED_MEMBERS[kty]):
        raise ValueError("jwk lacks a member")
    chosen = {name: jwk[name] for name in sorted(members or REQUIRED_MEMBERS[kty])}
    canonical = json.dumps(chosen, separators=(",", ":"), ensure_ascii=False)
    return b64u_encode(hashlib.new(algorithm, canonical.encode("utf-8", "surrogatepass")).digest())


def _bytes(jwk: dict[str, Any], name: str) -> bytes:
    value = jwk.get(name)
    if not isinstance(value, str):
        raise ValueError(f"jwk member {name} must be a string")  # noqa: TRY004
    return b64u_decode(value)


def public_key(jwk: dict[str, Any], alg: str) -> PublicKey:
    """Return the key of a JWK for use with `alg` (RFC 7518 section 6, RFC 8037); one spelling per key."""
    if jwk.get("use", "sig") != "sig" or jwk.get("alg", alg) != alg:
        raise ValueError("jwk is meant for another use")
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise ValueError("jwk is not meant to verify")
    kty, crv = jwk.get("kty"), jwk.get("crv")
    if kty == "EC" and isinstance(crv, str) and crv in CURVES:
        curve, size = CURVES[crv]
        x, y = _bytes(jwk, "x"), _bytes(jwk, "y")
        if len(x) != size or len(y) != size:
            raise ValueError("coordinate of the wrong length")
        return ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), curve).public_key()
    if kty == "OKP" and crv == "Ed25519":
        return Ed25519PublicKey.from_public_bytes(_bytes(jwk, "x"))
    if kty == "RSA":
        n, e = _bytes(jwk, "n"), _bytes(jwk, "e")
        if n[:1] in (b"", b"\0") or e[:1] in (b"", b"\0"):
            raise ValueError("RSA number with a leading zero")
        if int.from_bytes(n).bit_length() not in RSA_BITS:
            raise ValueError("RSA key of an unacceptable size")
        return rsa.RSAPublicNumbers(int.from_bytes(e), int.from_bytes(n)).public_key()
    raise ValueError("unsupported key type or curve")


def _ecdsa(key: PublicKey, signature: bytes, data: bytes, algorithm: hashes.HashAlgorithm) -> None:
    assert isinstance(key, ec.EllipticCurvePublicKey)  # noqa: S101  # the ALGS table says so
    half = (key.key_size + 7) // 8
    if len(signature) != 2 * half:
        raise InvalidSignature
    der = encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))
    key.verify(der, data, ec.ECDSA(algorithm))


def _eddsa(key: PublicKey, signature: bytes, data: bytes) -> None:
    assert isinstance(key, Ed25519PublicKey)  # noqa: S101  # the ALGS table says so
    key.verify(signature, data)


def _rsa(key: PublicKey, signature: bytes, data: bytes, pad: padding.AsymmetricPadding) -> None:
    assert isinstance(key, rsa.RSAPublicKey)  # noqa: S101  # the ALGS table says so
    key.verify(signature, data, pad, hashes.SHA256())


@dataclass(frozen=True, slots=True)
class Alg:
    """A signature algorithm: the keys it goes with, and how it verifies (raises InvalidSignature)."""

    kty: str
    crv: str | None
    verify: Callable[[PublicKey, bytes, bytes], None]


ALGS: dict[str, Alg] = {
    "ES256": Alg("EC", "P-256", lambda k, s, d: _ecdsa(k, s, d, hashes.SHA256())),
    "ES384": Alg("EC", "P-384", lambda k, s, d: _ecdsa(k, s, d, hashes.SHA384())),
    "EdDSA": Alg("OKP", "Ed25519", _eddsa),
    "Ed25519": Alg("OKP", "Ed25519", _eddsa),
    "PS256": Alg("RSA", None, lambda k, s, d: _rsa(k, s, d, padding.PSS(padding.MGF1(hashes.SHA256()), 32))),
    "RS256": Alg("RSA", None, lambda k, s, d: _rsa(k, s, d, padding.PKCS1v15())),
}
"""Every algorithm that proofs may use; all are asymmetric (RFC 9449 section 11.6)."""


def import_key(jwk: dict[str, Any], alg: Any) -> PublicKey:
    """Return the key of `jwk`, which must be of the kind that `alg` is made for (RFC 8725 section 3.1)."""
    entry = ALGS.get(alg) if isinstance(alg, str) else None
    if entry is None:
        raise ValueError("alg is missing or not supported")
    if jwk.get("kty") != entry.kty or (entry.crv and jwk.get("crv") != entry.crv):
        raise ValueError("alg does not go with the key")
    return public_key(jwk, alg)


def verify(jws: Jws, key: PublicKey, alg: str) -> None:
    """Verify the signature of `jws` with a key that came from `import_key`."""
    try:
        ALGS[alg].verify(key, jws.signature, jws.signing_input)
    except InvalidSignature:
        raise ValueError("signature does not verify") from None


def sign(key: ec.EllipticCurvePrivateKey, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """Return a compact ES256 JWS with `alg` added to the header; `key` is on P-256."""
    parts = [b64u_encode(json.dumps(part).encode()) for part in ({**header, "alg": "ES256"}, claims)]
    r, s = decode_dss_signature(key.sign(".".join(parts).encode(), ec.ECDSA(hashes.SHA256())))
    return ".".join([*parts, b64u_encode(r.to_bytes(32) + s.to_bytes(32))])


def ec_jwk(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """Return the public JWK of a P-256 key."""
    numbers = key.public_numbers()
    return {
        "kty": "EC",
        "crv": "P-256",
        "x": b64u_encode(numbers.x.to_bytes(32)),
        "y": b64u_encode(numbers.y.to_bytes(32)),
    }
