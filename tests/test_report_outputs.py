import copy
import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import allure_commons.model2 as allure_model
import pytest
from bs4 import BeautifulSoup
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from keybound import report
from keybound.report.allure import allure
from keybound.report.document import document
from keybound.report.junit import junit
from keybound.report.markdown import markdown
from keybound.report.page import page
from keybound.report.render import render_all
from keybound.report.stream import Writer, read
from keybound.report.summary import results
from keybound.report.terminal import summary

SCHEMAS = Path(report.__file__).parent / "schemas"
TIME = "2026-11-21T02:00:00.123Z"
HOSTILE = "<script>alert(1)</script>\x1b[2J\x00\u202e | `x` ![i](http://evil/) @team ]]> </pre>&{{ 7*7 }}"


def requirement(name, severity="high", **changes):
    spec, section = name.split("-")[:2]
    return {
        "id": name,
        "spec": spec,
        "section": section,
        "title": f"Title of {name}",
        "statement": "`htm` is the method.",
        "level": "MUST",
        "role": "both",
        "severity": severity,
        "url": f"https://www.rfc-editor.org/rfc/{spec.lower()}#section-{section}",
        "also": [],
        "planned": False,
        "excluded": None,
    } | changes


REQUIREMENTS = [
    requirement("RFC9449-4.3-htm"),
    requirement("RFC9449-4.3-jti", "critical"),
    requirement("RFC9449-9-nonce", "low"),
    requirement("RFC8705-3-cert", "medium"),
    requirement("RFC8705-4-keys", "low", excluded="it is the client's own affair"),
    requirement("RFC8705-5-alias", "low", planned=True),
]


def exchange(label, status=401, **changes):
    return {
        "label": label,
        "request": {
            "method": "GET",
            "url": "https://localhost:8443/api",
            "headers": [["DPoP", "<proof:1a2b3c4d>"]],
            "body": None,
        },
        "response": {
            "status": status,
            "headers": [["Content-Type", "application/json"]],
            "body": '{"error":"invalid_dpop_proof"}',
            "truncated": False,
        },
        "error": None,
        "started": TIME,
        "duration_ms": 3.2,
        "tls": {"version": "TLSv1.3", "certificate": None},
        "identity": "victim",
        "proofs": [{"header": {"alg": "ES256"}, "claims": {"htm": "GET"}}],
    } | changes


def case(name, verdict="pass", about=("RFC9449-4.3-htm",), **changes):
    decided = verdict in {"pass", "warn", "fail"}
    return {
        "event": "case",
        "id": name,
        "title": f"Title of {name}",
        "threat": "A thief replays what it saw.",
        "role": "rs",
        "mechanism": "dpop",
        "verdict": verdict,
        "evidence": "exact" if verdict == "pass" else None,
        "reason": None if decided else "control before failed: 503",
        "requirements": list(about),
        "findings": [
            {"requirement": it, "verdict": verdict, "expected": "refused: 401", "seen": f"seen by {name}"}
            for it in about
            if decided
        ],
        "notes": [],
        "started": TIME,
        "duration_ms": 12.3,
        "exchanges": [exchange("control before", 200), exchange("hostile"), exchange("control after", 200)],
        "curl": f"curl https://localhost:8443/api -H 'X-Case: {name}' -H 'DPoP: $PROOF' --{'long' * 30}",
        "accepted": None,
    } | changes


MIXED = [
    case("rs.ok.one"),
    case("rs.ok.two", about=["RFC8705-3-cert"], mechanism="mtls"),
    case("rs.bad.htm", "fail"),
    case("as.bad.jti", "fail", about=["RFC9449-4.3-jti"], role="as"),
    case("rs.known", "fail", about=["RFC8705-3-cert"], accepted={"reason": "GW-1", "expires": "2027-01-01"}),
    case("rs.odd", "warn", about=["RFC9449-9-nonce"]),
    case("rs.open.one", "inconclusive"),
    case("rs.open.two", "inconclusive"),
    case("rs.none", "not applicable", reason="no nonce"),
    case("rs.later", "not run", reason="not selected"),
]
FOOTER = {
    "event": "footer",
    "ended": "2026-11-21T02:00:05.000Z",
    "duration_ms": 5123.4,
    "requests": 30,
    "counts": {"pass": 2, "fail": 3},
    "exit": 1,
    "message": None,
}


