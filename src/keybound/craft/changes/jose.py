"""Changes of the JOSE layer of a proof: its algorithm, key and signature, and members that come twice."""

import json
from collections.abc import Callable
from functools import cache, cached_property
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from keybound.craft.changes.values import value_of
from keybound.craft.jose import Key, b64uint, b64url, compact_json, hs256, unb64url
from keybound.craft.named import named
from keybound.craft.proof import fresh_jti
from keybound.craft.request import Draft, proof_of

_TRIES = 20_000
_ES256_OCTETS = 64


# --- members that come twice ---------------------------------------------------------------------------------------


def _appended(name: str, value: object) -> Callable[[bytes], bytes]:
    text = json.dumps(name).encode() + b":" + compact_json(value)
    return lambda right: right[:-1] + b"," + text + b"}"


@named
def claim_again(draft: Draft, name: str, value: object) -> None:
    """Write claim `name` again, at the end, as `value` or what that makes of the right one (RFC 7519 section 4)."""
    proof = proof_of(draft)
    proof.raw_claims = _appended(name, value_of(value, proof.claims.get(name)))


@named
def member_again(draft: Draft, name: str, value: object) -> None:
    """Write member `name` again, at the end, as `value` or what that makes of the right one (RFC 7515 section 4)."""
    proof = proof_of(draft)
    proof.raw_header = _appended(name, value_of(value, proof.header.get(name)))


@named
def none_before_alg(draft: Draft) -> None:
    """Write alg twice, none and then the right one, and leave the signature empty."""
    proof = proof_of(draft)
    proof.raw_header = lambda right: b'{"alg":"none",' + right[1:]
    proof.signer = lambda _: b""


@named
def attackers_key_again(draft: Draft) -> None:
    """Write jwk twice, the victim's and then the attacker's, signed by the victim."""
    proof_of(draft).raw_header = _appended("jwk", draft.attacker.key.jwk)


@named
def attackers_key_first(draft: Draft) -> None:
    """Write jwk twice, the attacker's and then the victim's, signed by the attacker."""
    proof = proof_of(draft)
    theirs = json.dumps("jwk").encode() + b":" + compact_json(draft.attacker.key.jwk)
    proof.raw_header = lambda right: b"{" + theirs + b"," + right[1:]
    proof.signer = draft.attacker.key.sign


@named
def victims_key_first(draft: Draft) -> None:
    """Write jwk twice, the victim's and then the attacker's, signed by the attacker."""
    attackers_key_again(draft)
    proof_of(draft).signer = draft.attacker.key.sign


# --- keys ----------------------------------------------------------------------------------------------------------


@named
def jwk_member(draft: Draft, name: str, value: object) -> None:
    """Replace member `name` of the proof's `jwk` by `value`, or by what that makes of the right one."""
    jwk = proof_of(draft).header["jwk"]
    proof_of(draft).header["jwk"] = {**jwk, name: value_of(value, jwk.get(name))}


@named
def described_jwk(draft: Draft) -> None:
    """Say in `jwk` what the key is called and for (kid, use, alg), which is no part of its thumbprint."""
    proof = proof_of(draft)
    proof.header["jwk"] |= {"kid": "keybound", "use": "sig", "alg": proof.key.alg}


@cache
def leading_zero_key() -> Key:
    """Return a P-256 key whose x coordinate begins with a zero octet (RFC 7518 section 6.2.1.2); one in 256 does."""
    return next(key for _ in range(_TRIES) if unb64url((key := Key.generate("ES256")).jwk["x"])[0] == 0)


@cache
def rsa_key(bits: int) -> Key:
    """Return an RSA key of that many bits, made once."""
    return Key("RS256", rsa.generate_private_key(65537, bits))


@named
def signed_by(draft: Draft, signer_alg: str, header_alg: str) -> None:
    """Say `header_alg` in the header and sign with `signer_alg`, by the same private key."""
    proof = proof_of(draft)
    proof.header["alg"] = header_alg
    proof.signer = Key(signer_alg, proof.key.private).sign


@named
def rsa_sha1(draft: Draft) -> None:
    """Sign with RSA and SHA-1, which JOSE once registered as RS1 (prohibited by now)."""
    proof = proof_of(draft)
    private = proof.key.private
    if not isinstance(private, rsa.RSAPrivateKey):
        raise TypeError("this change wants an RSA key")
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


