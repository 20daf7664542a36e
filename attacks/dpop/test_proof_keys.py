"""A proof with a key that is weak, broken, or meant for something else (RFC 7518 sections 3.3 and 6, RFC 7517 section 4)."""

from keybound.cases.declare import API, PROOF_READERS, TOKEN, At, Case, cases, spread
from keybound.craft.changes.jose import ExponentOne, jwk_member, rsa_key
from keybound.craft.changes.proof import member
from keybound.craft.changes.values import in_list, lower_case, off_curve, origin
from keybound.craft.jose import Key
from keybound.errors import NotApplicable

ONE_USE = "a key made for one thing serves for another"


MEANT = (
    Case("proof.jwk.use-enc", "jwk says that it is for encryption", requirements=("RFC8725-3.1-algorithm-verified",), faults=("jwk-use-ignored",),
         threat=ONE_USE, change=jwk_member("use", "enc"), lenient=True, known_as=("KY-05",)),
    Case("proof.jwk.key-ops", "jwk has key_ops without verify", requirements=("RFC8725-3.1-algorithm-verified",), faults=("jwk-use-ignored",),
         threat=ONE_USE, change=jwk_member("key_ops", ["encrypt"]), lenient=True, known_as=("KY-05",)),
    Case("proof.jwk.other-alg", "jwk says another alg than the header", requirements=("RFC8725-3.1-algorithm-verified",), faults=("jwk-use-ignored",),
         threat=ONE_USE, change=jwk_member("alg", "RS384"), lenient=True, known_as=("KY-05",)),
    Case("proof.jwk.kty-case", "kty in the other case", requirements=("RFC9449-4.3-jwk-present",), faults=("kty-case-ignored",),
         threat="values of kty have case (RFC 7517 section 4.1)", change=jwk_member("kty", lower_case),
         lenient=True, known_as=("KY-03",)),
    Case("proof.jwk.list", "jwk is a list that holds the key", requirements=("RFC9449-4.3-jwk-present",), faults=("crashes-on-odd-jwk",),
         threat="an odd header member ends in a crash", change=member("jwk", in_list), known_as=("TP-09",)),
    Case("proof.jwk.null", "jwk is null", requirements=("RFC9449-4.3-jwk-present",), faults=("crashes-on-odd-jwk",),
         threat="an odd header member ends in a crash", change=member("jwk", None), known_as=("TP-09",)),
    Case("proof.jwk.true", "jwk is true", requirements=("RFC9449-4.3-jwk-present",), faults=("crashes-on-odd-jwk",),
         threat="an odd header member ends in a crash", change=member("jwk", True), known_as=("TP-09",)),
)


@cases(*spread(MEANT, PROOF_READERS))
def test_odd_key_is_refused(case, target):
    target.refuses(case)


POINTS = (
    Case("proof.jwk.off-curve", "jwk holds a point that is not on its curve", requirements=("RFC9449-4.3-signature",), faults=("crashes-on-bad-point",),
         threat="an impossible key ends in a crash, or in reckoning on a weak curve", change=member("jwk", off_curve), known_as=("KY-03",)),
    Case("proof.jwk.origin", "jwk has zeros for coordinates", requirements=("RFC9449-4.3-signature",), faults=("crashes-on-bad-point",),
         threat="an impossible key ends in a crash, or verifies everything", change=member("jwk", origin), known_as=("KY-03",)),
)


@cases(*spread(POINTS, PROOF_READERS))
def test_impossible_point_is_refused(case, target):
    if not target.session.alg.startswith("ES"):
        raise NotApplicable("no ECDSA algorithm works here")
    target.refuses(case)


WEAK_KEY_PLACES = tuple(At(at.place, at.prefix, ()) for at in (TOKEN, API))
SMALL = tuple(
    Case(f"proof.jwk.rsa-{bits}", f"an RSA key of {bits} bits", requirements=("RFC7518-3.3-rsa-2048", "FAPI2SP-5.4.1-rsa-2048"), faults=("small-rsa-ok",),
         threat="keys that can be factored", lenient=True, says=f"a proof by an RSA key of {bits} bits", data=bits, known_as=("KY-04",))
    for bits in (1024, 2047)
)


@cases(*spread(SMALL, WEAK_KEY_PLACES))
def test_small_rsa_key_is_refused(case, target):
    key = Key(target.taken_alg("PS256", "RS256"), rsa_key(case.data).private)
    target.refuses(case, target.holding(key))


ONE = Case("proof.jwk.rsa-exponent-one", "an RSA key with exponent 1", requirements=("RFC8725-3.2-current-algorithms",), faults=("rsa-exponent-one-ok",),
           threat="whoever sees such a key can sign with it", says="a proof by an RSA key with e = 1", lenient=True)


@cases(*spread([ONE], WEAK_KEY_PLACES))
def test_rsa_exponent_is_checked(case, target):
    key = ExponentOne(target.taken_alg("RS256"), rsa_key(2048).private)
    target.refuses(case, target.holding(key))
