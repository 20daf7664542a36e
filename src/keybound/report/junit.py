"""`junit.xml`: the cases as any CI server reads them."""

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from keybound.judge.verdict import Verdict
from keybound.report.stream import Case, Run
from keybound.report.summary import TRUNCATED, findings, headline
from keybound.report.text import printable


def junit(run: Run) -> str:
    """Return the run as JUnit XML.

    fail is a failure, inconclusive an error, not applicable and not run are skipped. A warn and an accepted
    finding pass, with a word about it. A truncated run has an error of its own.
    """
    root = Element("testsuites", name="keybound")
    suite = SubElement(root, "testsuite", name="keybound", timestamp=run.header["started"])
    for case in run.cases:
        _testcase(suite, case)
    if run.truncated:
        broken = SubElement(suite, "testcase", classname="keybound", name=TRUNCATED, time="0")
        SubElement(broken, "error", message=headline(run), type=TRUNCATED)
    spent = run.footer["duration_ms"] if run.footer else sum(case["duration_ms"] for case in run.cases)
    totals = {
        "tests": len(suite.findall("testcase")),
        "failures": len(suite.findall("testcase/failure")),
        "errors": len(suite.findall("testcase/error")),
        "skipped": len(suite.findall("testcase/skipped")),
        "time": f"{spent / 1000:.3f}",
    }
    for element in (root, suite):
        element.attrib.update({name: str(value) for name, value in totals.items()})
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _testcase(suite: Element, case: Case) -> None:
    place = ".".join(filter(None, (case["role"], case["mechanism"])))
    seconds = f"{case['duration_ms'] / 1000:.3f}"
    testcase = SubElement(suite, "testcase", classname=place, name=case["id"], time=seconds)
    properties = SubElement(testcase, "properties")
    for requirement in case["requirements"]:
        SubElement(properties, "property", name="requirement", value=requirement)
    if case["evidence"]:
        SubElement(properties, "property", name="evidence", value=case["evidence"])
    if case["accepted"]:
        SubElement(properties, "property", name="accepted", value=printable(case["accepted"]["reason"]))
        return
    reason = printable(case["reason"] or "")
    match case["verdict"]:
        case Verdict.FAIL:
            _outcome(testcase, "failure", case)
        case Verdict.INCONCLUSIVE:
            _outcome(testcase, "error", case)
        case Verdict.WARN:
            SubElement(testcase, "system-out").text = _details(case)
        case Verdict.NOT_APPLICABLE | Verdict.NOT_RUN:
            SubElement(testcase, "skipped", message=f"{case['verdict']}: {reason}")


def _outcome(testcase: Element, tag: str, case: Case) -> None:
    first = next(iter(findings(case)), None)
    seen = first and f"{first['requirement']}: expected {first['expected']}; seen {first['seen']}"
    message = printable(case["reason"] or seen or case["title"])
    SubElement(testcase, tag, message=message, type=case["verdict"].value).text = _details(case)


def _details(case: Case) -> str:
    lines = [case["title"], f"threat: {case['threat']}"]
    for finding in findings(case):
        lines += [
            f"{finding['verdict']} {finding['requirement']}",
            f"  expected: {finding['expected']}",
            f"  seen:     {finding['seen']}",
        ]
    lines += case["notes"]
    if case["curl"]:
        lines.append(case["curl"])
    return printable("\n".join(lines))
