"""One run: start the target, examine it, feed the one event stream, and end with reports and an exit code."""

import datetime as dt
import secrets
import threading
import time
import uuid
from collections import Counter
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from keybound import __version__
from keybound.catalogue import requirement_profiles as profiles
from keybound.catalogue import requirements as catalogue
from keybound.engine import baseline, doctor
from keybound.engine.diagnosis import Diagnosis
from keybound.engine.embedded import Embedded, reference_alone, start_reference
from keybound.engine.shared import Shared
from keybound.errors import KeyboundError, LeftOut, TargetError, UsageError
from keybound.issuer import keys
from keybound.issuer.server import serving
from keybound.judge.verdict import Verdict
from keybound.profile import capabilities
from keybound.profile.target_profile import Profile, load, parse
from keybound.profile.tokens import Minted
from keybound.report.stream import Writer
from keybound.tree import fixtures
from keybound.wire.client import Wire
from keybound.wire.exchange import Exchange
from keybound.wire.record import timestamp
from keybound.wire.redact import Redactor


@dataclass(frozen=True)
class Options:
    """What a run was asked for. `target` None is the embedded reference target, the only one that has faults.

    `requirements` is the profile of requirements; None: the one that the target's profile names.
    """

    target: str | None = None
    out: Path = Path("keybound-report")
    role: str | None = None
    mechanism: str | None = None
    keyword: str | None = None
    faults: tuple[str, ...] = ()
    nonce: str = "off"
    rs_only: bool = False
    requirements: str | None = None
    slow: bool = False
    flood: bool = False


