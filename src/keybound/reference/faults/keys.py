"""Faults of a proof's algorithm, key and signature (RFC 9449 section 4.3, items 5 to 7)."""

import contextlib
from collections.abc import Callable
from typing import Any

from keybound.reference import jose
from keybound.reference.access import token_is_bound_to_key
from keybound.reference.errors import Crash
from keybound.reference.parts import Instead, alter, kept, leave_out, prepare, refuse, replace
from keybound.reference.proof import (
    Proof,
    Shown,
    alg_is_ours,
    jkt_of_key,
    jwk_goes_with_alg,
    jwk_is_public,
    jwk_of,
    parse,
    signature_verifies,
    verified,
)

from . import wrong_crypto
from .fault import Fault, both, fault
from .reading import last_of_two, read_as, read_header, without

Header = dict[str, Any]


def taken(holds: Callable[..., bool]) -> tuple[Instead, ...]:
    """Take a proof where the rule `holds`, whatever its algorithm, its key and its signature are."""
    checks = (alg_is_ours, jwk_is_public, jwk_goes_with_alg, signature_verifies)
    return tuple(leave_out(check, holds) for check in checks)


def _refused(*algs: str) -> Instead:
    return refuse(
        alg_is_ours, ValueError("alg is not supported"), lambda shown: shown.header.get("alg") in algs
    )


# --- the algorithm -------------------------------------------------------------------------------------------------


def _alg_put_right(wrong: Callable[[Any, Header], bool]) -> Instead:
    """Read the alg that goes with the key where the one that was sent is `wrong`."""

    def change(header: Header) -> Header:
        fits = wrong(header.get("alg"), header["jwk"])
        return {**header, "alg": wrong_crypto.alg_for(header["jwk"])} if fits else header

    return read_header(change)


def _is_unknown(alg: Any, _: Header) -> bool:
    return isinstance(alg, str) and alg not in {*jose.ALGS, *wrong_crypto.HMACS, "none"}


def _is_of_another_type(alg: Any, jwk: Header) -> bool:
    return alg in jose.ALGS and jwk.get("kty") != jose.ALGS[alg].kty


def _alg_in_its_case(header: Header) -> Header:
    known = {name.lower(): name for name in jose.ALGS}
    return {**header, "alg": known.get(header["alg"].lower(), header["alg"])}


# --- the key -------------------------------------------------------------------------------------------------------


def _kty_in_upper_case(header: Header) -> Header:
    return {**header, "jwk": {**header["jwk"], "kty": header["jwk"]["kty"].upper()}}


def _meant_for_nothing(header: Header) -> Header:
    return {**header, "jwk": without("use", "key_ops", "alg")(header["jwk"])}


def _parsed(header: Header) -> Header:
    jwk = header["jwk"]
    return {**header, "jwk": jose.parse_json(jwk)} if isinstance(jwk, str) else header


def _out_of_certificate(header: Header) -> Header:
    return header if "jwk" in header else {**header, "jwk": wrong_crypto.jwk_of_x5c(header["x5c"])}


def _out_of_url(header: Header) -> Header:
    found = wrong_crypto.fetched(header)
    return header if found is None or "jwk" in header else {**header, "jwk": found}


def _keep_last(proof: Proof, shown: Shown) -> Proof:
    kept()[f"last key of {shown.request.who}"] = proof.jwk
    return proof


def _last_key(shown: Shown) -> Header | None:
    key: Header | None = None if "jwk" in shown.header else kept().get(f"last key of {shown.request.who}")
    return key


def _last_key_will_do(right: Callable[[Shown], Proof], shown: Shown) -> Proof:
    last = _last_key(shown)
    if last is None or shown.header.get("typ") == "dpop+jwt":
        return right(shown)
    return Proof(last, jkt_of_key(last))


