"""What the suite shows of one fault: a reference target that runs is switched to it, and the cases are carried out."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from keybound.cases.declare import TESTS, Case, load_all
from keybound.catalogue import requirements as catalogue
from keybound.engine.embedded import Embedded, reference_alone, start_reference
from keybound.engine.run import Controller, Options
from keybound.engine.threads import Waiting, carry_out_each
from keybound.errors import KeyboundError
from keybound.judge.verdict import Verdict
from keybound.reference.faults import FAULTS
from keybound.tree import fixtures

_RED = {Verdict.FAIL, Verdict.WARN}
ALONE = frozenset(name for name, fault in FAULTS.items() if fault.alone)
CLEAN = ("(no fault)", "(no fault, with nonces)")
CLEAN_ALONE = "(no fault, resource server alone)"
CLEAN_WAITING = "(no fault, with --slow and --flood)"


@dataclass(frozen=True)
class Row:
    """What one run showed: which requirements and cases were red, which cases could not be judged.

    `alone`: at a resource server alone.
    """

    fault: str
    red: tuple[str, ...]
    killed: tuple[str, ...]
    inconclusive: tuple[str, ...]
    not_exact: tuple[str, ...]
    error: str | None = None
    alone: bool = False


@cache
def suite() -> tuple[Case, ...]:
    """Return every case, in the order of the files; reading every table takes a while, so it is done once."""
    known = load_all()
    return tuple(known[name] for name in TESTS)


@cache
def _by_fault() -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = {}
    for case in suite():
        for fault in case.faults:
            found.setdefault(fault, []).append(case)
    return found


def named(fault: str) -> Sequence[Case]:
    """Return the cases that must notice the fault."""
    return _by_fault().get(fault, ())


def needs(fault: str, kind: str) -> bool:
    """Return whether a case of this kind, "slow" or "flood", has to notice the fault."""
    return fault == CLEAN_WAITING or any(getattr(case, kind) for case in named(fault))


_requirements = cache(lambda: catalogue.load(fixtures() / "requirements"))
_running: dict[bool, Embedded] = {}
"""The targets of this process, by whether they are a resource server alone. Each ends when its standard input does."""


def show(fault: str, cases: Sequence[Case], *, rs_only: bool = False) -> Row:
    """Carry `cases` out against the reference target with `fault`, or with none, and return what they came to.

    `rs_only`: against a resource server alone, whatever the fault; faults of tokens are always seen there. A target
    that runs is switched; where that does not work, one is started anew.
    """
    alone = rs_only or fault in ALONE or fault == CLEAN_ALONE
    try:
        if alone in _running:
            return _show(fault, cases, alone=alone)
    except KeyboundError:
        pass  # whatever it is, it counts only if a new target says it too
    try:
        return _anew(fault, cases, alone=alone)
    except KeyboundError as error:
        return Row(fault, (), (), (), (), str(error), alone=alone)


def _anew(fault: str, cases: Sequence[Case], *, alone: bool) -> Row:
    if alone in _running:
        _running.pop(alone).stop()
    _running[alone] = start_reference(alone=reference_alone() if alone else None)
    return _show(fault, cases, alone=alone)


def _show(fault: str, cases: Sequence[Case], *, alone: bool) -> Row:
    slow, flood = (needs(fault, kind) for kind in ("slow", "flood"))
    with tempfile.TemporaryDirectory() as folder:
        options = Options(
            out=Path(folder),
            faults=(fault,) if fault in FAULTS else (),
            nonce="both" if "nonce" in fault or fault == CLEAN_WAITING else "off",
            rs_only=alone,
            slow=slow,
            flood=flood,
        )
        controller = Controller(options, frozenset(TESTS), quiet=True, running=_running[alone])
        try:
            controller.prepare()
            asleep = Waiting(controller, [case for case in cases if slow and case.slow])
            asleep.start()
            now = [case for case in cases if not case.slow and (flood or not case.flood)]
            for event in carry_out_each(controller, now, _requirements()):
                controller.take(event)
            asleep.join()
        finally:
            controller.stop()
    return _row(fault, controller, alone=alone)


def _row(fault: str, controller: Controller, *, alone: bool) -> Row:
    done = controller.cases
    return Row(
        fault,
        tuple(sorted({f["requirement"] for case in done for f in case["findings"] if f["verdict"] in _RED})),
        tuple(sorted(case["id"] for case in done if case["verdict"] in _RED)),
        tuple(sorted(case["id"] for case in done if case["verdict"] == Verdict.INCONCLUSIVE)),
        tuple(sorted(c["id"] for c in done if c["verdict"] == Verdict.PASS and c["evidence"] != "exact")),
        alone=alone,
    )
