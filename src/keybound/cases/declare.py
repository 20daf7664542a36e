"""How cases are declared: static tables of rows, each a case, or one row for several places at once.

A row says in one line what is changed, which requirements that breaks, and which fault of the reference target must
turn the case red. `keybound list` reads these tables without running anything.
"""

import importlib.util
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from keybound.craft.access_token import TokenChange
from keybound.craft.request import Change
from keybound.judge.rules import Exact
from keybound.profile.clients import Mechanism
from keybound.tree import case_folders, root

Test = TypeVar("Test", bound=Callable[..., Any])

_PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Case:
    """One check. `faults` are the faults of the reference target that must turn it red.

    `place` is where it happens (a name in keybound.places.table.PLACES) and `change` what is changed there; `minted` is
    what is changed of a token that keybound mints, `says` what is sent, in words, where the target has to be asked for
    it. `names_the_reason` is the answer that does so, where it differs from the place's own. `lenient` makes a breach
    a warning, because conformant servers differ. `known_as` holds names others use for the scenario; `data` is for the
    test function. `slow` cases wait, and `flood` ones send thousands of requests: each runs only when it is asked for.
    `file` and `line` say where the row stands.
    """

    id: str
    title: str
    requirements: tuple[str, ...]
    faults: tuple[str, ...]
    threat: str = ""
    change: Change | None = None
    minted: TokenChange | None = None
    says: str = ""
    place: str = ""
    names_the_reason: Exact | None = None
    lenient: bool = False
    mechanism: Mechanism = "dpop"
    known_as: tuple[str, ...] = ()
    data: Any = None
    slow: bool = False
    flood: bool = False
    file: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        """Note where the row stands; a copy stands where its original does."""
        if not self.line:
            file, line = _where(inspect.currentframe())
            object.__setattr__(self, "file", file)
            object.__setattr__(self, "line", line)

    @property
    def role(self) -> str:
        """Return "as" or "rs": whose behaviour is checked."""
        return self.id.partition(".")[0]


def _where(frame: FrameType | None) -> tuple[str, int]:
    """Return the file, as the repository has it, and the line of the table that is being made."""
    inner = frame
    while frame is not None and frame.f_code.co_name != "<module>":
        inner, frame = frame, frame.f_back
    if frame is None:
        return "", 0  # a case that is no row of a table
    line = inner.f_lineno if inner is not None and inner.f_code.co_name == "<genexpr>" else frame.f_lineno
    path = Path(frame.f_code.co_filename)
    for folder, there in ((root(), ""), (_PACKAGE, "src/keybound")):
        if path.is_relative_to(folder):
            return str(there / path.relative_to(folder)), line
    return path.name, line


@dataclass(frozen=True)
class At:
    """A place where rows are tried: the prefix of their ids, and the requirements that all of them speak of.

    `only_these`: of these requirements only, whatever the rows say (what is looked at here is something else).
    `mechanism` replaces that of the rows.
    """

    place: str
    prefix: str
    requirements: tuple[str, ...]
    only_these: bool = False
    mechanism: Mechanism | None = None

    @property
    def side(self) -> str:
        """Return "as" or "rs", the prefix of the fault ids."""
        return self.prefix.partition(".")[0]


TOKEN = At("token", "as", ("RFC9449-5-invalid-proof-no-token",))
PAR = At("par", "as.par", ("RFC9449-10.1-par-proof-checked",))
API = At("api", "rs", ("RFC9449-7.1-proof-checked",))
USERINFO = At("userinfo", "rs.userinfo", ("RFC9449-7.1-proof-checked",))
WRITE = At("write", "rs.write", ("RFC9449-7.1-no-access",), only_these=True)
PROOF_READERS = (TOKEN, PAR, API, USERINFO)
RESOURCES = (API, USERINFO)
MINTED = (At("tokens.jwt", "rs.token", ()), At("tokens.opaque", "rs.introspection", ()))
MINTED_MTLS = (
    At("tokens.mtls.jwt", "rs.mtls.token", (), mechanism="mtls"),
    At("tokens.mtls.opaque", "rs.mtls.introspection", (), mechanism="mtls"),
)
MINTED_JWTS = (MINTED[0], MINTED_MTLS[0])
MINTED_OPAQUE = (MINTED[1], MINTED_MTLS[1])


def without_requirements(*places: At) -> tuple[At, ...]:
    """Return `places` for rows that name all their requirements themselves."""
    return tuple(replace(at, requirements=()) for at in places)


def spread(rows: Iterable[Case], places: Sequence[At]) -> tuple[Case, ...]:
    """Return each row at each place: `proof.htm.other-method` becomes `as.proof.htm.other-method` and so on.

    Fault ids of rows lack their side; the place adds it. Cases at one place come together, so that neighbours can
    share a control.
    """
    kept = tuple(rows)
    return tuple(
        replace(
            row,
            id=f"{at.prefix}.{row.id}",
            place=at.place,
            requirements=at.requirements if at.only_these else row.requirements + at.requirements,
            faults=tuple(f"{at.side}-{fault}" for fault in row.faults),
            mechanism=at.mechanism or row.mechanism,
        )
        for at in places
        for row in kept
    )


_ROWS = "keybound_rows"
_declared: list[Case] = []
TESTS: dict[str, Callable[..., Any]] = {}
"""The test function of every case that has been declared, by the case's id."""


def cases(*rows: Case) -> Callable[[Test], Test]:
    """Let a function of (case, target) judge each of `rows`."""
    _declared.extend(rows)

    def declare(function: Test) -> Test:
        TESTS.update((row.id, function) for row in rows)
        vars(function)[_ROWS] = rows
        return function

    return declare


def rows_of(function: Callable[..., Any]) -> tuple[Case, ...]:
    """Return the cases that a function judges; none of any other function."""
    rows: tuple[Case, ...] = vars(function).get(_ROWS, ())
    return rows


def files() -> Iterator[Path]:
    """Yield every file that declares cases, sorted."""
    for folder in case_folders():
        yield from sorted(folder.rglob("test_*.py"))


def load_all() -> dict[str, Case]:
    """Return every case by id, sorted, by importing the tables. Raises ValueError when an id is used twice."""
    found: dict[str, Case] = {}
    for path in files():
        _declared.clear()
        name = "keybound_cases." + re.sub(r"\W", "_", str(path.relative_to(root())))
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise ValueError(f"cannot import {path}")
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
        for case in _declared:
            if case.id in found:
                raise ValueError(f"the case id {case.id} is used twice")
            found[case.id] = case
    return dict(sorted(found.items()))
