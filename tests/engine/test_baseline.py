"""Baselines: entries that hold, expire, go stale or are wrong."""

import datetime as dt

import pytest

from keybound.engine.baseline import Accepted, load, stale
from keybound.errors import UsageError

TODAY = dt.date(2026, 6, 1)
ENTRY = Accepted("rs.a", "fail", "known", dt.date(2026, 6, 1), "200")
GOOD = {"case": '"rs.a"', "verdict": '"fail"', "reason": '"known"', "expires": "2026-06-01", "seen": '"200"'}


def case(verdict="fail", *findings, accepted=None):
    found = [{"verdict": v, "seen": seen} for v, seen in findings or [(verdict, "200 and the text")]]
    return {"id": "rs.a", "verdict": verdict, "findings": found, "accepted": accepted}


@pytest.mark.parametrize(
    ("event", "today", "covered"),
    [
        (case(), TODAY, True),
        (case(), TODAY + dt.timedelta(days=1), False),
        (case("fail", ("fail", "200"), ("pass", "401")), TODAY, True),
        (case("fail", ("fail", "200"), ("warn", "200 too")), TODAY, True),
        (case("fail", ("fail", "200"), ("fail", "500")), TODAY, False),
        (case("fail", ("fail", "200"), ("inconclusive", "200")), TODAY, False),
        (case("warn"), TODAY, False),
        (case("pass"), TODAY, False),
        (case("inconclusive"), TODAY, False),
        (case() | {"id": "rs.b"}, TODAY, False),
    ],
)
def test_an_entry_covers_what_it_names_and_no_more(event, today, covered):
    assert ENTRY.matches(event, today) is covered


@pytest.mark.parametrize(
    ("event", "complaints"),
    [
        (case(accepted={"reason": "known"}), 0),
        (case(), 1),
        (case("warn"), 1),
        (case("pass"), 1),
        (case("inconclusive"), 0),
        (case("not run"), 0),
        (case() | {"id": "rs.b"}, 0),
    ],
)
def test_an_entry_is_stale_when_its_case_shows_something_else(event, complaints):
    assert len(stale([ENTRY], [event])) == complaints


def test_a_complaint_says_what_to_do():
    assert ENTRY.complaint(TODAY) == "rs.a no longer shows the accepted fail ('200'): remove the entry"
    later = TODAY + dt.timedelta(days=1)
    assert (
        ENTRY.complaint(later)
        == "the acceptance of rs.a expired on 2026-06-01: fix the target, or renew the entry"
    )


def write(path, **changes):
    values = {name: value for name, value in (GOOD | changes).items() if value is not None}
    path.write_text("[[accepted]]\n" + "".join(f"{name} = {value}\n" for name, value in values.items()))
    return path


def test_a_good_file_is_read(tmp_path):
    assert load(write(tmp_path / "b.toml"), ["rs.a"]) == [ENTRY]
    (tmp_path / "empty.toml").write_text("")
    assert load(tmp_path / "empty.toml", ["rs.a"]) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"case": '"rs.aa"'}, "there is no case 'rs.aa'; did you mean 'rs.a'?"),
        ({"case": '"zzz"'}, "`keybound list` shows them all"),
        ({"case": None}, "case must be given as a text"),
        ({"reason": '""'}, "reason must be given as a text"),
        ({"seen": "200"}, "seen must be given as a text"),
        ({"verdict": '"pass"'}, "verdict must be fail or warn, not 'pass'"),
        ({"expires": '"2026-06-01"'}, "expires must be given as a date such as 2027-03-31"),
        ({"expires": "2026-06-01T00:00:00Z"}, "expires must be given as a date"),
        ({"expire": "1"}, "unknown key 'expire'; known are case, verdict"),
    ],
)
def test_what_is_wrong_with_an_entry_is_said(tmp_path, changes, message):
    with pytest.raises(UsageError) as caught:
        load(write(tmp_path / "b.toml", **changes), ["rs.a"])
    assert str(caught.value).startswith("b.toml, entry 1: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "cannot read the baseline b.toml: No such file"),
        (b"\xff", "is not valid TOML"),
        (b"[[accepted]", "is not valid TOML"),
        (b"a = " + b"9" * 9000, "is not valid TOML"),
        (b"accept = []", "holds [[accepted]] tables and nothing else"),
        (b"accepted = 1", "holds [[accepted]] tables"),
        (b'accepted = ["x"]', "entry 1: write a table [[accepted]]"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path, data, message):
    if data is not None:
        (tmp_path / "b.toml").write_bytes(data)
    with pytest.raises(UsageError) as caught:
        load(tmp_path / "b.toml", ["rs.a"])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_case_has_one_entry(tmp_path):
    text = write(tmp_path / "b.toml").read_text()
    (tmp_path / "b.toml").write_text(text + text)
    with pytest.raises(UsageError, match=r"b\.toml, entry 2: there is an entry for rs\.a already"):
        load(tmp_path / "b.toml", ["rs.a"])
