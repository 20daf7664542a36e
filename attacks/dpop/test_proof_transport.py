"""Several DPoP headers, or one that holds no proof (RFC 9449 section 4.3 items 1 and 2)."""

from keybound.cases.declare import PROOF_READERS, RESOURCES, At, Case, cases, spread
from keybound.craft.changes.proof import garbage, proof_lines, two_proofs
from keybound.errors import Inconclusive
from keybound.judge.answer import Outcome
from keybound.judge.rules import Exact

ONE_HEADER = ("RFC9449-4.3-one-header",)
SMUGGLING = "two layers look at two different proofs"


HEADERS = (
    Case("proof.twice.two-valid", "two DPoP headers, both valid", requirements=ONE_HEADER, faults=("first-dpop-header", "last-dpop-header"),
         threat=SMUGGLING, change=two_proofs, known_as=("TP-28", "RS-20")),
    Case("proof.twice.valid-then-junk", "two DPoP headers, the first valid", requirements=ONE_HEADER, faults=("first-dpop-header",),
         threat=SMUGGLING, change=proof_lines("{}", "junk"), known_as=("TP-28", "RS-20")),
    Case("proof.twice.junk-then-valid", "two DPoP headers, the last valid", requirements=ONE_HEADER, faults=("last-dpop-header",),
         threat=SMUGGLING, change=proof_lines("junk", "{}"), known_as=("TP-28", "RS-20")),
    Case("proof.twice.same", "the same proof in two DPoP headers", requirements=ONE_HEADER, faults=("first-dpop-header", "last-dpop-header"),
         threat=SMUGGLING, change=proof_lines("{}", "{}"), known_as=("TP-28", "RS-20")),
    Case("proof.twice.valid-then-empty", "two DPoP headers, the second empty", requirements=ONE_HEADER, faults=("first-dpop-header",),
         threat=SMUGGLING, change=proof_lines("{}", ""), lenient=True, known_as=("TP-28", "RS-20")),
    Case("proof.twice.empty-then-valid", "two DPoP headers, the first empty", requirements=ONE_HEADER, faults=("last-dpop-header",),
         threat=SMUGGLING, change=proof_lines("", "{}"), lenient=True, known_as=("TP-28", "RS-20")),
    Case("proof.not-a-jwt", "a DPoP header that is no JWT", requirements=("RFC9449-4.3-well-formed-jwt",), faults=("malformed-proof-ignored",),
         threat="a proof that cannot be read counts as none, and the token comes unbound", change=garbage, known_as=("TP-02",)),
)


@cases(*spread(HEADERS, PROOF_READERS))
def test_header_must_be_one_proof(case, target):
    target.refuses(case)


EMPTY = Case("proof.header.empty", "an empty DPoP header", requirements=("RFC9449-7.1-proof-present",),
             faults=("malformed-proof-ignored", "unreadable-proof-ignored"), threat="a header that is there stands for a proof",
             change=proof_lines(""), names_the_reason=Exact((401,), ("invalid_token", "invalid_dpop_proof")), known_as=("TP-03",))


@cases(*spread([EMPTY], [At(at.place, at.prefix, ()) for at in RESOURCES]))
def test_empty_header_is_no_proof(case, target):
    target.refuses(case)


CALLED = Case("as.proof.header.empty", "an empty DPoP header gives no token that is called DPoP", requirements=("RFC9449-5-token-type",),
              faults=("as-empty-header-says-dpop",), threat="a token that is bound to nothing is announced as bound", change=proof_lines(""), place="token",
              known_as=("TP-03",))


@cases(CALLED)
def test_empty_header_binds_nothing(case, target):
    place = target.place(case.place)
    target.controls.require(place)
    answer = place.attempt(case.change, "hostile")
    if answer.limited or answer.outcome in {Outcome.CRASHED, Outcome.UNREACHABLE}:
        raise Inconclusive(answer.seen)
    if answer.outcome is Outcome.EFFECT:
        target.note("an empty DPoP header counts as none")
    target.expect(answer.token_type != "dpop", "an error, or a token of another type", answer.seen)
