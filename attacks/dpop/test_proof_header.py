"""A proof whose JOSE header is missing a member, lies, or gives a secret away (RFC 9449 sections 4.2 and 4.3)."""

from keybound.cases.declare import API, PROOF_READERS, TOKEN, Case, cases, spread
from keybound.check.keys import holding_key_of
from keybound.craft.changes.jose import (
    der_signature,
    empty_signature,
    flipped_signature,
    hmac_of_public_key,
    jwk_instead,
    private_jwk,
    private_primes,
    signature,
    signed_by_attacker,
    swapped_claims,
    symmetric,
    unsigned,
    unsigned_as,
)
from keybound.craft.changes.proof import member, without_member
from keybound.craft.changes.request import all_of
from keybound.craft.changes.values import (
    alg_of_another_key,
    as_text,
    certified,
    in_list,
    public_jwk,
    thumbprint,
    written,
    zeros,
)
from keybound.craft.jose import Key
from keybound.errors import NotApplicable

NONE = ("RFC9449-4.3-alg-none", "FAPI2SP-5.4.1-alg-none")
VERIFIED = ("RFC9449-4.3-signature", "RFC8725-3.3-all-operations", "FAPI2SP-5.4.1-jwt-bcp")

HEADER = (
    Case("proof.typ.missing", "no typ", requirements=("RFC9449-4.3-typ",), faults=("typ-optional",),
         threat="any signed JWT of the client could stand in for a proof", change=without_member("typ"), known_as=("TP-04",)),
    Case("proof.typ.other", "typ is JWT", requirements=("RFC9449-4.3-typ",), faults=("typ-not-compared",),
         threat="any signed JWT of the client could stand in for a proof", change=member("typ", "JWT"), known_as=("TP-05",)),
    Case("proof.typ.access-token", "typ is at+jwt", requirements=("RFC9449-4.3-typ",), faults=("typ-not-compared",),
         threat="any signed JWT of the client could stand in for a proof", change=member("typ", "at+jwt"), known_as=("TP-05",)),
    Case("proof.typ.longer", "typ is dpop+jwt+x", requirements=("RFC9449-4.3-typ",), faults=("typ-prefix-ok",),
         threat="a type is compared by its beginning only", change=member("typ", written("{}+x"))),
    Case("proof.typ.list", "typ is a list that holds dpop+jwt", requirements=("RFC9449-4.3-typ",), faults=("typ-list-ok",),
         threat="loose comparison takes a list for its item", change=member("typ", in_list), known_as=("TP-06",)),
    Case("proof.alg.missing", "no alg", requirements=("RFC9449-4.3-alg-supported",), faults=("alg-guessed",),
         threat="the server guesses what the attacker wants it to guess", change=without_member("alg"), known_as=("TP-12",)),
    Case("proof.alg.number", "alg is a number", requirements=("RFC9449-4.3-alg-supported",), faults=("alg-guessed",),
         threat="the server guesses what the attacker wants it to guess", change=member("alg", 256), known_as=("TP-12",)),
    Case("proof.alg.none", "alg none, no signature", requirements=NONE, faults=("alg-none-ok",),
         threat="anybody can make a proof for the victim's public key", change=unsigned, known_as=("TP-10",)),
    Case("proof.alg.none-mixed-case", "alg nOnE, no signature", requirements=NONE, faults=("alg-none-ok",),
         threat="anybody can make a proof for the victim's public key", change=unsigned_as("nOnE"), known_as=("TP-10",)),
    Case("proof.alg.none-capital", "alg None, no signature", requirements=NONE, faults=("alg-none-ok",),
         threat="anybody can make a proof for the victim's public key", change=unsigned_as("None"), known_as=("TP-10",)),
    Case("proof.alg.none-upper-case", "alg NONE, no signature", requirements=NONE, faults=("alg-none-ok",),
         threat="anybody can make a proof for the victim's public key", change=unsigned_as("NONE"), known_as=("TP-10",)),
    Case("proof.alg.none-signed", "alg none, with a signature", requirements=NONE, faults=("alg-none-ok",),
         threat="a signature that nobody looks at", change=member("alg", "none"), known_as=("TP-10",)),
    Case("proof.alg.unknown", "an alg that nobody registered", requirements=("RFC9449-4.3-alg-supported",), faults=("alg-unknown-guessed",),
         threat="the server guesses what the attacker wants it to guess", change=member("alg", "XX256"), known_as=("TP-12",)),
    Case("proof.alg.mismatched", "an alg that does not go with the key",
         requirements=("RFC9449-4.3-alg-supported", "RFC8725-3.1-algorithm-verified"), faults=("alg-mismatch-ok",),
         threat="two layers verify by two algorithms", change=member("alg", alg_of_another_key),
         known_as=("TP-16",)),
    Case("proof.alg.hs256-public-pem", "HS256 keyed with the public key's PEM", requirements=("RFC9449-4.3-alg-asymmetric",), faults=("alg-hmac-ok",),
         threat="everybody knows the public key", change=hmac_of_public_key(Key.public_pem), known_as=("TP-11",)),
    Case("proof.alg.hs256-public-der", "HS256 keyed with the public key's DER", requirements=("RFC9449-4.3-alg-asymmetric",), faults=("alg-hmac-ok",),
         threat="everybody knows the public key", change=hmac_of_public_key(Key.public_der), known_as=("TP-11",)),
    Case("proof.alg.hs256-public-jwk", "HS256 keyed with the public key's JWK", requirements=("RFC9449-4.3-alg-asymmetric",), faults=("alg-hmac-ok",),
         threat="everybody knows the public key", change=hmac_of_public_key(public_jwk), known_as=("TP-11",)),
    Case("proof.alg.hs256", "HS256 with a symmetric jwk", requirements=("RFC9449-4.3-alg-asymmetric",), faults=("alg-hmac-ok",),
         threat="a shared secret proves nothing about who holds it", change=symmetric, known_as=("TP-11", "KY-02")),
    Case("proof.jwk.missing", "no jwk", requirements=("RFC9449-4.3-jwk-present",), faults=("jwk-optional",),
         threat="the server verifies with a key of its own choice", change=without_member("jwk"), known_as=("TP-08",)),
    Case("proof.jwk.kid-instead", "kid instead of jwk", requirements=("RFC9449-4.3-jwk-present",), faults=("jwk-optional",),
         threat="the server verifies with a key of its own choice", change=jwk_instead("kid", thumbprint)),
    Case("proof.jwk.x5c-instead", "x5c instead of jwk", requirements=("RFC9449-4.3-jwk-present",), faults=("x5c-ok",),
         threat="the server verifies with a certificate's key", change=jwk_instead("x5c", certified)),
    Case("proof.jwk.string", "jwk is JSON text in a string", requirements=("RFC9449-4.3-jwk-present",), faults=("jwk-string-ok",),
         threat="two parsers see two keys", change=member("jwk", as_text), known_as=("TP-09",)),
    Case("proof.jwk.number", "jwk is a number", requirements=("RFC9449-4.3-jwk-present",), faults=("crashes-on-odd-jwk",),
         threat="an odd header member ends in a crash", change=member("jwk", 1), known_as=("TP-09",)),
    Case("proof.jwk.private", "jwk holds the private key", requirements=("RFC9449-4.3-jwk-private",), faults=("private-jwk-ok",),
         threat="a client that gives its private key away is not stopped", change=private_jwk, known_as=("KY-01",)),
)

