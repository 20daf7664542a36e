"""What faults take for a signature, an algorithm or a key that is none: whether a proof holds by such a rule."""

import base64
import contextlib
import functools
import hashlib
import hmac
import json
import urllib.request
from collections.abc import Callable
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from keybound.reference import jose
from keybound.reference.proof import Shown

from .reading import first_of_two

Jwk = dict[str, Any]
Rule = Callable[[jose.Jws, Jwk, str], bool | None]

HMACS = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_FETCH_SECONDS = 1.0
_UNLISTED: dict[str, hashes.HashAlgorithm] = {name: hashes.SHA512() for name in ("ES512", "RS512", "PS512")}


def rule(holds: Rule) -> Callable[..., bool]:
    """Make a rule of a function of JWS, key and alg that returns True, or raises or returns else what is no True."""

    @functools.wraps(holds)
    def check(shown: Shown) -> bool:
        alg = shown.header.get("alg")
        with contextlib.suppress(InvalidSignature, ValueError, TypeError, KeyError, AttributeError):
            return isinstance(alg, str) and bool(holds(shown.jws, shown.jwk, alg))
        return False

    return check


# --- keys ----------------------------------------------------------------------------------------------------------


def alg_for(jwk: Jwk) -> str | None:
    """Return the first algorithm made for keys of this type and curve, or None."""
    kind = jwk.get("kty"), jwk.get("crv")
    return next((name for name, alg in jose.ALGS.items() if (alg.kty, alg.crv) == kind), None)


def jwk_of_x5c(x5c: Any) -> Jwk:
    """Return the P-256 key of the first certificate of an `x5c` member."""
    key = x509.load_der_x509_certificate(base64.b64decode(x5c[0])).public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError("not a P-256 key")  # noqa: TRY004
    return dict(jose.ec_jwk(key))


def fetched(header: Jwk) -> Jwk | None:
    """Fetch what `jku` or `x5u` point to, and return the first key of the set, if it is one."""
    url = header.get("jku") or header.get("x5u")
    if not isinstance(url, str) or not url.startswith("http"):
        return None
    try:
        with urllib.request.urlopen(url, timeout=_FETCH_SECONDS) as answer:  # noqa: S310
            key: Jwk = json.loads(answer.read())["keys"][0]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return key


def jkt_without_zeros(jwk: Jwk) -> str:
    """Return a thumbprint over coordinates without their leading zeros."""
    names = ("x", "y") if jwk["kty"] == "EC" else ()
    cut = {name: jose.b64u_encode(jose.b64u_decode(jwk[name]).lstrip(b"\0")) for name in names}
    return jose.thumbprint({**jwk, **cut})


def _numbers(jwk: Jwk) -> tuple[int, int]:
    return int.from_bytes(jose.b64u_decode(jwk["n"])), int.from_bytes(jose.b64u_decode(jwk["e"]))


def _rsa(jwk: Jwk) -> rsa.RSAPublicKey:
    n, e = _numbers(jwk)
    return rsa.RSAPublicNumbers(e, n).public_key()


def _pad(kind: str, digest: hashes.HashAlgorithm) -> padding.AsymmetricPadding:
    return padding.PSS(padding.MGF1(digest), digest.digest_size) if kind == "P" else padding.PKCS1v15()


def _der(signature: bytes, cut: int, end: int | None = None) -> bytes:
    """Return an ECDSA signature in DER: its numbers are before and behind the octet `cut`."""
    return encode_dss_signature(int.from_bytes(signature[:cut]), int.from_bytes(signature[cut:end]))


def _verifies_ec(jws: jose.Jws, jwk: Jwk, alg: str, der: bytes) -> None:
    """Verify a SHA-256 signature with a key that goes with `alg`."""
    key = jose.import_key(jwk, alg)
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(der, jws.signing_input, ec.ECDSA(hashes.SHA256()))


# --- rules ---------------------------------------------------------------------------------------------------------


@rule
def is_unsigned(_: jose.Jws, __: Jwk, alg: str) -> bool:
    """Take `none` for an algorithm."""
    return alg.lower() == "none"


@rule
def mac_verifies(jws: jose.Jws, jwk: Jwk, alg: str) -> bool:
    """Take a MAC keyed with an oct jwk, or with a usual spelling of the public key."""
    if jwk.get("kty") == "oct" and isinstance(jwk.get("k"), str):
        keys = [jose.b64u_decode(jwk["k"])]
    else:
        public = jose.import_key(jwk, alg_for(jwk))
        form = PublicFormat.SubjectPublicKeyInfo
        pem = public.public_bytes(Encoding.PEM, form)
        compact = json.dumps(jwk, separators=(",", ":")).encode()
        keys = [pem, pem.strip(), public.public_bytes(Encoding.DER, form), compact, json.dumps(jwk).encode()]
    return jws.signature in [hmac.digest(key, jws.signing_input, HMACS[alg]) for key in keys]


