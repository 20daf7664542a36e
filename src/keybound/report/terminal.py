"""The summary at the end of a run, for a terminal or a log: what matters first, and little else."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

from keybound.judge.verdict import Verdict
from keybound.report.stream import Case, Run
from keybound.report.summary import (
    accepted,
    by_reason,
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
    selection,
    severity,
    spent,
    tally,
)
from keybound.report.text import count, cut, one_line

if TYPE_CHECKING:
    from rich.console import Console

_STYLES = {Verdict.FAIL: "bold red", Verdict.INCONCLUSIVE: "bold magenta", Verdict.WARN: "bold yellow"}
_LONGEST = 400  # characters of a text from the target
_NAMED = 4  # cases named for each reason


def summary(run: Run, files: Path | None = None, *, width: int = 80, color: bool = False) -> str:
    """Return the summary of `run` as text of `width` columns; `files` is where the reports are.

    Only the `curl` lines are longer than a line: they are there to be copied. Without `color` the text has no
    escape sequence, whatever the target sent.
    """
    from rich.console import Console  # noqa: PLC0415 - only a run that ends here needs rich

    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        color_system="standard" if color else None,
        force_terminal=color,
        highlight=False,
        markup=False,
        emoji=False,
    )
    _head(console, run)
    for case in of_verdict(run, Verdict.FAIL):
        _case(console, run, case)
    _groups(console, run, Verdict.INCONCLUSIVE)
    for case in of_verdict(run, Verdict.WARN):
        _case(console, run, case)
    _baseline(console, run)
    _requirements(console, run)
    _measured(console, run)
    _left_out(console, run)
    _tail(console, run, files)
    # A grid pads its cells with spaces.
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def _head(console: "Console", run: Run) -> None:
    target = run.header["target"]
    where = dict.fromkeys(filter(None, (target["name"], target["issuer"], target["resource"])))
    console.print(f"keybound {run.header['keybound']}: {one_line(', '.join(where))}", style="bold")
    if limited := selection(run):
        console.print(f"Only {one_line(limited)}.")
    if known := requirement_profile(run):
        console.print(f"Requirements: {one_line(known)}")
    for check in complaints(run):
        _rows(console, f"check {one_line(check['name'])}", "yellow", [("", check["message"])])
    if run.truncated:
        console.print()
        console.print(f" {headline(run).upper()} ", style="bold white on red")


def _case(console: "Console", run: Run, case: Case) -> None:
    known = requirements_by_id(run)
    rows = [("threat", case["threat"])]
    for finding in findings(case):
        requirement = known.get(finding["requirement"])
        section = f" ({requirement['spec']} section {requirement['section']})" if requirement else ""
        rows += [
            (finding["verdict"].value, f"{finding['requirement']}{section}"),
            ("expected", finding["expected"]),
            ("seen", finding["seen"]),
        ]
    title = f"{case['verdict'].upper()} {severity(run, case)}  {case['id']}"
    _rows(console, title, _STYLES[case["verdict"]], rows)
    if case["curl"] and case["verdict"] is Verdict.FAIL:
        console.print(f"  {one_line(case['curl'])}", soft_wrap=True)


def _groups(console: "Console", run: Run, verdict: Verdict) -> None:
    for reason, cases in by_reason(of_verdict(run, verdict)).items():
        names = ", ".join(case["id"] for case in cases[:_NAMED])
        more = f" and {len(cases) - _NAMED} more" if len(cases) > _NAMED else ""
        title = f"{verdict.upper()}  {count(len(cases), 'case')}"
        _rows(console, title, _STYLES[verdict], [("reason", reason), ("cases", names + more)])


def _baseline(console: "Console", run: Run) -> None:
    rows = []
    for case in accepted(run):
        entry = case["accepted"]
        until = f" (until {entry['expires']})" if entry and entry["expires"] else ""
        rows.append(("accepted", f"{case['id']}: {entry['reason'] if entry else ''}{until}"))
    if rows:
        _rows(console, f"BASELINE  {count(len(rows), 'accepted finding')}", "bold", rows)


def _requirements(console: "Console", run: Run) -> None:
    rows, silent = [], 0
    for spec, found in by_spec(results(run)).items():
        if all(each.requirement["planned"] or each.requirement["excluded"] for each in found):
            silent += len(found)
            continue
        words = tally(found)
        hold = words.pop(Verdict.PASS, 0)
        rest = [f"{number} {word}" for word, number in words.items()]
        rows.append((spec, ", ".join([f"{hold} of {len(found)} hold", *rest])))
    if silent:
        rows.append(("others", f"{silent} requirements, no case yet"))
    if rows:
        _rows(console, "REQUIREMENTS", "bold", rows)


def _measured(console: "Console", run: Run) -> None:
    by_name: dict[str, list[str]] = {}
    for name, place, value in measured(run):
        by_name.setdefault(name, []).append(f"{value} ({place})")
    if by_name:
        rows = [(name, ", ".join(values)) for name, values in by_name.items()]
        _rows(console, "MEASURED", "bold", rows)


def _left_out(console: "Console", run: Run) -> None:
    rows = [(count(len(cases), "case"), reason) for reason, cases in left_out(run).items()]
    if rows:
        _rows(console, "NOT RUN", "bold", rows)


def _tail(console: "Console", run: Run, files: Path | None) -> None:
    told = [f"{number} {name}" for name, number in case_counts(run).items() if number]
    console.print()
    console.print(f"{count(len(run.cases), 'case')}: {', '.join(told) or 'none'}")
    if run.footer:
        console.print(spent(run))
        if run.footer["message"]:
            console.print(one_line(run.footer["message"]))
    if files:
        console.print(f"Reports: {files}", soft_wrap=True)
    holds = run.footer is not None and run.footer["exit"] == 0
    console.print(headline(run), style="bold green" if holds else "bold red")


def _rows(console: "Console", title: str, style: str, rows: list[tuple[str, str]]) -> None:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for label, value in rows:
        grid.add_row(f"  {one_line(label)}", Text(cut(one_line(value), _LONGEST)))
    console.print()
    console.print(title, style=style)
    console.print(grid)