@pytest.fixture
def make(tmp_path):
    def make(cases=MIXED, footer=FOOTER, checks=(), name="run"):
        with Writer(tmp_path / name) as writer:
            writer.write(
                {
                    "event": "header",
                    "schema": 1,
                    "keybound": "0.1.0",
                    "run": "8a6e0804-2bd0-4672-b79d-d97027f9071a",
                    "target": {"name": "reference", "issuer": "https://localhost:8443", "resource": None},
                    "started": TIME,
                    "selection": {"role": None, "mechanism": None, "keyword": None},
                    "requirements": REQUIREMENTS,
                }
            )
            writer.write(
                {"event": "capability", "name": "dpop_algs", "value": ["ES256"], "source": "measured"}
            )
            for event in [*checks, *cases]:
                writer.write(event)
            writer.write(
                {"event": "measurement", "name": "iat_window", "place": "rs", "value": 300, "unit": "s"}
            )
            if footer:
                writer.write(footer)
        return read(writer.path)

    return make


@pytest.fixture
def clean(make):
    return make([case("rs.ok.one"), case("rs.ok.two")], FOOTER | {"exit": 0})


def validator(name):
    schemas = {path.name: json.loads(path.read_text()) for path in SCHEMAS.glob("*.schema.json")}
    registry = Registry().with_resources(
        (name, Resource.from_contents(schema)) for name, schema in schemas.items()
    )
    Draft202012Validator.check_schema(schemas[name])
    return Draft202012Validator(schemas[name], registry=registry)


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


def test_every_line_of_a_stream_fits_its_schema(make, tmp_path):
    make(checks=[{"event": "check", "name": "tls", "ok": True, "message": "fine"}])
    check = validator("events.schema.json")
    for line in (tmp_path / "run/events.jsonl").read_text().splitlines():
        check.validate(json.loads(line))
    assert not check.is_valid(FOOTER | {"more": 1})
    assert not check.is_valid({"event": "check", "name": "tls", "ok": True})


@pytest.mark.parametrize("footer", [FOOTER, None])
def test_report_json_fits_its_schema(make, footer):
    validator("report.schema.json").validate(document(make(footer=footer)))


def test_a_requirement_gets_the_worst_of_its_findings(make):
    found = {result.requirement["id"]: result for result in results(make())}
    assert {name: result.word for name, result in found.items()} == {
        "RFC9449-4.3-htm": "fail",
        "RFC9449-4.3-jti": "fail",
        "RFC9449-9-nonce": "warn",
        "RFC8705-3-cert": "fail",
        "RFC8705-4-keys": "not testable",
        "RFC8705-5-alias": "no case yet",
    }
    assert [name for name, result in found.items() if result.accepted] == ["RFC8705-3-cert"]
    assert found["RFC8705-3-cert"].cases == ["rs.ok.two", "rs.known"]


@pytest.mark.parametrize("verdict", ["inconclusive", "not applicable", "not run"])
def test_an_undecided_case_counts_for_its_requirements(make, verdict):
    run = make([case("rs.a", verdict), case("rs.b", "not run")])
    assert results(run)[0].verdict == verdict


def test_report_json_counts_cases_and_requirements(make):
    run = document(make())["run"]
    assert run["case_counts"] == {
        "fail": 3,
        "inconclusive": 2,
        "warn": 1,
        "pass": 2,
        "not applicable": 1,
        "not run": 1,
    }
    assert run["requirement_counts"]["fail"] == 3
    assert (run["truncated"], run["exit"]) == (False, 1)


