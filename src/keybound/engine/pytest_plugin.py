"""The pytest plugin: options, a test for each case, the `target` fixture, and pytest's outcome for each verdict.

Loaded by `-p keybound.engine.pytest_plugin` (the command) or by the conftest.py of a clone (plain `pytest`).
"""

from argparse import SUPPRESS
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from keybound.cases.declare import Case, load_all, rows_of
from keybound.check.target import Target
from keybound.engine.run import Controller, Options
from keybound.engine.selection import require_asked_for, selects
from keybound.engine.shared import Shared
from keybound.engine.worker import Worker, carry_out
from keybound.errors import Inconclusive, KeyboundError, Violation
from keybound.judge.verdict import Verdict
from keybound.report.render import render_all
from keybound.report.stream import FILE_NAME
from keybound.tree import case_folders

_PROPERTY = "keybound"
_CONTROLLER = "keybound-controller"
_WORKER = pytest.StashKey[Worker]()


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
    group.addoption("--case-ids", help=SUPPRESS)
    group.addoption("--waiting-elsewhere", action="store_true", help=SUPPRESS)
    group.addoption("--report", default="reports/latest", help="folder for the event stream")


def case_of(item: pytest.Item) -> Case | None:
    """Return the case that a collected item checks, or None for any other test."""
    callspec = getattr(item, "callspec", None)
    case = callspec.params.get("case") if callspec is not None else None
    return case if isinstance(case, Case) else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each case that a function judges."""
    if rows := rows_of(metafunc.function):
        metafunc.parametrize("case", rows, ids=[row.id for row in rows])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out cases that nobody asks for, and those that wait in threads of the command."""
    asked = Options(
        role=config.getoption("--role"),
        mechanism=config.getoption("--mechanism"),
        keyword=config.getoption("--case-ids"),
    )
    elsewhere = config.getoption("--waiting-elsewhere")
    unwanted = {
        item
        for item in items
        if (case := case_of(item)) and (not selects(asked, case) or (case.slow and elsewhere))
    }
    if unwanted:
        config.hook.pytest_deselected(items=[*unwanted])
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


def _prepared(config: pytest.Config) -> Shared:
    """Return what a worker needs to know, starting the target if that has not been done."""
    try:
        return _controller(config).prepare()
    except KeyboundError as error:
        pytest.exit(f"keybound: {error}", error.exit_code)


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
        node.workerinput[_PROPERTY] = _prepared(node.config).as_json()


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
        if isinstance(controller, Controller) and controller.shared and not controller.quiet:
            controller.finish()
            render_all(controller.options.out / FILE_NAME, controller.options.out)


def pytest_configure(config: pytest.Config) -> None:
    """Listen for events in the one process that writes them."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Listener(config), "keybound-listener")


# --- the worker's side ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def _worker(request: pytest.FixtureRequest) -> Iterator[Worker]:
    config = request.config
    if hasattr(config, "workerinput"):
        worker = Worker(Shared.from_json(config.workerinput[_PROPERTY]))
    else:
        worker = Worker(_prepared(config))
    config.stash[_WORKER] = worker
    with worker.wire:
        yield worker


@pytest.fixture
def target(_worker: Worker, case: Case) -> Target:
    """The target, as the case at hand sees it."""
    return Target(_worker.controls, case)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run one case: whatever happens in it becomes an event with a verdict, and then pytest's own outcome."""
    case = case_of(pyfuncitem)
    if case is None:
        return None
    config = pyfuncitem.config
    case_target = pyfuncitem.funcargs["target"]
    assert isinstance(case_target, Target)  # noqa: S101

    def call() -> None:
        require_asked_for(case, slow=config.getoption("--slow"), flood=config.getoption("--flood"))
        pyfuncitem.obj(case=case, target=case_target)

    event, judgement, broken = carry_out(case, case_target, config.stash[_WORKER], call)
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
