"""One case whole: what it speaks of, what is changed where, what proves it, and where its row stands."""

import difflib
import inspect
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from keybound.cases.declare import TESTS, Case
from keybound.craft.named import Named
from keybound.errors import UsageError
from keybound.judge.requirement import Requirement
from keybound.places.words import words
from keybound.reference.faults import FAULTS
from keybound.tree import root

_FIELDS = ("id", "title", "threat", "role", "mechanism", "requirements", "faults", "slow", "flood")


def found(id_: str, known: Mapping[str, Case]) -> Case:
    """Return a case by its id; raises UsageError that names the nearest one."""
    if id_ in known:
        return known[id_]
    near = difflib.get_close_matches(id_, known, 1)
    hint = f"; did you mean {near[0]!r}?" if near else "; `keybound list` shows them"
    raise UsageError(f"unknown case {id_!r}{hint}")


def case_data(case: Case) -> dict[str, Any]:
    """Return a case as JSON-able data."""
    changed = {"change": case.change, "minted": case.minted}
    return (
        {name: getattr(case, name) for name in _FIELDS}
        | {"also": case.known_as, "place": case.place, "lenient": case.lenient, "says": case.says}
        | {name: change and change.data() | {"text": str(change)} for name, change in changed.items()}
        | {"file": case.file, "line": case.line}
    )


def shown(case: Case, catalogue: Mapping[str, Requirement]) -> str:
    """Return one case as text for a terminal."""
    return "\n".join(_lines(case, catalogue)) + "\n"


def page(cases: Iterable[Case]) -> str:
    """Return a Markdown page of all cases, one row each under the file that they stand in."""
    lines = ["# Cases", "", "Made by `keybound list --markdown`; do not edit."]
    by_file: dict[str, list[Case]] = {}
    for case in cases:
        by_file.setdefault(case.file, []).append(case)
    for file, rows in sorted(by_file.items()):
        lines += [
            "",
            f"## {file}",
            "",
            "| case | title | changed | requirements |",
            "| --- | --- | --- | --- |",
        ]
        lines += [
            f"| `{case.id}` | {_cell(case.title)} | {_cell(' '.join(_changed(case)))} | {' '.join(case.requirements)} |"
            for case in rows
        ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _changed(case: Case) -> Iterator[str]:
    if case.says:
        yield case.says
    for change, what in ((case.minted, "token: "), (case.change, "")):
        if change is not None:
            yield f"{what}{change}"


def _lines(case: Case, catalogue: Mapping[str, Requirement]) -> Iterator[str]:
    yield case.id
    yield f"  {case.title}"
    if case.threat:
        yield f"  threat: {case.threat}"
    marks = [
        case.role,
        case.mechanism,
        *(name for name in ("lenient", "slow", "flood") if getattr(case, name)),
    ]
    yield f"  {', '.join(marks)}"
    for name in case.requirements:
        row = catalogue[name]
        yield f"requirement {row.id}: {row.level}, {row.spec} section {row.section}"
        yield f"  {row.statement}"
        yield f"  {row.url}"
    if case.place:
        yield f"place {case.place}: {words(case.place)}"
    yield from (f"changed {text}" for text in _changed(case))
    for change in (case.minted, case.change):
        if change is not None:
            yield from _explained(change)
    yield from (f"fault {name}: {FAULTS[name].wrong}" for name in case.faults)
    if case.known_as:
        yield f"known as {', '.join(case.known_as)}"
    yield f"row {case.file}:{case.line}"
    yield f"rule {_rule(case)}"


def _explained(change: Named[Any, Any]) -> Iterator[str]:
    """Yield what each part of a change does, in words."""
    if change.name != "all_of":
        yield f"  {change.name}: {change.says()}"
    for part in change.args:
        if isinstance(part, Named):
            yield from _explained(part)


def _rule(case: Case) -> str:
    test = TESTS[case.id]
    path = Path(test.__code__.co_filename)
    file = path.relative_to(root()) if path.is_relative_to(root()) else path.name
    says = (inspect.getdoc(test) or "").partition("\n\n")[0]
    return f"{file}:{test.__code__.co_firstlineno} {test.__name__}{f': {says}' if says else ''}"
