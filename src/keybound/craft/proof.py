"""DPoP proofs: valid by default (RFC 9449 section 4.2), every part open to change."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from keybound.craft.jose import Json, Key, b64url, compact_json, sha256_b64url


@dataclass
class Proof:
    """A proof that is about to be made. A change changes one of its parts; `encode` only writes what it finds.

    `header` and `claims` are the JOSE header and the claims; `raw_claims` and `raw_header` change their JSON text;
    `signer` turns the signing input into signature octets; `finish` changes the compact serialization.
    """

    key: Key
    header: Json
    claims: Json
    signer: Callable[[bytes], bytes]
    raw_header: Callable[[bytes], bytes] = field(default=lambda text: text)
    raw_claims: Callable[[bytes], bytes] = field(default=lambda text: text)
    finish: Callable[[str], str] = field(default=lambda compact: compact)

    def encode(self) -> str:
        """Return the compact serialization."""
        header, claims = (
            self.raw_header(compact_json(self.header)),
            self.raw_claims(compact_json(self.claims)),
        )
        signed = f"{b64url(header)}.{b64url(claims)}"
        return self.finish(f"{signed}.{b64url(self.signer(signed.encode()))}")


def ath(token: str) -> str:
    """Return the access token hash of RFC 9449 section 4.2: base64url(SHA-256(ASCII(token)))."""
    return sha256_b64url(token.encode("ascii", "replace"))


def fresh_jti() -> str:
    """Return a new unique `jti` of 128 random bits (RFC 9449 section 4.2 asks for at least 96)."""
    return secrets.token_urlsafe(16)


def new_proof(
    key: Key, method: str, url: str, now: float, *, token: str | None = None, nonce: str | None = None
) -> Proof:
    """Return a valid proof for one request.

    `url` is the request's URL (query and fragment are left out of `htu`), `now` the target's time in seconds since
    the epoch, `token` the access token sent along (gives `ath`), `nonce` the newest nonce of that server.
    """
    claims: Json = {
        "jti": fresh_jti(),
        "htm": method,
        "htu": url.partition("#")[0].partition("?")[0],
        "iat": int(now),
    }
    if token is not None:
        claims["ath"] = ath(token)
    if nonce is not None:
        claims["nonce"] = nonce
    return Proof(key, {"typ": "dpop+jwt", "alg": key.alg, "jwk": dict(key.jwk)}, claims, key.sign)
