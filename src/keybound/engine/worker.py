"""What carries cases out: a worker, with connections of its own, turns each case into an event with a verdict.

It knows nothing of its door: pytest in one process, pytest in several, a thread, a selftest.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from keybound.cases.declare import Case
from keybound.catalogue import requirement_profiles as profiles
from keybound.catalogue import requirements as catalogue
from keybound.check.controls import Controls
from keybound.check.target import Target
from keybound.engine.diagnosis import open_session
from keybound.engine.shared import Shared
from keybound.errors import Inconclusive, NotApplicable, NotRun
from keybound.judge.requirement import Requirement
from keybound.judge.rules import Finding, Judgement
from keybound.judge.verdict import Verdict
from keybound.profile.target_profile import parse
from keybound.tree import fixtures
from keybound.wire.client import Wire
from keybound.wire.exchange import Exchange
from keybound.wire.record import curl, describe, timestamp
from keybound.wire.redact import Redactor


class Worker:
    """What the cases of this process share."""

    def __init__(self, shared: Shared, requirements: Mapping[str, Requirement] | None = None) -> None:
        """`requirements` are those of the catalogue, if it was read."""
        profile = parse(shared.profile, shared.source, Path(shared.folder))
        diagnosis = shared.diagnosis
        self.redactor = Redactor(bytes.fromhex(shared.redaction_key))
        for value, kind in shared.secrets:  # of the profile, and what the doctor saw
            self.redactor.secret(value, kind)
        limits = profile.limits
        self.exchanges: list[Exchange] = []
        self.sent = 0
        self.wire = Wire(
            profile.ca,
            timeout=limits.timeout,
            rate=limits.rate,
            max_wait=limits.max_wait,
            record=self._record,
        )
        session = open_session(profile, self.wire, diagnosis, self.redactor.secret)
        name, start = shared.requirements
        chosen = profiles.load(name, Path(start))
        known = dict(requirements or catalogue.load(fixtures() / "requirements"))
        active = chosen.active(known)
        self.counting = frozenset(active)
        self.counting_where = f"{chosen.name} ({chosen.title})"
        self.controls = Controls(session, known | active, diagnosis.facts, self.exchanges)

    def require_counting(self, case: Case) -> None:
        """Raise NotApplicable when no requirement of `case` counts in the profile of requirements."""
        if not self.counting.intersection(case.requirements):
            names = ", ".join(case.requirements)
            raise NotApplicable(f"not among the requirements of {self.counting_where}: {names}")

    def only_counting(self, judgement: Judgement) -> None:
        """Take the findings out of `judgement` that do not count; what would have been red is noted."""
        for finding in judgement.findings:
            if finding.requirement not in self.counting and finding.verdict in {Verdict.FAIL, Verdict.WARN}:
                judgement.notes.append(
                    f"{finding.requirement} does not hold, and does not count in {self.counting_where}"
                )
        judgement.findings[:] = [each for each in judgement.findings if each.requirement in self.counting]

    def _record(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)
        self.sent += 1


def _event(case: Case, judgement: Judgement, worker: Worker, started: float, clock: float) -> dict[str, Any]:
    described = [describe(exchange, worker.redactor) for exchange in worker.exchanges]
    hostile = next((e for e in reversed(described) if e["label"].startswith(("hostile", "variant"))), None)
    text = worker.redactor.text
    return {
        "event": "case",
        "id": case.id,
        "title": case.title,
        "threat": case.threat,
        "role": case.role,
        "mechanism": case.mechanism,
        "verdict": judgement.verdict.value,
        "evidence": judgement.evidence if judgement.verdict is Verdict.PASS else None,
        "reason": text(judgement.reason) if judgement.reason else None,
        "requirements": [name for name in case.requirements if name in worker.counting]
        or list(case.requirements),
        "findings": [
            {
                "requirement": finding.requirement,
                "verdict": finding.verdict.value,
                "expected": finding.expected,
                "seen": text(finding.seen),
            }
            for finding in judgement.findings
        ],
        "notes": [text(note) for note in judgement.notes],
        "started": timestamp(started),
        "duration_ms": round((time.perf_counter() - clock) * 1000, 2),
        "exchanges": described,
        "curl": curl(hostile or described[-1]) if described else None,
        "accepted": None,
    }


def _all(case: Case, verdict: Verdict, reason: str) -> Judgement:
    return Judgement([Finding(name, verdict, "", "") for name in case.requirements], reason=reason)


def carry_out(
    case: Case, target: Target, worker: Worker, call: Callable[[], object]
) -> tuple[dict[str, Any], Judgement, Exception | None]:
    """Run one case by `call` and return (its event, what it came to, the fault of keybound that ended it, if any)."""
    worker.exchanges.clear()
    worker.sent = 0
    started, clock = time.time(), time.perf_counter()
    broken: Exception | None = None
    try:
        if worker.controls.lost:
            raise NotRun(worker.controls.lost)
        worker.require_counting(case)
        call()
        judgement = target.judgement
        if not judgement.findings:
            raise RuntimeError(f"{case.id} judged nothing")
        worker.only_counting(judgement)
        if not judgement.findings:
            raise NotApplicable("; ".join(judgement.notes) or "what it looked at does not count here")
    except NotApplicable as error:
        judgement = _all(case, Verdict.NOT_APPLICABLE, str(error))
    except NotRun as error:
        judgement = _all(case, Verdict.NOT_RUN, str(error))
    except Inconclusive as error:
        judgement = _all(case, Verdict.INCONCLUSIVE, str(error))
    except Exception as error:  # noqa: BLE001 - a fault of ours must not end the run
        broken = error
        judgement = _all(
            case, Verdict.INCONCLUSIVE, f"keybound itself failed: {type(error).__name__}: {error}"
        )
    event = _event(case, judgement, worker, started, clock)
    event["measurements"] = [{"event": "measurement", **asdict(each)} for each in judgement.measurements]
    event |= {"requests": worker.sent, "internal_error": event["reason"] if broken else None}
    return event, judgement, broken
