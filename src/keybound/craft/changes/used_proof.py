"""What can be made of a proof that was used (RFC 9449 section 11.1); `used` is its compact serialization."""

from typing import Any

from keybound.craft.changes.proof import claim, htu_in_capitals, proof_lines
from keybound.craft.changes.request import query_parameter
from keybound.craft.jose import ALPHABET, b64url, compact_json, malleate, read_claims, unb64url
from keybound.craft.named import named
from keybound.craft.proof import fresh_jti
from keybound.craft.request import Draft


def _claims(used: str) -> dict[str, Any]:
    claims = read_claims(used)
    if claims is None:
        raise ValueError("a used proof is a JWT")
    return claims


@named
def same_jti(draft: Draft, used: str) -> None:
    """Use the jti of a used proof in a new one."""
    claim("jti", _claims(used)["jti"])(draft)


@named
def same_jti_other_spelling(draft: Draft, used: str) -> None:
    """Use the jti of a used proof in a new one that spells the same htu in capitals."""
    same_jti(used)(draft)
    htu_in_capitals(draft)


@named
def spare_bits_flipped(draft: Draft, used: str) -> None:
    """Send the used proof with a bit of its last signature character changed that means nothing."""
    head, last = used[:-1], used[-1]
    proof_lines(head + ALPHABET[ALPHABET.index(last) ^ 1])(draft)


@named
def malleated(draft: Draft, used: str) -> None:
    """Send the used proof with its ECDSA signature (r, s) turned into (r, n - s), which verifies as well."""
    signed, _, signature = used.rpartition(".")
    proof_lines(f"{signed}.{b64url(malleate(unb64url(signature)))}")(draft)


@named
def with_another_query(draft: Draft, used: str) -> None:
    """Send the used proof to the same address with another query, which htu leaves out."""
    proof_lines(used)(draft)
    query_parameter("keybound", fresh_jti())(draft)


@named
def other_claims_same_signature(draft: Draft, used: str) -> None:
    """Send the used proof with another jti under the signature that it had."""
    header, _, signature = used.split(".")
    claims = compact_json(_claims(used) | {"jti": fresh_jti()})
    proof_lines(f"{header}.{b64url(claims)}.{signature}")(draft)
