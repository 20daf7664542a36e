"""Running the suite through pytest, out of reach of the working directory's own configuration."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from keybound.cases.declare import Case, load_all
from keybound.engine.run import Controller, Options
from keybound.engine.selection import matcher, selects
from keybound.engine.threads import Waiting
from keybound.errors import KeyboundError, UsageError
from keybound.report.render import render_all
from keybound.report.stream import FILE_NAME, Run
from keybound.report.terminal import summary
from keybound.tree import case_folders, root

_INI = Path(__file__).with_name("pytest.ini")
# parts of pytest that do nothing for a run and cost time for each case
_UNUSED = (
    "terminal",
    "cacheprovider",
    "warnings",
    "logging",
    "unraisableexception",
    "threadexception",
    "junitxml",
)
# how pytest ends when it has seen to every case; all that are due may be carried out elsewhere
_ENDED = {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED}
_HERE = Path(__file__).resolve().parents[2]  # the folder of the package keybound


class Progress:
    """Says how far the run is: one changing line on a terminal, plain lines elsewhere."""

    def __init__(self, controller: Controller, waiting: int) -> None:
        """Watch `controller`, which also gets the events of `waiting` cases from elsewhere."""
        self._controller = controller
        self._waiting = waiting
        self._total = waiting
        self._shown = 0
        self._live = sys.stderr.isatty()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Learn the total, without xdist."""
        self._total = len(session.items) + self._waiting if session.items else self._total

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Learn the total, with xdist."""
        self._total = len(ids) + self._waiting

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Say where the run is."""
        if report.when != "call":
            return
        done = len(self._controller.cases)
        bad = sum(
            case["verdict"] in {"fail", "inconclusive"} and not case["accepted"]
            for case in self._controller.cases
        )
        last = done == self._total
        line = f"{done}/{self._total} cases, {bad} findings"
        if self._live:
            print(f"\r{line}", end="\n" if last else "", file=sys.stderr, flush=True)
        elif last or done - self._shown >= max(20, self._total // 5):
            self._shown = done
            print(line, file=sys.stderr, flush=True)


def _arguments(options: Options, workers: str) -> list[str]:
    arguments = [
        f"--rootdir={root()}",
        "-c",
        str(_INI),
        "-p",
        "keybound.engine.pytest_plugin",
        *(word for name in _UNUSED for word in ("-p", f"no:{name}")),
        "--capture=no",
        "--assert=plain",  # no case asserts, and rewriting the files for it takes longer than reading them
        f"--confcutdir={root()}",
        "--noconftest",
    ]
    arguments += ["--flood"] if options.flood else []
    arguments += ["--waiting-elsewhere"] if options.slow else []
    if workers not in {"0", "1"}:
        arguments += ["-p", "xdist.plugin", "-n", workers, "--dist", "worksteal"]
    for name in ("role", "mechanism"):
        if value := getattr(options, name):
            arguments += [f"--{name}", str(value)]
    if options.keyword:
        arguments += [f"--case-ids={options.keyword}"]
    return arguments + [str(folder) for folder in case_folders()]


def _pytest(arguments: list[str], plugins: list[Any]) -> int:
    os.environ.pop("PYTEST_ADDOPTS", None)
    os.environ.pop("PYTEST_PLUGINS", None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # whatever else is installed stays out of the run
    os.environ["PYTHONSAFEPATH"] = "1"  # and so do modules that lie in the working directory
    path = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(_HERE), path)))
    return int(pytest.main(arguments, plugins))


def run_suite(options: Options, workers: str = "0", *, quiet: bool = False) -> int:
    """Run every selected case against the target of `options`, write the reports, and return the exit code.

    `quiet` leaves only the event stream. Raises UsageError or TargetError when the run cannot start.
    """
    known = load_all()
    due = _selected(options, known.values())  # before anything is sent
    controller = Controller(options, frozenset(known), quiet=True)
    try:
        shared = controller.prepare()
    except KeyboundError:
        if controller.wrote and not quiet:
            _render(options.out / FILE_NAME, options.out)  # no older report may stay and look like this run's
        raise
    if not quiet:
        print(
            f"keybound: {len(shared.diagnosis.facts)} facts measured, controls succeed",
            file=sys.stderr,
        )
    asleep = Waiting(controller, [case for case in due if options.slow and case.slow])
    plugins: list[Any] = [] if quiet else [Progress(controller, len(asleep.cases))]
    arguments = _arguments(options, workers)
    try:
        asleep.start()
        status = _pytest(arguments, [_Registered(controller), *plugins])
        if status != pytest.ExitCode.INTERRUPTED:
            asleep.join()
    except BaseException:
        asleep.abandon()
        controller.stop()
        raise
    asleep.abandon()
    if status == pytest.ExitCode.INTERRUPTED:
        controller.stop()  # no footer: every reader calls the stream truncated
        show_report(options.out / FILE_NAME, options.out)
        return 130
    if status not in _ENDED:
        controller.stop()
        raise KeyboundError(f"the run could not be carried out (pytest status {status})")
    code = controller.finish({case.id for case in due})
    if not quiet:
        _show(_render(options.out / FILE_NAME, options.out), options.out)
    return code


def _selected(options: Options, known: Iterable[Case]) -> list[Case]:
    """Return the cases that the run owes; raises UsageError when -k cannot be read or there are none."""
    try:
        matcher(options.keyword or "")
    except ValueError as error:
        hint = "write parts of case ids with and, or, not and brackets, such as 'htu and not par'"
        raise UsageError(f"-k {options.keyword!r} cannot be read ({error}): {hint}") from None
    due = [case for case in known if selects(options, case)]
    if not due:
        raise UsageError("no case matches -k, --role and --mechanism together; `keybound list` shows all")
    return due


class _Registered:
    """Makes the prepared controller known to the plugin under its name."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Register it before any other hook looks for it."""
        config.pluginmanager.register(self._controller, "keybound-controller")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Notice a case that has no event, because it was never called."""
        if report.when != "call" and report.failed:
            self._controller.internal_error = (
                f"{report.nodeid.rpartition('::')[2]} could not be set up or torn down"
            )

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str) -> None:
        """Notice a worker that died."""
        self._controller.internal_error = f"a worker process died at {crashitem.rpartition('::')[2]}"


def _show(run: Run, out: Path) -> None:
    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    width = os.get_terminal_size().columns if sys.stdout.isatty() else 100
    print(summary(run, out, width=width, color=color))


def _render(stream: Path, out: Path) -> Run:
    try:
        return render_all(stream, out)
    except OSError as error:
        where = error.filename or out
        raise UsageError(f"cannot read {stream} or write the reports: {where}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(str(error)) from None


def show_report(stream: Path, out: Path) -> int:
    """Render an event stream into `out`, print the summary, and return the run's exit code (4 if it was truncated).

    Raises UsageError when `stream` is no event stream, or `out` cannot be written.
    """
    run = _render(stream, out)
    _show(run, out)
    return KeyboundError.exit_code if run.footer is None else run.footer["exit"]