SIGNATURE = (
    Case("proof.signature.other-key", "signed by another key than jwk", requirements=VERIFIED,
         faults=("signature-not-verified",), threat="the victim's public key is enough", change=signed_by_attacker, known_as=("TP-14",)),
    Case("proof.signature.flipped", "first bit of the signature flipped", requirements=("RFC9449-4.3-signature",),
         faults=("signature-not-verified",), threat="the victim's public key is enough", change=flipped_signature, known_as=("TP-15",)),
    Case("proof.signature.zeros", "a signature of zeros", requirements=("RFC9449-4.3-signature",), faults=("zero-signature-ok",),
         threat="r = s = 0 verifies under a broken ECDSA", change=signature(zeros)),
    Case("proof.signature.swapped-claims", "claims changed after signing", requirements=VERIFIED,
         faults=("signature-not-verified",), threat="a captured proof is dressed up anew", change=swapped_claims),
    Case("proof.signature.empty", "empty signature", requirements=("RFC9449-4.3-signature",),
         faults=("signature-not-verified",), threat="the victim's public key is enough", change=empty_signature, known_as=("TP-15",)),
)


@cases(*spread(HEADER + SIGNATURE, PROOF_READERS))
def test_wrong_header_or_signature_is_refused(case, target):
    target.refuses(case)


DER = Case("proof.signature.der", "an ECDSA signature in DER", requirements=("RFC9449-4.3-signature", "RFC7518-3.4-es256-64-octets"), faults=("der-signature-ok",),
           threat="a signature has one encoding (RFC 7518 section 3.4)", change=der_signature)


@cases(*spread([DER], PROOF_READERS))
def test_signature_encoding_is_checked(case, target):
    if not target.session.alg.startswith("ES"):
        raise NotApplicable("no ECDSA algorithm works here")
    target.refuses(case)


OTHER_ALGS = tuple(
    Case(f"proof.signature.flipped-{alg.lower()}", f"first bit of an {alg} signature flipped", requirements=VERIFIED,
         faults=("signature-es-only",), threat="the signature is verified for some algorithms only", says=f"by a key of {alg}", change=flipped_signature, data=alg)
    for alg in ("EdDSA", "PS256", "RS256")
)
PRIMES = Case("proof.jwk.private-primes", "jwk holds the primes of an RSA key", requirements=("RFC9449-4.3-jwk-private",), faults=("private-primes-ok",),
              threat="a client that gives its private key away is not stopped", says="by a key of RS256", change=private_primes, data="RS256", known_as=("KY-01",))


@cases(*spread(OTHER_ALGS, (TOKEN, API)))
def test_signature_is_verified_for_every_algorithm(case, target):
    target.refuses(case, all_of(holding_key_of(target, case.data), case.change))


@cases(*spread([PRIMES], (TOKEN, API)))
def test_primes_are_private(case, target):
    target.refuses(case, all_of(holding_key_of(target, case.data), case.change))