def test_the_terminal_says_what_matters_first(make):
    stale = {"event": "check", "name": "baseline", "ok": False, "message": "rs.old passes now"}
    text = summary(make(checks=[stale]), Path("out"))
    order = [
        "rs.old passes now",
        "FAIL critical  as.bad.jti",
        "FAIL high  rs.bad.htm",
        "INCONCLUSIVE  2 cases",
        "WARN low  rs.odd",
        "accepted",
        "REQUIREMENTS",
        "30 requests in 5.1 s",
        "Reports: out",
        "does not hold: 2 fail, 2 inconclusive, 1 warn",
    ]
    assert sorted(order, key=text.index) == order
    assert "RFC9449-4.3-htm (RFC9449 section 4.3)" in text
    assert "seen by rs.bad.htm" in text


def test_the_terminal_fits_eighty_columns_but_for_curl(make):
    for line in summary(make()).splitlines():
        assert len(line) <= 80 or "curl" in line
        assert line == line.rstrip()
    assert next(it for it in MIXED if it["id"] == "rs.bad.htm")["curl"] in summary(make(name="again"))


def test_a_clean_run_is_short_and_calm(clean):
    text = summary(clean)
    assert len(text.splitlines()) < 15
    assert text.endswith("\nholds\n")
    assert "FAIL" not in text
    assert "\x1b" not in text
    assert "\x1b[" in summary(clean, color=True)


def test_junit_says_each_outcome_once(make):
    suite = ET.fromstring(junit(make())).find("testsuite")
    outcome = {it.get("name"): {child.tag for child in it} - {"properties"} for it in suite}
    assert outcome == {
        "rs.ok.one": set(),
        "rs.ok.two": set(),
        "rs.bad.htm": {"failure"},
        "as.bad.jti": {"failure"},
        "rs.known": set(),
        "rs.odd": {"system-out"},
        "rs.open.one": {"error"},
        "rs.open.two": {"error"},
        "rs.none": {"skipped"},
        "rs.later": {"skipped"},
    }
    totals = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped", "time")}
    assert totals == {"tests": "10", "failures": "2", "errors": "2", "skipped": "2", "time": "5.123"}
    assert {it.get("classname") for it in suite} == {"rs.dpop", "as.dpop", "rs.mtls"}
    assert (
        suite.find("testcase[@name='rs.known']/properties/property[@name='accepted']").get("value") == "GW-1"
    )


def test_markdown_has_findings_and_requirements(make):
    text = markdown(make())
    assert text.startswith("## keybound: reference does not hold")
    assert (
        text.index("as.bad.jti") < text.index("rs.bad.htm") < text.index("rs.open.one") < text.index("rs.odd")
    )
    assert text.count("<details>") == text.count("</details>") == 2
    link = "[RFC9449-4.3-htm](https://www.rfc-editor.org/rfc/rfc9449#section-4.3)"
    assert link in text
    for row in (line for line in text.splitlines() if line.startswith("|")):
        assert row.count("|") == 6


def test_allure_results_have_the_fields_of_allure(make):
    files = allure(make())
    found = [data for name, data in files.items() if name.endswith("-result.json")]
    fields = {it.name for it in allure_model.TestResult.__attrs_attrs__}
    steps = {it.name for it in allure_model.TestStepResult.__attrs_attrs__}
    assert len(found) == len(MIXED)
    for result in found:
        assert result.keys() <= fields
        assert f"{result['uuid']}-result.json" in files
        assert result["stop"] >= result["start"] > 10**12
        assert all(step.keys() <= steps for step in result["steps"])
    status = {result["fullName"]: result["status"] for result in found}
    assert status["rs.bad.htm"] == "failed"
    assert status["rs.known"] == status["rs.odd"] == status["rs.ok.one"] == "passed"
    assert status["rs.open.one"] == "broken"
    assert status["rs.none"] == "skipped"
    labels = {
        (it["name"], it["value"]) for it in next(r for r in found if r["fullName"] == "as.bad.jti")["labels"]
    }
    assert labels >= {
        ("requirement", "RFC9449-4.3-jti"),
        ("level", "MUST"),
        ("role", "as"),
        ("mechanism", "dpop"),
        ("severity", "critical"),
        ("feature", "RFC9449"),
    }


