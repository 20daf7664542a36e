"""Deltas: each changes one thing of a valid request. The words that attack tables are written in."""

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from keybound.craft.jose import Key, b64url, compact_json, hs256
from keybound.craft.proof import Proof, ath, fresh_jti
from keybound.craft.request import NO_CERTIFICATE, Change, Draft

HOUR = 3600


def _proof(draft: Draft) -> Proof:
    if draft.proof is None:
        raise ValueError("this delta changes a proof, and the request has none")
    return draft.proof


# --- claims and header members -------------------------------------------------------------------------------------


def claim(name: str, change: Callable[[Any], Any]) -> Change:
    """Replace claim `name` of the proof by `change(its right value)`."""

    def delta(draft: Draft) -> None:
        _proof(draft).claims[name] = change(_proof(draft).claims.get(name))

    return delta


def without_claim(name: str) -> Change:
    """Leave claim `name` out of the proof."""

    def delta(draft: Draft) -> None:
        del _proof(draft).claims[name]

    return delta


def member(name: str, change: Callable[[Any], Any]) -> Change:
    """Replace member `name` of the proof's JOSE header by `change(its right value)`."""

    def delta(draft: Draft) -> None:
        _proof(draft).header[name] = change(_proof(draft).header.get(name))

    return delta


def without_member(name: str) -> Change:
    """Leave member `name` out of the proof's JOSE header."""

    def delta(draft: Draft) -> None:
        del _proof(draft).header[name]

    return delta


def dated(seconds: float) -> Change:
    """Date the proof that many seconds ahead, or ago when negative."""
    return claim("iat", lambda now: now + seconds)


def long_jti(size: int) -> Change:
    """Give the proof a new `jti` of `size` octets."""
    return claim("jti", lambda _: fresh_jti().ljust(size, "j"))


def padding(size: int) -> Change:
    """Give the proof an unknown claim of `size` octets."""
    return claim("https://keybound.example/padding", lambda _: "p" * size)


def unknown_members(draft: Draft) -> None:
    """Give the proof a claim and a header member that nobody knows (RFC 9449 section 4.2)."""
    proof = _proof(draft)
    proof.claims["https://keybound.example/claim"] = {"any": ["thing"]}
    proof.header["https://keybound.example/member"] = "anything"


def htu(**parts: str | Callable[[str], str]) -> Change:
    """Change parts of `htu` (scheme, netloc, path); a callable gets the right part."""

    def change(value: str) -> str:
        split = urlsplit(value)
        new = {
            name: part if isinstance(part, str) else part(getattr(split, name))
            for name, part in parts.items()
        }
        return urlunsplit(split._replace(**new))

    return claim("htu", change)


other_host: Change = htu(netloc=lambda right: re.sub(r"^[^:]*", "attacker.example", right))
"""Makes htu name another host, and the same port."""


def in_list(value: object) -> list[object]:
    """Return [value]: the right value in the wrong JSON type."""
    return [value]


def as_text(value: object) -> str:
    """Return a value as JSON text: the right value as a string."""
    return json.dumps(value)


def raw_claim(name: str, text: str) -> Change:
    """Write `text` as the value of claim `name`, whatever it is in JSON (NaN, 1e400)."""

    def delta(draft: Draft) -> None:
        proof = _proof(draft)
        right = json.dumps(name).encode() + b":" + compact_json(proof.claims[name])
        wrong = json.dumps(name).encode() + b":" + text.encode()
        proof.raw_claims = lambda claims: claims.replace(right, wrong, 1)

    return delta


def raw_claims(change: Callable[[bytes], bytes]) -> Change:
    """Change the JSON text of the claims."""

    def delta(draft: Draft) -> None:
        _proof(draft).raw_claims = change

    return delta


def raw_header(change: Callable[[bytes], bytes]) -> Change:
    """Change the JSON text of the JOSE header."""

    def delta(draft: Draft) -> None:
        _proof(draft).raw_header = change

    return delta


def finish(change: Callable[[str], str]) -> Change:
    """Change the compact serialization of the proof."""

    def delta(draft: Draft) -> None:
        _proof(draft).finish = change

    return delta


# --- algorithm, key and signature ----------------------------------------------------------------------------------


def unsigned(draft: Draft) -> None:
    """Use alg none and no signature (RFC 9449 section 4.2 forbids it)."""
    proof = _proof(draft)
    proof.header["alg"] = "none"
    proof.signer = lambda _: b""


