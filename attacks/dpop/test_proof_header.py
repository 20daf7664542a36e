"""A proof whose JOSE header is missing a member, lies, or gives a secret away (RFC 9449 sections 4.2 and 4.3)."""

from keybound.cases import API, PROOF_READERS, TOKEN, Case, cases, spread
from keybound.craft.certificates import x5c_of
from keybound.craft.deltas import (
    all_of,
    as_text,
    der_signature,
    empty_signature,
    flipped_signature,
    hmac_of_public_key,
    in_list,
    jwk_instead,
    member,
    private_jwk,
    private_primes,
    signature,
    signed_by_attacker,
    swapped_claims,
    symmetric,
    unsigned,
    unsigned_as,
    without_member,
)
from keybound.craft.jose import Key, compact_json
from keybound.errors import NotApplicable

NONE = ("RFC9449-4.3-alg-none", "FAPI2SP-5.4.1-alg-none")
VERIFIED = ("RFC9449-4.3-signature", "RFC8725-3.3-all-operations", "FAPI2SP-5.4.1-jwt-bcp")

HEADER = (
    Case("proof.typ.missing", "no typ", ("RFC9449-4.3-typ",), ("typ-optional",),
         "any signed JWT of the client could stand in for a proof", without_member("typ"), also=("TP-04",)),
    Case("proof.typ.other", "typ is JWT", ("RFC9449-4.3-typ",), ("typ-not-compared",),
         "any signed JWT of the client could stand in for a proof", member("typ", lambda _: "JWT"), also=("TP-05",)),
    Case("proof.typ.access-token", "typ is at+jwt", ("RFC9449-4.3-typ",), ("typ-not-compared",),
         "any signed JWT of the client could stand in for a proof", member("typ", lambda _: "at+jwt"), also=("TP-05",)),
    Case("proof.typ.longer", "typ is dpop+jwt+x", ("RFC9449-4.3-typ",), ("typ-prefix-ok",),
         "a type is compared by its beginning only", member("typ", lambda right: f"{right}+x")),
    Case("proof.typ.list", "typ is a list that holds dpop+jwt", ("RFC9449-4.3-typ",), ("typ-list-ok",),
         "loose comparison takes a list for its item", member("typ", in_list), also=("TP-06",)),
    Case("proof.alg.missing", "no alg", ("RFC9449-4.3-alg-supported",), ("alg-guessed",),
         "the server guesses what the attacker wants it to guess", without_member("alg"), also=("TP-12",)),
    Case("proof.alg.number", "alg is a number", ("RFC9449-4.3-alg-supported",), ("alg-guessed",),
         "the server guesses what the attacker wants it to guess", member("alg", lambda _: 256), also=("TP-12",)),
    Case("proof.alg.none", "alg none, no signature", NONE, ("alg-none-ok",),
         "anybody can make a proof for the victim's public key", unsigned, also=("TP-10",)),
    Case("proof.alg.none-mixed-case", "alg nOnE, no signature", NONE, ("alg-none-ok",),
         "anybody can make a proof for the victim's public key", unsigned_as("nOnE"), also=("TP-10",)),
    Case("proof.alg.none-capital", "alg None, no signature", NONE, ("alg-none-ok",),
         "anybody can make a proof for the victim's public key", unsigned_as("None"), also=("TP-10",)),
    Case("proof.alg.none-upper-case", "alg NONE, no signature", NONE, ("alg-none-ok",),
         "anybody can make a proof for the victim's public key", unsigned_as("NONE"), also=("TP-10",)),
    Case("proof.alg.none-signed", "alg none, with a signature", NONE, ("alg-none-ok",),
         "a signature that nobody looks at", member("alg", lambda _: "none"), also=("TP-10",)),
    Case("proof.alg.unknown", "an alg that nobody registered", ("RFC9449-4.3-alg-supported",), ("alg-unknown-guessed",),
         "the server guesses what the attacker wants it to guess", member("alg", lambda _: "XX256"), also=("TP-12",)),
    Case("proof.alg.mismatched", "an alg that does not go with the key",
         ("RFC9449-4.3-alg-supported", "RFC8725-3.1-algorithm-verified"), ("alg-mismatch-ok",),
         "two layers verify by two algorithms", member("alg", lambda right: "ES256" if right[:2] != "ES" else "RS256"),
         also=("TP-16",)),
    Case("proof.alg.hs256-public-pem", "HS256 keyed with the public key's PEM", ("RFC9449-4.3-alg-asymmetric",), ("alg-hmac-ok",),
         "everybody knows the public key", hmac_of_public_key(Key.public_pem), also=("TP-11",)),
    Case("proof.alg.hs256-public-der", "HS256 keyed with the public key's DER", ("RFC9449-4.3-alg-asymmetric",), ("alg-hmac-ok",),
         "everybody knows the public key", hmac_of_public_key(Key.public_der), also=("TP-11",)),
    Case("proof.alg.hs256-public-jwk", "HS256 keyed with the public key's JWK", ("RFC9449-4.3-alg-asymmetric",), ("alg-hmac-ok",),
         "everybody knows the public key", hmac_of_public_key(lambda key: compact_json(key.jwk)), also=("TP-11",)),
    Case("proof.alg.hs256", "HS256 with a symmetric jwk", ("RFC9449-4.3-alg-asymmetric",), ("alg-hmac-ok",),
         "a shared secret proves nothing about who holds it", symmetric, also=("TP-11", "KY-02")),
    Case("proof.jwk.missing", "no jwk", ("RFC9449-4.3-jwk-present",), ("jwk-optional",),
         "the server verifies with a key of its own choice", without_member("jwk"), also=("TP-08",)),
    Case("proof.jwk.kid-instead", "kid instead of jwk", ("RFC9449-4.3-jwk-present",), ("jwk-optional",),
         "the server verifies with a key of its own choice", jwk_instead("kid", lambda key: key.thumbprint)),
    Case("proof.jwk.x5c-instead", "x5c instead of jwk", ("RFC9449-4.3-jwk-present",), ("x5c-ok",),
         "the server verifies with a certificate's key", jwk_instead("x5c", lambda key: [x5c_of(key)])),
    Case("proof.jwk.string", "jwk is JSON text in a string", ("RFC9449-4.3-jwk-present",), ("jwk-string-ok",),
         "two parsers see two keys", member("jwk", as_text), also=("TP-09",)),
    Case("proof.jwk.number", "jwk is a number", ("RFC9449-4.3-jwk-present",), ("crashes-on-odd-jwk",),
         "an odd header member ends in a crash", member("jwk", lambda _: 1), also=("TP-09",)),
    Case("proof.jwk.private", "jwk holds the private key", ("RFC9449-4.3-jwk-private",), ("private-jwk-ok",),
         "a client that gives its private key away is not stopped", private_jwk, also=("KY-01",)),
)

