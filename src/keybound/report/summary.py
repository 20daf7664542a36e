"""What a run comes to: the verdict of each requirement, what matters first, and the counts."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from keybound.judge.verdict import Verdict, worst
from keybound.report.stream import Case, Check, Finding, Requirement, Run
from keybound.report.text import count, duration, one_line

SEVERITIES = ("critical", "high", "medium", "low")
TRUNCATED = "truncated run"
_TRUNCATED_SENTENCE = "truncated run: it did not reach its end and is no result"
_BY_EXIT = {
    0: "holds",
    2: "not run: the command or the profile is wrong",
    3: "not tested: the target did not answer, or no control succeeded",
    4: "not tested: keybound itself failed",
}
# Without a finding of its own, a requirement hears of a case only that it could not be decided.
_UNDECIDED = (Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE, Verdict.NOT_RUN)


@dataclass(frozen=True)
class Result:
    """What the cases say about one requirement; `accepted` = the baseline knows of every failing one."""

    requirement: Requirement
    verdict: Verdict
    cases: list[str]
    accepted: bool

    @property
    def word(self) -> str:
        """The verdict; of a requirement that has no case, why."""
        if self.verdict is not Verdict.NOT_RUN:
            return self.verdict.value
        if self.requirement["excluded"]:
            return "not testable"
        return "no case yet" if self.requirement["planned"] else self.verdict.value


def results(run: Run) -> list[Result]:
    """Return the result of every requirement of the header, in its order."""
    said: dict[str, list[tuple[Verdict, Case]]] = {it["id"]: [] for it in run.header["requirements"]}
    for case in run.cases:
        found = {finding["requirement"] for finding in case["findings"]}
        silent = [name for name in case["requirements"] if name not in found]
        for finding in case["findings"]:
            said.get(finding["requirement"], []).append((finding["verdict"], case))
        if case["verdict"] in _UNDECIDED:
            for name in silent:
                said.get(name, []).append((case["verdict"], case))
    return [_result(requirement, said[requirement["id"]], run) for requirement in run.header["requirements"]]


def _result(requirement: Requirement, said: list[tuple[Verdict, Case]], run: Run) -> Result:
    named = [case["id"] for case in run.cases if requirement["id"] in case["requirements"]]
    failing = [case for verdict, case in said if verdict is Verdict.FAIL]
    return Result(
        requirement=requirement,
        verdict=worst(verdict for verdict, _ in said),
        cases=list(dict.fromkeys([*named, *(case["id"] for _, case in said)])),
        accepted=bool(failing) and all(case["accepted"] for case in failing),
    )


def by_spec(all_results: Iterable[Result]) -> dict[str, list[Result]]:
    """Group results by specification, in the order of the header."""
    groups: dict[str, list[Result]] = {}
    for result in all_results:
        groups.setdefault(result.requirement["spec"], []).append(result)
    return groups


def counts(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """Count verdicts; every verdict is there, with 0 if need be."""
    return {verdict.value: 0 for verdict in Verdict} | Counter(verdict.value for verdict in verdicts)


def tally(found: Iterable[Result]) -> dict[str, int]:
    """Count results by their word, the worst first; only the words that occur."""
    words = Counter(result.word for result in found)
    order = [*(verdict.value for verdict in Verdict), "no case yet", "not testable"]
    return {word: words[word] for word in order if words[word]}


def case_counts(run: Run) -> dict[str, int]:
    """Count the verdicts of the cases."""
    return counts(case["verdict"] for case in run.cases)


def requirements_by_id(run: Run) -> dict[str, Requirement]:
    """Return the requirements of the header by id."""
    return {requirement["id"]: requirement for requirement in run.header["requirements"]}


def severity(run: Run, case: Case) -> str:
    """Return the gravest severity among the requirements that `case` finds broken, or else is about."""
    known = requirements_by_id(run)
    names = [it["requirement"] for it in case["findings"] if it["verdict"] is case["verdict"]]
    found = [known[name]["severity"] for name in names or case["requirements"] if name in known]
    return min(found, key=SEVERITIES.index, default=SEVERITIES[-1])


def of_verdict(run: Run, verdict: Verdict) -> list[Case]:
    """Return the cases of `verdict` that no baseline accepts, the gravest first."""
    cases = [case for case in run.cases if case["verdict"] is verdict and not case["accepted"]]
    return sorted(cases, key=lambda case: (SEVERITIES.index(severity(run, case)), case["id"]))


def accepted(run: Run) -> list[Case]:
    """Return the cases whose finding the baseline accepts."""
    return [case for case in run.cases if case["accepted"]]


def findings(case: Case) -> list[Finding]:
    """Return the findings of `case` that are no pass, the worst first."""
    order = list(Verdict)
    found = [finding for finding in case["findings"] if finding["verdict"] is not Verdict.PASS]
    return sorted(found, key=lambda finding: order.index(finding["verdict"]))


def by_reason(cases: Iterable[Case]) -> dict[str, list[Case]]:
    """Group cases by the reason they give, the commonest reason first."""
    groups: dict[str, list[Case]] = {}
    for case in cases:
        groups.setdefault(one_line(case["reason"] or "no reason given"), []).append(case)
    return dict(sorted(groups.items(), key=lambda group: -len(group[1])))


def complaints(run: Run) -> list[Check]:
    """Return the checks of the doctor pass that are not well."""
    return [check for check in run.checks if not check["ok"]]


def measured(run: Run) -> list[tuple[str, str, str]]:
    """Return (what, where, value with its unit) of every measurement."""
    return [
        (it["name"].replace("_", " "), it["place"], f"{it['value']} {it['unit'] or ''}".strip())
        for it in run.measurements
    ]


def left_out(run: Run) -> dict[str, list[Case]]:
    """Return the cases that were not run, by the reason."""
    return by_reason(of_verdict(run, Verdict.NOT_RUN))


def selection(run: Run) -> str:
    """Return what the run was limited to, or an empty text for a full run."""
    return ", ".join(f"{name} {value}" for name, value in run.header["selection"].items() if value)


def requirement_profile(run: Run) -> str:
    """Return which requirements counted; empty for a stream that does not say."""
    known = run.header.get("requirement_profile")
    return f"{known['name']} ({known['title']})" if known else ""


def headline(run: Run) -> str:
    """Return the verdict of the run in one sentence."""
    if run.footer is None:
        return _TRUNCATED_SENTENCE
    if run.footer["exit"] != 1:
        return _BY_EXIT.get(run.footer["exit"], f"ended with exit code {run.footer['exit']}")
    parts = [
        f"{len(cases)} {verdict}"
        for verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.WARN)
        if (cases := of_verdict(run, verdict))
    ]
    words = "does not hold" if of_verdict(run, Verdict.FAIL) else "not shown to hold"
    return f"{words}: {', '.join(parts)}" if parts else words


def spent(run: Run) -> str:
    """Return what a run that came to its end cost: requests, time, and requests for each case that has a verdict."""
    if run.footer is None:
        return ""
    requests = run.footer["requests"]
    verdicts = sum(case["verdict"] not in {Verdict.NOT_APPLICABLE, Verdict.NOT_RUN} for case in run.cases)
    each = f", {requests / verdicts:.1f} for each verdict" if verdicts else ""
    return f"{count(requests, 'request')} in {duration(run.footer['duration_ms'])}{each}"
