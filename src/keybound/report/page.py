"""`report.html`: the report for people, in one file that needs no network."""

import base64
import hashlib
import json
import re
from functools import partial
from importlib import resources
from typing import Any

from keybound.judge.verdict import Verdict
from keybound.report.stream import Case, Exchange, Request, Response, Run
from keybound.report.summary import (
    Result,
    accepted,
    by_spec,
    case_counts,
    complaints,
    counts,
    findings,
    headline,
    of_verdict,
    requirement_profile,
    requirements_by_id,
    results,
    selection,
    severity,
    tally,
)
from keybound.report.text import count, cut, duration, printable

# What a body may take of the page; report.json has it whole.
_BODY = {True: 8000, False: 1200}  # of a finding, of a case that passes
_CONTROL = "control"  # labels of the exchanges that frame the hostile one begin so


def page(run: Run) -> str:
    """Return the run as one self-contained HTML page.

    Everything from the target is escaped, and a content security policy allows only the page's own style and
    script (by hash). Of a case that passes only the hostile exchange is shown, to keep the page small.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - only a report needs it
    from markupsafe import Markup, escape  # noqa: PLC0415

    environment = Environment(
        loader=PackageLoader("keybound.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters |= {
        "duration": duration,
        "pretty": partial(json.dumps, indent=2, ensure_ascii=False),
        "ticks": lambda text: Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text)))),  # noqa: S704
    }
    style, script = _asset("report.css"), _asset("report.js")
    return environment.get_template("report.html").render(
        _view(run),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        policy=f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'",
    )


def _shown(value: Any) -> Any:
    # A plain string is from the stream; the assets are Markup, a subclass, and stay as they are.
    return printable(value) if type(value) is str else value


def _asset(name: str) -> str:
    return resources.files("keybound.report").joinpath("templates", name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _view(run: Run) -> dict[str, Any]:
    problems = [
        case
        for verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.WARN)
        for case in of_verdict(run, verdict)
    ]
    known = accepted(run)
    told = {case["id"] for case in [*problems, *known]}
    others = [case for case in run.cases if case["id"] not in told]
    found = results(run)
    return {
        "run": run,
        "target": run.header["target"],
        "headline": headline(run),
        "tone": "cut" if run.truncated else "good" if run.footer and run.footer["exit"] == 0 else "bad",
        "selection": selection(run),
        "requirement_profile": requirement_profile(run),
        "requests": count(run.footer["requests"], "request") if run.footer else "",
        "case_counts": case_counts(run),
        "requirement_counts": counts(result.verdict for result in found),
        "complaints": complaints(run),
        "problems": [_case(run, case, whole=True) for case in problems],
        "accepted": [_case(run, case, whole=True) for case in known],
        "others": [_case(run, case, whole=False) for case in others],
        "specs": [_spec(name, group) for name, group in by_spec(found).items()],
        "roles": sorted({case["role"] for case in run.cases}),
    }


def _spec(name: str, found: list[Result]) -> dict[str, Any]:
    words = tally(found)
    bars, left = [], 0.0
    for verdict in (Verdict.PASS, Verdict.WARN, Verdict.INCONCLUSIVE, Verdict.FAIL):
        width = 100 * words.get(verdict, 0) / len(found)
        bars.append({"verdict": verdict, "left": round(left, 2), "width": round(width, 2)})
        left += width
    return {"name": name, "results": found, "tally": words, "bars": bars}


def _case(run: Run, case: Case, *, whole: bool) -> dict[str, Any]:
    known = requirements_by_id(run)
    exchanges = case["exchanges"]
    if not whole:
        hostile = [it for it in exchanges if not it["label"].startswith(_CONTROL)]
        exchanges = hostile or exchanges[-1:]
    return {
        "case": case,
        "severity": severity(run, case),
        "requirements": [(name, known.get(name)) for name in case["requirements"]],
        "findings": [(it, known.get(it["requirement"])) for it in findings(case) or case["findings"]],
        "exchanges": [_exchange(it, _BODY[whole]) for it in exchanges],
    }


def _exchange(exchange: Exchange, longest: int) -> dict[str, Any]:
    request, response = exchange["request"], exchange["response"]
    first = f"{request['method']} {request['url']}"
    return {
        "label": exchange["label"],
        "outcome": response["status"] if response else exchange["error"],
        "duration_ms": exchange["duration_ms"],
        "facts": list(filter(None, (exchange["identity"], *_tls(exchange)))),
        "request": _message(first, request, longest),
        "response": _message(str(response["status"]), response, longest) if response else None,
        "error": exchange["error"],
        "proofs": exchange["proofs"],
    }


def _tls(exchange: Exchange) -> tuple[str | None, str | None]:
    tls = exchange["tls"]
    if tls is None:
        return None, None
    return tls["version"], f"certificate {tls['certificate']}" if tls["certificate"] else None


def _message(first: str, message: Request | Response, longest: int) -> str:
    headers = "\n".join(f"{name}: {value}" for name, value in message["headers"])
    body = cut(message["body"] or "", longest)
    return "\n".join(filter(None, (first, headers, body and f"\n{body}")))
