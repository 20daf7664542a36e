"""Running cases without pytest: those that wait, each in a thread of its own, and those of a selftest.

Cases that wait sleep most of their time. With connections of their own, while all the others run, they take as long as
the longest of them, and no longer.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from keybound.cases.declare import TESTS, Case
from keybound.catalogue import requirements as catalogue
from keybound.check.target import Target
from keybound.engine.run import Controller
from keybound.engine.worker import Worker, carry_out
from keybound.judge.requirement import Requirement
from keybound.tree import fixtures


class Waiting:
    """The waiting cases of one run. Their events go to the run's controller, like those of the workers."""

    def __init__(self, controller: Controller, cases: Sequence[Case]) -> None:
        """`controller` has to be prepared before `start`."""
        self.cases = cases
        self._controller = controller
        self._abandoned = False
        self._threads = [threading.Thread(target=self._one, args=(case,), daemon=True) for case in cases]

    def start(self) -> None:
        """Start every case."""
        if self.cases:
            self._requirements = catalogue.load(fixtures() / "requirements")
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Return when the last case has come to its end."""
        for thread in self._threads:
            thread.join()

    def abandon(self) -> None:
        """Let what still runs end unheard."""
        self._abandoned = True

    def _one(self, case: Case) -> None:
        for event in carry_out_each(self._controller, [case], self._requirements):
            if not self._abandoned:
                self._controller.take(event)


def carry_out_each(
    controller: Controller, cases: Iterable[Case], known: Mapping[str, Requirement]
) -> Iterator[dict[str, Any]]:
    """Run cases one after another without pytest, on connections of their own, and yield the event of each.

    `controller` is prepared; `known` are the requirements of the catalogue.
    """
    worker = Worker(controller.prepare(), known)
    with worker.wire:
        for case in cases:
            target = Target(worker.controls, case)
            event, _, _ = carry_out(case, target, worker, partial(TESTS[case.id], case=case, target=target))
            yield event
