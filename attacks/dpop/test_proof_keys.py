"""A proof with a key that is weak, broken, or meant for something else (RFC 7518 sections 3.3 and 6, RFC 7517 section 4)."""

from keybound.cases import API, PROOF_READERS, TOKEN, At, Case, cases, spread
from keybound.craft.deltas import member
from keybound.craft.deltas_jose import ExponentOne, jwk_members, off_curve, origin, rsa_key
from keybound.craft.jose import Key
from keybound.errors import NotApplicable

ONE_USE = "a key made for one thing serves for another"


def jwk_with(**members):
    return jwk_members(lambda right: {**right, **members})


MEANT = (
    Case("proof.jwk.use-enc", "jwk says that it is for encryption", ("RFC8725-3.1-algorithm-verified",), ("jwk-use-ignored",),
         ONE_USE, jwk_with(use="enc"), lenient=True, also=("KY-05",)),
    Case("proof.jwk.key-ops", "jwk has key_ops without verify", ("RFC8725-3.1-algorithm-verified",), ("jwk-use-ignored",),
         ONE_USE, jwk_with(key_ops=["encrypt"]), lenient=True, also=("KY-05",)),
    Case("proof.jwk.other-alg", "jwk says another alg than the header", ("RFC8725-3.1-algorithm-verified",), ("jwk-use-ignored",),
         ONE_USE, jwk_with(alg="RS384"), lenient=True, also=("KY-05",)),
    Case("proof.jwk.kty-case", "kty in the other case", ("RFC9449-4.3-jwk-present",), ("kty-case-ignored",),
         "values of kty have case (RFC 7517 section 4.1)", jwk_members(lambda right: {**right, "kty": right["kty"].lower()}),
         lenient=True, also=("KY-03",)),
    Case("proof.jwk.list", "jwk is a list that holds the key", ("RFC9449-4.3-jwk-present",), ("crashes-on-odd-jwk",),
         "an odd header member ends in a crash", member("jwk", lambda right: [right]), also=("TP-09",)),
    Case("proof.jwk.null", "jwk is null", ("RFC9449-4.3-jwk-present",), ("crashes-on-odd-jwk",),
         "an odd header member ends in a crash", member("jwk", lambda _: None), also=("TP-09",)),
    Case("proof.jwk.true", "jwk is true", ("RFC9449-4.3-jwk-present",), ("crashes-on-odd-jwk",),
         "an odd header member ends in a crash", member("jwk", lambda _: True), also=("TP-09",)),
)


@cases(*spread(MEANT, PROOF_READERS))
def test_odd_key_is_refused(case, target):
    target.refuses(case)


POINTS = (
    Case("proof.jwk.off-curve", "jwk holds a point that is not on its curve", ("RFC9449-4.3-signature",), ("crashes-on-bad-point",),
         "an impossible key ends in a crash, or in reckoning on a weak curve", jwk_members(off_curve), also=("KY-03",)),
    Case("proof.jwk.origin", "jwk has zeros for coordinates", ("RFC9449-4.3-signature",), ("crashes-on-bad-point",),
         "an impossible key ends in a crash, or verifies everything", jwk_members(origin), also=("KY-03",)),
)


@cases(*spread(POINTS, PROOF_READERS))
def test_impossible_point_is_refused(case, target):
    if not target.session.alg.startswith("ES"):
        raise NotApplicable("no ECDSA algorithm works here")
    target.refuses(case)


WEAK_KEY_PLACES = tuple(At(at.place, at.prefix, ()) for at in (TOKEN, API))
SMALL = tuple(
    Case(f"proof.jwk.rsa-{bits}", f"an RSA key of {bits} bits", ("RFC7518-3.3-rsa-2048", "FAPI2SP-5.4.1-rsa-2048"), ("small-rsa-ok",),
         "keys that can be factored", lenient=True, data=bits, also=("KY-04",))
    for bits in (1024, 2047)
)


@cases(*spread(SMALL, WEAK_KEY_PLACES))
def test_small_rsa_key_is_refused(case, target):
    key = Key(target.taken_alg("PS256", "RS256"), rsa_key(case.data).private)
    target.refuses(case, target.holding(key))


ONE = Case("proof.jwk.rsa-exponent-one", "an RSA key with exponent 1", ("RFC8725-3.2-current-algorithms",), ("rsa-exponent-one-ok",),
           "whoever sees such a key can sign with it", lenient=True)


@cases(*spread([ONE], WEAK_KEY_PLACES))
def test_rsa_exponent_is_checked(case, target):
    key = ExponentOne(target.taken_alg("RS256"), rsa_key(2048).private)
    target.refuses(case, target.holding(key))