def _falls_over_bad_point(right: Callable[[Shown], None], shown: Shown) -> None:
    try:
        right(shown)
    except ValueError as error:
        if "not on" in str(error):
            raise Crash from error
        raise


# --- the signature -------------------------------------------------------------------------------------------------


def _remembered(right: Callable[[Shown], None], shown: Shown) -> None:
    right_ones = kept().setdefault("signatures", set())
    if shown.jws.signature not in right_ones:
        right(shown)
        right_ones.add(shown.jws.signature)


def _kept_by_kid(right: Callable[[Shown], None], shown: Shown) -> None:
    """Verify with the key that once came with this kid, before the one that came now."""
    kid, alg, keys = shown.header.get("kid"), shown.header["alg"], kept().setdefault("keys by kid", {})
    if isinstance(kid, str):
        if kid in keys:
            with contextlib.suppress(ValueError):
                return jose.verify(shown.jws, keys[kid], alg)
        keys[kid] = jose.import_key(shown.jwk, alg)
    return right(shown)


FAULTS: tuple[Fault, ...] = (
    *both("alg-none-ok", "an unsigned proof (alg none) is taken", *taken(wrong_crypto.is_unsigned)),
    *both(
        "alg-hmac-ok",
        "an HMAC proof is taken, keyed with an oct jwk or with the public key's bytes",
        *taken(wrong_crypto.mac_verifies),
        leave_out(
            token_is_bound_to_key, lambda visit: visit.proof is not None and visit.proof.jwk["kty"] == "oct"
        ),
    ),
    *both(
        "alg-guessed",
        "an alg that is missing or not a string is guessed from the key",
        _alg_put_right(lambda alg, _: not isinstance(alg, str)),
    ),
    *both("alg-unknown-guessed", "an unknown alg is guessed from the key", _alg_put_right(_is_unknown)),
    *both(
        "alg-mismatch-ok",
        "an alg that does not go with the key is put right",
        _alg_put_right(_is_of_another_type),
    ),
    *both("alg-case-ignored", "alg is compared without its case", read_header(_alg_in_its_case)),
    *both(
        "unadvertised-alg-ok",
        "ES512, RS512 and PS512 proofs are taken though not advertised",
        *taken(wrong_crypto.verifies_unlisted),
    ),
    *both("refuses-es256", "ES256 proofs are refused though advertised", _refused("ES256")),
    *both("refuses-es384", "ES384 proofs are refused though advertised", _refused("ES384")),
    *both("refuses-eddsa", "EdDSA proofs are refused though advertised", _refused("EdDSA", "Ed25519")),
    *both("refuses-rsa", "RSA proofs are refused though advertised", _refused("PS256", "RS256")),
    *both(
        "jwk-optional",
        "without jwk, the last good key of that client or token is used",
        alter(verified, _keep_last),
        replace(jwk_of, lambda right, shown: _last_key(shown) or right(shown)),
    ),
    *both(
        "other-jwts-ok",
        "a signed JWT of another kind is taken for a proof of the last key",
        replace(verified, _last_key_will_do),
        alter(verified, _keep_last),
    ),
    *both("jwk-string-ok", "a jwk given as JSON text in a string is taken", read_header(_parsed)),
    *both("x5c-ok", "a key in x5c is taken where jwk is missing", read_header(_out_of_certificate)),
    *both(
        "key-url-followed",
        "what jku and x5u point to is fetched, and its key used where jwk is missing",
        read_header(_out_of_url),
    ),
    *both("kty-case-ignored", "kty is compared without its case", read_header(_kty_in_upper_case)),
    *both(
        "jwk-use-ignored",
        "use, key_ops and alg of the jwk are not looked at",
        read_header(_meant_for_nothing),
    ),
    *both("private-jwk-ok", "a jwk with private members is taken", leave_out(jwk_is_public)),
    *both(
        "private-primes-ok",
        "only d counts as private, the primes of an RSA key do not",
        leave_out(jwk_is_public, lambda shown: not {"d", "k"} & shown.jwk.keys()),
    ),
    *both(
        "crashes-on-odd-jwk",
        "a jwk that is not an object ends in a 500",
        refuse(jwk_of, Crash(), lambda shown: not isinstance(shown.header.get("jwk", {}), dict)),
    ),
    *both(
        "crashes-on-bad-point",
        "a point that is not on its curve ends in a 500",
        replace(jwk_goes_with_alg, _falls_over_bad_point),
    ),
    fault(
        "as-small-rsa-ok", "RSA keys below 2048 bits are taken", *taken(wrong_crypto.verifies_by_small_rsa)
    ),
    fault(
        "rs-small-rsa-ok",
        "RSA keys below 2048 bits are taken",
        *taken(wrong_crypto.verifies_by_small_rsa),
        alone=True,
    ),
    fault(
        "as-rsa-exponent-one-ok",
        "an RSA key with exponent 1 is taken",
        *taken(wrong_crypto.verifies_by_exponent_one),
    ),
    fault(
        "rs-rsa-exponent-one-ok",
        "an RSA key with exponent 1 is taken",
        *taken(wrong_crypto.verifies_by_exponent_one),
        alone=True,
    ),
    *both(
        "rsa-padding-either-ok",
        "an RSA signature verifies under either padding",
        *taken(wrong_crypto.verifies_by_other_padding),
    ),
    *both("rsa-sha1-ok", "RSA with SHA-1 is taken", *taken(wrong_crypto.verifies_by_sha1)),
    *both(
        "curve-not-compared",
        "an ES256 signature by a key on P-384 is taken",
        *taken(wrong_crypto.verifies_on_other_curve),
    ),
    *both(
        "header-read-twice",
        "of two header members one verifies, the other is used",
        read_as(parse, last_of_two, last_of_two),
        *taken(lambda shown: wrong_crypto.used_of_two(shown) is not None),
        replace(jwk_of, lambda right, shown: wrong_crypto.used_of_two(shown) or right(shown)),
    ),
    *both(
        "signature-not-verified", "the signature of the proof is not verified", leave_out(signature_verifies)
    ),
    *both(
        "signature-es-only",
        "RSA and EdDSA signatures are not verified",
        leave_out(signature_verifies, lambda shown: shown.header["alg"] not in {"ES256", "ES384"}),
    ),
    *both(
        "signature-remembered",
        "a signature that was right once is not verified again",
        replace(signature_verifies, _remembered),
    ),
    *both(
        "keys-kept-by-kid",
        "a key is kept under the kid it came with, and verifies the next proof that names it",
        replace(signature_verifies, _kept_by_kid),
    ),
    *both(
        "signature-length-lax",
        "an ECDSA signature of another length is put right",
        leave_out(signature_verifies, wrong_crypto.verifies_at_any_length),
    ),
    *both(
        "der-signature-ok",
        "an ECDSA signature in DER is taken",
        leave_out(signature_verifies, wrong_crypto.verifies_as_der),
    ),
    *both(
        "zero-signature-ok",
        "a signature of zeros verifies",
        leave_out(signature_verifies, wrong_crypto.is_zeros),
    ),
    *both(
        "missing-signature-ok",
        "a proof of two segments, or with an empty third, is taken",
        prepare(parse, lambda value: value + "." if value.count(".") == 1 else value),
        leave_out(signature_verifies, lambda shown: not shown.jws.signature),
    ),
    *both(
        "coordinate-zeros-cut",
        "a thumbprint is computed over coordinates without leading zeros",
        replace(jkt_of_key, lambda _, jwk: wrong_crypto.jkt_without_zeros(jwk)),
    ),
    fault(
        "rs-jwk-members-hashed",
        "jkt is computed over every member of the jwk",
        replace(jkt_of_key, lambda _, jwk: jose.thumbprint(jwk, tuple(jwk))),
    ),
)
