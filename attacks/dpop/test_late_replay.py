"""A used proof that comes again late: dated at the far edge of the window, at growing ages (RFC 9449 section 11.1).

What is remembered of a proof must last as long as the proof is good, which is longer than the window has a past when
proofs may be dated ahead. No RFC 2119 word asks for it, so a breach is a warning.
"""

from keybound.cases.declare import API, TOKEN, Case, cases, spread, without_requirements
from keybound.check.ages import again_at, both_edges, largest, spread_over
from keybound.errors import Inconclusive, NotApplicable
from keybound.judge.answer import Outcome

LATE = Case("replay.late", "a used proof again, for as long as it is fresh", requirements=("RFC9449-11.1-jti-replay",), faults=("replay-memory-short",),
            says="a used proof, byte for byte, at growing ages", threat="whoever reads a proof waits until the server has forgotten it", lenient=True, known_as=("RP-05",), slow=True)


@cases(*spread([LATE], without_requirements(TOKEN, API)))
def test_used_proof_is_remembered_while_it_is_fresh(case, target):
    place = target.place(case.place)
    past, ahead = both_edges(target, place)
    dated = max(ahead - 1, 0)
    found = again_at(place, spread_over(min(past + dated - 1.5, target.session.profile.limits.longest_wait)), dated)
    if not found:
        raise Inconclusive("a proof dated at the edge of the window was good once and not twice, though the second was new")
    if found[0].used.outcome is Outcome.EFFECT:
        raise NotApplicable("replays are not detected here, so there is nothing to forget")
    forgotten = next((each for each in found if each.used.outcome is Outcome.EFFECT), None)
    memory = largest(each.age for each in found if forgotten is None or each.age < forgotten.age)
    where = f"{case.role}.{case.place}"
    target.measure("replay_memory", where, memory, "s at least" if forgotten is None else "s")
    target.measure("replay_exposure", where, 0 if forgotten is None else round(past + ahead - memory, 1), "s")
    target.expect(forgotten is None, f"refused for as long as a new proof of that date is taken, {past + dated} s",
                  f"refused for {memory} s" if forgotten is None else f"taken again after {forgotten.age:.0f} s: {forgotten.used.seen}")
