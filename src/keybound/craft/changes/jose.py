"""Deltas of the JOSE layer: members that come twice, unusual keys, and signatures of another make."""

import json
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from keybound.craft.jose import Key, b64uint, b64url, compact_json, unb64url
from keybound.craft.proof import Proof
from keybound.craft.request import Change, Draft

_TRIES = 20_000
_ES256_OCTETS = 64
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def _proof(draft: Draft) -> Proof:
    if draft.proof is None:
        raise ValueError("this delta changes a proof, and the request has none")
    return draft.proof


# --- members that come twice ---------------------------------------------------------------------------------------


def _appended(name: str, value: object) -> Callable[[bytes], bytes]:
    text = json.dumps(name).encode() + b":" + compact_json(value)
    return lambda right: right[:-1] + b"," + text + b"}"


def claim_again(name: str, change: Callable[[Any], Any]) -> Change:
    """Write claim `name` a second time, at the end, as `change(its right value)` (RFC 7519 section 4)."""

    def delta(draft: Draft) -> None:
        proof = _proof(draft)
        proof.raw_claims = _appended(name, change(proof.claims.get(name)))

    return delta


def member_again(name: str, change: Callable[[Any], Any]) -> Change:
    """Write header member `name` a second time, at the end, as `change(its right value)` (RFC 7515 section 4)."""

    def delta(draft: Draft) -> None:
        proof = _proof(draft)
        proof.raw_header = _appended(name, change(proof.header.get(name)))

    return delta


def none_before_alg(draft: Draft) -> None:
    """Write alg twice, none and then the right one, and leave the signature empty."""
    proof = _proof(draft)
    proof.raw_header = lambda right: b'{"alg":"none",' + right[1:]
    proof.signer = lambda _: b""


def attackers_key_again(draft: Draft) -> None:
    """Write jwk twice, the victim's and then the attacker's, signed by the victim."""
    _proof(draft).raw_header = _appended("jwk", draft.attacker.key.jwk)


def attackers_key_first(draft: Draft) -> None:
    """Write jwk twice, the attacker's and then the victim's, signed by the attacker."""
    proof = _proof(draft)
    theirs = json.dumps("jwk").encode() + b":" + compact_json(draft.attacker.key.jwk)
    proof.raw_header = lambda right: b"{" + theirs + b"," + right[1:]
    proof.signer = draft.attacker.key.sign


def victims_key_first(draft: Draft) -> None:
    """Write jwk twice, the victim's and then the attacker's, signed by the attacker."""
    attackers_key_again(draft)
    _proof(draft).signer = draft.attacker.key.sign


# --- keys ----------------------------------------------------------------------------------------------------------


def jwk_members(change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Change:
    """Replace `jwk` by `change(the right one)`."""

    def delta(draft: Draft) -> None:
        proof = _proof(draft)
        proof.header["jwk"] = dict(change(proof.header["jwk"]))

    return delta


def reordered_with_optional_members(jwk: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same key with more members, in another order: its thumbprint stays (RFC 7638 section 3)."""
    return {
        "use": "sig",
        "kid": "keybound",
        **dict(reversed(list(jwk.items()))),
        "key_ops": ["verify"],
        "https://keybound.example/": 1,
    }


def with_unknown_member(jwk: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same key with a member that nobody knows."""
    return {**jwk, "https://keybound.example/member": "anything"}


def described_jwk(draft: Draft) -> None:
    """Say in `jwk` what the key is called and for (kid, use, alg), which is no part of its thumbprint."""
    proof = _proof(draft)
    proof.header["jwk"] |= {"kid": "keybound", "use": "sig", "alg": proof.key.alg}


def off_curve(jwk: Mapping[str, Any]) -> dict[str, Any]:
    """Return an EC key whose point is not on its curve: the last bit of y is flipped."""
    y = unb64url(str(jwk["y"]))
    return {**jwk, "y": b64url(y[:-1] + bytes([y[-1] ^ 1]))}


def origin(jwk: Mapping[str, Any]) -> dict[str, Any]:
    """Return an EC key whose coordinates are zeros, which is no point of the curve."""
    zeros = {name: b64url(bytes(len(unb64url(str(jwk[name]))))) for name in ("x", "y")}
    return {**jwk, **zeros}


@cache
def leading_zero_key() -> Key:
    """Return a P-256 key whose x coordinate begins with a zero octet (RFC 7518 section 6.2.1.2); one in 256 does."""
    return next(key for _ in range(_TRIES) if unb64url((key := Key.generate("ES256")).jwk["x"])[0] == 0)


@cache
def rsa_key(bits: int) -> Key:
    """Return an RSA key of that many bits, made once."""
    return Key("RS256", rsa.generate_private_key(65537, bits))


def signed_by(signer_alg: str, header_alg: str) -> Change:
    """Say `header_alg` in the header and sign with `signer_alg`, by the same private key."""

    def delta(draft: Draft) -> None:
        proof = _proof(draft)
        proof.header["alg"] = header_alg
        proof.signer = Key(signer_alg, proof.key.private).sign

    return delta


def rsa_sha1(draft: Draft) -> None:
    """Sign with RSA and SHA-1, which JOSE once registered as RS1 (prohibited by now)."""
    proof = _proof(draft)
    private = proof.key.private
    if not isinstance(private, rsa.RSAPrivateKey):
        raise TypeError("this delta wants an RSA key")
    proof.header["alg"] = "RS1"
    proof.signer = lambda data: private.sign(data, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303


_SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")  # RFC 8017 section 9.2


class ExponentOne(Key):
    """An RSA key with exponent 1, under which every padded hash is its own signature: nobody needs a secret."""

    @cached_property
    def jwk(self) -> dict[str, Any]:
        """The public key, with e = 1."""
        return {**super().jwk, "e": b64uint(1)}

    def sign(self, data: bytes) -> bytes:
        """Return the padded SHA-256 hash of `data` (RFC 8017 section 9.2)."""
        digest = hashes.Hash(hashes.SHA256())
        digest.update(data)
        tail = b"\0" + _SHA256_INFO + digest.finalize()
        return b"\0\1" + b"\xff" * (len(unb64url(self.jwk["n"])) - 2 - len(tail)) + tail


# --- ECDSA signatures ----------------------------------------------------------------------------------------------


def orders(_: bytes) -> bytes:
    """Return the ES256 signature (n, n): each number is zero modulo the order of the curve."""
    return _P256_ORDER.to_bytes(32, "big") * 2


def widened(right: bytes) -> bytes:
    """Return an ECDSA signature with a zero octet before each of its two numbers."""
    half = len(right) // 2
    return b"\0" + right[:half] + b"\0" + right[half:]


def with_tail(right: bytes) -> bytes:
    """Return a signature with an octet behind it."""
    return right + b"\0"


def stripped_signature(draft: Draft) -> None:
    """Leave out the zero octet that a number of the signature begins with, as integers are often written."""
    sign = _proof(draft).signer

    def signer(data: bytes) -> bytes:
        half = _ES256_OCTETS // 2
        right = next(made for _ in range(_TRIES) if (made := sign(data))[half] == 0)
        return right[:half] + right[half + 1 :]

    _proof(draft).signer = signer
