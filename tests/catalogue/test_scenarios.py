"""The scenarios: each has a case or a reason, and the page is made of them."""

from keybound.cases.declare import Case, load_all
from keybound.catalogue import scenarios

CASES = list(load_all().values())


def test_everything_fits():
    assert list(scenarios.problems(CASES)) == []


def test_a_case_speaks_for_its_label():
    found = {
        it.label: it
        for it in scenarios.load([Case("rs.tea.cold", "", requirements=(), faults=(), known_as=("RP-05",))])
    }
    assert found["RP-05"].cases == ("rs.tea.cold",)
    assert found["ATK-25"].cases == ("rs.tea.cold",)  # which the file says is the same
    assert found["TP-01"].is_open


def test_without_cases_the_lint_complains():
    said = list(scenarios.problems([]))
    assert "scenario TP-01: has no case and no reason" in said
    assert any("no case is called" in line for line in said)
