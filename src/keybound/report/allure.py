"""Allure results: one `<uuid>-result.json` for each case, and each exchange as an attachment Allure can show.

Allure 2 and 3 read the results; Allure 3 draws the exchanges (`application/vnd.allure.http+json`, version 1).
"""

import hashlib
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from keybound.judge.verdict import Verdict
from keybound.report.stream import Case, Exchange, Request, Requirement, Response, Run
from keybound.report.summary import TRUNCATED, findings, headline, requirements_by_id, severity
from keybound.report.text import epoch_ms

FOLDER = "allure-results"
_EXCHANGE = "application/vnd.allure.http+json"
_STATUS = {
    Verdict.FAIL: "failed",
    Verdict.INCONCLUSIVE: "broken",
    Verdict.WARN: "passed",
    Verdict.PASS: "passed",
    Verdict.NOT_APPLICABLE: "skipped",
    Verdict.NOT_RUN: "skipped",
}
_SEVERITY = {"critical": "critical", "high": "critical", "medium": "normal", "low": "minor"}


def allure(run: Run) -> dict[str, Any]:
    """Return the files of an `allure-results` folder: name -> JSON data.

    Names are made from the run and the case, so that writing them twice gives the same files. A truncated run
    has one broken result of its own.
    """
    files: dict[str, Any] = {}
    for case in run.cases:
        uuid = _uuid(run, case["id"])
        steps = []
        for number, exchange in enumerate(case["exchanges"]):
            source = f"{_uuid(run, case['id'], str(number))}-attachment.httpexchange"
            files[source] = _exchange(exchange)
            steps.append(_step(exchange, source))
        files[f"{uuid}-result.json"] = _result(run, case, uuid) | {"steps": steps}
    if run.truncated:
        uuid = _uuid(run, TRUNCATED)
        files[f"{uuid}-result.json"] = _truncated(run, uuid)
    return files


def _uuid(run: Run, *parts: str) -> str:
    return str(uuid5(NAMESPACE_URL, "/".join((run.header["run"], *parts))))


def _stable(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _result(run: Run, case: Case, uuid: str) -> dict[str, Any]:
    known = requirements_by_id(run)
    about = [known[name] for name in case["requirements"] if name in known]
    start = epoch_ms(case["started"])
    return {
        "uuid": uuid,
        "historyId": _stable(
            f"{run.header['target']['issuer']} {run.header['target']['resource']} {case['id']}"
        ),
        "testCaseId": _stable(case["id"]),
        "fullName": case["id"],
        "name": case["title"],
        "titlePath": case["id"].split("."),
        "status": "passed" if case["accepted"] else _STATUS[case["verdict"]],
        "statusDetails": _details(case),
        "stage": "finished",
        "description": case["threat"],
        "labels": [{"name": name, "value": value} for name, value in _labels(run, case, about)],
        "links": [{"type": "link", "name": it["id"], "url": it["url"]} for it in about],
        "parameters": [],
        "attachments": [],
        "start": start,
        "stop": start + round(case["duration_ms"]),
    }


def _labels(run: Run, case: Case, about: list[Requirement]) -> list[tuple[str, str]]:
    specs = list(dict.fromkeys(requirement["spec"] for requirement in about))
    labels = [
        ("framework", "keybound"),
        ("suite", case["role"]),
        ("role", case["role"]),
        ("severity", _SEVERITY[severity(run, case)]),
        ("tag", case["verdict"].value),
        *(("feature", spec) for spec in specs),
        *(("requirement", name) for name in case["requirements"]),
        *(("level", level) for level in dict.fromkeys(requirement["level"] for requirement in about)),
    ]
    if case["mechanism"]:
        labels += [("mechanism", case["mechanism"]), ("tag", case["mechanism"])]
    if case["evidence"]:
        labels.append(("tag", f"evidence {case['evidence']}"))
    if case["accepted"]:
        labels.append(("tag", "accepted"))
    return labels


def _details(case: Case) -> dict[str, Any]:
    lines = [
        f"{it['verdict']} {it['requirement']}: expected {it['expected']}; seen {it['seen']}"
        for it in findings(case)
    ]
    trace = [*lines, *case["notes"], *([case["curl"]] if case["curl"] else [])]
    return {
        "message": case["reason"] or next(iter(lines), ""),
        "trace": "\n".join(trace),
        "known": case["accepted"] is not None,
    }


def _step(exchange: Exchange, source: str) -> dict[str, Any]:
    start = epoch_ms(exchange["started"])
    request, response = exchange["request"], exchange["response"]
    came = response["status"] if response else exchange["error"]
    return {
        "name": f"{exchange['label']}: {request['method']} {request['url']}: {came}",
        "status": "passed" if response else "broken",
        "stage": "finished",
        "start": start,
        "stop": start + round(exchange["duration_ms"]),
        "steps": [],
        "parameters": [],
        "attachments": [{"name": exchange["label"], "source": source, "type": _EXCHANGE}],
    }


def _exchange(exchange: Exchange) -> dict[str, Any]:
    start, response = epoch_ms(exchange["started"]), exchange["response"]
    data: dict[str, Any] = {
        "schemaVersion": 1,
        "start": start,
        "stop": start + round(exchange["duration_ms"]),
        "request": {"method": exchange["request"]["method"], "url": exchange["request"]["url"]}
        | _message(exchange["request"], truncated=False),
    }
    if response:
        data["response"] = {"status": response["status"]} | _message(
            response, truncated=response["truncated"]
        )
    if exchange["error"]:
        data["error"] = {"name": "NoResponse", "message": exchange["error"]}
    return data


def _message(message: Request | Response, *, truncated: bool) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if message["headers"]:
        data["headers"] = [{"name": name, "value": value} for name, value in message["headers"]]
    if message["body"]:
        types = (value for name, value in message["headers"] if name.lower() == "content-type")
        data["body"] = {
            "contentType": next(types, "application/octet-stream"),
            "encoding": "utf8",
            "value": message["body"],
            "size": len(message["body"].encode("utf-8", "replace")),
            "truncated": truncated,
        }
    return data


def _truncated(run: Run, uuid: str) -> dict[str, Any]:
    start = epoch_ms(run.header["started"])
    return {
        "uuid": uuid,
        "historyId": _stable(TRUNCATED),
        "testCaseId": _stable(TRUNCATED),
        "fullName": TRUNCATED,
        "name": TRUNCATED,
        "status": "broken",
        "statusDetails": {"message": headline(run)},
        "stage": "finished",
        "labels": [{"name": "framework", "value": "keybound"}, {"name": "suite", "value": "run"}],
        "start": start,
        "stop": start,
    }
