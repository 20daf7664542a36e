"""The lint: do requirements, cases and faults fit together? Needs no run."""

from dataclasses import asdict
from typing import Any

from keybound.cases import Case, load_all
from keybound.judge import catalogue
from keybound.judge.rules import ROBUSTNESS
from keybound.reference.faults import FAULTS
from keybound.tree import fixtures


def _requirements(case: Case) -> tuple[str, ...]:
    # every request that may break a target speaks of robustness, though no row says so
    return (*case.requirements, *((ROBUSTNESS,) if case.delta else ()))


def lint() -> catalogue.Report:
    """Return the problems and counts of DESIGN section 5."""
    found = load_all()
    return catalogue.check(
        catalogue.load(fixtures() / "requirements"),
        {case.id: _requirements(case) for case in found.values()},
        {case.id: case.faults for case in found.values()},
        {fault.id: fault.requirements for fault in FAULTS.values()},
    )


def coverage() -> list[dict[str, Any]]:
    """Return every requirement as plain data, with the ids of its cases."""
    found = load_all().values()
    rows = catalogue.load(fixtures() / "requirements").values()
    return [
        asdict(row) | {"cases": [case.id for case in found if row.id in _requirements(case)]} for row in rows
    ]
