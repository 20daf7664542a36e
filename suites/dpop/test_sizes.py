"""How large a jti and a proof may be: large ones are taken or refused, and break nothing (RFC 9449 section 11.1)."""

from functools import partial

from keybound.cases.declare import Case, cases
from keybound.check.sizes import answer_to_longer_proof, largest_taken
from keybound.craft.changes.proof import long_jti, padding
from keybound.errors import Inconclusive
from keybound.judge.answer import Outcome

COMMON = 4096  # octets; up to here the header fits the limits of common servers

SIZES = tuple(
    Case(f"{role}.measure.jti-size", "a large jti is taken or refused, and breaks nothing", requirements=("RFC9449-11.1-jti-size",),
         faults=(f"{role}-crashes-on-long-jti",), threat="whoever sends large values fills the store or stops the server", place=place, known_as=("TP-19",))
    for role, place in (("as", "token"), ("rs", "api"))
)


@cases(*SIZES)
def test_large_values_break_nothing(case, target):
    place = target.place(case.place)
    target.controls.require(place)
    lengths, broken = [0], []

    def is_taken(change, size):
        answer, length = answer_to_longer_proof(place, change(size), size)
        if answer.outcome is Outcome.CRASHED and size <= COMMON:
            broken.append(f"{size} octets: {answer.seen}")
        if answer.outcome is Outcome.EFFECT:
            lengths.append(length)
        return answer.outcome is Outcome.EFFECT

    where = f"{case.role}.{case.place}"
    target.measure("longest_jti", where, largest_taken(partial(is_taken, long_jti)), "octets")
    largest_taken(partial(is_taken, padding))
    target.measure("longest_proof", where, max(lengths), "octets")
    if target.controls.send(place, "after").outcome is not Outcome.EFFECT:
        raise Inconclusive("the control after failed")
    target.expect(not broken, "taken, or refused with an answer below 500", broken[0] if broken else f"a proof of {max(lengths)} octets taken")