# --- algorithm and signature -----------------------------------------------------------------------------------------


@named
def stripped_signature(draft: Draft) -> None:
    """Leave out the zero octet that a number of the signature begins with, as integers are often written."""
    sign = proof_of(draft).signer

    def signer(data: bytes) -> bytes:
        half = _ES256_OCTETS // 2
        right = next(made for _ in range(_TRIES) if (made := sign(data))[half] == 0)
        return right[:half] + right[half + 1 :]

    proof_of(draft).signer = signer


@named
def unsigned(draft: Draft) -> None:
    """Use alg none and no signature (RFC 9449 section 4.2 forbids it)."""
    proof = proof_of(draft)
    proof.header["alg"] = "none"
    proof.signer = lambda _: b""


@named
def symmetric(draft: Draft) -> None:
    """Use HS256 with an `oct` key in the header: anybody can make that."""
    proof, secret = proof_of(draft), b"keybound-symmetric-secret-32-oct"
    proof.header |= {"alg": "HS256", "jwk": {"kty": "oct", "k": b64url(secret)}}
    proof.signer = lambda data: hs256(secret, data)


@named
def private_jwk(draft: Draft) -> None:
    """Put the whole key pair into the header (a key made for this run)."""
    proof_of(draft).header["jwk"] = dict(proof_of(draft).key.private_jwk)


@named
def private_primes(draft: Draft) -> None:
    """Put p and q of an RSA key into the header, and no d: whoever has them has the key."""
    proof = proof_of(draft)
    proof.header["jwk"] = {
        name: value for name, value in proof.key.private_jwk.items() if name in {"kty", "n", "e", "p", "q"}
    }


@named
def signed_by_attacker(draft: Draft) -> None:
    """Sign with the attacker's key while the header still shows the right one."""
    proof_of(draft).signer = draft.attacker.key.sign


@named
def flipped_signature(draft: Draft) -> None:
    """Flip the first bit of the signature (the last bits of base64url may mean nothing)."""
    sign = proof_of(draft).signer

    def signer(data: bytes) -> bytes:
        right = sign(data)
        return bytes([right[0] ^ 0x80]) + right[1:]

    proof_of(draft).signer = signer


@named
def empty_signature(draft: Draft) -> None:
    """Leave the signature empty."""
    proof_of(draft).signer = lambda _: b""


@named
def unsigned_as(draft: Draft, alg: str) -> None:
    """Write `alg` into the header and keep the right signature octets out."""
    unsigned(draft)
    proof_of(draft).header["alg"] = alg


@named
def signature(draft: Draft, change: Callable[[bytes], bytes]) -> None:
    """Change the octets of the right signature."""
    sign = proof_of(draft).signer
    proof_of(draft).signer = lambda data: change(sign(data))


@named
def der_signature(draft: Draft) -> None:
    """Encode an ECDSA signature as DER, as X.509 does (RFC 7518 section 3.4 wants the plain 64 octets)."""
    sign = proof_of(draft).signer

    def signer(data: bytes) -> bytes:
        plain = sign(data)
        half = len(plain) // 2
        return encode_dss_signature(int.from_bytes(plain[:half], "big"), int.from_bytes(plain[half:], "big"))

    proof_of(draft).signer = signer


@named
def swapped_claims(draft: Draft) -> None:
    """Sign the claims as they are, then send others: the payload is changed after signing."""
    proof = proof_of(draft)
    sign, header = proof.signer, b64url(compact_json(proof.header))
    signed = f"{header}.{b64url(compact_json(proof.claims | {'jti': fresh_jti()}))}".encode()
    proof.signer = lambda _: sign(signed)


@named
def hmac_of_public_key(draft: Draft, encode: Callable[[Key], bytes]) -> None:
    """Use HS256 keyed with an encoding of the public key, which everybody knows."""
    proof = proof_of(draft)
    secret = encode(proof.key)
    proof.header["alg"] = "HS256"
    proof.signer = lambda data: hs256(secret, data)


@named
def jwk_instead(draft: Draft, name: str, value: Callable[[Key], Any]) -> None:
    """Leave `jwk` out and point to the key by another header member."""
    proof = proof_of(draft)
    del proof.header["jwk"]
    proof.header[name] = value(proof.key)
