"""A thief has an authorization code that was asked for with the victim's key (RFC 9449 section 10)."""

from dataclasses import replace

from keybound.cases.declare import Case, cases
from keybound.check.codes import is_redeemable_with_conflicting_jkt
from keybound.craft.changes.proof import by_attacker, no_proof
from keybound.craft.changes.request import attackers_jkt
from keybound.judge.rules import Exact
from keybound.judge.verdict import Verdict

STOLEN = "the thief redeems the victim's code and gets a token of its own"
UNBOUND = "the thief redeems the victim's code and gets a token bound to nothing"

CODES = (
    Case("as.code.dpop-jkt.attacker-key", "code with dpop_jkt redeemed with another key",
         requirements=("RFC9449-10-code-key-mismatch",), faults=("as-ignores-dpop-jkt",), threat=STOLEN, change=by_attacker, place="code.dpop_jkt", known_as=("AC-02",)),
    Case("as.code.dpop-jkt.without-proof", "code with dpop_jkt redeemed without a proof",
         requirements=("RFC9449-10-code-no-proof",), faults=("as-code-proof-optional",), threat=UNBOUND, change=no_proof, place="code.dpop_jkt", known_as=("AC-03",)),
    Case("as.code.par-dpop-jkt.attacker-key", "code with dpop_jkt in PAR redeemed with another key",
         requirements=("RFC9449-10.1-par-dpop-jkt", "FAPI2SP-5.3.2.1-code-binding"), faults=("as-ignores-dpop-jkt-in-par",), threat=STOLEN, change=by_attacker, place="code.par-dpop_jkt",
         known_as=("AC-02", "AC-14")),
    Case("as.code.par-dpop-jkt.without-proof", "code with dpop_jkt in PAR redeemed without a proof",
         requirements=("RFC9449-10-code-no-proof",), faults=("as-code-proof-optional",), threat=UNBOUND, change=no_proof, place="code.par-dpop_jkt", known_as=("AC-03",)),
    Case("as.code.par-proof.attacker-key", "code with a proof at PAR redeemed with another key",
         requirements=("RFC9449-10.1-par-proof-binds", "ATPROTO-flow-par-binds", "FAPI2SP-5.3.2.1-code-binding"), faults=("as-par-proof-not-bound",), threat=STOLEN, change=by_attacker, place="code.par-proof", known_as=("AC-08",)),
    Case("as.code.par-proof.without-proof", "code with a proof at PAR redeemed without a proof",
         requirements=("RFC9449-10.1-par-proof-binds",), faults=("as-par-proof-not-bound",), threat=UNBOUND, change=no_proof, place="code.par-proof", known_as=("AC-08",)),
)
SECOND = tuple(
    Case(f"as.code.{slug}.second-client", f"code with {what} of the other kind of client, public or confidential, redeemed with another key",
         requirements=(requirement,), faults=(fault, f"as-code-binding-{spared}-only"), threat=STOLEN, change=by_attacker, place=f"code.{place}.second")
    for slug, what, requirement, fault, place, spared in (
        ("dpop-jkt", "dpop_jkt", "RFC9449-10-code-key-mismatch", "as-ignores-dpop-jkt", "dpop_jkt", "public"),
        ("par-dpop-jkt", "dpop_jkt in PAR", "RFC9449-10.1-par-dpop-jkt", "as-ignores-dpop-jkt-in-par", "par-dpop_jkt",
         "confidential"),
        ("par-proof", "a proof at PAR", "RFC9449-10.1-par-proof-binds", "as-par-proof-not-bound", "par-proof", "confidential"),
    )
)


@cases(*CODES, *SECOND)
def test_stolen_code_is_useless(case, target):
    # without PAR an AS need not know dpop_jkt at all: then ignoring it is what RFC 6749 section 3.1 asks for
    optional = target.session.metadata.endpoint("pushed_authorization_request") is None
    target.refuses(replace(case, lenient=case.lenient or optional))


CONFLICT = Case("as.par.dpop-jkt.conflict", "PAR with a proof and the dpop_jkt of another key", requirements=("RFC9449-10.1-par-jkt-conflict",),
                faults=("as-par-jkt-mismatch-ok",), threat="an attacker's key slips in beside the victim's proof", change=attackers_jkt, place="par",
                names_the_reason=Exact((400,), ("invalid_request", "invalid_dpop_proof")), known_as=("AC-07",))


@cases(CONFLICT)
def test_conflicting_keys_at_par_are_refused(case, target):
    target.refuses(case)
    if target.judgement.verdict is Verdict.FAIL and not is_redeemable_with_conflicting_jkt(target):
        target.judgement.findings.clear()
        target.refuses(replace(case, lenient=True))
        target.note("the conflict is accepted at PAR, but the code cannot be redeemed")