def symmetric(draft: Draft) -> None:
    """Use HS256 with an `oct` key in the header: anybody can make that."""
    proof, secret = _proof(draft), b"keybound-symmetric-secret-32-oct"
    proof.header |= {"alg": "HS256", "jwk": {"kty": "oct", "k": b64url(secret)}}
    proof.signer = lambda data: hs256(secret, data)


def private_jwk(draft: Draft) -> None:
    """Put the whole key pair into the header (a key made for this run)."""
    _proof(draft).header["jwk"] = dict(_proof(draft).key.private_jwk)


def private_primes(draft: Draft) -> None:
    """Put p and q of an RSA key into the header, and no d: whoever has them has the key."""
    proof = _proof(draft)
    proof.header["jwk"] = {
        name: value for name, value in proof.key.private_jwk.items() if name in {"kty", "n", "e", "p", "q"}
    }


def signed_by_attacker(draft: Draft) -> None:
    """Sign with the attacker's key while the header still shows the right one."""
    _proof(draft).signer = draft.attacker.key.sign


def flipped_signature(draft: Draft) -> None:
    """Flip the first bit of the signature (the last bits of base64url may mean nothing)."""
    sign = _proof(draft).signer

    def signer(data: bytes) -> bytes:
        right = sign(data)
        return bytes([right[0] ^ 0x80]) + right[1:]

    _proof(draft).signer = signer


def empty_signature(draft: Draft) -> None:
    """Leave the signature empty."""
    _proof(draft).signer = lambda _: b""


def garbage(draft: Draft) -> None:
    """Send a DPoP header that is no JWT at all."""
    _proof(draft).finish = lambda _: "not-a-jwt"


def unsigned_as(alg: str) -> Change:
    """Write `alg` into the header and keep the right signature octets out."""

    def delta(draft: Draft) -> None:
        unsigned(draft)
        _proof(draft).header["alg"] = alg

    return delta


def signature(change: Callable[[bytes], bytes]) -> Change:
    """Change the octets of the right signature."""

    def delta(draft: Draft) -> None:
        sign = _proof(draft).signer
        _proof(draft).signer = lambda data: change(sign(data))

    return delta


def der_signature(draft: Draft) -> None:
    """Encode an ECDSA signature as DER, as X.509 does (RFC 7518 section 3.4 wants the plain 64 octets)."""
    sign = _proof(draft).signer

    def signer(data: bytes) -> bytes:
        plain = sign(data)
        half = len(plain) // 2
        return encode_dss_signature(int.from_bytes(plain[:half], "big"), int.from_bytes(plain[half:], "big"))

    _proof(draft).signer = signer


def swapped_claims(draft: Draft) -> None:
    """Sign the claims as they are, then send others: the payload is changed after signing."""
    proof = _proof(draft)
    sign, header = proof.signer, b64url(compact_json(proof.header))
    signed = f"{header}.{b64url(compact_json(proof.claims | {'jti': fresh_jti()}))}".encode()
    proof.signer = lambda _: sign(signed)


def hmac_of_public_key(encode: Callable[[Key], bytes]) -> Change:
    """Use HS256 keyed with an encoding of the public key, which everybody knows."""

    def delta(draft: Draft) -> None:
        proof = _proof(draft)
        secret = encode(proof.key)
        proof.header["alg"] = "HS256"
        proof.signer = lambda data: hs256(secret, data)

    return delta


def jwk_instead(name: str, value: Callable[[Key], Any]) -> Change:
    """Leave `jwk` out and point to the key by another header member."""

    def delta(draft: Draft) -> None:
        proof = _proof(draft)
        del proof.header["jwk"]
        proof.header[name] = value(proof.key)

    return delta


# --- the header line and who sends it ------------------------------------------------------------------------------


def header_value(change: Callable[[str], str]) -> Change:
    """Change the value of the DPoP header line."""

    def delta(draft: Draft) -> None:
        draft.proof_headers = lambda proof: [change(proof)]

    return delta


def token_in_query(draft: Draft) -> None:
    """Send the token as a query parameter, and neither Authorization nor proof (RFC 6750 section 2.3)."""
    draft.url += ("&" if "?" in draft.url else "?") + urlencode({"access_token": str(draft.token)})
    draft.token = draft.proof = None


def token_in_form(draft: Draft) -> None:
    """Send the token as a form parameter of a POST, and neither Authorization nor proof (RFC 6750 section 2.2)."""
    draft.method, draft.form = "POST", {"access_token": str(draft.token)}
    draft.token = draft.proof = None


