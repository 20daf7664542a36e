"""The selftest: one running target is switched from fault to fault, and the kill matrix is written and checked."""

import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from keybound.catalogue import kill_matrix
from keybound.cli import app
from keybound.engine import command, faulted, run, selftest
from keybound.engine.faulted import Row
from keybound.judge.verdict import Verdict
from keybound.report.stream import FILE_NAME, read

FAULTS = (
    "as-jti-optional",
    "rs-htm-not-compared",
    "as-nonce-optional",
    "rs-trailers-merged",
    "rs-token-alg-none-ok",
)
RED = {Verdict.FAIL, Verdict.WARN}


@pytest.fixture(autouse=True)
def _targets_end():
    yield
    for target in faulted._running.values():
        target.stop()
    faulted._running.clear()


def some_cases():
    """Return the cases that notice one of FAULTS."""
    return [case for case in faulted.suite() if set(case.faults) & set(FAULTS)]


def test_a_switched_target_and_one_started_for_a_fault_give_the_same_verdicts(tmp_path):
    for fault in FAULTS:
        options = run.Options(
            out=tmp_path / fault,
            keyword=" or ".join(case.id for case in some_cases()),
            faults=(fault,),
            nonce="both" if "nonce" in fault else "off",
            rs_only=fault in faulted.ALONE,
        )
        command.run_suite(options, quiet=True)
        anew = {case["id"] for case in read(options.out / FILE_NAME).cases if case["verdict"] in RED}
        row = faulted.show(fault, [case for case in faulted.suite() if command.selects(options, case)])
        assert set(row.killed) == anew
        assert row.killed


def test_nothing_of_a_fault_is_left_for_the_next_whatever_the_order():
    clean = "(no fault)"
    alone = [name for name in FAULTS if name in faulted.ALONE]
    names = [clean, *(name for name in FAULTS if name not in alone)]
    seen = [
        {name: faulted.show(name, some_cases()) for name in order}
        for order in (names, names[::-1], [*names[2:], *names[:2]])
    ]
    assert all(rows == seen[0] for rows in seen)
    assert not seen[0][clean].killed
    assert all(seen[0][name].killed for name in names if name != clean)


def test_a_target_that_has_ended_is_started_anew():
    case = faulted.named("as-jti-optional")[:1]
    before = faulted.show("as-jti-optional", case)
    faulted._running[False]._process.kill()
    faulted._running[False]._process.wait()
    assert faulted.show("as-jti-optional", case) == before


def row(fault, *, red=(), killed=(), alone=False, error=None):
    return Row(fault, tuple(red), tuple(killed), (), (), error, alone=alone)


@pytest.fixture
def matrix(tmp_path, monkeypatch):
    """A file with two faults of the resource server and one of the authorization server."""
    path = tmp_path / kill_matrix.FILE
    path.write_text(
        '[rs-ath-optional]\nred = ["r1"]\nalone = ["r2"]\nkilled = ["c1"]\n\n'
        '[rs-jti-optional]\nred = ["r3"]\n\n[as-jti-optional]\nred = ["r4"]\n'
    )
    monkeypatch.setattr(kill_matrix, "path", lambda: path)
    kill_matrix.load.cache_clear()
    yield
    kill_matrix.load.cache_clear()


@pytest.mark.usefixtures("matrix")
def test_check_says_what_was_added_and_what_is_gone():
    assert list(selftest.changes(row("rs-ath-optional", red=["r1", "r5"], killed=["c2"]))) == [
        "red, added: r5",
        "killed, added: c2",
        "killed, gone: c1",
    ]
    assert list(selftest.changes(row("rs-ath-optional", red=["r1"], alone=True))) == [
        "red, added: r1",
        "red, gone: r2",
    ]
    assert list(selftest.changes(row("rs-jti-optional", red=["r3"], killed=["c1"]))) == []


@pytest.mark.usefixtures("matrix")
def test_a_fault_without_a_row_is_told_to_be_written():
    found = list(selftest._wrong(row("rs-htm-optional", red=["r1"]), None, only_named=True))
    assert found[-1] == "not in kill-matrix.toml yet: run keybound selftest --write --fault rs-htm-optional"


@pytest.mark.usefixtures("matrix")
def test_write_keeps_what_it_has_not_seen():
    selftest._write(
        [
            row("rs-jti-optional", red=["r6"], alone=True),
            row("rs-jti-optional", red=["r5"], killed=["c5"]),
            row("as-jti-optional", error="the run did not start"),
            row("rs-htm-optional", red=["r7"], killed=["c7"]),
            row("(no fault)"),
        ]
    )
    assert {name: (set(r.everywhere), set(r.alone), r.killed) for name, r in kill_matrix.load().items()} == {
        "rs-ath-optional": ({"r1"}, {"r2"}, {"c1"}),
        "rs-jti-optional": ({"r5"}, {"r6"}, {"c5"}),
        "as-jti-optional": ({"r4"}, {"r4"}, None),
        "rs-htm-optional": ({"r7"}, set(), {"c7"}),
    }


@pytest.mark.parametrize("more", [["--check"], ["--rs-only"], ["--scope", "named"]])
def test_write_looks_at_everything(more):
    result = CliRunner().invoke(app, ["selftest", "--write", *more])
    assert "--write and --check look at everything" in str(result.exception or result.output)


@pytest.mark.slow
def test_the_matrix_of_a_fault_is_what_its_file_says(tmp_path, capsys):
    assert selftest.selftest(["rs-ath-not-compared"], 2, tmp_path, matrix="check") == 0
    assert "1 faults, 0 rows that are not as declared" in capsys.readouterr().out
    assert (tmp_path / "kill-matrix.md").exists()


def _in_session(session):
    found = subprocess.run(
        ["ps", "-o", "pid=", "-s", str(session)], capture_output=True, text=True, check=False
    )
    return found.stdout.split()


def _until(true, seconds=60):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.slow
def test_a_selftest_that_is_ended_leaves_no_process():
    command = [sys.executable, "-m", "keybound", "selftest", "--scope", "named", "--fault", "as-jti-optional"]
    started = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    _until(lambda: len(_in_session(started.pid)) > 4)  # the fork server, a worker and its target run
    started.terminate()
    started.wait(10)
    _until(lambda: not _in_session(started.pid))
