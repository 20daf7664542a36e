"""What the cases of one process share, so that neighbours share their controls."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from keybound.craft.request import Change
from keybound.errors import Inconclusive
from keybound.flows.session import Session
from keybound.judge.answer import Answer, Outcome
from keybound.judge.requirement import Requirement
from keybound.places.place import Facts, Place
from keybound.places.table import PLACES
from keybound.wire.exchange import Exchange

_SHARED_SECONDS = 5.0  # a control this young stands for "right before"
_LOST_AFTER = 3  # controls in a row without a usable answer
_SHUT_OUT_AFTER = 12  # controls in a row that were refused


@dataclass
class Controls:
    """What the cases of one process share: the session, the places, the last control."""

    session: Session
    catalogue: Mapping[str, Requirement]
    facts: Facts
    exchanges: list[Exchange] = field(default_factory=list)
    lost: str | None = None
    _places: dict[str, Place] = field(default_factory=dict)
    _last: tuple[Place, Answer, list[Exchange], float] | None = None
    _failures: int = 0
    _refusals: int = 0

    def place(self, name: str) -> Place:
        """Return the place called `name`; raises NotApplicable when the target has none."""
        if name not in self._places:
            self._places[name] = PLACES[name](self.session, self.facts)
        return self._places[name]

    def send(self, place: Place, when: str) -> Answer:
        """Send the control of `place`; one that just succeeded there counts as the one "before"."""
        last, self._last = self._last, None
        if when == "before" and last and last[0] is place and time.monotonic() - last[3] < _SHARED_SECONDS:
            self.exchanges[:0] = last[2]
            return last[1]
        start = len(self.exchanges)
        answer = place.control(f"control {when}")
        if answer.outcome is Outcome.EFFECT:
            self._failures = self._refusals = 0
            self._last = (place, answer, self.exchanges[start:], time.monotonic())
        elif answer.outcome is Outcome.REFUSED:
            # where the doctor saw that no certificate arrives, refusals are known and the run goes on
            self._refusals += "certificate" not in self.facts
        else:
            self._failures += 1
        if self._failures >= _LOST_AFTER or self._refusals >= _SHUT_OUT_AFTER:
            self.lost = f"the target no longer serves valid requests: {answer.seen}"
        return answer

    def require(self, place: Place, when: str = "before") -> None:
        """Raise Inconclusive unless the control of `place` succeeds."""
        answer = self.send(place, when)
        if answer.outcome is not Outcome.EFFECT:
            raise Inconclusive(f"control: {answer.seen}")


def must_work(place: Place, label: str, change: Change | None = None) -> None:
    """Send a request that is a control of its own: raises Inconclusive unless it takes effect."""
    answer = place.attempt(change, label)
    if answer.outcome is not Outcome.EFFECT:
        raise Inconclusive(f"{label}: {answer.seen}")
