"""What a run comes to, requirement by requirement."""

import pytest

from keybound.report.summary import results
from support.runs import case


def test_a_requirement_gets_the_worst_of_its_findings(make):
    found = {result.requirement["id"]: result for result in results(make())}
    assert {name: result.word for name, result in found.items()} == {
        "RFC9449-4.3-htm": "fail",
        "RFC9449-4.3-jti": "fail",
        "RFC9449-9-nonce": "warn",
        "RFC8705-3-cert": "fail",
        "RFC8705-4-keys": "not testable",
        "RFC8705-5-alias": "no case yet",
    }
    assert [name for name, result in found.items() if result.accepted] == ["RFC8705-3-cert"]
    assert found["RFC8705-3-cert"].cases == ["rs.ok.two", "rs.known"]


@pytest.mark.parametrize("verdict", ["inconclusive", "not applicable", "not run"])
def test_an_undecided_case_counts_for_its_requirements(make, verdict):
    run = make([case("rs.a", verdict), case("rs.b", "not run")])
    assert results(run)[0].verdict == verdict
