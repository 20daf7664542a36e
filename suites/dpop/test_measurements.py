"""What RFC 9449 leaves open, measured: how old and how early a proof may be (section 11.1)."""

from keybound.cases import Case, cases
from keybound.craft.deltas import HOUR, claim
from keybound.errors import Inconclusive, NotApplicable
from keybound.judge.answer import Outcome

WINDOWS = tuple(
    Case(f"{prefix}.measure.iat-{name}", f"how {word} a proof may be", ("RFC9449-4.3-iat-window",), (f"{prefix}-iat-no-{name}-limit",),
         "the longer a proof lives, the longer it can be used by whoever reads it", place=place, data=sign)
    for prefix, place in (("as", "token"), ("rs", "api"))
    for name, word, sign in (("past", "old", -1), ("future", "early", 1))
)


@cases(*WINDOWS)
def test_window_ends_within_the_hour(case, target):
    place = target.place(case.place)
    if target.bench.control(place, "before").outcome is not Outcome.EFFECT:
        raise Inconclusive("the control failed")
    if target.session.nonces.active(place.server):
        raise NotApplicable("this server gives nonces, and may judge freshness by them alone")

    def accepted(seconds):
        answer = place.attempt(claim("iat", lambda now: now + case.data * seconds), f"iat {case.data * seconds:+d} s")
        return answer.outcome is Outcome.EFFECT

    inside, outside = 0, HOUR
    if accepted(outside):
        target.expect(False, "refused an hour away", "accepted")
        return
    while outside - inside > 1:
        middle = (inside + outside) // 2
        inside, outside = (middle, outside) if accepted(middle) else (inside, middle)
    target.measure(f"iat_window_{case.id.rpartition('-')[2]}", f"{case.role}.{case.place}", inside, "s")
    target.expect(True, "refused an hour away", f"accepted up to {inside} s")