@rule
def verifies_unlisted(jws: jose.Jws, jwk: Jwk, alg: str) -> bool:
    """Take algorithms that are not announced."""
    if alg == "ES512":
        x, y = (int.from_bytes(jose.b64u_decode(jwk[name])) for name in ("x", "y"))
        key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP521R1()).public_key()
        key.verify(_der(jws.signature, len(jws.signature) // 2), jws.signing_input, ec.ECDSA(hashes.SHA512()))
    else:
        digest = _UNLISTED[alg]
        _rsa(jwk).verify(jws.signature, jws.signing_input, _pad(alg[0], digest), digest)
    return True


@rule
def verifies_by_other_padding(jws: jose.Jws, jwk: Jwk, alg: str) -> bool:
    """Take the padding of the one RSA algorithm for that of the other."""
    other = _pad({"PS256": "R", "RS256": "P"}[alg], hashes.SHA256())
    _rsa(jwk).verify(jws.signature, jws.signing_input, other, hashes.SHA256())
    return True


@rule
def verifies_by_sha1(jws: jose.Jws, jwk: Jwk, alg: str) -> bool:
    """Take RSA with SHA-1."""
    _rsa(jwk).verify(jws.signature, jws.signing_input, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303
    return alg == "RS1"


@rule
def verifies_by_small_rsa(jws: jose.Jws, jwk: Jwk, alg: str) -> bool:
    """Take RSA keys below 2048 bits."""
    if _numbers(jwk)[0].bit_length() >= jose.RSA_BITS.start:
        return False
    _rsa(jwk).verify(jws.signature, jws.signing_input, _pad(alg[0], hashes.SHA256()), hashes.SHA256())
    return True


@rule
def verifies_by_exponent_one(jws: jose.Jws, jwk: Jwk, alg: str) -> bool:
    """Take an RSA key with exponent 1, whose signatures are their own text."""
    hashed = hashlib.sha256(jws.signing_input).digest()
    return alg == "RS256" and _numbers(jwk)[1] == 1 and hashed == jws.signature[-32:]


@rule
def verifies_at_any_length(jws: jose.Jws, jwk: Jwk, alg: str) -> bool:
    """Take the halves of an ECDSA signature of any length, or what is before and behind its 32nd octet."""
    if alg != "ES256" or len(jws.signature) == 64:
        return False
    for cut, end in ((len(jws.signature) // 2, None), (32, None), (32, 64)):
        with contextlib.suppress(InvalidSignature):
            _verifies_ec(jws, jwk, alg, _der(jws.signature, cut, end))
            return True
    return False


@rule
def verifies_as_der(jws: jose.Jws, jwk: Jwk, alg: str) -> bool:
    """Take an ECDSA signature in DER."""
    half = 48 if alg == "ES384" else 32
    numbers = [number.to_bytes(half) for number in decode_dss_signature(jws.signature)]
    raw = jose.Jws(jws.header, jws.claims, jws.signing_input, b"".join(numbers))
    jose.verify(raw, jose.import_key(jwk, alg), alg)
    return True


@rule
def verifies_on_other_curve(jws: jose.Jws, jwk: Jwk, alg: str) -> bool:
    """Take an ES256 signature by a key on P-384."""
    if (alg, jwk.get("crv")) != ("ES256", "P-384"):
        return False
    _verifies_ec(jws, jwk, "ES384", _der(jws.signature, len(jws.signature) // 2))
    return True


def is_zeros(shown: Shown) -> bool:
    """Take a signature of numbers that are zero, or the order of the curve."""
    signature = shown.jws.signature
    half = len(signature) // 2
    numbers = int.from_bytes(signature[:half]), int.from_bytes(signature[half:])
    return bool(signature) and all(each % _P256_ORDER == 0 for each in numbers)


# --- a header read twice -------------------------------------------------------------------------------------------


def used_of_two(shown: Shown) -> Jwk | None:
    """Return the key that goes on where a header holds two algs and keys, one of which verifies; else None."""
    first: Jwk = first_of_two(jose.b64u_decode(shown.value.partition(".")[0]))
    if first == shown.header:
        return None
    for verifying, used in ((first, shown.header), (shown.header, first)):
        with contextlib.suppress(ValueError, LookupError, TypeError):
            if verifying["alg"] != "none":
                key = jose.import_key(verifying["jwk"], verifying["alg"])
                jose.verify(shown.jws, key, verifying["alg"])
            return dict(used["jwk"])
    return None
