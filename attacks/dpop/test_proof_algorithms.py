"""A proof whose algorithm is weak, unlisted, misspelt, or another than the signature's (RFC 8725 sections 3.1 and 3.2)."""

from keybound.cases.declare import API, PAR, PROOF_READERS, TOKEN, At, Case, cases, spread
from keybound.craft.changes.jose import rsa_key, rsa_sha1, signed_by
from keybound.craft.changes.proof import member, with_key
from keybound.craft.changes.request import all_of
from keybound.craft.changes.values import lower_case
from keybound.craft.jose import Key
from keybound.errors import NotApplicable

VERIFIED = ("RFC8725-3.1-algorithm-verified", "FAPI2SP-5.4.1-jwt-bcp")
UNLISTED = tuple(
    Case(f"proof.alg.unlisted-{alg.lower()}", f"a good {alg} proof where {alg} is not advertised",
         requirements=("RFC9449-4.3-alg-supported", "FAPI2SP-5.4.1-jwt-algs"), faults=("unadvertised-alg-ok",),
         threat="the server takes algorithms that its operator did not choose", lenient=True, says=f"a proof by a key of {alg}", data=alg, known_as=("TP-13",))
    for alg in ("RS512", "PS512", "ES512")
)


# a proof with a good algorithm that the operator did not choose is no broken proof, so the places' own rules are left out
@cases(*spread(UNLISTED, [At(at.place, at.prefix, ()) for at in (TOKEN, PAR)]), *spread(UNLISTED[:2], [At(API.place, API.prefix, ())]))
def test_unlisted_algorithm_is_refused(case, target):
    listed = target.session.advertised_algs
    if not listed or case.data in listed:
        raise NotApplicable(f"the target does not say that {case.data} is none of its algorithms")
    if case.role == "rs":
        change = all_of(target.holding(target.session.key("victim", target.taken_alg("RS256", "PS256"))), signed_by(case.data, case.data))
    else:
        change = with_key(Key.generate("ES512") if case.data == "ES512" else Key(case.data, rsa_key(2048).private))
    target.refuses(case, change)


RSA = (
    Case("proof.alg.rs1", "RSA with SHA-1", requirements=("RFC8725-3.2-current-algorithms",), faults=("rsa-sha1-ok",),
         threat="signatures under a hash that collides", says="by an RSA key", change=rsa_sha1, known_as=("TP-12",)),
    Case("proof.alg.other-padding", "an RSA signature with the padding of another algorithm than alg", requirements=VERIFIED,
         faults=("rsa-padding-either-ok",), threat="what the header says is not what is verified", says="signed_by(RS256) under alg PS256, or the other way round", known_as=("TP-16",)),
)


@cases(*spread(RSA, (TOKEN, API)))
def test_rsa_algorithm_is_the_one_named(case, target):
    alg = target.taken_alg("PS256", "RS256")
    other = signed_by("RS256" if alg == "PS256" else "PS256", alg)
    target.refuses(case, all_of(target.holding(target.session.key("victim", alg)), case.change or other))


CURVE = Case("proof.alg.other-curve", "ES256 by a key on P-384", requirements=VERIFIED, faults=("curve-not-compared",),
             threat="what the header says is not what is verified", says="by a key of ES384", change=signed_by("ES256", "ES256"), known_as=("TP-16",))


@cases(*spread([CURVE], (TOKEN, API)))
def test_curve_is_that_of_the_algorithm(case, target):
    target.taken_alg("ES256")
    if case.role == "rs":
        target.taken_alg("ES384")
    target.refuses(case, all_of(target.holding(target.session.key("victim", "ES384")), case.change))


SPELLED = Case("proof.alg.lower-case", "alg in lower case", requirements=("RFC9449-4.3-alg-supported",), faults=("alg-case-ignored",),
               threat="names of algorithms have case (RFC 7515 section 4.1.1); no such one is registered", change=member("alg", lower_case),
               lenient=True, known_as=("TP-12",))


@cases(*spread([SPELLED], PROOF_READERS))
def test_algorithm_is_spelt_as_registered(case, target):
    target.refuses(case)
