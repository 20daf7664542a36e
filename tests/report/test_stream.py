import json
import re

import pytest

from keybound.judge.verdict import Verdict
from keybound.report.stream import FILE_NAME, Case, Writer, read

HEADER = {
    "event": "header",
    "schema": 1,
    "keybound": "0.1.0",
    "run": "8a6e0804-2bd0-4672-b79d-d97027f9071a",
    "target": {"name": "t", "issuer": "https://localhost:1", "resource": None},
    "started": "2026-11-21T02:00:00.123Z",
    "selection": {},
    "requirements": [],
}
CHECK = {"event": "check", "name": "tls", "ok": True, "message": "fine"}
FOOTER = {
    "event": "footer",
    "ended": "2026-11-21T02:00:05Z",
    "duration_ms": 5000.0,
    "requests": 3,
    "counts": {},
    "exit": 0,
    "message": None,
}


def lines(*events):
    return "".join(json.dumps(event) + "\n" for event in events)


@pytest.fixture
def stream(tmp_path):
    def write(text):
        path = tmp_path / FILE_NAME
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_what_is_written_is_read(tmp_path):
    with Writer(tmp_path / "new" / "folder") as writer:
        for event in (HEADER, CHECK, FOOTER):
            writer.write(event)
    run = read(writer.path)
    assert (run.header, run.checks, run.footer) == (HEADER, [CHECK], FOOTER)
    assert not run.truncated


def test_every_event_is_on_disk_at_once(tmp_path):
    with Writer(tmp_path) as writer:
        writer.write(HEADER)
        assert read(writer.path).truncated
        writer.write(CHECK)
        assert read(writer.path).checks == [CHECK]


def test_two_runs_never_share_a_stream(tmp_path):
    Writer(tmp_path).close()
    with pytest.raises(FileExistsError):
        Writer(tmp_path)


@pytest.mark.parametrize(
    "events", [[CHECK], [HEADER, HEADER], [HEADER, FOOTER, CHECK], [HEADER, FOOTER, FOOTER]]
)
def test_events_out_of_order_are_refused(tmp_path, stream, events):
    with Writer(tmp_path / "other") as writer:
        for event in events[:-1]:
            writer.write(event)
        with pytest.raises(ValueError, match=r"header|footer"):
            writer.write(events[-1])
    with pytest.raises(ValueError, match=rf"{FILE_NAME}:{len(events)}: .*(header|footer)"):
        read(stream(lines(*events)))


def test_half_a_character_does_not_stop_a_run(tmp_path):
    with Writer(tmp_path) as writer:
        writer.write(HEADER)
        writer.write(CHECK | {"message": "\udc80 \u2028 \x00"})
    assert read(writer.path).checks[0]["message"] == "? \u2028 \x00"


@pytest.mark.parametrize("cut", range(1, len(lines(FOOTER))))
def test_a_cut_footer_is_a_truncated_run(stream, cut):
    whole = lines(HEADER, CHECK, FOOTER)
    run = read(stream(whole[:-cut]))
    assert run.truncated == (cut > 1)
    assert run.checks == [CHECK]


def test_a_cut_character_is_a_truncated_run(stream):
    assert read(stream(lines(HEADER).encode() + b'{"event":"check","name":"\xc3')).truncated


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("hello\n", 1),
        ('{"event":"hea', 1),
        ("[1]\n", 1),
        ("{}\n", 1),
        (b"\xff\xfe\n", 1),
        (lines(CHECK), 1),
        (lines(HEADER | {"schema": 2}), 1),
        (lines({"event": "header", "schema": 1}), 1),
        (lines(HEADER) + "garbage\n" + lines(FOOTER), 2),
        (lines(HEADER, {"event": "surprise"}, FOOTER), 2),
        (lines(HEADER, {"event": ["check"]}, FOOTER), 2),
        (lines(HEADER, {"event": "check", "name": "tls"}, FOOTER), 2),
        (lines(HEADER) + "[" * 100_000 + "\n" + lines(FOOTER), 2),
        (lines(HEADER, FOOTER) + "garbage", 3),
    ],
)
def test_garbage_is_refused_with_file_and_line(stream, text, line):
    path = stream(text)
    with pytest.raises(ValueError, match=rf"^{re.escape(str(path))}:{line}: [^\n]+$"):
        read(path)


def test_verdicts_are_typed_and_known(stream):
    case = dict.fromkeys(Case.__required_keys__)
    case |= {"event": "case", "verdict": "pass", "findings": [{"verdict": "not run"}]}
    run = read(stream(lines(HEADER, case, FOOTER)))
    assert run.cases[0]["verdict"] is Verdict.PASS
    assert run.cases[0]["findings"][0]["verdict"] is Verdict.NOT_RUN
    with pytest.raises(ValueError, match=r":2: .*verdict"):
        read(stream(lines(HEADER, case | {"verdict": "great"}, FOOTER)))
