"""A proof whose JOSE header is missing a member, lies, or gives a secret away (RFC 9449 sections 4.2 and 4.3)."""

from keybound.cases import PROOF_READERS, Case, cases, spread
from keybound.craft.deltas import (
    as_text,
    empty_signature,
    flipped_signature,
    in_list,
    member,
    private_jwk,
    signed_by_attacker,
    symmetric,
    unsigned,
    without_member,
)

HEADER = (
    Case("proof.typ.missing", "no typ", ("RFC9449-4.3-typ",), ("typ-optional",),
         "any signed JWT of the client could stand in for a proof", without_member("typ"), also=("TP-04",)),
    Case("proof.typ.other", "typ is JWT", ("RFC9449-4.3-typ",), ("typ-not-compared",),
         "any signed JWT of the client could stand in for a proof", member("typ", lambda _: "JWT"), also=("TP-05",)),
    Case("proof.typ.list", "typ is a list that holds dpop+jwt", ("RFC9449-4.3-typ",), ("typ-list-ok",),
         "loose comparison takes a list for its item", member("typ", in_list), also=("TP-06",)),
    Case("proof.alg.missing", "no alg", ("RFC9449-4.3-alg-supported",), ("alg-guessed",),
         "the server guesses what the attacker wants it to guess", without_member("alg"), also=("TP-12",)),
    Case("proof.alg.number", "alg is a number", ("RFC9449-4.3-alg-supported",), ("alg-guessed",),
         "the server guesses what the attacker wants it to guess", member("alg", lambda _: 256), also=("TP-12",)),
    Case("proof.alg.none", "alg none, no signature", ("RFC9449-4.3-alg-none",), ("alg-none-ok",),
         "anybody can make a proof for the victim's public key", unsigned, also=("TP-10",)),
    Case("proof.alg.hs256", "HS256 with a symmetric jwk", ("RFC9449-4.3-alg-asymmetric",), ("alg-hmac-ok",),
         "a shared secret proves nothing about who holds it", symmetric, also=("TP-11", "KY-02")),
    Case("proof.jwk.missing", "no jwk", ("RFC9449-4.3-jwk-present",), ("jwk-optional",),
         "the server verifies with a key of its own choice", without_member("jwk"), also=("TP-08",)),
    Case("proof.jwk.string", "jwk is JSON text in a string", ("RFC9449-4.3-jwk-present",), ("jwk-string-ok",),
         "two parsers see two keys", member("jwk", as_text), also=("TP-09",)),
    Case("proof.jwk.number", "jwk is a number", ("RFC9449-4.3-jwk-present",), ("crashes-on-odd-jwk",),
         "an odd header member ends in a crash", member("jwk", lambda _: 1), also=("TP-09",)),
    Case("proof.jwk.private", "jwk holds the private key", ("RFC9449-4.3-jwk-private",), ("private-jwk-ok",),
         "a client that gives its private key away is not stopped", private_jwk, also=("KY-01",)),
)

SIGNATURE = (
    Case("proof.signature.other-key", "signed by another key than jwk", ("RFC9449-4.3-signature",),
         ("signature-not-verified",), "the victim's public key is enough", signed_by_attacker, also=("TP-14",)),
    Case("proof.signature.flipped", "first bit of the signature flipped", ("RFC9449-4.3-signature",),
         ("signature-not-verified",), "the victim's public key is enough", flipped_signature, also=("TP-15",)),
    Case("proof.signature.empty", "empty signature", ("RFC9449-4.3-signature",),
         ("signature-not-verified",), "the victim's public key is enough", empty_signature, also=("TP-15",)),
)


@cases(*spread(HEADER + SIGNATURE, PROOF_READERS))
def test_wrong_header_or_signature_is_refused(case, target):
    target.refuses(case)
