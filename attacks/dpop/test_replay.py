"""The same proof, byte for byte, a second time (RFC 9449 section 11.1).

No RFC 2119 word asks for replay detection, so a server without it is warned about, never failed.
"""

from dataclasses import replace

from keybound.cases.declare import (
    API,
    PAR,
    PROOF_READERS,
    TOKEN,
    USERINFO,
    Case,
    cases,
    spread,
    without_requirements,
)
from keybound.cases.every_place import ENDPOINTS, GRANTS
from keybound.check.controls import must_work
from keybound.craft.changes.jose import signed_by_attacker
from keybound.craft.changes.proof import (
    by_attacker,
    kept_proof,
    malleated,
    member,
    proof_lines,
    same_jti,
    same_jti_other_spelling,
    with_another_query,
    with_spare_bits,
    with_used_signature,
)
from keybound.craft.changes.request import all_of
from keybound.craft.proof import fresh_jti
from keybound.errors import NotApplicable
from keybound.judge.answer import Outcome
from keybound.places.place import api as method_place

ONCE = ("RFC9449-11.1-jti-replay", "RFC9700-4.10.1-proof-replay", "ATPROTO-dpop-jti-replay")
REPLAY = Case("replay.same-proof", "the same proof again", requirements=ONCE, faults=("no-replay-store",),
              says="the proof of the request before, byte for byte", threat="a proof read on the way can be used once more by the reader", lenient=True, known_as=("RP-01", "RP-02", "RS-15"))
PLACES = without_requirements(TOKEN, PAR, API, USERINFO)


@cases(*spread([REPLAY], PLACES))
def test_proof_is_good_once(case, target):
    target.refuses_again(case)


METHODS = tuple(
    Case(f"rs.replay.{method.lower()}", f"the same proof again with {method}", requirements=("RFC9449-11.1-jti-replay",), faults=("rs-replay-get-only",),
         threat="requests of one method are not looked at", place="api", says="the proof of the request before, byte for byte", lenient=True, data=method)
    for method in ("HEAD", "POST")
)


@cases(*METHODS)
def test_proof_is_good_once_for_every_method(case, target):
    target.refuses_again(case, method_place(target.session, target.api_lane(), case.data))


# a refresh token and the methods of the resource have cases of their own
EVERYWHERE = tuple(at for at in (*ENDPOINTS, *GRANTS) if at.place not in {"api.head", "api.post", "token.refresh_token"})
AGAIN = replace(REPLAY, requirements=REPLAY.requirements[:1], known_as=())


@cases(*spread([AGAIN], EVERYWHERE))
def test_proof_is_good_once_everywhere(case, target):
    target.refuses_again(case)


BYPASS = "a replay that differs in nothing but its spelling is not noticed"


CHANGED = (
    Case("replay.other-query", "a used proof with another query in the request", requirements=("RFC9449-11.1-jti-replay",), faults=("replay-by-url",),
         threat="one proof opens one address once for every query", lenient=True, says="with_another_query(the used proof)", data=with_another_query),
    Case("replay.same-jti-other-htu", "a used jti in a new proof whose htu is spelled in capitals", requirements=("RFC9449-11.1-jti-replay",),
         faults=("replay-by-htu-text",), threat="what is remembered is not the jti", lenient=True, says="same_jti_other_spelling(the used proof)", data=same_jti_other_spelling),
    Case("replay.same-jti", "the jti of a used proof in a new one", requirements=("RFC9449-11.1-jti-replay",), faults=("replay-by-bytes",),
         threat="what is remembered is not the jti", lenient=True, says="same_jti(the used proof)", data=same_jti, known_as=("RP-03",)),
    Case("replay.spare-bits", "a used proof with its last signature character respelled", requirements=("RFC9449-11.1-jti-replay",),
         faults=("replay-by-bytes",), threat=BYPASS, lenient=True, says="with_spare_bits(the used proof)", data=with_spare_bits),
    Case("replay.malleable-signature", "a used proof with s replaced by n - s", requirements=("RFC9449-11.1-jti-replay",),
         faults=("replay-by-bytes",), threat=BYPASS, lenient=True, says="malleated(the used proof)", data=malleated),
)


@cases(*spread(CHANGED, PLACES))
def test_used_proof_stays_used(case, target):
    alg = target.session.alg
    if case.data is malleated and alg != "ES256":
        raise NotApplicable("the algorithm of ordinary proofs here is not ES256")
    if case.data is with_spare_bits and alg == "ES384":
        raise NotApplicable("signatures of this algorithm have no spare bits in base64url")
    target.refuses_replay_with(case, case.data)


USED_SIGNATURE = Case("proof.signature.of-used-proof", "the signature of a used proof over other claims",
                      requirements=("RFC9449-4.3-signature", "RFC8725-3.3-all-operations"), faults=("signature-remembered", "signature-not-verified"),
                      says="with_used_signature(the used proof)", threat="a captured proof is dressed up anew", known_as=("TP-15",))


@cases(*spread([USED_SIGNATURE], PROOF_READERS))
def test_used_signature_signs_nothing_else(case, target):
    kept = []
    must_work(target.place(case.place), "control before: the proof's first use", kept_proof(kept))
    target.refuses(case, with_used_signature(kept[-1]))


KNOWN_KID = Case("proof.signature.known-kid", "the victim's jwk, signed by another, with the kid of the other's key",
                 requirements=("RFC9449-4.3-signature", "RFC8725-3.3-all-operations"), faults=("keys-kept-by-kid", "signature-not-verified"),
                 says="signed by the attacker, with the kid under which he showed his key before", threat="a key that the thief showed before verifies what he signs in another's name", known_as=("TP-14",))


@cases(*spread([KNOWN_KID], PROOF_READERS))
def test_key_seen_before_verifies_no_other(case, target):
    named = member("kid", fresh_jti())
    target.controls.require(target.place(case.place))
    target.place(case.place).attempt(all_of(by_attacker, named), "the attacker's key shows itself under a kid")
    target.refuses(case, all_of(signed_by_attacker, named))


AT_ONCE = Case("replay.parallel", "one proof in eight requests at once", requirements=("RFC9449-11.1-jti-replay",), faults=("replay-store-late",),
               says="one proof in several requests at the same moment", threat="two requests at the same moment both find the proof unused", lenient=True, known_as=("RP-01",))
COUNT, ROUNDS = 8, 3


@cases(*spread([AT_ONCE], PLACES[:1] + PLACES[2:3]))
def test_one_of_many_at_once_succeeds(case, target):
    succeeded = 0
    for _ in range(ROUNDS):
        succeeded = max(succeeded, sum(answer.outcome is Outcome.EFFECT for answer in target.parallel(case, COUNT)))
        if succeeded > 1:
            break
    target.measure("parallel_replays_accepted", f"{case.role}.{case.place}", succeeded, f"of {COUNT}")
    target.expect(succeeded <= 1, "one of them succeeds at most", f"{succeeded} of {COUNT} succeeded")


ELSEWHERE = Case("as.replay.other-endpoint", "a proof used at the token endpoint, at PAR", requirements=("RFC9449-4.3-htu",), faults=("as-htu-any-endpoint",),
                 says="the proof of a token request, byte for byte", threat="a proof read at one endpoint opens another", place="token", known_as=("AC-09",))


@cases(ELSEWHERE)
def test_used_proof_is_no_good_elsewhere(case, target):
    kept = []
    target.controls.require(target.place("token"))
    target.place("token").attempt(kept_proof(kept), "first use, at the token endpoint")
    target.refuses(case, proof_lines(kept[-1]), target.place("par"))
