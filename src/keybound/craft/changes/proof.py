"""Changes of a proof: its claims and header members, the header line that carries it, and whose it is."""

import hashlib
import json
from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

from keybound.craft.changes.request import form_parameter, query_parameter, with_token
from keybound.craft.changes.values import HOUR, value_of
from keybound.craft.jose import ALPHABET, Key, b64url, compact_json, malleate, read_claims, unb64url
from keybound.craft.named import named
from keybound.craft.proof import Proof, ath, fresh_jti, new_proof
from keybound.craft.request import Draft, proof_of
from keybound.errors import NotApplicable

# --- claims and header members -------------------------------------------------------------------------------------


@named
def claim(draft: Draft, name: str, value: object) -> None:
    """Replace claim `name` of the proof by `value`, or by what that makes of the right one."""
    claims = proof_of(draft).claims
    claims[name] = value_of(value, claims.get(name))


@named
def without_claim(draft: Draft, name: str) -> None:
    """Leave claim `name` out of the proof."""
    del proof_of(draft).claims[name]


@named
def member(draft: Draft, name: str, value: object) -> None:
    """Replace member `name` of the proof's JOSE header by `value`, or by what that makes of the right one."""
    header = proof_of(draft).header
    header[name] = value_of(value, header.get(name))


@named
def without_member(draft: Draft, name: str) -> None:
    """Leave member `name` out of the proof's JOSE header."""
    del proof_of(draft).header[name]


@named
def long_jti(draft: Draft, size: int) -> None:
    """Give the proof a new `jti` of `size` octets."""
    proof_of(draft).claims["jti"] = fresh_jti().ljust(size, "j")


@named
def padding(draft: Draft, size: int) -> None:
    """Give the proof an unknown claim of `size` octets."""
    proof_of(draft).claims["https://keybound.example/padding"] = "p" * size


@named
def htu(draft: Draft, part: str, value: object) -> None:
    """Replace a part of `htu` (scheme, netloc, path) by `value`, or by what that makes of the right one."""
    right = urlsplit(proof_of(draft).claims["htu"])
    changed = right._replace(**{part: value_of(value, getattr(right, part))})
    proof_of(draft).claims["htu"] = urlunsplit(changed)


@named
def htu_in_capitals(draft: Draft) -> None:
    """Spell the scheme and the authority of `htu` in capitals, which mean the same (RFC 3986 section 6.2.2.1)."""
    right = urlsplit(proof_of(draft).claims["htu"])
    capitals = right._replace(scheme=right.scheme.upper(), netloc=right.netloc.upper())
    proof_of(draft).claims["htu"] = urlunsplit(capitals)


@named
def raw_claim(draft: Draft, name: str, text: str) -> None:
    """Write `text` as the value of claim `name`, whatever it is in JSON (NaN, 1e400)."""
    proof = proof_of(draft)
    right = json.dumps(name).encode() + b":" + compact_json(proof.claims[name])
    wrong = json.dumps(name).encode() + b":" + text.encode()
    proof.raw_claims = lambda claims: claims.replace(right, wrong, 1)


@named
def raw_claims(draft: Draft, value: object) -> None:
    """Replace the JSON text of the claims by `value`, or by what that makes of the right one."""
    proof_of(draft).raw_claims = lambda text: _octets(value_of(value, text.decode()))


@named
def raw_header(draft: Draft, value: object) -> None:
    """Replace the JSON text of the JOSE header by `value`, or by what that makes of the right one."""
    proof_of(draft).raw_header = lambda text: _octets(value_of(value, text.decode()))


def _octets(text: str) -> bytes:
    return text.encode(errors="surrogateescape")  # so that a text can hold octets that are not UTF-8


@named
def finish(draft: Draft, change: Callable[[str], str]) -> None:
    """Change the compact serialization of the proof."""
    proof_of(draft).finish = change


@named
def garbage(draft: Draft) -> None:
    """Send a DPoP header that is no JWT at all."""
    proof_of(draft).finish = lambda _: "not-a-jwt"


@named
def for_another_request(draft: Draft) -> None:
    """Replace the proof by a good one for the same token, made for a request of another kind to another address."""
    right = proof_of(draft)
    draft.proof = new_proof(
        right.key,
        "PUT" if draft.method != "PUT" else "GET",
        draft.url.partition("?")[0] + "/keybound-other",
        right.claims["iat"],
        token=draft.token,
        nonce=right.claims.get("nonce"),
    )


@named
def of_plain_http(draft: Draft) -> None:
    """Make the proof for plain HTTP; raises NotApplicable at a target without TLS, where that is the right one."""
    if urlsplit(draft.url).scheme == "http":
        raise NotApplicable("the target is tested over plain HTTP")
    htu("scheme", "http")(draft)


@named
def stale_with_exp(draft: Draft) -> None:
    """Date the proof an hour back and let it expire an hour from now: it is the server that says how old it may be."""
    now = proof_of(draft).claims["iat"]
    proof_of(draft).claims |= {"iat": now - HOUR, "exp": now + HOUR}


