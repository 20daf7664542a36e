"""The pytest plugin: options, the `target` fixture, and the one place where verdicts are made.

Loaded by `-p keybound.engine.pytest_plugin` (the command) or by the conftest.py of a clone (plain `pytest`).
"""

import time
from argparse import SUPPRESS
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from keybound.cases.declare import Case, load_all
from keybound.catalogue import requirement_profiles as profiles
from keybound.catalogue import requirements as catalogue
from keybound.check.controls import Controls
from keybound.check.target import Target
from keybound.engine import doctor
from keybound.engine.run import Controller, Options
from keybound.errors import Inconclusive, KeyboundError, LeftOut, NotApplicable, NotRun, Violation
from keybound.flows.session import Session
from keybound.judge.rules import Finding, Judgement
from keybound.judge.verdict import Verdict
from keybound.profile.target_profile import parse
from keybound.report.render import render_all
from keybound.report.stream import FILE_NAME
from keybound.tree import case_folders, fixtures
from keybound.wire.client import Wire
from keybound.wire.exchange import Exchange
from keybound.wire.record import curl, describe, timestamp
from keybound.wire.redact import Redactor

_PROPERTY = "keybound"
_CONTROLLER = "keybound-controller"
_DATA = pytest.StashKey[dict[str, Any]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a run; the command sets them, and plain pytest may."""
    group = parser.getgroup("keybound")
    group.addoption(
        "--target", help="profile file or name of a shipped one; default: the embedded reference target"
    )
    group.addoption("--role", choices=("as", "rs"), help="only cases of this role")
    group.addoption("--mechanism", choices=("dpop", "mtls"), help="only cases of this mechanism")
    group.addoption("--fault", action="append", default=[], help="switch on a fault of the reference target")
    group.addoption("--requirements", help="profile of requirements; default: what the target's profile says")
    group.addoption("--slow", action="store_true", help="also the cases that wait, one after another")
    group.addoption("--flood", action="store_true", help="also the cases that send thousands of requests")
    group.addoption("--waiting-elsewhere", action="store_true", help=SUPPRESS)
    group.addoption("--report", default="reports/latest", help="folder for the event stream")


def case_of(item: pytest.Item) -> Case | None:
    """Return the case that a collected item checks, or None for any other test."""
    callspec = getattr(item, "callspec", None)
    case = callspec.params.get("case") if callspec is not None else None
    return case if isinstance(case, Case) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out cases of other roles and mechanisms, and those that wait in threads of the command."""
    role, mechanism = config.getoption("--role"), config.getoption("--mechanism")
    elsewhere = config.getoption("--waiting-elsewhere")
    unwanted = [
        item
        for item in items
        if (case := case_of(item))
        and (
            role not in {None, case.role}
            or mechanism not in {None, case.mechanism}
            or (case.slow and elsewhere)
        )
    ]
    if unwanted:
        config.hook.pytest_deselected(items=unwanted)
        items[:] = [item for item in items if item not in unwanted]


# --- the controller's side -----------------------------------------------------------------------------------------


def _controller(config: pytest.Config) -> Controller:
    """Return the run's controller; plain pytest, which brings none, gets one."""
    controller = config.pluginmanager.get_plugin(_CONTROLLER)
    if controller is None:
        options = Options(
            target=config.getoption("--target"),
            out=config.rootpath / config.getoption("--report"),
            role=config.getoption("--role"),
            mechanism=config.getoption("--mechanism"),
            keyword=config.getoption("keyword") or None,
            faults=tuple(config.getoption("--fault")),
            requirements=config.getoption("--requirements"),
            slow=config.getoption("--slow"),
            flood=config.getoption("--flood"),
        )
        controller = Controller(options, frozenset(load_all()))
        config.pluginmanager.register(controller, _CONTROLLER)
    assert isinstance(controller, Controller)  # noqa: S101
    return controller


def _prepared(config: pytest.Config) -> dict[str, Any]:
    """Return what a worker needs to know, starting the target if that has not been done."""
    controller = _controller(config)
    try:
        controller.prepare()
    except KeyboundError as error:
        pytest.exit(f"keybound: {error}", error.exit_code)
    return controller.worker_data


def _touches_cases(config: pytest.Config) -> bool:
    """Return True when the arguments of pytest lie in, or hold, a folder with cases."""
    folders = case_folders()
    paths = [
        Path(config.invocation_params.dir, argument.partition("::")[0]).resolve() for argument in config.args
    ]
    return any(path == f or f in path.parents or path in f.parents for path in paths for f in folders)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hand an xdist worker what the controller knows."""
    if _touches_cases(node.config):
        node.workerinput[_PROPERTY] = _prepared(node.config)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Without xdist, get the target ready as soon as it is known that there are cases to run."""
    config = session.config
    if (
        hasattr(config, "workerinput")
        or config.option.collectonly
        or getattr(config.option, "dist", "no") != "no"
    ):
        return
    if any(case_of(item) for item in session.items):
        _prepared(config)


class Listener:
    """Takes the events that come with test reports, from this process or from workers."""

    def __init__(self, config: pytest.Config) -> None:
        """Remember where to find the controller."""
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Pass the event of a finished case on to the controller."""
        for name, event in report.user_properties:
            if name == _PROPERTY and report.when == "call" and isinstance(event, dict):
                _controller(self._config).take(event)

    def pytest_sessionfinish(self) -> None:
        """End a plain pytest run; the command ends its own."""
        controller = self._config.pluginmanager.get_plugin(_CONTROLLER)
        if isinstance(controller, Controller) and controller.worker_data and not controller.quiet:
            controller.finish()
            render_all(controller.options.out / FILE_NAME, controller.options.out)


def pytest_configure(config: pytest.Config) -> None:
    """Listen for events in the one process that writes them."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Listener(config), "keybound-listener")


# --- the worker's side ---------------------------------------------------------------------------------------------


class Worker:
    """What the cases of this process share."""

    def __init__(
        self, data: dict[str, Any], requirements: Mapping[str, catalogue.Requirement] | None = None
    ) -> None:
        """`data` is the controller's `worker_data`; `requirements` are those of the catalogue, if it was read."""
        profile = parse(data["profile"], data["source"], Path(data["folder"]))
        diagnosis = doctor.from_json(data["diagnosis"])
        self.redactor = Redactor(bytes.fromhex(data["redaction_key"]))
        for value, kind in data["secrets"]:  # of the profile, and what the doctor saw
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
        alg = diagnosis.facts["proof_alg"]
        session = Session(profile, self.wire, diagnosis.metadata, diagnosis.clock_offset, alg)
        session.secrets = self.redactor.secret
        session.resource_metadata = diagnosis.resource
        session.failed = frozenset(diagnosis.failed)
        name, start = data["requirements"]
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


@pytest.fixture(scope="session")
def _worker(request: pytest.FixtureRequest) -> Iterator[Worker]:
    config = request.config
    data = config.workerinput[_PROPERTY] if hasattr(config, "workerinput") else _prepared(config)
    worker = Worker(data)
    with worker.wire:
        yield worker


@pytest.fixture
def target(_worker: Worker, case: Case) -> Target:
    """The target, as the case at hand sees it."""
    return Target(_worker.controls, case)


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


def _wanted(case: Case, config: pytest.Config) -> None:
    for kind, what in (("slow", "it waits"), ("flood", "it sends thousands of requests")):
        if getattr(case, kind) and not config.getoption(f"--{kind}"):
            raise LeftOut(f"{LeftOut.PREFIX}, because {what}: --{kind} runs it")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run one case: whatever happens in it becomes an event with a verdict, and then pytest's own outcome."""
    case = case_of(pyfuncitem)
    if case is None:
        return None
    worker: Worker = pyfuncitem._request.getfixturevalue("_worker")  # noqa: SLF001
    case_target = pyfuncitem.funcargs["target"]
    assert isinstance(case_target, Target)  # noqa: S101

    def call() -> None:
        _wanted(case, pyfuncitem.config)
        pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames})  # noqa: SLF001

    event, judgement, broken = carry_out(case, case_target, worker, call)
    pyfuncitem.user_properties.append((_PROPERTY, event))
    if broken is not None:
        raise broken
    summary = "; ".join(
        f"{f['requirement']}: expected {f['expected']}, seen {f['seen']}"
        for f in event["findings"]
        if f["verdict"] == "fail"
    )
    if judgement.verdict is Verdict.FAIL:
        raise Violation(f"{case.id}: {summary}")
    if judgement.verdict is Verdict.INCONCLUSIVE:
        raise Inconclusive(event["reason"])
    if judgement.verdict in {Verdict.NOT_APPLICABLE, Verdict.NOT_RUN}:
        pytest.skip(event["reason"])
    return True