def token_in_cookie(draft: Draft) -> None:
    """Send the token as a cookie called access_token, and neither Authorization nor proof."""
    draft.headers.append(("Cookie", f"access_token={draft.token}"))
    draft.token = draft.proof = None


def as_proxy_authorization(draft: Draft) -> None:
    """Send the token in Proxy-Authorization (RFC 9449 section 7.1 forbids it)."""
    draft.headers.append(("Proxy-Authorization", f"DPoP {draft.token}"))
    draft.token = None


def no_token(draft: Draft) -> None:
    """Send the proof alone."""
    draft.token = None


def by_attacker_with_victims_kid(draft: Draft) -> None:
    """Prove possession of the attacker's key, whose jwk says it is the victim's by `kid`."""
    proof = _proof(draft)
    victim = proof.key.thumbprint
    by_attacker(draft)
    proof.header["jwk"]["kid"] = victim


def kept_proof(kept: list[str]) -> Change:
    """Change nothing, and add the proof as it is sent to `kept`, for another request to carry it again."""

    def keep(proof: str) -> str:
        kept.append(proof)
        return proof

    return header_value(keep)


def with_header(name: str, value: str | Callable[[Draft], str]) -> Change:
    """Send one more header line."""

    def delta(draft: Draft) -> None:
        draft.headers.append((name, value if isinstance(value, str) else value(draft)))

    return delta


def comma_joined(draft: Draft) -> None:
    """Send two valid proofs in one DPoP header line, joined by a comma as an intermediary would join two lines."""
    two_proofs(draft)
    both = draft.proof_headers
    draft.proof_headers = lambda first: [", ".join(both(first))]


def two_proofs(draft: Draft) -> None:
    """Send two DPoP headers, each a different valid proof."""
    proof = _proof(draft)
    twin = Proof(proof.key, proof.header, proof.claims | {"jti": fresh_jti()}, proof.signer)
    draft.proof_headers = lambda first: [first, twin.encode()]


def proof_then_junk(draft: Draft) -> None:
    """Send two DPoP headers: the valid proof, then junk."""
    draft.proof_headers = lambda proof: [proof, "junk"]


def junk_then_proof(draft: Draft) -> None:
    """Send two DPoP headers: junk, then the valid proof."""
    draft.proof_headers = lambda proof: ["junk", proof]


def same_proof_twice(draft: Draft) -> None:
    """Send two DPoP headers with one and the same proof."""
    draft.proof_headers = lambda proof: [proof, proof]


def no_proof(draft: Draft) -> None:
    """Send no DPoP header."""
    draft.proof = None


def by_attacker(draft: Draft) -> None:
    """Prove possession of the attacker's key instead: everything is right but the key."""
    with_key(draft.attacker.key)(draft)


def with_key(key: Key) -> Change:
    """Make the proof with `key` instead."""

    def delta(draft: Draft) -> None:
        proof = _proof(draft)
        proof.key = key
        proof.header |= {"alg": key.alg, "jwk": dict(key.jwk)}
        proof.signer = key.sign

    return delta


def as_bearer(draft: Draft) -> None:
    """Present the token as Bearer, with the proof still there."""
    draft.scheme = "Bearer"


def dpop_in_lower_case(draft: Draft) -> None:
    """Present the token under the scheme `dpop`, with no proof."""
    draft.scheme, draft.proof = "dpop", None


def stolen_as_bearer(draft: Draft) -> None:
    """Present the token as Bearer, with no proof."""
    draft.scheme, draft.proof = "Bearer", None


def ath_of_another_token(draft: Draft) -> None:
    """Hash another token into `ath`."""
    _proof(draft).claims["ath"] = ath("another-token")


def ath_with_sha512(draft: Draft) -> None:
    """Hash the token with SHA-512 into `ath` (RFC 9449 section 11.10 knows SHA-256 only)."""
    _proof(draft).claims["ath"] = b64url(hashlib.sha512(str(draft.token).encode()).digest())


def no_certificate(draft: Draft) -> None:
    """Connect without a client certificate."""
    draft.identity = NO_CERTIFICATE


def attackers_certificate(draft: Draft) -> None:
    """Connect with the attacker's certificate."""
    draft.identity = draft.attacker.identity


def all_of(*deltas: Change) -> Change:
    """Apply several deltas that together make up one defect."""

    def delta(draft: Draft) -> None:
        for each in deltas:
            each(draft)

    return delta
