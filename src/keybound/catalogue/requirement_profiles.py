"""Profiles of requirements: which requirements count for a target, and which are taken more strictly.

A profile is a TOML file in `fixtures/requirement-profiles`, or a user's own:

    title = "FAPI 2.0 Security Profile"
    extends = ["rfc"]                   # what counts there counts here, unless dropped
    counts = ["FAPI2SP-*"]              # ids; * stands for anything
    drops = ["RFC9126-2-assertion-aud"]
    [tightens]                          # a level that leaves no room, whatever the text leaves
    RFC9449-5-bearer-option = "MUST"
"""

import difflib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, get_args

from keybound.errors import UsageError
from keybound.judge.requirement import Level, Requirement
from keybound.judge.rules import ROBUSTNESS
from keybound.tree import fixtures

DEFAULT = "rfc"
_LISTS = ("extends", "counts", "drops")


@dataclass(frozen=True)
class RequirementProfile:
    """One profile, with what it extends taken in. `steps` are (keep, pattern) in order: the last that fits decides."""

    name: str
    title: str
    steps: tuple[tuple[bool, str], ...]
    tightens: Mapping[str, Level] = field(default_factory=dict)

    def has(self, requirement: str) -> bool:
        """Return whether the requirement of this id counts."""
        fitting = [keep for keep, pattern in self.steps if fnmatchcase(requirement, pattern)]
        return bool(fitting and fitting[-1]) or requirement == ROBUSTNESS

    def active(self, catalogue: Mapping[str, Requirement]) -> dict[str, Requirement]:
        """Return the requirements of `catalogue` that count, at the levels they have here."""
        return {
            name: replace(row, level=self.tightens[name], firm=True) if name in self.tightens else row
            for name, row in catalogue.items()
            if self.has(name)
        }

    def problems(self, catalogue: Mapping[str, Requirement]) -> Iterator[str]:
        """Yield what does not fit the catalogue: patterns without a requirement, tightened ids that do not count."""
        for _, pattern in self.steps:
            if not any(fnmatchcase(name, pattern) for name in catalogue):
                yield f"requirement profile {self.name}: nothing is called {pattern}"
        for name in self.tightens:
            if name not in catalogue or not self.has(name):
                yield f"requirement profile {self.name}: tightens {name}, which does not count"


def shipped() -> list[str]:
    """Return the names of the profiles that come with keybound, sorted."""
    return sorted(path.stem for path in (fixtures() / "requirement-profiles").glob("*.toml"))


def load(name: str, folder: Path = Path()) -> RequirementProfile:
    """Return the profile called `name`: a shipped one, or a TOML file (relative to `folder`). Raises UsageError."""
    return _load(name, folder, ())


def _load(name: str, folder: Path, outer: Sequence[str]) -> RequirementProfile:
    names = shipped()
    path = fixtures() / "requirement-profiles" / f"{name}.toml" if name in names else folder / name
    if name in outer:
        raise UsageError(f"requirement profile {name} extends itself")
    if name not in names and path.suffix != ".toml":
        near = difflib.get_close_matches(name, names, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}, or give a TOML file"
        raise UsageError(f"there is no requirement profile {name!r}; {hint}")
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read the requirement profile {name}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"requirement profile {name} is not valid TOML: {error}") from None
    _check(name, content)
    bases = [_load(base, path.parent, (*outer, name)) for base in content.get("extends", [])]
    return RequirementProfile(
        path.stem,
        content["title"],
        tuple(
            [step for base in bases for step in base.steps]
            + [(True, pattern) for pattern in content.get("counts", [])]
            + [(False, pattern) for pattern in content.get("drops", [])]
        ),
        {k: v for base in bases for k, v in base.tightens.items()} | content.get("tightens", {}),
    )


def _check(name: str, content: dict[str, Any]) -> None:
    """Raise UsageError, naming the key, when `content` is no requirement profile."""
    known = ("title", *_LISTS, "tightens")
    wrong = [key for key in content if key not in known]
    wrong += [] if isinstance(content.get("title"), str) else ["title"]
    wrong += [key for key in _LISTS if not _is_texts(content.get(key, []))]
    tightens = content.get("tightens", {})
    if not isinstance(tightens, dict) or not set(tightens.values()) <= set(get_args(Level)):
        wrong.append("tightens")
    if wrong:
        raise UsageError(
            f"requirement profile {name}: {wrong[0]} is not as it has to be: title is a text, "
            f"{', '.join(_LISTS)} are lists of texts, [tightens] gives levels such as MUST to ids"
        )


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