# --- a used proof ----------------------------------------------------------------------------------------------------


@named
def same_jti(draft: Draft, used: str) -> None:
    """Give a new proof the jti of a used one."""
    claim("jti", (read_claims(used) or {})["jti"])(draft)


@named
def same_jti_other_spelling(draft: Draft, used: str) -> None:
    """Give a new proof the jti of a used one, and spell its htu in capitals."""
    same_jti(used)(draft)
    htu_in_capitals(draft)


@named
def with_spare_bits(draft: Draft, used: str) -> None:
    """Send a used proof whose last signature character differs in the bits that mean nothing."""
    proof_lines(used[:-1] + ALPHABET[ALPHABET.index(used[-1]) ^ 1])(draft)


@named
def malleated(draft: Draft, used: str) -> None:
    """Send a used proof with (r, n - s) for its ECDSA signature (r, s), which verifies as well."""
    signed, _, signature = used.rpartition(".")
    proof_lines(f"{signed}.{b64url(malleate(unb64url(signature)))}")(draft)


@named
def with_another_query(draft: Draft, used: str) -> None:
    """Send a used proof to the same address with another query, which htu leaves out."""
    proof_lines(used)(draft)
    query_parameter("keybound", fresh_jti())(draft)


@named
def with_used_signature(draft: Draft, used: str) -> None:
    """Send a used proof with another jti, under the signature that it had."""
    header, _, signature = used.split(".")
    claims = compact_json((read_claims(used) or {}) | {"jti": fresh_jti()})
    proof_lines(f"{header}.{b64url(claims)}.{signature}")(draft)


# --- the header line and who sends it ------------------------------------------------------------------------------


@named
def proof_lines(draft: Draft, first: str, *more: str) -> None:
    """Send these DPoP header lines, the proof in place of {}."""
    draft.proof_headers = lambda proof: [line.format(proof) for line in (first, *more)]


@named
def by_attacker_with_victims_kid(draft: Draft) -> None:
    """Prove possession of the attacker's key, whose jwk says it is the victim's by `kid`."""
    proof = proof_of(draft)
    victim = proof.key.thumbprint
    by_attacker(draft)
    proof.header["jwk"]["kid"] = victim


@named
def kept_proof(draft: Draft, kept: list[str]) -> None:
    """Change nothing, and add the proof as it is sent to `kept`, for another request to carry it again."""

    def keep(proof: str) -> list[str]:
        kept.append(proof)
        return [proof]

    draft.proof_headers = keep


@named
def comma_joined(draft: Draft) -> None:
    """Send two valid proofs in one DPoP header line, joined by a comma as an intermediary would join two lines."""
    two_proofs(draft)
    both = draft.proof_headers
    draft.proof_headers = lambda first: [", ".join(both(first))]


@named
def two_proofs(draft: Draft) -> None:
    """Send two DPoP headers, each a different valid proof."""
    proof = proof_of(draft)
    twin = Proof(proof.key, proof.header, proof.claims | {"jti": fresh_jti()}, proof.signer)
    draft.proof_headers = lambda first: [first, twin.encode()]


@named
def no_proof(draft: Draft) -> None:
    """Send no DPoP header."""
    draft.proof = None


@named
def by_attacker(draft: Draft) -> None:
    """Prove possession of the attacker's key instead: everything is right but the key."""
    with_key(draft.attacker.key)(draft)


@named
def with_key(draft: Draft, key: Key) -> None:
    """Make the proof with `key` instead."""
    proof = proof_of(draft)
    proof.key = key
    proof.header |= {"alg": key.alg, "jwk": dict(key.jwk)}
    proof.signer = key.sign


@named
def with_bound_token(draft: Draft, token: str, key: Key) -> None:
    """Present another token, with a proof of the key that it is bound to."""
    with_key(key)(draft)
    with_token(token)(draft)


@named
def ath_of_another_token(draft: Draft) -> None:
    """Hash another token into `ath`."""
    proof_of(draft).claims["ath"] = ath("another-token")


@named
def ath_of_part_of_token(draft: Draft) -> None:
    """Hash the token without its last character into `ath`."""
    proof_of(draft).claims["ath"] = ath(str(draft.token)[:-1])


@named
def ath_with_sha512(draft: Draft) -> None:
    """Hash the token with SHA-512 into `ath` (RFC 9449 section 11.10 knows SHA-256 only)."""
    proof_of(draft).claims["ath"] = b64url(hashlib.sha512(str(draft.token).encode()).digest())


@named
def as_client_assertion(draft: Draft, key: Key, now: float) -> None:
    """Send a proof of `key`, made at `now` (seconds since the epoch), as the client assertion."""
    assertion = new_proof(key, draft.method, draft.url, now).encode()
    form_parameter("client_assertion", assertion)(draft)