@dataclass(eq=False)  # pytest 8 keeps its plugins in a set
class Controller:
    """The one process that writes. Workers send it events; it alone holds the stream."""

    options: Options
    case_ids: frozenset[str]
    quiet: bool = False
    running: Embedded | None = None
    """A reference target that runs already: it is switched to what the options say, and goes on after the run."""
    cases: list[dict[str, Any]] = field(default_factory=list)
    internal_error: str | None = None
    shared: Shared | None = None
    """What workers need, once the run is prepared."""
    _reference: Embedded | None = None
    _writer: Writer | None = None
    _issuer: ExitStack = field(default_factory=ExitStack)
    _accepted: list[baseline.Accepted] = field(default_factory=list)
    _started: float = 0.0
    _secrets: list[tuple[str, str]] = field(default_factory=list)
    _requests: int = 0
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    @property
    def _today(self) -> dt.date:
        return dt.datetime.fromtimestamp(self._started, dt.UTC).date()

    @property
    def wrote(self) -> bool:
        """True once there is a stream of this run."""
        return self._writer is not None

    def prepare(self) -> Shared:
        """Start the target, examine it and open the stream, unless that is done; raises UsageError or TargetError."""
        if self.shared is not None:
            return self.shared
        self._started = time.time()
        try:
            if self.options.target is None:
                text = self._reference_profile()
                folder = Path.cwd()
            else:
                text, folder = load(self.options.target)
            profile = parse(text, self.options.target or "reference", folder)
            if profile.baseline is not None:
                self._accepted = baseline.load(folder / profile.baseline, self.case_ids)
            if isinstance(profile.tokens, Minted):
                self._issuer.enter_context(serving(keys.load(profile.tokens)))
            known = profiles.load(*self._requirement_profile(profile, folder))
            self._open()
            diagnosis = self._examine(profile, known)
        except BaseException:
            self.stop()
            raise
        name, start = self._requirement_profile(profile, folder)
        self.shared = Shared(
            profile=text,
            source=self.options.target or "reference",
            folder=str(folder),
            requirements=(name, str(start)),
            secrets=tuple(self._secrets),
            redaction_key=secrets.token_hex(32),
            diagnosis=diagnosis,
        )
        return self.shared

    def _reference_profile(self) -> str:
        options = self.options
        if self.running is not None:
            return self.running.switch(options.faults, options.nonce, short_lifetimes=options.slow)
        alone = reference_alone() if options.rs_only else None
        self._reference = start_reference(options.faults, options.nonce, alone, short_lifetimes=options.slow)
        return self._reference.profile

    def _open(self) -> None:
        out = self.options.out
        try:
            out.mkdir(parents=True, exist_ok=True)
            (out / "events.jsonl").unlink(missing_ok=True)
            self._writer = Writer(out)
        except OSError as error:
            raise UsageError(f"cannot write to --out {out}: {error.strerror}") from None

    def _requirement_profile(self, profile: Profile, folder: Path) -> tuple[str, Path]:
        """Return its name and where a relative path starts: the command's option goes before the target's profile."""
        named = self.options.requirements
        return (named, Path.cwd()) if named else (profile.requirements, folder)

    def _examine(self, profile: Profile, known: profiles.RequirementProfile) -> Diagnosis:
        redactor = Redactor()

        def secret(value: str, kind: str) -> None:
            redactor.secret(value, kind)
            self._secrets.append((value, kind))

        for value, kind in profile.secrets():
            secret(value, kind)
        clock = doctor.Clock()
        count = Counter[str]()

        def record(exchange: Exchange) -> None:
            clock.learn(exchange)
            count["requests"] += 1

        self._write(self._header(profile, known))
        limits = profile.limits
        with Wire(
            profile.ca, timeout=limits.timeout, rate=limits.rate, max_wait=limits.max_wait, record=record
        ) as wire:
            try:
                diagnosis = doctor.examine(profile, wire, clock, secret)
            except KeyboundError as error:
                message = redactor.text(str(error))
                self._write({"event": "check", "name": "doctor", "ok": False, "message": message})
                raise type(error)(message) from None
        for name, message in diagnosis.checks:
            self._write({"event": "check", "name": name, "ok": True, "message": redactor.text(message)})
        for name, message in diagnosis.failed.items():
            self._write(
                {"event": "check", "name": f"token {name}", "ok": False, "message": redactor.text(message)}
            )
        for capability in capabilities.known(profile, diagnosis.metadata, diagnosis.facts):
            self._write(redactor.tree(capability.event()))
        self._write(
            {
                "event": "measurement",
                "name": "clock_offset",
                "place": "target",
                "value": round(diagnosis.clock_offset, 1),
                "unit": "s",
            }
        )
        self._requests = count["requests"]
        return diagnosis

    def _header(self, profile: Profile, known: profiles.RequirementProfile) -> dict[str, Any]:
        rows = known.active(catalogue.load(fixtures() / "requirements")).values()
        wanted = (
            "id",
            "spec",
            "section",
            "title",
            "statement",
            "level",
            "role",
            "severity",
            "url",
            "planned",
            "excluded",
        )
        return {
            "event": "header",
            "schema": 1,
            "keybound": __version__,
            "run": str(uuid.uuid4()),
            "target": {
                "name": profile.name,
                "issuer": profile.issuer,
                "resource": profile.resource.url if profile.resource else None,
            },
            "started": timestamp(self._started),
            "selection": {
                "role": self.options.role,
                "mechanism": self.options.mechanism,
                "keyword": self.options.keyword,
            },
            "requirement_profile": {"name": known.name, "title": known.title},
            "requirements": [
                {name: value for name, value in asdict(row).items() if name in wanted}
                | {"also": list(row.also)}
                for row in rows
            ],
        }

    def _write(self, event: dict[str, Any]) -> None:
        if self._writer is not None:
            self._writer.write(event)

    def take(self, event: dict[str, Any]) -> None:
        """Take one case event from a worker, or from a thread of this process."""
        with self._one_at_a_time:
            self._requests += event.pop("requests")
            measured = event.pop("measurements")
            broken = event.pop("internal_error")
            self.internal_error = self.internal_error or broken
            entry = next((entry for entry in self._accepted if entry.matches(event, self._today)), None)
            if entry is not None:
                event["accepted"] = {"reason": entry.reason, "expires": entry.expires.isoformat()}
            self.cases.append(event)
            for each in (event, *measured):
                self._write(each)

    @property
    def _lacks_clients(self) -> bool:
        return self.shared is not None and bool(self.shared.diagnosis.failed)

    def _exit_code(self, stale: list[baseline.Accepted]) -> int:
        asked_for = [c for c in self.cases if not (c["reason"] or "").startswith(LeftOut.PREFIX)]
        open_verdicts = {case["verdict"] for case in asked_for if not case["accepted"]}
        if self.internal_error:
            return 4
        if Verdict.NOT_RUN in open_verdicts:
            return TargetError.exit_code
        if open_verdicts & {Verdict.FAIL, Verdict.INCONCLUSIVE} or stale or self._lacks_clients:
            return 1
        return 0

    def finish(self, due: Collection[str] = ()) -> int:
        """Close the stream with a footer and return the exit code of the command.

        `due` are the ids of the cases that the run owes: one without an event is a fault of keybound.
        """
        if owed := sorted(set(due) - {case["id"] for case in self.cases}):
            lacking = f"{len(owed)} of {len(due)} cases came to no result, the first of them {owed[0]}"
            self.internal_error = self.internal_error or lacking
        stale = baseline.stale(self._accepted, self.cases)
        for entry in stale:
            complaint = entry.complaint(self._today)
            self._write({"event": "check", "name": "baseline", "ok": False, "message": complaint})
        code = self._exit_code(stale)
        counts = Counter(case["verdict"] for case in self.cases)
        ended = time.time()
        self._write(
            {
                "event": "footer",
                "ended": timestamp(ended),
                "duration_ms": round((ended - self._started) * 1000, 1),
                "requests": self._requests,
                "counts": {verdict.value: counts[verdict] for verdict in Verdict},
                "exit": code,
                "message": self.internal_error,
            }
        )
        self.stop()
        return code

    def stop(self) -> None:
        """Close the stream as it is, and stop the reference target."""
        if self._writer is not None:
            self._writer.close()
        self._issuer.close()
        if self._reference is not None:
            self._reference.stop()
            self._reference = None
