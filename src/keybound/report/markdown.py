"""`summary.md`: the page GitHub shows for a job."""

import re

from keybound.judge.verdict import Verdict
from keybound.report.stream import Case, Requirement, Run
from keybound.report.summary import (
    Result,
    accepted,
    by_spec,
    case_counts,
    complaints,
    findings,
    headline,
    left_out,
    measured,
    of_verdict,
    requirement_profile,
    requirements_by_id,
    results,
    severity,
    spent,
)
from keybound.report.text import count, cut, one_line

_LONGEST = 300  # characters of a cell
# GitHub drops a job summary above 1 MiB, so the table of findings has an end.
_ROWS = 200


def markdown(run: Run) -> str:
    """Return the run as GitHub Markdown: verdict, findings, then the requirements of each specification."""
    target = run.header["target"]
    name = target["name"] or target["issuer"] or target["resource"] or "target"
    lines = [f"## keybound: {_cell(name)} {_cell(headline(run))}", ""]
    if run.truncated:
        lines += ["> [!CAUTION]", "> **truncated run**: it has no end. Do not read it as a result.", ""]
    lines += [f"> check {_cell(it['name'])}: {_cell(it['message'])}" for it in complaints(run)]
    tally = ", ".join(f"{number} {verdict}" for verdict, number in case_counts(run).items() if number)
    cost = f" {spent(run)}." if run.footer else ""
    lines += ["", f"{count(len(run.cases), 'case')}: {tally or 'none'}.{cost}", ""]
    if known := requirement_profile(run):
        lines += [f"Requirements: {_cell(known)}.", ""]
    lines += _findings(run)
    lines += [f"* accepted: {_code(it['id'])}" for it in accepted(run)]
    for spec, found in by_spec(results(run)).items():
        lines += _spec(spec, found)
    lines += _measured(run)
    lines += [f"* {count(len(cases), 'case')} not run: {_cell(why)}" for why, cases in left_out(run).items()]
    return "\n".join(lines) + "\n"


def _measured(run: Run) -> list[str]:
    return [
        f"* measured: {_cell(name)} {_cell(value)} ({_cell(place)})" for name, place, value in measured(run)
    ]


def _findings(run: Run) -> list[str]:
    known = requirements_by_id(run)
    rows = []
    for verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.WARN):
        for case in of_verdict(run, verdict):
            first = f"{verdict} ({severity(run, case)})" if verdict is Verdict.FAIL else verdict.value
            rows += [f"| {first} | {_code(case['id'])} | {row} |" for row in _rows(case, known)]
    if not rows:
        return []
    more = [f"And {len(rows) - _ROWS} more: see report.html.", ""] if len(rows) > _ROWS else []
    head = ["| verdict | case | requirement | expected | seen |", "| --- | --- | --- | --- | --- |"]
    return [*head, *rows[:_ROWS], "", *more]


def _rows(case: Case, known: dict[str, Requirement]) -> list[str]:
    """Return the cells requirement, expected and seen: a row for each finding, or one for the reason."""
    if not findings(case):
        names = ", ".join(_link(name, known.get(name)) for name in case["requirements"])
        return [f"{names} |  | {_cell(case['reason'] or '')}"]
    return [
        " | ".join(
            (
                _link(it["requirement"], known.get(it["requirement"])),
                _cell(it["expected"]),
                _cell(it["seen"]),
            )
        )
        for it in findings(case)
    ]


def _spec(spec: str, found: list[Result]) -> list[str]:
    hold = sum(result.verdict is Verdict.PASS for result in found)
    rows = []
    for result in found:
        requirement = result.requirement
        said = f"{result.word} (accepted)" if result.accepted else result.word
        why = _cell(requirement["excluded"] or "")
        cells = (
            _link(requirement["id"], requirement),
            requirement["level"],
            said,
            _cell(requirement["title"]),
            why,
        )
        rows.append(f"| {' | '.join(cells)} |")
    return [
        "",
        f"<details><summary>{_cell(spec)}: {hold} of {count(len(found), 'requirement')} hold</summary>",
        "",
        "| requirement | level | verdict | title | not testable because |",
        "| --- | --- | --- | --- | --- |",
        *rows,
        "",
        "</details>",
    ]


def _link(name: str, requirement: Requirement | None) -> str:
    url = requirement["url"] if requirement else ""
    return f"[{_cell(name)}]({url})" if re.fullmatch(r"https://[\w./#%~-]+", url) else _cell(name)


def _code(text: str) -> str:
    return f"<code>{_cell(text)}</code>"


def _cell(text: str) -> str:
    """Return `text` so that nothing in it is HTML, Markdown, a mention or a link."""
    return re.sub(r"[^\w\s.,;()+/=-]|_|//", _entities, cut(one_line(text), _LONGEST))


def _entities(found: re.Match[str]) -> str:
    return "".join(f"&#{ord(character)};" for character in found[0])
