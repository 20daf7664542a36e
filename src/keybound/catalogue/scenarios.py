"""The scenarios that others test and attackers use, and what becomes of each: cases, or a reason why there are none."""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from keybound.cases.declare import Case
from keybound.judge.requirement import Requirement
from keybound.report.text import count
from keybound.tree import fixtures

_NAMED = 4  # cases named for each scenario


@dataclass(frozen=True)
class Scenario:
    """One scenario: its label, one line of what happens, the ids of its cases, or why it has none."""

    label: str
    text: str
    cases: tuple[str, ...]
    excluded: str | None
    expected_open: bool

    @property
    def is_open(self) -> bool:
        """Whether there is neither a case nor a reason."""
        return not self.cases and self.excluded is None


def _file() -> Path:
    return fixtures() / "scenarios.toml"


def load(cases: Iterable[Case]) -> list[Scenario]:
    """Return every scenario of `fixtures/scenarios.toml` with those of `cases` that speak of it."""
    data, known = tomllib.loads(_file().read_text("utf-8")), list(cases)

    def of(label: str) -> Iterator[str]:
        yield from (case.id for case in known if label in case.known_as)
        for pattern in data["cases"].get(label, []):
            if pattern in data["scenarios"]:
                yield from of(pattern)
            yield from (case.id for case in known if fnmatchcase(case.id, pattern))

    return [
        Scenario(
            label,
            text,
            tuple(sorted(dict.fromkeys(of(label)))),
            data["excluded"].get(label),
            label in data["open"],
        )
        for label, text in data["scenarios"].items()
    ]


def problems(cases: Iterable[Case]) -> Iterator[str]:
    """Yield what does not fit: scenarios without case or reason, labels and patterns that stand for nothing."""
    known = list(cases)
    data = tomllib.loads(_file().read_text("utf-8"))
    for scenario in load(known):
        if scenario.is_open and not scenario.expected_open:
            yield f"scenario {scenario.label}: has no case and no reason"
        if scenario.cases and scenario.label in data["excluded"]:
            yield f"scenario {scenario.label}: has cases ({scenario.cases[0]}) and a reason why it has none"
    for label in (*data["cases"], *data["excluded"], *data["open"]):
        if label not in data["scenarios"]:
            yield f"scenario {label}: is not described"
    for label, patterns in data["cases"].items():
        for pattern in patterns:
            if pattern not in data["scenarios"] and not any(fnmatchcase(case.id, pattern) for case in known):
                yield f"scenario {label}: no case is called {pattern}"


def markdown(cases: Iterable[Case], catalogue: Iterable[Requirement]) -> str:
    """Return `docs/coverage.md`: what became of every scenario, and why some requirements have no case."""
    data: dict[str, Any] = tomllib.loads(_file().read_text("utf-8"))
    found = load(cases)
    still = sum(scenario.is_open for scenario in found)
    lines = [
        "# Coverage",
        "",
        "Made by `keybound requirements --coverage`; do not edit. What others test and what attackers have used, and",
        "what keybound does about it. Where it does nothing, the reason is given: mostly that each answer is lawful,",
        "or that no client outside the target can try it. `keybound list | grep` finds the cases.",
        "",
        f"{count(len(found), 'scenario')}: {sum(bool(it.cases) for it in found)} with cases, "
        f"{sum(it.excluded is not None for it in found)} with a reason, {still} open.",
    ]
    for group, title in data["groups"].items():
        lines += [
            "",
            f"## {title}",
            "",
            "| | scenario | cases, or why there are none |",
            "| --- | --- | --- |",
        ]
        lines += [
            f"| {it.label} | {it.text} | {_becomes(it)} |" for it in found if it.label.split("-")[0] == group
        ]
    lines += ["", "## Requirements without cases", "", "| requirement | why |", "| --- | --- |"]
    lines += [f"| {row.id} | {row.excluded} |" for row in catalogue if row.excluded]
    return "\n".join(lines) + "\n"


def _becomes(scenario: Scenario) -> str:
    if scenario.excluded is not None:
        return scenario.excluded
    more = len(scenario.cases) - _NAMED
    named = ", ".join(f"`{name}`" for name in scenario.cases[:_NAMED])
    return f"{named}{f' and {more} more' if more > 0 else ''}" if named else "**open**"
