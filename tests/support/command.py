"""How tests call keybound: in this process, and in one of its own."""

import contextlib
import io
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from keybound import cli

SOURCE = Path(cli.__file__).resolve().parent.parent
ENVIRONMENT = os.environ | {"PYTHONPATH": str(SOURCE)}  # a process in another folder finds keybound too


@dataclass(frozen=True)
class Result:
    """What a call of the command came to."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def line(self) -> str:
        """The one line of an error; fails when there is another, or a traceback."""
        lines = self.err.splitlines()
        assert lines, "nothing on stderr"
        assert "Traceback" not in self.err
        assert [line.startswith("keybound: ") for line in lines] == [True], self.err
        return lines[0].removeprefix("keybound: ")


def keybound(*words: object) -> Result:
    """Call the command in this process: for what ends before pytest would start."""
    out, err, argv = io.StringIO(), io.StringIO(), sys.argv
    started, code = time.monotonic(), 0
    sys.argv = ["keybound", *map(str, words)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            cli.main()
    except SystemExit as stop:
        code = int(stop.code or 0)
    finally:
        sys.argv = argv
    return Result(code, out.getvalue(), err.getvalue(), time.monotonic() - started)


def spawn(*words: object, folder: Path, warnings: str = "error") -> "subprocess.Popen[str]":
    """Start the command in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "keybound", *map(str, words)],
        cwd=folder,
        env=ENVIRONMENT | {"PYTHONWARNINGS": warnings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def process(*words: object, folder: Path, limit: float = 120) -> Result:
    """Call the command in a process of its own and wait for its end, at most `limit` seconds."""
    started = time.monotonic()
    with spawn(*words, folder=folder) as child:
        out, err = child.communicate(timeout=limit)
    return Result(child.returncode, out, err, time.monotonic() - started)
