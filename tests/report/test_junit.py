"""The report for CI servers that read JUnit."""

from xml.etree import ElementTree as ET

from keybound.report.junit import junit


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
