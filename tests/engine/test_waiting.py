"""Cases that wait or flood: left out unless somebody asks, and then side by side with the rest."""

import json
import time

import pytest

from keybound.engine.command import run_suite
from keybound.engine.run import Options
from keybound.report.stream import FILE_NAME, read
from keybound.report.summary import left_out, measured
from keybound.report.terminal import summary


def test_they_are_left_out_and_the_summary_says_so(tmp_path):
    code = run_suite(Options(out=tmp_path, keyword="rs.replay.late or rs.replay.after-flood"), quiet=True)
    run = read(tmp_path / FILE_NAME)

    assert code == 0
    assert {case["id"]: case["verdict"].value for case in run.cases} == {
        "rs.replay.late": "not run",
        "rs.replay.after-flood": "not run",
    }
    assert all("--slow" in reason or "--flood" in reason for reason in left_out(run))
    assert "--slow runs it" in summary(run)


@pytest.mark.slow
def test_waiting_cases_wait_at_the_same_time(tmp_path):
    started = time.monotonic()
    options = Options(
        out=tmp_path, keyword="replay.late or rs.token.revoked or rs.proof.htm.other-method", slow=True
    )
    code = run_suite(options, quiet=True)
    run = read(tmp_path / FILE_NAME)

    assert code == 0
    assert {case["id"]: case["verdict"].value for case in run.cases} == {
        "as.replay.late": "pass",
        "rs.replay.late": "pass",
        "rs.token.revoked": "pass",
        "rs.proof.htm.other-method": "pass",
    }
    assert time.monotonic() - started < 60
    names = [name for name, _, _ in measured(run)]
    assert names.count("replay memory") == names.count("replay exposure") == 2
    assert json.loads((tmp_path / FILE_NAME).read_text().splitlines()[-1])["exit"] == 0
