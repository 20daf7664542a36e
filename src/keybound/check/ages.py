"""What time does to proofs: windows by bisection, and the same thing tried again at growing ages."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from keybound.check.target import Target
from keybound.craft.changes.proof import claim, kept_proof, proof_lines
from keybound.craft.changes.request import all_of
from keybound.craft.changes.values import HOUR, later
from keybound.craft.jose import read_claims
from keybound.craft.request import Change
from keybound.errors import Inconclusive, NotApplicable
from keybound.flows.lanes import Token
from keybound.judge.answer import Answer, Outcome
from keybound.places.place import Place

_PAST, _AHEAD = -1, 1
_AT_ONCE = 0.4  # seconds: by then even a slow store has written a proof down
_TRIES = 8  # ages at which a used proof comes again
_POLL = 0.5


def window(place: Place, direction: int) -> int | None:
    """Return how many seconds `iat` may lie in the past (direction -1) or ahead (1); None if it may be an hour."""

    def accepted(seconds: int) -> bool:
        shifted = claim("iat", later(direction * seconds))
        return place.attempt(shifted, f"iat {direction * seconds:+d} s").outcome is Outcome.EFFECT

    inside, outside = 0, HOUR
    if accepted(outside):
        return None
    while outside - inside > 1:
        middle = (inside + outside) // 2
        inside, outside = (middle, outside) if accepted(middle) else (inside, middle)
    return inside


def both_edges(target: Target, place: Place) -> tuple[int, int]:
    """Return (past, ahead): the edges of the window in seconds; raises NotApplicable where it has none."""
    target.controls.require(place)
    past, ahead = window(place, _PAST), window(place, _AHEAD)
    if past is None or ahead is None:
        raise NotApplicable("proofs of any age are taken here: that is for another case to say")
    return past, ahead


@dataclass(frozen=True)
class Again:
    """A used proof at an age (seconds since its first use), and an unused one of the same date right after."""

    age: float
    first: Answer
    used: Answer
    unused: Answer


def again_at(place: Place, ages: Sequence[float], ahead: int) -> list[Again]:
    """Use a proof for each of `ages`, all dated `ahead` seconds ahead, and send each once more at its age.

    Where an unused proof of the same date is no longer taken, the list ends: the window has closed.
    Raises Inconclusive when a first use fails.
    """
    place = with_one_token(place)
    slots: list[list[str]] = [[] for _ in ages]
    firsts: list[Answer] = []
    started = time.monotonic()
    for age, slot in zip(ages, slots, strict=True):
        early = all_of(claim("iat", later(ahead)), kept_proof(slot))
        firsts.append(place.attempt(early, f"first use of the proof that comes again after {age:.0f} s"))
        if firsts[-1].outcome is not Outcome.EFFECT:
            raise Inconclusive(f"a proof dated {ahead} s ahead: {firsts[-1].seen}")
    found = []
    for age, slot, first in zip(ages, slots, firsts, strict=True):
        time.sleep(max(0.0, started + age - time.monotonic()))
        used = place.attempt(proof_lines(slot[-1]), f"hostile: again after {age:.0f} s")
        unused = place.attempt(of_the_date(slot[-1]), "control after: unused, of the same date")
        if unused.outcome is not Outcome.EFFECT:
            break
        found.append(Again(age, first, used, unused))
    return found


def with_one_token(place: Place) -> Place:
    """Return `place` with one new token for all its attempts, where it takes tokens: a used proof names its token."""
    place.renew()
    material = place.material()
    return place.with_material(material) if place.server != "as" else place


def of_the_date(proof: str) -> Change:
    """Return a change that gives a new proof the date of `proof`."""
    date = (read_claims(proof) or {}).get("iat")
    return claim("iat", date)


def spread_over(span: float) -> list[float]:
    """Return growing ages up to `span` seconds, the first of them right away."""
    return [_AT_ONCE, *(span * number / _TRIES for number in range(1, _TRIES + 1))]


def revoke(target: Target, token: Token) -> None:
    """Revoke an access token (RFC 7009); raises NotApplicable where there is no such endpoint or it refuses."""
    client, session = token.lane.client, target.session
    url = session.endpoint("revocation", mtls=client.certificate is not None)
    form = {"token": token.value, "token_type_hint": "access_token"}
    answer = session.send_with_nonce(
        lambda: session.draft(client, url, dict(form), None),
        None,
        "revocation",
        "as",
        lambda response: "revoked" if response.ok else None,
    )
    if answer.outcome is not Outcome.EFFECT:
        raise NotApplicable(f"the token cannot be revoked: {answer.seen}")


def wait_for(look: Callable[[], bool], longest: float) -> bool:
    """Look until it is so, for `longest` seconds at most, and return whether it was."""
    end = time.monotonic() + longest
    while not (found := look()) and time.monotonic() < end:
        time.sleep(_POLL)
    return found


def refused_within(place: Place, longest: float, label: str) -> Answer:
    """Send the valid request until it is refused, for `longest` seconds; return the last answer."""
    return _until(place, None, longest, label, effect=False)


def accepted_within(place: Place, change: Change, longest: float, label: str) -> Answer:
    """Send the request with `change` until it takes effect, for `longest` seconds; return the last answer."""
    return _until(place, change, longest, label, effect=True)


def _until(place: Place, change: Change | None, longest: float, label: str, *, effect: bool) -> Answer:
    answers: list[Answer] = []

    def is_so() -> bool:
        answers.append(place.attempt(change, label))
        return (answers[-1].outcome is Outcome.EFFECT) is effect

    wait_for(is_so, longest)
    return answers[-1]


def largest(ages: Iterable[float]) -> float:
    """Return the largest of `ages` rounded to a tenth, 0 if there are none."""
    return round(max(ages, default=0.0), 1)
