"""The catalogue of requirements: one entry per normative statement of the covered specifications.

A catalogue is a folder of TOML files, one per specification. A file starts with `spec` (its short name),
`prefix` (of every id), `title` and `url` (`{section}` in it stands for the section of an entry); the entries
follow in the order of the text.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from keybound.judge.requirement import Duty, Level, Requirement, Role, Severity

_HEAD = ("spec", "prefix", "title", "url")
_TEXTS = ("id", "section", "title", "statement")
_CHOICES: dict[str, tuple[str, ...]] = {
    "level": get_args(Level),
    "role": get_args(Role),
    "duty": get_args(Duty),
    "severity": get_args(Severity),
}
_REQUIRED = (*_TEXTS, *_CHOICES, "also")
_OPTIONAL = ("planned", "excluded")
_SLUG = re.compile(r"(-[a-z0-9]+)*")
_CASE_ID = re.compile(r"(as|rs)(\.[a-z0-9-]+)+")


@dataclass(frozen=True, slots=True)
class Counts:
    """How many requirements there are, and how they are accounted for."""

    requirements: int
    with_cases: int
    planned: int
    excluded: int


@dataclass(frozen=True, slots=True)
class Report:
    """What `check` found: its problems, one line each, and the counts over all and per specification."""

    problems: list[str]
    counts: Counts
    per_spec: dict[str, Counts]


def load(folder: Path) -> dict[str, Requirement]:
    """Read every `*.toml` in `folder`; return the requirements by id, ordered by file name, then as written.

    Raises ValueError, naming file, entry and field, when a file is not as it has to be or an id comes twice.
    """
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        raise ValueError(f"{folder}: no catalogue (*.toml) here")
    catalogue: dict[str, Requirement] = {}
    for path in paths:
        for requirement in _read(path):
            if requirement.id in catalogue:
                raise ValueError(f"{path.name}: {requirement.id}: field 'id' is not unique")
            catalogue[requirement.id] = requirement
    return catalogue


def check(
    catalogue: Mapping[str, Requirement],
    case_requirements: Mapping[str, Sequence[str]],
    case_faults: Mapping[str, Sequence[str]],
    faults: Mapping[str, Sequence[str]],
) -> Report:
    """Compare the catalogue with the cases and faults, both ways.

    `case_requirements` and `case_faults` say for each case id which requirements it judges and which faults
    it must notice; `faults` says for each fault of the reference target which requirements it must turn red.
    """
    with_cases = {name for names in case_requirements.values() for name in names}
    killers = {name for names in case_faults.values() for name in names}
    problems = [
        *_case_problems(catalogue, case_requirements, case_faults, faults),
        *_fault_problems(catalogue, killers, faults),
        *_requirement_problems(catalogue, with_cases),
    ]
    specs = dict.fromkeys(requirement.spec for requirement in catalogue.values())
    per_spec = {
        spec: _counts([r for r in catalogue.values() if r.spec == spec], with_cases) for spec in specs
    }
    return Report(problems, _counts(catalogue.values(), with_cases), per_spec)


def _read(path: Path) -> Iterator[Requirement]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name}: not TOML: {error}") from error
    entries = content.pop("requirement", None)
    _check_names(path.name, content, _HEAD, ())
    for name in _HEAD:
        _check_text(path.name, name, content[name])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError(f"{path.name}: no [[requirement]] tables")
    for number, entry in enumerate(entries, start=1):
        yield _requirement(path.name, number, content, entry)


def _requirement(file: str, number: int, head: dict[str, Any], entry: dict[str, Any]) -> Requirement:
    where = f"{file}: {entry.get('id', f'entry {number}')}"
    _check_names(where, entry, _REQUIRED, _OPTIONAL)
    for name in (*_TEXTS, *({"excluded"} & entry.keys())):
        _check_text(where, name, entry[name])
    for name, choices in _CHOICES.items():
        if entry[name] not in choices:
            raise ValueError(f"{where}: field {name!r} is {entry[name]!r}, not one of {', '.join(choices)}")
    start = f"{head['prefix']}-{entry['section']}"
    if not entry["id"].startswith(start) or not _SLUG.fullmatch(entry["id"].removeprefix(start)):
        raise ValueError(f"{where}: field 'id' is not {start}-slug")
    if not isinstance(entry["also"], list) or not all(isinstance(name, str) for name in entry["also"]):
        raise ValueError(f"{where}: field 'also' is not a list of strings")
    if entry.get("planned", True) is not True:
        raise ValueError(f"{where}: field 'planned' is true or left out")
    if "planned" in entry and "excluded" in entry:
        raise ValueError(f"{where}: fields 'planned' and 'excluded' contradict each other")
    url = head["url"].replace("{section}", entry["section"])
    return Requirement(**{**entry, "spec": head["spec"], "url": url, "also": tuple(entry["also"])})


def _check_names(where: str, table: dict[str, Any], required: Sequence[str], optional: Sequence[str]) -> None:
    for name in required:
        if name not in table:
            raise ValueError(f"{where}: field {name!r} is missing")
    for name in table:
        if name not in required and name not in optional:
            raise ValueError(f"{where}: field {name!r} is unknown")


def _check_text(where: str, name: str, value: object) -> None:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{where}: field {name!r} is not a text")


def _case_problems(
    catalogue: Mapping[str, Requirement],
    case_requirements: Mapping[str, Sequence[str]],
    case_faults: Mapping[str, Sequence[str]],
    faults: Mapping[str, Sequence[str]],
) -> Iterator[str]:
    for case, names in case_requirements.items():
        if not _CASE_ID.fullmatch(case):
            yield f"case {case}: the id does not read as role.subject.change"
        if not names:
            yield f"case {case}: names no requirement"
        yield from (f"case {case}: unknown requirement {name}" for name in names if name not in catalogue)
        if not case_faults.get(case):
            yield f"case {case}: no fault proves it"
    for case, names in case_faults.items():
        if case not in case_requirements:
            yield f"case {case}: has faults, but there is no such case"
        yield from (f"case {case}: unknown fault {name}" for name in names if name not in faults)


def _fault_problems(
    catalogue: Mapping[str, Requirement], killers: set[str], faults: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    for fault, names in faults.items():
        if not names:
            yield f"fault {fault}: names no requirement"
        yield from (f"fault {fault}: unknown requirement {name}" for name in names if name not in catalogue)
        if fault not in killers:
            yield f"fault {fault}: no case notices it"


def _requirement_problems(catalogue: Mapping[str, Requirement], with_cases: set[str]) -> Iterator[str]:
    for name, requirement in catalogue.items():
        claims = {
            "has cases": name in with_cases,
            "is planned": requirement.planned,
            "is excluded": requirement.excluded is not None,
        }
        true = [claim for claim, holds in claims.items() if holds]
        if not true:
            yield f"requirement {name}: has no case, is not planned and not excluded"
        elif len(true) > 1:
            yield f"requirement {name}: {' and '.join(true)}"


def _counts(requirements: Iterable[Requirement], with_cases: set[str]) -> Counts:
    chosen = list(requirements)
    return Counts(
        requirements=len(chosen),
        with_cases=sum(requirement.id in with_cases for requirement in chosen),
        planned=sum(requirement.planned for requirement in chosen),
        excluded=sum(requirement.excluded is not None for requirement in chosen),
    )
