"""Profiles of requirements: what counts, what is tightened, and what a run makes of the rest."""

import tomllib
from pathlib import Path

import pytest

from keybound.catalogue import requirement_profiles as profiles
from keybound.catalogue import requirements as catalogue
from keybound.engine.command import run_suite
from keybound.engine.run import Options
from keybound.errors import UsageError
from keybound.judge.rules import ROBUSTNESS, violation
from keybound.judge.verdict import Verdict
from keybound.report.stream import FILE_NAME, read
from keybound.tree import fixtures

ALL = catalogue.load(fixtures() / "requirements")


@pytest.mark.parametrize("name", profiles.shipped())
def test_a_shipped_profile_fits_the_catalogue(name):
    assert list(profiles.load(name).problems(ALL)) == []


def test_the_default_is_rfcs_only():
    counting = profiles.load(profiles.DEFAULT).active(ALL)
    assert {row.spec.partition(" ")[0] for row in counting.values()} == {"RFC", "keybound"}
    assert ROBUSTNESS in counting


def test_every_requirement_counts_somewhere_besides_in_all():
    names = [name for name in profiles.shipped() if not name.startswith("all")]
    assert set(ALL) == set().union(*(profiles.load(name).active(ALL) for name in names))


def test_fapi_drops_and_tightens():
    counting = profiles.load("fapi2").active(ALL)
    assert "RFC9126-2-assertion-aud" not in counting
    assert violation(ALL["RFC9449-5-bearer-option"], lenient=True) is Verdict.WARN
    assert violation(counting["RFC9449-5-bearer-option"], lenient=True) is Verdict.FAIL


def test_a_profile_of_ones_own(tmp_path):
    (tmp_path / "own.toml").write_text('title = "ours"\nextends = ["rfc"]\ndrops = ["RFC9449-*"]\n')
    counting = profiles.load("own.toml", tmp_path).active(ALL)
    assert "RFC8705-3-cert-match" in counting
    assert not any(name.startswith("RFC9449") for name in counting)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('title = "a"\ncount = ["RFC*"]\n', "count is not"),
        ('counts = ["RFC*"]\n', "title is not"),
        ('title = "a"\n[tightens]\nRFC9449-5-token-type = "must"\n', "tightens is not"),
        ('title = "a"\nextends = ["bad.toml"]\n', "extends itself"),
        ("title = \n", "not valid TOML"),
    ],
)
def test_a_bad_profile_is_named(tmp_path, text, message):
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(UsageError, match=message):
        profiles.load("bad.toml", tmp_path)


def test_an_unknown_profile_names_the_nearest():
    with pytest.raises(UsageError, match="fapi2"):
        profiles.load("fapi3")


def test_the_shipped_targets_name_profiles_that_exist():
    for path in (fixtures() / "targets").glob("*.toml"):
        profiles.load(tomllib.loads(path.read_text()).get("requirements", profiles.DEFAULT), path.parent)


def test_what_does_not_count_is_not_judged(tmp_path: Path):
    (tmp_path / "own.toml").write_text('title = "ours"\ncounts = ["RFC9449-4.3-htm"]\n')
    options = Options(
        out=tmp_path,
        keyword="rs.proof.htm or rs.proof.ath.missing",
        requirements=str(tmp_path / "own.toml"),
    )
    assert run_suite(options, quiet=True) == 0
    run = read(tmp_path / FILE_NAME)
    assert run.header["requirement_profile"]["title"] == "ours"
    assert {row["id"] for row in run.header["requirements"]} == {"RFC9449-4.3-htm", ROBUSTNESS}
    by_id = {case["id"]: case for case in run.cases}
    left_out = by_id["rs.proof.ath.missing"]
    assert left_out["verdict"] is Verdict.NOT_APPLICABLE
    assert "own (ours)" in left_out["reason"]
    assert left_out["exchanges"] == []
    judged = {it["requirement"] for it in by_id["rs.proof.htm.other-method"]["findings"]}
    assert judged == {"RFC9449-4.3-htm", ROBUSTNESS}
