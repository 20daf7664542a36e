"""`report.json`: everything a program wants to know about a run (schema: `schemas/report.schema.json`)."""

from typing import Any

from keybound.report.stream import SCHEMA, Run
from keybound.report.summary import Result, case_counts, counts, headline, results


def document(run: Run) -> dict[str, Any]:
    """Return the whole report as JSON data."""
    found = results(run)
    return {
        "schema": SCHEMA,
        "run": _run(run) | {"requirement_counts": counts(result.verdict for result in found)},
        "requirements": [_requirement(result) for result in found],
        "cases": [_without_event(case) for case in run.cases],
        "measurements": [_without_event(it) for it in run.measurements],
        "capabilities": [_without_event(it) for it in run.capabilities],
        "checks": [_without_event(it) for it in run.checks],
    }


def _run(run: Run) -> dict[str, Any]:
    header, footer = run.header, run.footer
    return {
        "id": header["run"],
        "keybound": header["keybound"],
        "target": header["target"],
        "selection": header["selection"],
        "requirement_profile": header.get("requirement_profile"),
        "started": header["started"],
        "ended": footer and footer["ended"],
        "duration_ms": footer and footer["duration_ms"],
        "requests": footer and footer["requests"],
        "exit": None if footer is None else footer["exit"],
        "message": footer and footer["message"],
        "truncated": run.truncated,
        "headline": headline(run),
        "case_counts": case_counts(run),
    }


def _requirement(result: Result) -> dict[str, Any]:
    said = {"verdict": result.verdict, "cases": result.cases, "accepted": result.accepted}
    return dict(result.requirement) | said


def _without_event(event: Any) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "event"}