SIGNATURE = (
    Case("proof.signature.other-key", "signed by another key than jwk", VERIFIED,
         ("signature-not-verified",), "the victim's public key is enough", signed_by_attacker, also=("TP-14",)),
    Case("proof.signature.flipped", "first bit of the signature flipped", ("RFC9449-4.3-signature",),
         ("signature-not-verified",), "the victim's public key is enough", flipped_signature, also=("TP-15",)),
    Case("proof.signature.zeros", "a signature of zeros", ("RFC9449-4.3-signature",), ("zero-signature-ok",),
         "r = s = 0 verifies under a broken ECDSA", signature(lambda right: bytes(len(right)))),
    Case("proof.signature.swapped-claims", "claims changed after signing", VERIFIED,
         ("signature-not-verified",), "a captured proof is dressed up anew", swapped_claims),
    Case("proof.signature.empty", "empty signature", ("RFC9449-4.3-signature",),
         ("signature-not-verified",), "the victim's public key is enough", empty_signature, also=("TP-15",)),
)


@cases(*spread(HEADER + SIGNATURE, PROOF_READERS))
def test_wrong_header_or_signature_is_refused(case, target):
    target.refuses(case)


DER = Case("proof.signature.der", "an ECDSA signature in DER", ("RFC9449-4.3-signature", "RFC7518-3.4-es256-64-octets"), ("der-signature-ok",),
           "a signature has one encoding (RFC 7518 section 3.4)", der_signature)


@cases(*spread([DER], PROOF_READERS))
def test_signature_encoding_is_checked(case, target):
    if not target.session.alg.startswith("ES"):
        raise NotApplicable("no ECDSA algorithm works here")
    target.refuses(case)


OTHER_ALGS = tuple(
    Case(f"proof.signature.flipped-{alg.lower()}", f"first bit of an {alg} signature flipped", VERIFIED,
         ("signature-es-only",), "the signature is verified for some algorithms only", data=alg)
    for alg in ("EdDSA", "PS256", "RS256")
)


PRIMES = Case("proof.jwk.private-primes", "jwk holds the primes of an RSA key", ("RFC9449-4.3-jwk-private",), ("private-primes-ok",),
              "a client that gives its private key away is not stopped", data="RS256", also=("KY-01",))


def with_another_algorithm(case, target, delta):
    """Return the delta after a change to a key of the case's algorithm; raises NotApplicable where that cannot work."""
    if case.data not in target.session.advertised_algs:
        raise NotApplicable(f"{case.data} is not in dpop_signing_alg_values_supported")
    return all_of(target.holding(target.session.key("victim", case.data)), delta)


@cases(*spread(OTHER_ALGS, (TOKEN, API)))
def test_signature_is_verified_for_every_algorithm(case, target):
    target.refuses(case, with_another_algorithm(case, target, flipped_signature))


@cases(*spread([PRIMES], (TOKEN, API)))
def test_primes_are_private(case, target):
    target.refuses(case, with_another_algorithm(case, target, private_primes))