def test_allure_history_follows_the_case_from_run_to_run(make):
    one = make()
    other = dataclasses.replace(one, header=one.header | {"run": "11111111-2222-4333-8444-555555555555"})
    ids = [
        {data["historyId"]: data["uuid"] for data in allure(run).values() if "historyId" in data}
        for run in (one, other)
    ]
    assert ids[0].keys() == ids[1].keys()
    assert len(ids[0]) == len(MIXED)
    assert not set(ids[0].values()) & set(ids[1].values())


def test_allure_exchanges_are_http_attachments(make):
    silent = exchange("hostile", response=None, error="timeout")
    files = allure(make([case("rs.a", exchanges=[exchange("control before"), silent])]))
    result = next(data for name, data in files.items() if name.endswith("-result.json"))
    attachments = [step["attachments"][0] for step in result["steps"]]
    assert {it["type"] for it in attachments} == {"application/vnd.allure.http+json"}
    answered, unanswered = (files[it["source"]] for it in attachments)
    assert answered == {
        "schemaVersion": 1,
        "start": 1795226400123,
        "stop": 1795226400126,
        "request": {
            "method": "GET",
            "url": "https://localhost:8443/api",
            "headers": [{"name": "DPoP", "value": "<proof:1a2b3c4d>"}],
        },
        "response": {
            "status": 401,
            "headers": [{"name": "Content-Type", "value": "application/json"}],
            "body": {
                "contentType": "application/json",
                "encoding": "utf8",
                "value": '{"error":"invalid_dpop_proof"}',
                "size": 30,
                "truncated": False,
            },
        },
    }
    assert unanswered["error"] == {"name": "NoResponse", "message": "timeout"}
    assert "response" not in unanswered


def test_the_page_is_one_file_without_network(make):
    soup = BeautifulSoup(page(make()), "html.parser")
    policy = soup.find("meta", {"http-equiv": "Content-Security-Policy"})["content"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not soup.find_all(["link", "img", "iframe", "object", "embed"])
    assert not soup.find_all(src=True)
    assert not soup.find_all(style=True)
    assert {a["href"].split("//")[0] for a in soup.find_all("a") if not a["href"].startswith("#")} == {
        "https:"
    }


def test_the_page_shows_findings_first_and_links_requirements(make):
    soup = BeautifulSoup(page(make()), "html.parser")
    cards = [card["id"] for card in soup.select("details.case")]
    assert cards[:3] == ["case-as.bad.jti", "case-rs.bad.htm", "case-rs.open.one"]
    assert len(cards) == len(MIXED)
    ids = {element["id"] for element in soup.select("[id]")}
    assert {a["href"][1:] for a in soup.select("td.links a")} <= ids
    card = soup.find(id="case-rs.bad.htm")
    assert card.select_one(".expected p").text == "refused: 401"
    assert card.select_one(".seen p").text == "seen by rs.bad.htm"
    assert len(card.select(".exchange")) == 3
    assert '"htm": "GET"' in card.text
    passed = soup.find(id="case-rs.ok.one")
    assert [it.text for it in passed.select(".exchange > summary b")] == ["hostile"]


def test_the_page_of_a_large_run_stays_small(make):
    body = "x" * 20_000
    big = exchange("hostile", response=exchange("")["response"] | {"body": body})
    cases = [case(f"rs.n{i}", exchanges=[big, big, big]) for i in range(400)]
    assert len(page(make(cases))) < 6_000_000


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


@pytest.mark.parametrize(
    ("code", "word"), [(0, "holds"), (3, "not tested"), (4, "itself failed"), (99, "99")]
)
def test_each_exit_code_has_its_words(make, code, word):
    assert word in summary(make([], FOOTER | {"exit": code, "message": "why"}))


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
    source = str(Path(__file__).parents[1] / "src")
    assert (
        subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": source}, check=False).returncode == 0
    )
