"""One case can be shown whole: `keybound show`, and the same as JSON and as a page."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import keybound
from keybound.cases.declare import load_all
from keybound.catalogue.requirements import load
from keybound.catalogue.show import case_data, found, shown
from keybound.cli import app
from keybound.errors import UsageError
from keybound.places.table import PLACES
from keybound.places.words import words
from keybound.tree import fixtures, root

CASES = load_all()
CATALOGUE = load(fixtures() / "requirements")


def test_every_case_says_what_it_changes_without_an_address_or_a_lambda():
    for case in CASES.values():
        text = shown(case, CATALOGUE)
        assert not re.search(r"lambda|<function| at 0x", text), text
        json.dumps(case_data(case))


def test_every_attack_says_what_is_sent():
    attacks = [case for case in CASES.values() if case.file.startswith("attacks/")]
    assert [case.id for case in attacks if not (case.change or case.minted or case.says)] == []


def test_no_two_cases_change_the_same_at_the_same_place_under_one_title():
    seen = {}
    for case in CASES.values():
        key = (
            case.role,
            case.mechanism,
            case.place,
            str(case.change),
            str(case.minted),
            case.says,
            case.title,
        )
        assert key not in seen or str(case.data) != str(seen[key].data), (case.id, seen[key].id)
        seen[key] = case


def lines_of(file):
    """Return the lines of a file of the repository, which may be installed."""
    installed = Path(keybound.__file__).parents[1] / file.removeprefix("src/")
    return (installed if file.startswith("src/") else root() / file).read_text().splitlines()


@pytest.mark.parametrize(
    ("case", "file", "text"),
    [
        ("as.proof.jti.number", "attacks/dpop/test_proof_claims.py", 'Case("proof.jti.number"'),
        ("rs.proof.jku.beside", "attacks/dpop/test_key_urls.py", 'Case(f"proof.{name}.beside"'),
        ("rs.token.alg.none", "attacks/tokens/test_token_signature.py", 'row("alg.none"'),
        ("as.code.proof.alg.none", "src/keybound/cases/every_place.py", '_row("alg.none"'),
    ],
)
def test_row_stands_where_it_says(case, file, text):
    assert CASES[case].file == file
    assert text in lines_of(file)[CASES[case].line - 1]


def test_every_row_stands_somewhere():
    lines = {file: len(lines_of(file)) for file in {case.file for case in CASES.values()}}
    assert all(0 < case.line <= lines[case.file] for case in CASES.values())


def test_every_place_has_words():
    assert {place for place in PLACES if words(place) == place} == set()


def test_unknown_case_names_the_nearest():
    with pytest.raises(UsageError, match=r"did you mean 'as\.proof\.jti\.number'"):
        found("as.prof.jti.number", CASES)


def test_shown_case_has_all_of_it():
    said = CliRunner().invoke(app, ["show", "rs.token.cnf.empty"]).output
    for text in (
        "requirement RFC9449-7.1-unbound-token: implied, RFC 9449 section 7.1",
        CATALOGUE["RFC9449-7.1-unbound-token"].statement,
        "place tokens.jwt: the protected resource, with a JWT that keybound mints",
        "changed token: cnf({})",
        "fault rs-token-unbound-ok: a token that is bound to nothing is taken",
        "row attacks/tokens/test_token_binding.py:",
        "rule attacks/tokens/test_token_binding.py:",
    ):
        assert text in said
