"""Bad input: one clear line on stderr, the right exit code, no traceback, and nothing that was there is lost."""

import json
import os
from pathlib import Path

import pytest

from support import hostile_server as hostile
from support.command import keybound, process

FAST = ("-k", "rs.proof.jti.missing")


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    """The path of a profile that is fine, for a server that is not there."""
    return hostile.tiny_profile(tmp_path_factory.mktemp("p"), f"https://localhost:{hostile.closed_port()}")


USAGE = {
    "no such command": (["rnu"], "No such command 'rnu'."),
    "no such option": (["run", "--nope"], "No such option: --nope"),
    "option without value": (["run", "--out"], "'--out' requires an argument"),
    "two targets": (["run", "a", "b"], "unexpected extra argument"),
    "wrong role": (["run", "--role", "op"], "'op' is not one of 'as', 'rs'"),
    "wrong mechanism": (["run", "--mechanism", "tls"], "'tls' is not one of 'dpop', 'mtls'"),
    "wrong nonce": (["run", "--nonce", "yes"], "'yes' is not one of"),
    "workers in words": (["run", "-n", "many"], "-n takes a number or auto, not 'many'"),
    "workers below zero": (["run", "-n", "-1"], "-n takes a number or auto, not '-1'"),
    "workers in other digits": (["run", "-n", "\xb2"], "-n takes a number or auto"),
    "unknown fault": (["run", "--fault", "ath-optionl"], "unknown fault 'ath-optionl'"),
    "nearly a fault": (["run", "--fault", "rs-ath-optionl"], "did you mean 'rs-ath-optional'?"),
    "unknown fault to serve": (["serve", "--fault", "x"], "unknown fault 'x'"),
    "unknown fault to test": (["selftest", "--fault", "x"], "unknown fault 'x'"),
    "no jobs": (["selftest", "-j", "0"], "-j"),
    "port in words": (["serve", "--port", "https"], "--port"),
    "fault of another target": (["run", "oidc-provider", "--fault", "rs-ath-optional"], "leave TARGET out"),
    "no such profile": (["run", "no.toml"], "there is no profile 'no.toml': give a TOML file, or one of"),
    "expression": (["run", "-k", "and and"], "-k 'and and' cannot be read"),
    "open bracket": (["run", "-k", "(htu"], "write parts of case ids with and, or, not"),
    "expression of nothing": (
        ["run", "-k", "no-such-case"],
        "no case matches -k, --role and --mechanism together",
    ),
    "role of nothing": (["run", "-k", "rs.proof.htu", "--role", "as"], "no case matches"),
    "report of nothing": (["report", "no-such-folder"], "no-such-folder: No such file or directory"),
}


@pytest.mark.parametrize("name", USAGE)
def test_wrong_usage_is_said_in_one_line(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words, message = USAGE[name]
    result = keybound(*words)
    assert message in result.line
    assert (result.code, result.out) == (2, "")
    assert not list(tmp_path.iterdir())


def test_help_is_no_error():
    assert keybound("--help").code == 0
    assert keybound("run", "--help").code == 0
    assert keybound("version").out.startswith("keybound ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("issuer =", "is not valid TOML"),
        (b"\xff\xfe", "it is not UTF-8 text"),
        ('[client]\nid = "x"\nsecert = "s"', "unknown key 'client.secert'; did you mean 'secret'?"),
        ('issuer = "https://as.example"\n[client]\nid = "x"\nsecret = "s"', "`authorized = true`"),
        (
            'issuer = "https://localhost"\nbaseline = "no.toml"\n[client]\nid = "x"\nsecret = "s"',
            "the baseline no.toml: No such",
        ),
        (
            'issuer = "https://localhost"\n[client]\nid = "x"\nsecret = "${KB_UNSET}"',
            "variable KB_UNSET is not set",
        ),
    ],
)
def test_a_wrong_profile_is_said_in_one_line_and_costs_no_report(text, message, tmp_path):
    path, old = tmp_path / "p.toml", tmp_path / "out" / "events.jsonl"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    old.parent.mkdir()
    old.write_text("an older report")
    result = keybound("run", path, "--out", old.parent)
    assert message in result.line
    assert result.code == 2
    assert old.read_text() == "an older report"


def test_a_profile_that_is_a_folder_or_cannot_be_read(tmp_path):
    assert "there is no profile" in keybound("run", tmp_path).line
    if os.geteuid():
        (tmp_path / "p.toml").touch(0)
        assert "Permission denied" in keybound("run", tmp_path / "p.toml").line


@pytest.mark.parametrize("blocked", ["out", "out/events.jsonl/x"])
def test_a_folder_that_cannot_be_written_is_said(blocked, profile, tmp_path):
    path = tmp_path / blocked
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.name == "x":
        path.mkdir()
    else:
        path.write_text("in the way")
    result = keybound("run", profile, "--out", tmp_path / "out")
    assert f"cannot write to --out {tmp_path / 'out'}: " in result.line
    assert result.code == 2


