"""Results for Allure, in its own fields."""

import dataclasses

import allure_commons.model2 as allure_model

from keybound.report.allure import allure
from support.runs import MIXED, case, exchange


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
