"""Several DPoP headers, or one that holds no proof (RFC 9449 section 4.3 items 1 and 2)."""

from keybound.cases import PROOF_READERS, RESOURCES, At, Case, cases, spread
from keybound.craft.deltas import garbage, junk_then_proof, proof_then_junk, same_proof_twice, two_proofs
from keybound.errors import Inconclusive
from keybound.judge.answer import Outcome
from keybound.judge.rules import Exact

ONE_HEADER = ("RFC9449-4.3-one-header",)
SMUGGLING = "two layers look at two different proofs"


def proof_lines(*lines):
    """Send these DPoP headers, the proof in place of {}."""

    def delta(draft):
        draft.proof_headers = lambda proof: [line.format(proof) for line in lines]

    return delta


HEADERS = (
    Case("proof.twice.two-valid", "two DPoP headers, both valid", ONE_HEADER, ("first-dpop-header", "last-dpop-header"),
         SMUGGLING, two_proofs, also=("TP-28", "RS-20")),
    Case("proof.twice.valid-then-junk", "two DPoP headers, the first valid", ONE_HEADER, ("first-dpop-header",),
         SMUGGLING, proof_then_junk, also=("TP-28", "RS-20")),
    Case("proof.twice.junk-then-valid", "two DPoP headers, the last valid", ONE_HEADER, ("last-dpop-header",),
         SMUGGLING, junk_then_proof, also=("TP-28", "RS-20")),
    Case("proof.twice.same", "the same proof in two DPoP headers", ONE_HEADER, ("first-dpop-header", "last-dpop-header"),
         SMUGGLING, same_proof_twice, also=("TP-28", "RS-20")),
    Case("proof.twice.valid-then-empty", "two DPoP headers, the second empty", ONE_HEADER, ("first-dpop-header",),
         SMUGGLING, proof_lines("{}", ""), lenient=True, also=("TP-28", "RS-20")),
    Case("proof.twice.empty-then-valid", "two DPoP headers, the first empty", ONE_HEADER, ("last-dpop-header",),
         SMUGGLING, proof_lines("", "{}"), lenient=True, also=("TP-28", "RS-20")),
    Case("proof.not-a-jwt", "a DPoP header that is no JWT", ("RFC9449-4.3-well-formed-jwt",), ("malformed-proof-ignored",),
         "a proof that cannot be read counts as none, and the token comes unbound", garbage, also=("TP-02",)),
)


@cases(*spread(HEADERS, PROOF_READERS))
def test_header_must_be_one_proof(case, target):
    target.refuses(case)


EMPTY = Case("proof.header.empty", "an empty DPoP header", ("RFC9449-7.1-proof-present",),
             ("malformed-proof-ignored", "unreadable-proof-ignored"), "a header that is there stands for a proof",
             proof_lines(""), exact=Exact((401,), ("invalid_token", "invalid_dpop_proof")), also=("TP-03",))


@cases(*spread([EMPTY], [At(at.place, at.prefix, ()) for at in RESOURCES]))
def test_empty_header_is_no_proof(case, target):
    target.refuses(case)


CALLED = Case("as.proof.header.empty", "an empty DPoP header gives no token that is called DPoP", ("RFC9449-5-token-type",),
              ("as-empty-header-says-dpop",), "a token that is bound to nothing is announced as bound", proof_lines(""), "token",
              also=("TP-03",))


@cases(CALLED)
def test_empty_header_binds_nothing(case, target):
    place = target.place(case.place)
    target.bench.require(place)
    answer = place.attempt(case.delta, "hostile")
    if answer.limited or answer.outcome in {Outcome.CRASHED, Outcome.UNREACHABLE}:
        raise Inconclusive(answer.seen)
    if answer.outcome is Outcome.EFFECT:
        target.note("an empty DPoP header counts as none")
    target.expect(answer.token_type != "dpop", "an error, or a token of another type", answer.seen)
