"""Which cases -k, --role and --mechanism take."""

import json

import pytest

from keybound.cases.declare import Case
from keybound.engine import command
from keybound.engine.diagnosis import Diagnosis
from keybound.engine.run import Options
from keybound.engine.selection import matcher, selects
from keybound.engine.shared import Shared
from keybound.profile.discovery import Metadata
from keybound.report.stream import FILE_NAME, read
from keybound.tree import root


def case(name, mechanism="dpop"):
    return Case(name, "", requirements=(), faults=(), mechanism=mechanism)


@pytest.mark.parametrize(
    ("expression", "fits"),
    [
        ("", True),
        ("htu", True),
        ("HTU", True),
        ("dpop", True),
        ("mtls", False),
        ("not htu", False),
        ("not not htu", True),
        ("htu and other", True),
        ("htu and mtls or other", True),
        ("htu and (mtls or nothing)", False),
        ("mtls and nothing or htu", True),
        ("not (mtls or nothing)", True),
        ("not mtls and not nothing", True),
        ("rs.proof.htu.other-path", True),
    ],
)
def test_an_expression_fits_by_parts_of_the_id_or_the_mechanism(expression, fits):
    assert matcher(expression)(case("rs.proof.htu.other-path")) is fits


@pytest.mark.parametrize("expression", ["and", "htu and", "(htu", "htu)", "htu path", "not", "()", "or htu"])
def test_what_is_no_expression_is_refused(expression):
    with pytest.raises(ValueError, match=r"ends too early|is not closed|belong there|part of an id"):
        matcher(expression)


def test_role_and_mechanism_must_fit_too():
    assert selects(Options(role="rs", mechanism="mtls", keyword="jti"), case("rs.jti", "mtls"))
    assert not selects(Options(role="as"), case("rs.jti"))
    assert not selects(Options(mechanism="mtls"), case("rs.jti"))


def test_a_selected_case_without_a_result_is_a_fault_of_keybound(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "case_folders", lambda: [root() / "suites"])  # attacks/ is not read
    keyword = "as.dpop.no-store or rs.proof.jti.missing or as.metadata"
    assert command.run_suite(Options(out=tmp_path, keyword=keyword), quiet=True) == 4
    footer = read(tmp_path / FILE_NAME).footer
    assert "came to no result, the first of them rs.proof.jti.missing" in footer["message"]


def test_what_a_run_hands_to_its_workers_can_go_to_another_process():
    diagnosis = Diagnosis(Metadata({"issuer": "https://as"}, "https://as/m"), facts={"api.dpop": "web"})
    shared = Shared("name = 'x'", "x.toml", "/", ("rfc", "/"), (("s", "token"),), "00", diagnosis)
    sent = json.loads(json.dumps(shared.as_json()))
    assert Shared.from_json(sent).as_json() == shared.as_json() | {
        "requirements": ["rfc", "/"],
        "secrets": [["s", "token"]],
    }
