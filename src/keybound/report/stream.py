"""The event stream of a run, one JSON object a line in `events.jsonl`: how it is written, how it is read.

The stream is the truth about a run; every other output is made from it. A run that ends writes a footer, so a
stream without one is a truncated run. The shapes are fixed by `reports/events.schema.json`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NotRequired, Self, TypedDict, cast

from keybound.judge.verdict import Verdict

SCHEMA = 1
FILE_NAME = "events.jsonl"


class Target(TypedDict):
    """What was tested; a part that is not under test is None."""

    name: str | None
    issuer: str | None
    resource: str | None


class Requirement(TypedDict):
    """One normative statement; `excluded` = why it gets no case, `planned` = none yet."""

    id: str
    spec: str
    section: str
    title: str
    statement: str
    level: str
    role: str
    severity: str
    url: str
    also: list[str]
    planned: bool
    excluded: str | None


class RequirementProfile(TypedDict):
    """Which requirements count; streams of older versions do not say."""

    name: str
    title: str


class Header(TypedDict):
    """The first event: what is tested, and by which requirements."""

    event: Literal["header"]
    schema: int
    keybound: str
    run: str
    target: Target
    started: str
    selection: dict[str, Any]
    requirement_profile: NotRequired[RequirementProfile]
    requirements: list[Requirement]


class Capability(TypedDict):
    """What the target can do, and whether that is declared, discovered or measured."""

    event: Literal["capability"]
    name: str
    value: Any
    source: str


class Check(TypedDict):
    """One line of the doctor pass; the name `baseline` with ok = false is a stale entry of the baseline."""

    event: Literal["check"]
    name: str
    ok: bool
    message: str


class Finding(TypedDict):
    """What one case says about one requirement."""

    requirement: str
    verdict: Verdict
    expected: str
    seen: str


class Request(TypedDict):
    """A request as sent."""

    method: str
    url: str
    headers: list[list[str]]
    body: str | None


class Response(TypedDict):
    """A response as received; `truncated` = the body was longer than what is kept."""

    status: int
    headers: list[list[str]]
    body: str | None
    truncated: bool


class Tls(TypedDict):
    """The TLS connection: version, and the name of the client certificate that was shown."""

    version: str | None
    certificate: str | None


class Proof(TypedDict):
    """A DPoP proof as sent, decoded."""

    header: Any
    claims: Any


class Exchange(TypedDict):
    """One request and what came back: a response, or an error when nothing usable did."""

    label: str
    request: Request
    response: Response | None
    error: str | None
    started: str
    duration_ms: float
    tls: Tls | None
    identity: str | None
    proofs: list[Proof]


class Accepted(TypedDict):
    """The entry of the baseline that accepts a finding."""

    reason: str
    expires: str | None


class Case(TypedDict):
    """One check and what it came to."""

    event: Literal["case"]
    id: str
    title: str
    threat: str
    role: str
    mechanism: str | None
    verdict: Verdict
    evidence: Literal["exact", "generic"] | None
    reason: str | None
    requirements: list[str]
    findings: list[Finding]
    notes: list[str]
    started: str
    duration_ms: float
    exchanges: list[Exchange]
    curl: str | None
    accepted: Accepted | None


class Measurement(TypedDict):
    """A number the specifications leave open."""

    event: Literal["measurement"]
    name: str
    place: str
    value: Any
    unit: str | None
    note: NotRequired[str]


class Footer(TypedDict):
    """The last event; `exit` is the exit code of the command."""

    event: Literal["footer"]
    ended: str
    duration_ms: float
    requests: int
    counts: dict[str, int]
    exit: int
    message: str | None


@dataclass(frozen=True)
class Run:
    """All that one stream says."""

    header: Header
    capabilities: list[Capability]
    checks: list[Check]
    cases: list[Case]
    measurements: list[Measurement]
    footer: Footer | None

    @property
    def truncated(self) -> bool:
        """True if the run did not reach its end: nothing it does not say may be taken for good."""
        return self.footer is None


class Writer:
    """Writes `events.jsonl` into `out_dir`, each event at once. Events must be redacted already.

    Raises FileExistsError if there is a stream already: two runs never share one.
    """

    def __init__(self, out_dir: Path) -> None:
        out_dir.mkdir(parents=True, exist_ok=True)
        self.path = out_dir / FILE_NAME
        self._file = self.path.open("xb")
        self._last: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def write(self, event: Mapping[str, Any]) -> None:
        """Append `event`; raises ValueError unless the header comes first and once, and the footer last."""
        name = event["event"]
        if (name == "header") != (self._last is None):
            raise ValueError("a stream has one header, and begins with it")
        if self._last == "footer":
            raise ValueError("nothing follows the footer of a stream")
        # A lone surrogate, from a body that is no UTF-8, must not stop the run.
        self._file.write(json.dumps(event, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
        self._file.flush()
        self._last = name

    def close(self) -> None:
        """Close the file; without a footer the stream stays a truncated run."""
        self._file.close()


_EVENTS: dict[str, Any] = {
    "header": Header,
    "capability": Capability,
    "check": Check,
    "case": Case,
    "measurement": Measurement,
    "footer": Footer,
}


def read(path: Path) -> Run:
    """Read a stream.

    A missing footer and a last line that is cut make a truncated run. Raises ValueError with one line that
    names file and line when the file is not a stream, or one of a schema this version does not know.
    """
    lines = path.read_bytes().split(b"\n")
    if not lines[-1]:
        lines.pop()
    events: dict[str, list[Any]] = {name: [] for name in _EVENTS}
    for number, line in enumerate(lines, start=1):
        place = f"{path}:{number}"
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            # A process that dies while writing leaves half of its last line.
            if number == len(lines) > 1 and not events["footer"]:
                break
            raise ValueError(f"{place}: not a line of an event stream") from None
        name = _name(event, place, events)
        events[name].append(_typed(event, place) if name == "case" else event)
    if not events["header"]:
        raise ValueError(f"{path}:1: not an event stream: it is empty")
    return Run(
        header=events["header"][0],
        capabilities=events["capability"],
        checks=events["check"],
        cases=events["case"],
        measurements=events["measurement"],
        footer=next(iter(events["footer"]), None),
    )


def _name(event: Any, place: str, before: Mapping[str, list[Any]]) -> str:
    """Return the name of `event`, which has its keys and stands where it may."""
    name = event.get("event") if isinstance(event, dict) else None
    if not isinstance(name, str) or name not in _EVENTS:
        raise ValueError(f"{place}: not a line of an event stream")
    if name == "header" and event.get("schema") != SCHEMA:
        raise ValueError(f"{place}: schema {event.get('schema')!r} is not known; this version reads {SCHEMA}")
    if (name == "header") == bool(before["header"]):
        raise ValueError(f"{place}: a stream has one header, and begins with it")
    if before["footer"]:
        raise ValueError(f"{place}: nothing follows the footer of a stream")
    if missing := _EVENTS[name].__required_keys__ - event.keys():
        raise ValueError(f"{place}: {name} without {', '.join(sorted(missing))}")
    return name


def _typed(case: Any, place: str) -> Case:
    try:
        for judged in (case, *case["findings"]):
            judged["verdict"] = Verdict(judged["verdict"])
    except (ValueError, TypeError, KeyError):
        raise ValueError(f"{place}: a case or a finding without a known verdict") from None
    return cast("Case", case)
