"""How large a jti and a proof may be: large ones are taken or refused, and break nothing (RFC 9449 section 11.1)."""

from keybound.cases.declare import Case, cases
from keybound.craft.changes.proof import claim, header_value
from keybound.craft.changes.request import all_of
from keybound.craft.proof import fresh_jti
from keybound.errors import Inconclusive
from keybound.judge.answer import Outcome

SMALLEST, COMMON, LARGEST = 256, 4096, 1 << 17  # octets; up to COMMON the header fits the limits of common servers

SIZES = tuple(
    Case(f"{role}.measure.jti-size", "a large jti is taken or refused, and breaks nothing", requirements=("RFC9449-11.1-jti-size",),
         faults=(f"{role}-crashes-on-long-jti",), threat="whoever sends large values fills the store or stops the server", place=place, known_as=("TP-19",))
    for role, place in (("as", "token"), ("rs", "api"))
)


def jti_of(size):
    return claim("jti", lambda _: fresh_jti().ljust(size, "j"))


def padded(size):
    return claim("https://keybound.example/padding", lambda _: "p" * size)


def largest(attempt):
    """Return the largest size, to an eighth, that `attempt(size)` says is taken; 0 if SMALLEST is not."""
    taken, refused = 0, SMALLEST
    while refused <= LARGEST and attempt(refused):
        taken, refused = refused, refused * 2
    while taken and refused <= LARGEST and refused - taken > taken // 8:
        middle = (taken + refused) // 2
        taken, refused = (middle, refused) if attempt(middle) else (taken, middle)
    return taken


@cases(*SIZES)
def test_large_values_break_nothing(case, target):
    place = target.place(case.place)
    target.controls.require(place)
    lengths, broken = [0], []

    def attempt(change, size):
        sent = []
        answer = place.attempt(all_of(change(size), header_value(lambda proof: sent.append(proof) or proof)), f"{size} octets more")
        if answer.limited:
            raise Inconclusive(answer.seen)
        if answer.outcome is Outcome.CRASHED and size <= COMMON:
            broken.append(f"{size} octets: {answer.seen}")
        if answer.outcome is Outcome.EFFECT:
            lengths.append(len(sent[-1]))
        return answer.outcome is Outcome.EFFECT

    where = f"{case.role}.{case.place}"
    target.measure("longest_jti", where, largest(lambda size: attempt(jti_of, size)), "octets")
    largest(lambda size: attempt(padded, size))
    target.measure("longest_proof", where, max(lengths), "octets")
    if target.controls.control(place, "after").outcome is not Outcome.EFFECT:
        raise Inconclusive("the control after failed")
    target.expect(not broken, "taken, or refused with an answer below 500", broken[0] if broken else f"a proof of {max(lengths)} octets taken")
