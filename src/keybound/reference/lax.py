"""Faults of reading proofs that need reckoning of their own: odd keys, odd signatures, odd algorithms.

A rule takes a proof that the strict check would refuse, because the signature verifies in another way.
"""

import contextlib
import hashlib
import hmac
import json
import urllib.request
from collections.abc import Callable
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from . import jose

Jwk = dict[str, Any]
Rule = Callable[[jose.Jws, Jwk, str], Jwk | None]

HMACS = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
_FETCH_SECONDS = 1.0
_UNLISTED: dict[str, hashes.HashAlgorithm] = {name: hashes.SHA512() for name in ("ES512", "RS512", "PS512")}
_MEANT_FOR = {"use", "key_ops", "alg"}


def readable(value: str) -> bool:
    """Return whether the first two segments of a JWT are base64url of JSON objects."""
    try:
        parts = [json.loads(jose.b64u_decode(part, lax=True)) for part in value.split(".")[:2]]
    except (ValueError, RecursionError):
        return False
    return len(parts) == 2 and all(isinstance(part, dict | list) for part in parts)


def breaks_on(value: str, wrong: Callable[[str], bool]) -> bool:
    """Return whether a fault lets this proof's JSON, or the text of its `jti`, end in a crash."""
    try:
        parts = [json.loads(jose.b64u_decode(part, lax=True)) for part in value.split(".")[:2]]
    except RecursionError:
        return wrong("crashes-on-odd-json")
    except ValueError as error:
        return "digits" in str(error) and wrong("crashes-on-odd-json")
    jti = parts[-1].get("jti") if isinstance(parts[-1], dict) else None
    return isinstance(jti, str) and not (jti.isascii() and jti.isprintable()) and wrong("crashes-on-odd-text")


def accepted(jws: jose.Jws, jwk: Jwk, wrong: Callable[[str], bool]) -> Jwk | None:
    """Return the key with which a fault takes this proof, None when no fault does."""
    alg = jws.header.get("alg")
    if not isinstance(alg, str):
        return None
    for fault, rule in _RULES.items():
        if wrong(fault):
            with contextlib.suppress(InvalidSignature, ValueError, TypeError, KeyError, AttributeError):
                return rule(jws, jwk, alg)
    return None


def skipped(wrong: Callable[[str], bool], claims: dict[str, Any], name: str) -> bool:
    """Return whether a fault leaves a claim of this value uncompared."""
    if name not in claims:
        return False
    value = claims[name]
    odd = isinstance(value, bool) or not isinstance(value, (int, float) if name == "iat" else str)
    return (not value and wrong("falsy-claims-ok")) or (odd and wrong("odd-types-ok"))


def same_hash(given: Any, right: str, wrong: Callable[[str], bool]) -> bool:
    """Return whether a fault takes `given` for the hash `right`."""
    if not isinstance(given, str) or not given:
        return False
    return ((right.startswith(given) or given.startswith(right)) and wrong("ath-prefix-ok")) or (
        right.lower() == given.lower() and wrong("ath-case-ignored")
    )


def hashed(jwk: Jwk, side: str, wrong: Callable[[str], bool]) -> str | None:
    """Return the thumbprint of a key where a fault computes it over another spelling of the key."""
    if side == "rs" and wrong("jwk-members-hashed"):
        return jose.thumbprint(jwk, tuple(jwk))
    if wrong("coordinate-zeros-cut") and jwk["kty"] == "EC":
        cut = {name: jose.b64u_encode(jose.b64u_decode(jwk[name]).lstrip(b"\0")) for name in ("x", "y")}
        return jose.thumbprint({**jwk, **cut})
    return None


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


def _numbers(jwk: Jwk) -> tuple[int, int]:
    return int.from_bytes(jose.b64u_decode(jwk["n"])), int.from_bytes(jose.b64u_decode(jwk["e"]))


def _rsa(jwk: Jwk) -> rsa.RSAPublicKey:
    n, e = _numbers(jwk)
    return rsa.RSAPublicNumbers(e, n).public_key()


def _pad(kind: str, digest: hashes.HashAlgorithm) -> padding.AsymmetricPadding:
    return padding.PSS(padding.MGF1(digest), digest.digest_size) if kind == "P" else padding.PKCS1v15()


def _unlisted(jws: jose.Jws, jwk: Jwk, alg: str) -> Jwk | None:
    if alg not in _UNLISTED:
        return None
    if alg == "ES512":
        x, y = (int.from_bytes(jose.b64u_decode(jwk[name])) for name in ("x", "y"))
        half = len(jws.signature) // 2
        r, s = (int.from_bytes(part) for part in (jws.signature[:half], jws.signature[half:]))
        key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP521R1()).public_key()
        key.verify(encode_dss_signature(r, s), jws.signing_input, ec.ECDSA(hashes.SHA512()))
    else:
        _rsa(jwk).verify(jws.signature, jws.signing_input, _pad(alg[0], hashes.SHA512()), hashes.SHA512())
    return jwk


def _other_padding(jws: jose.Jws, jwk: Jwk, alg: str) -> Jwk | None:
    if alg not in {"PS256", "RS256"}:
        return None
    other = _pad("R" if alg[0] == "P" else "P", hashes.SHA256())
    _rsa(jwk).verify(jws.signature, jws.signing_input, other, hashes.SHA256())
    return jwk


