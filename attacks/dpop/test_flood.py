"""A used proof again after thousands of others, which a store of fixed size has no room for (RFC 9449 section 11.1).

Only with --flood. The others are valid requests with proofs of their own.
"""

from keybound.cases.declare import API, TOKEN, Case, cases, spread, without_requirements
from keybound.check.ages import both_edges, of_the_date
from keybound.craft.changes.proof import claim, kept_proof, proof_lines
from keybound.craft.changes.request import all_of
from keybound.craft.changes.values import later
from keybound.errors import Inconclusive, NotApplicable
from keybound.judge.answer import Outcome

COUNT = 2000
FLOOD = Case("replay.after-flood", f"a used proof again after {COUNT} others", requirements=("RFC9449-11.1-jti-replay",), faults=("replay-store-small",),
             says="the proof of a request before thousands of others, byte for byte", threat="the server is made to forget a proof by many others", lenient=True, known_as=("RP-10",), flood=True)


@cases(*spread([FLOOD], without_requirements(TOKEN, API)))
def test_used_proof_is_remembered_after_many_others(case, target):
    place = target.place(case.place)
    if place.server == "as" and place.lane is not None and place.lane.grant != "client_credentials":
        raise NotApplicable(f"a {place.lane.grant} request is good once for other reasons")
    dated, kept, exchanges = max(both_edges(target, place)[1] - 1, 0), [], target.controls.exchanges
    first = all_of(claim("iat", later(dated)), kept_proof(kept))
    if place.attempt(first, "control before: the proof's first use").outcome is not Outcome.EFFECT:
        raise Inconclusive(f"a proof dated {dated} s ahead is not taken")
    if place.attempt(proof_lines(kept[-1]), "the same proof again").outcome is Outcome.EFFECT:
        raise NotApplicable("replays are not detected here, so there is nothing to forget")
    start = len(exchanges)
    taken = sum(place.attempt(None, "one of many").outcome is Outcome.EFFECT for _ in range(COUNT))
    del exchanges[start + 2 :]  # they are all alike
    again = place.attempt(proof_lines(kept[-1]), "hostile: the same proof after many others")
    if place.attempt(of_the_date(kept[-1]), "control after: unused, of the same date").outcome is not Outcome.EFFECT:
        raise NotApplicable("the window closed before the others were sent")
    target.note(f"{taken} of {COUNT} other requests succeeded")
    target.expect(again.outcome is not Outcome.EFFECT, f"refused after {COUNT} others", again.seen)
