"""Every report of one stream: nothing of a target is live in it, and a truncated run says so."""

import copy
import json
import re
import subprocess
import sys
from xml.etree import ElementTree as ET

from bs4 import BeautifulSoup

from keybound.report.allure import allure
from keybound.report.document import document
from keybound.report.junit import junit
from keybound.report.markdown import markdown
from keybound.report.page import page
from keybound.report.render import render_all
from keybound.report.terminal import summary
from support.command import ENVIRONMENT
from support.runs import FOOTER, HOSTILE, MIXED, case, exchange


def texts(run):
    """Every output as a text."""
    return {
        "terminal": summary(run),
        "color": summary(run, color=True),
        "json": json.dumps(document(run)),
        "junit": junit(run),
        "markdown": markdown(run),
        "html": page(run),
        "allure": json.dumps(allure(run)),
    }


def hostile_run(make):
    """Everything a target can fill is full of markup."""
    evil = case("rs.evil", "fail", notes=[HOSTILE], curl=f"curl {HOSTILE}", threat=HOSTILE, title=HOSTILE)
    evil["findings"][0] |= {"expected": HOSTILE, "seen": HOSTILE}
    answer = {"status": 200, "headers": [[HOSTILE, HOSTILE]], "body": HOSTILE, "truncated": True}
    proof = {"header": {HOSTILE: HOSTILE}, "claims": HOSTILE}
    evil["exchanges"] = [exchange(HOSTILE, response=answer, proofs=[proof], error=HOSTILE, identity=HOSTILE)]
    warned = copy.deepcopy(evil) | {"id": "rs.warned", "verdict": "warn"}
    undecided = case("rs.undecided", "inconclusive", reason=HOSTILE)
    check = {"event": "check", "name": "tls", "ok": False, "message": HOSTILE}
    return make([evil, warned, undecided], FOOTER | {"message": HOSTILE}, checks=[check])


def test_nothing_from_a_hostile_target_is_live(make):
    run = hostile_run(make)
    for name, text in texts(run).items():
        if name in {"terminal", "junit", "markdown", "html"}:
            assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", text), name
    assert "\x1b[2J" not in summary(run, color=True)

    soup = BeautifulSoup(page(run), "html.parser")
    assert len(soup.find_all("script")) == 1
    assert "alert(1)" not in soup.find("script").text
    assert HOSTILE.split("\x1b", maxsplit=1)[0] in soup.find(id="case-rs.evil").text

    ET.fromstring(junit(run))

    text = markdown(run)
    assert not re.search(r"<script|!\[|http://evil|@team", text)
    for row in (line for line in text.splitlines() if line.startswith("|")):
        assert row.count("|") == 6


def test_a_truncated_run_says_so_everywhere(make):
    run = make(footer=None)
    for name, text in texts(run).items():
        if name != "json":
            assert "truncated run" in text.lower(), name
    assert document(run)["run"]["truncated"] is True
    broken = ET.fromstring(junit(run)).find(".//testcase[@name='truncated run']")
    assert broken.find("error") is not None
    assert {"broken"} == {it["status"] for it in allure(run).values() if it.get("name") == "truncated run"}


def test_render_all_writes_every_file_and_again_the_same(make, tmp_path):
    make()
    stream, first, second = tmp_path / "run/events.jsonl", tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        assert not render_all(stream, folder).truncated
    files = {path.relative_to(first): path.read_bytes() for path in first.rglob("*") if path.is_file()}
    assert {path.name for path in files} >= {"report.json", "report.html", "junit.xml", "summary.md"}
    assert len(files) == 4 + len(MIXED) * 4
    assert files == {
        path.relative_to(second): path.read_bytes() for path in second.rglob("*") if path.is_file()
    }


def test_a_foreign_stream_with_half_a_character_is_rendered(make, tmp_path):
    make([case("rs.a", notes=["NOTE"])])
    stream = tmp_path / "run/events.jsonl"
    stream.write_text(stream.read_text().replace("NOTE", "\\ud800"))
    render_all(stream, tmp_path / "out")
    json.loads((tmp_path / "out/report.json").read_text("utf-8"))


def test_importing_the_reports_loads_neither_jinja2_nor_rich():
    code = (
        "import sys, keybound.report.render, keybound.report.terminal;"
        "sys.exit(bool({'jinja2', 'rich'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, check=False).returncode == 0
