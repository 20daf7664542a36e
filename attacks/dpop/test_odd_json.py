"""A proof whose JSON is lawful and unwieldy: it may be taken or refused, but not break the server (RFC 8259 section 9).

The extra member stands where extensions may stand; `jti` is a string, and every string is one.
"""

from keybound.cases.declare import PROOF_READERS, At, Case, cases, spread
from keybound.craft.changes.proof import claim, raw_claims, raw_header
from keybound.craft.changes.values import replaced, with_deep_member, with_inside, with_long_number
from keybound.errors import Inconclusive
from keybound.judge.answer import Outcome

ROBUST, JSON, TEXT = ("KEYBOUND-robustness",), ("crashes-on-odd-json",), ("crashes-on-odd-text",)
DEEP = 1500  # levels, with 3 kB of text: more than common parsers allow


ROWS = (
    Case("proof.json.deep-claim", "a claim of many nested lists", requirements=ROBUST, faults=JSON, threat="a recursive parser runs out of stack",
         change=raw_claims(with_deep_member(DEEP))),
    Case("proof.json.deep-member", "a header member of many nested lists", requirements=ROBUST, faults=JSON, threat="a recursive parser runs out of stack",
         change=raw_header(with_deep_member(DEEP))),
    Case("proof.json.long-number", "a claim of five thousand digits", requirements=ROBUST, faults=JSON, threat="a number that no type can hold", change=raw_claims(with_long_number(5000))),
    Case("proof.jti.nul", "jti with a NUL in it", requirements=ROBUST, faults=TEXT, threat="a store that takes no such text breaks", change=claim("jti", with_inside("\0"))),
    Case("proof.jti.surrogate", "jti with half a surrogate pair", requirements=ROBUST, faults=TEXT, threat="a text that cannot be encoded breaks the store",
         change=raw_claims(replaced('"jti":"', '"jti":"\\ud800'))),
    Case("proof.jti.beyond-ascii", "jti with letters beyond ASCII", requirements=ROBUST, faults=TEXT, threat="a text that cannot be encoded breaks the store",
         change=claim("jti", with_inside("\u00e9\u732b\U0001f511"))),
)


@cases(*spread(ROWS, [At(at.place, at.prefix, ()) for at in PROOF_READERS]))
def test_odd_json_breaks_nothing(case, target):
    place = target.place(case.place)
    target.controls.require(place)
    answer = place.attempt(case.change, "hostile")
    if answer.limited or answer.outcome is Outcome.UNREACHABLE:
        raise Inconclusive(answer.seen)
    target.expect(answer.outcome is not Outcome.CRASHED, "taken, or refused with an answer below 500", answer.seen)
    if target.controls.send(place, "after").outcome is not Outcome.EFFECT:
        raise Inconclusive("the control after failed")
