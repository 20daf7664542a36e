"""The lint: do requirements, cases and faults fit together? Needs no run."""

from dataclasses import asdict
from typing import Any

from keybound.cases.declare import Case, load_all
from keybound.catalogue import kill_matrix, scenarios
from keybound.catalogue import requirement_profiles as profiles
from keybound.catalogue import requirements as catalogue
from keybound.judge.rules import ROBUSTNESS
from keybound.reference.faults import FAULTS
from keybound.tree import fixtures


def _requirements(case: Case) -> tuple[str, ...]:
    # every request that may break a target speaks of robustness, though no row says so
    return (*case.requirements, *((ROBUSTNESS,) if case.change else ()))


def lint() -> catalogue.Report:
    """Return the problems and counts of DESIGN section 5."""
    found = load_all()
    rows = catalogue.load(fixtures() / "requirements")
    report = catalogue.check(
        rows,
        {case.id: _requirements(case) for case in found.values()},
        {case.id: case.faults for case in found.values()},
        {name: tuple(kill_matrix.load().get(name, kill_matrix.NOTHING).everywhere) for name in FAULTS},
    )
    for name in profiles.shipped():
        report.problems.extend(profiles.load(name).problems(rows))
    report.problems.extend(scenarios.problems(found.values()))
    return report


def coverage(profile: str | None = None) -> list[dict[str, Any]]:
    """Return every requirement as plain data, with the ids of its cases.

    `profile`: only those that count in this profile of requirements, at its levels; raises UsageError when unknown.
    """
    found = load_all().values()
    known = catalogue.load(fixtures() / "requirements")
    rows = (profiles.load(profile).active(known) if profile else known).values()
    return [
        asdict(row) | {"cases": [case.id for case in found if row.id in _requirements(case)]} for row in rows
    ]


def coverage_page() -> str:
    """Return the text of docs/coverage.md."""
    return scenarios.markdown(load_all().values(), catalogue.load(fixtures() / "requirements").values())
