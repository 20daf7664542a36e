"""The summary on the terminal."""

from pathlib import Path

import pytest

from keybound.report.terminal import summary
from support.runs import FOOTER, MIXED


def test_the_terminal_says_what_matters_first(make):
    stale = {"event": "check", "name": "baseline", "ok": False, "message": "rs.old passes now"}
    text = summary(make(checks=[stale]), Path("out"))
    order = [
        "rs.old passes now",
        "FAIL critical  as.bad.jti",
        "FAIL high  rs.bad.htm",
        "INCONCLUSIVE  2 cases",
        "WARN low  rs.odd",
        "accepted",
        "REQUIREMENTS",
        "30 requests in 5.1 s",
        "Reports: out",
        "does not hold: 2 fail, 2 inconclusive, 1 warn",
    ]
    assert sorted(order, key=text.index) == order
    assert "RFC9449-4.3-htm (RFC9449 section 4.3)" in text
    assert "seen by rs.bad.htm" in text


def test_the_terminal_fits_eighty_columns_but_for_curl(make):
    for line in summary(make()).splitlines():
        assert len(line) <= 80 or "curl" in line
        assert line == line.rstrip()
    assert next(it for it in MIXED if it["id"] == "rs.bad.htm")["curl"] in summary(make(name="again"))


def test_a_clean_run_is_short_and_calm(clean):
    text = summary(clean)
    assert len(text.splitlines()) < 15
    assert text.endswith("\nholds\n")
    assert "FAIL" not in text
    assert "\x1b" not in text
    assert "\x1b[" in summary(clean, color=True)


@pytest.mark.parametrize(
    ("code", "word"), [(0, "holds"), (3, "not tested"), (4, "itself failed"), (99, "99")]
)
def test_each_exit_code_has_its_words(make, code, word):
    assert word in summary(make([], FOOTER | {"exit": code, "message": "why"}))
