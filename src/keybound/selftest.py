"""The kill matrix: the clean reference target is all green, and each fault turns exactly its requirements red."""

import contextlib
import json
import multiprocessing
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from keybound.cases import load_all
from keybound.controller import Options
from keybound.errors import KeyboundError, UsageError
from keybound.judge.verdict import Verdict
from keybound.reference.faults import FAULTS
from keybound.report.stream import FILE_NAME, read
from keybound.runner import run_suite

_RED = {Verdict.FAIL, Verdict.WARN}
CLEAN = ("(no fault)", "(no fault, with nonces)")


@dataclass(frozen=True)
class Row:
    """What one run showed: which requirements and cases were red, which cases could not be judged."""

    fault: str
    red: tuple[str, ...]
    killed: tuple[str, ...]
    inconclusive: tuple[str, ...]
    not_exact: tuple[str, ...]
    error: str | None = None


def observe(fault: str) -> Row:
    """Run the whole suite against the reference target with `fault` (one of CLEAN: none) and return what it showed."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        nonce = "both" if "nonce" in fault else "off"
        try:
            with contextlib.redirect_stderr(None):
                run_suite(
                    Options(out=out, faults=(fault,) if fault in FAULTS else (), nonce=nonce), quiet=True
                )
        except KeyboundError as error:
            return Row(fault, (), (), (), (), str(error))
        run = read(out / FILE_NAME)
    cases = run.cases
    red = {f["requirement"] for case in cases for f in case["findings"] if f["verdict"] in _RED}
    return Row(
        fault,
        tuple(sorted(red)),
        tuple(sorted(case["id"] for case in cases if case["verdict"] in _RED)),
        tuple(sorted(case["id"] for case in cases if case["verdict"] == Verdict.INCONCLUSIVE)),
        tuple(sorted(c["id"] for c in cases if c["verdict"] == Verdict.PASS and c["evidence"] != "exact")),
    )


def problems(row: Row) -> Iterator[str]:
    """Yield what is wrong with one row of the matrix."""
    if row.error:
        yield f"the run did not start: {row.error}"
        return
    expected = set() if row.fault in CLEAN else set(FAULTS[row.fault].requirements)
    red = set(row.red)
    if missing := sorted(expected - red):
        yield f"stays green: {', '.join(missing)}"
    if extra := sorted(red - expected):
        yield f"red though not declared: {', '.join(extra)}"
    if row.fault in CLEAN:
        if row.inconclusive:
            yield f"inconclusive on the clean target: {', '.join(row.inconclusive)}"
        if row.not_exact:
            yield f"passes without exact evidence on the clean target: {', '.join(row.not_exact)}"
        return
    wanted = {case.id for case in load_all().values() if row.fault in case.faults}
    if alive := sorted(wanted - set(row.killed)):
        yield f"not killed: {', '.join(alive)}"


def _markdown(rows: Sequence[Row]) -> str:
    lines = [
        "# Kill matrix",
        "",
        "| fault | what is wrong | red requirements | cases killed |",
        "| --- | --- | --- | --- |",
    ]
    for row in rows:
        wrong = FAULTS[row.fault].wrong if row.fault in FAULTS else "nothing"
        lines.append(f"| {row.fault} | {wrong} | {', '.join(row.red) or 'none'} | {len(row.killed)} |")
    return "\n".join(lines) + "\n"


def selftest(faults: Sequence[str], jobs: int, out: Path | None) -> int:
    """Run the matrix (all faults if none are named), print what is wrong, and return 0 or 1.

    `out` receives kill-matrix.json and kill-matrix.md; raises UsageError when it cannot be written.
    """
    names = [*CLEAN, *(faults or FAULTS)]
    os.environ["PYTHONWARNINGS"] = "error"
    spawn = multiprocessing.get_context("spawn")
    bad, rows = 0, []
    with ProcessPoolExecutor(jobs, spawn, max_tasks_per_child=1) as pool:
        for row in pool.map(observe, names):
            rows.append(row)
            found = list(problems(row))
            bad += bool(found)
            state = "; ".join(found) if found else f"{len(row.killed)} cases, {len(row.red)} requirements red"
            print(f"{'BAD' if found else 'ok':4}{row.fault:36} {state}", flush=True)
    print(f"{len(names) - 1} faults, {bad} rows that are not as declared")
    if out is not None:
        try:
            out.mkdir(parents=True, exist_ok=True)
            (out / "kill-matrix.json").write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
            (out / "kill-matrix.md").write_text(_markdown(rows))
        except OSError as error:
            raise UsageError(f"cannot write to {out}: {error.strerror}") from None
    return 1 if bad else 0