def _sha1(jws: jose.Jws, jwk: Jwk, alg: str) -> Jwk | None:
    if alg != "RS1":
        return None
    _rsa(jwk).verify(jws.signature, jws.signing_input, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303
    return jwk


def _small(jws: jose.Jws, jwk: Jwk, alg: str) -> Jwk | None:
    if jwk.get("kty") != "RSA" or _numbers(jwk)[0].bit_length() >= jose.RSA_BITS.start:
        return None
    _rsa(jwk).verify(jws.signature, jws.signing_input, _pad(alg[0], hashes.SHA256()), hashes.SHA256())
    return jwk


def _exponent_one(jws: jose.Jws, jwk: Jwk, alg: str) -> Jwk | None:
    if alg != "RS256" or _numbers(jwk)[1] != 1:
        return None
    return jwk if jose.b64u_decode(jose.digest(jws.signing_input)) == jws.signature[-32:] else None


def _verified(jws: jose.Jws, jwk: Jwk, alg: str) -> Jwk:
    jose.verify(jws, jose.import_key(jwk, alg), alg)
    return jwk


def _any_length(jws: jose.Jws, jwk: Jwk, alg: str) -> Jwk | None:
    """Take the halves of an ECDSA signature of any length, or what is before and behind its 32nd octet."""
    octets = jws.signature
    if alg != "ES256" or len(octets) == 64:
        return None
    key = jose.import_key(jwk, alg)
    for cut, end in ((len(octets) // 2, None), (32, None), (32, 64)):
        der = encode_dss_signature(int.from_bytes(octets[:cut]), int.from_bytes(octets[cut:end]))
        with contextlib.suppress(InvalidSignature):
            key.verify(der, jws.signing_input, ec.ECDSA(hashes.SHA256()))  # type: ignore[call-arg, arg-type]
            return jwk
    return None


def _any_curve(jws: jose.Jws, jwk: Jwk, alg: str) -> Jwk | None:
    """Take an ES256 signature by a key on P-384."""
    if (alg, jwk.get("crv")) != ("ES256", "P-384"):
        return None
    half = len(jws.signature) // 2
    der = encode_dss_signature(int.from_bytes(jws.signature[:half]), int.from_bytes(jws.signature[half:]))
    jose.import_key(jwk, "ES384").verify(der, jws.signing_input, ec.ECDSA(hashes.SHA256()))  # type: ignore[call-arg, arg-type]
    return jwk


def _any_use(jws: jose.Jws, jwk: Jwk, alg: str) -> Jwk | None:
    if not _MEANT_FOR & jwk.keys():
        return None
    _verified(jws, {name: value for name, value in jwk.items() if name not in _MEANT_FOR}, alg)
    return jwk


def _kty_case(jws: jose.Jws, jwk: Jwk, alg: str) -> Jwk | None:
    if jwk["kty"] == jwk["kty"].upper():
        return None
    return _verified(jws, {**jwk, "kty": jwk["kty"].upper()}, alg)


def _alg_case(jws: jose.Jws, jwk: Jwk, alg: str) -> Jwk | None:
    if alg in jose.ALGS:
        return None
    known = {name.lower(): name for name in jose.ALGS}.get(alg.lower())
    return _verified(jws, jwk, known) if known else None


def _read_twice(jws: jose.Jws, jwk: Jwk, _: str) -> Jwk | None:
    """Verify by one alg and jwk of two, and go on with the other jwk."""
    first = jose.first_header(jws)
    if first == jws.header:
        return None
    if first["alg"] == "none":
        return jwk
    for verifying, used in ((first, jws.header), (jws.header, first)):
        with contextlib.suppress(ValueError):
            _verified(jws, verifying["jwk"], verifying["alg"])
            return dict(used["jwk"])
    return None


_RULES: dict[str, Rule] = {
    "unadvertised-alg-ok": _unlisted,
    "rsa-padding-either-ok": _other_padding,
    "rsa-sha1-ok": _sha1,
    "small-rsa-ok": _small,
    "rsa-exponent-one-ok": _exponent_one,
    "signature-length-lax": _any_length,
    "curve-not-compared": _any_curve,
    "jwk-use-ignored": _any_use,
    "kty-case-ignored": _kty_case,
    "alg-case-ignored": _alg_case,
    "header-read-twice": _read_twice,
}


def verify_hmac(jws: jose.Jws, jwk: dict[str, Any], alg: str) -> None:
    """The fault alg-hmac-ok: a MAC keyed with an oct jwk, or with a usual spelling of the public key."""
    if jwk.get("kty") == "oct" and isinstance(jwk.get("k"), str):
        keys = [jose.b64u_decode(jwk["k"])]
    else:
        public = jose.import_key(jwk, jose.alg_for(jwk))
        form = PublicFormat.SubjectPublicKeyInfo
        pem = public.public_bytes(Encoding.PEM, form)
        compact = json.dumps(jwk, separators=(",", ":")).encode()
        keys = [pem, pem.strip(), public.public_bytes(Encoding.DER, form), compact, json.dumps(jwk).encode()]
    if jws.signature not in [hmac.digest(key, jws.signing_input, HMACS[alg]) for key in keys]:
        raise ValueError("signature does not verify")
