"""The stream and report.json fit their schemas, and report.json counts."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from keybound import report
from keybound.report.document import document
from support.runs import FOOTER

SCHEMAS = Path(report.__file__).parent / "schemas"


def validator(name):
    schemas = {path.name: json.loads(path.read_text()) for path in SCHEMAS.glob("*.schema.json")}
    registry = Registry().with_resources(
        (name, Resource.from_contents(schema)) for name, schema in schemas.items()
    )
    Draft202012Validator.check_schema(schemas[name])
    return Draft202012Validator(schemas[name], registry=registry)


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