def test_a_report_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "out" / "report.html" / "x").mkdir(parents=True)
    result = process("run", *FAST, "--out", tmp_path / "out", folder=tmp_path)
    assert result.err.splitlines()[-1].startswith("keybound: ")
    assert "report.html: Is a directory" in result.err
    assert "Traceback" not in result.err
    assert result.code == 2


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not an event stream: it is empty"),
        (b"hello\n", "not a line of an event stream"),
        (b"\xff\xfe\n", "not a line of an event stream"),
        (b"[" * 99999, "not a line of an event stream"),
        (b'{"event":"footer"}\n', "a stream has one header"),
        (b'{"event":"header","schema":99}\n', "schema 99 is not known"),
        (b'{"event":"header","schema":1}\n', "header without"),
    ],
)
def test_what_is_no_stream_has_no_report(data, message, tmp_path):
    (tmp_path / "events.jsonl").write_bytes(data)
    result = keybound("report", tmp_path)
    assert message in result.line
    assert result.code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["events.jsonl"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A report folder of a run that held, as it was written."""
    out = tmp_path_factory.mktemp("finished")
    assert process("run", *FAST, "--out", out, folder=out).code == 0
    return out


@pytest.mark.parametrize("cut", ["footer", "half a line", "all but the header"])
def test_a_truncated_stream_is_called_so_by_every_report(cut, finished, tmp_path):
    lines = (finished / "events.jsonl").read_bytes().splitlines(keepends=True)
    kept = {
        "footer": lines[:-1],
        "half a line": [*lines[:-1], lines[-1][:20]],
        "all but the header": lines[:1],
    }[cut]
    (tmp_path / "events.jsonl").write_bytes(b"".join(kept))
    result = keybound("report", tmp_path)
    assert (result.code, result.err) == (4, "")
    assert "TRUNCATED RUN" in result.out
    assert_truncated(tmp_path)


def assert_truncated(out: Path) -> None:
    """Assert that every file of a report says that the run is truncated."""
    for name in ("summary.md", "report.html", "junit.xml"):
        assert "truncated run" in (out / name).read_text().lower(), name
    assert "<error" in (out / "junit.xml").read_text()
    assert json.loads((out / "report.json").read_text())["run"]["truncated"] is True
    states = {
        json.loads(path.read_text())["status"] for path in (out / "allure-results").glob("*-result.json")
    }
    assert "broken" in states


def test_a_report_is_rendered_elsewhere_and_again(finished, tmp_path):
    for _ in range(2):
        result = keybound("report", finished / "events.jsonl", "--out", tmp_path / "new")
        assert (result.code, result.err) == (0, "")
    assert (tmp_path / "new" / "junit.xml").read_text() == (finished / "junit.xml").read_text()
    (tmp_path / "file").write_text("")
    assert "Not a directory" in keybound("report", finished, "--out", tmp_path / "file" / "x").line


def _with_baseline(folder: Path, running: hostile.Tampered, entries: str) -> Path:
    (folder / "accepted.toml").write_text(entries)
    path = running.write(folder)
    path.write_text(f'baseline = "accepted.toml"\n{path.read_text()}')
    return path


ENTRY = """[[accepted]]
case = "rs.proof.ath.missing"
verdict = "fail"
reason = "known"
expires = {expires}
seen = "{seen}"
"""


async def _pass_through(request, handler):
    return await handler(request)


@pytest.mark.parametrize(
    ("faults", "expires", "seen", "code", "message"),
    [
        (("rs-ath-optional",), "2999-01-01", "200", 0, "accepted"),
        (("rs-ath-optional",), "2001-01-01", "200", 1, "expired on 2001-01-01"),
        (("rs-ath-optional",), "2999-01-01", "204", 1, "no longer shows"),
        ((), "2999-01-01", "200", 1, "rs.proof.ath.missing no longer shows the accepted fail"),
    ],
)
def test_a_baseline_accepts_what_it_says_and_complains_of_the_rest(
    faults, expires, seen, code, message, tmp_path
):
    with hostile.tampered(_pass_through, faults=faults) as running:
        path = _with_baseline(tmp_path, running, ENTRY.format(expires=expires, seen=seen))
        out = tmp_path / "out"
        result = process("run", path, "--out", out, "-k", "rs.proof.ath.missing", folder=tmp_path)
    assert result.code == code
    assert message in " ".join(result.out.split())
    assert message in (out / "summary.md").read_text()


def test_a_wrong_baseline_is_said_in_one_line(tmp_path):
    text = ENTRY.format(expires="2999-01-01", seen="200").replace("ath.missing", "ath.missin")
    (tmp_path / "accepted.toml").write_text(text)
    profile = hostile.tiny_profile(tmp_path, "https://localhost:1", 'baseline = "accepted.toml"')
    result = keybound("run", profile, "--out", tmp_path / "out")
    assert result.line == (
        "accepted.toml, entry 1: there is no case 'rs.proof.ath.missin'; did you mean 'rs.proof.ath.missing'?"
    )
    assert result.code == 2
    assert not (tmp_path / "out").exists()
