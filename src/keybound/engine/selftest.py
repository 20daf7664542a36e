"""The kill matrix: the clean reference target is all green, and each fault turns exactly its requirements red."""

import contextlib
import json
import multiprocessing
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

from keybound.cases.declare import Case, load_all
from keybound.catalogue import kill_matrix
from keybound.engine.command import run_suite
from keybound.engine.run import Options
from keybound.errors import KeyboundError, UsageError
from keybound.judge.verdict import Verdict
from keybound.profile.clients import Mechanism
from keybound.reference.faults import FAULTS
from keybound.report.stream import FILE_NAME, read

Value = TypeVar("Value")

_RED = {Verdict.FAIL, Verdict.WARN}
CLEAN = ("(no fault)", "(no fault, with nonces)")
ALONE = frozenset(name for name, fault in FAULTS.items() if fault.alone)
CLEAN_ALONE = "(no fault, resource server alone)"
CLEAN_WAITING = "(no fault, with --slow and --flood)"


@dataclass(frozen=True)
class Row:
    """What one run showed: which requirements and cases were red, which cases could not be judged."""

    fault: str
    red: tuple[str, ...]
    killed: tuple[str, ...]
    inconclusive: tuple[str, ...]
    not_exact: tuple[str, ...]
    error: str | None = None


@cache
def _by_fault() -> dict[str, list[Case]]:
    """Return the cases that must notice each fault; reading every table takes a while, so it is done once."""
    found: dict[str, list[Case]] = {}
    for case in load_all().values():
        for fault in case.faults:
            found.setdefault(fault, []).append(case)
    return found


def _named(fault: str) -> list[Case]:
    return _by_fault().get(fault, [])


def _only(values: set[Value]) -> Value | None:
    return values.pop() if len(values) == 1 else None


def observe(fault: str, *, rs_only: bool = False, scope: str = "kind") -> Row:
    """Run the suite against the reference target with `fault` (one of CLEAN: none) and return what it showed.

    `scope`: "named" takes the cases that have to notice the fault; "kind" those of its role and mechanism, and if they
    do not show what is declared, all; "all" takes all (of a fault of the resource server: those of its role, for no
    authorization server knows of it).
    `rs_only`: against a resource server alone, whatever the fault; faults of tokens are always seen there.
    """
    named = _named(fault)
    if scope == "named" and named:
        return _observe(fault, keyword=" or ".join(case.id for case in named), rs_only=rs_only)
    wide = "rs" if fault.startswith("rs-") else None, None
    kind = _only({case.role for case in named}), _only({case.mechanism for case in named})
    if scope == "kind" and kind != wide:
        row = _observe(fault, *kind, rs_only=rs_only)
        if not any(problems(row, rs_only=rs_only and fault not in ALONE)):
            return row
    return _observe(fault, *wide, rs_only=rs_only)


def _observe(
    fault: str,
    role: str | None = None,
    mechanism: Mechanism | None = None,
    keyword: str | None = None,
    *,
    rs_only: bool,
) -> Row:
    alone = rs_only or fault in ALONE or fault == CLEAN_ALONE
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        nonce = "both" if "nonce" in fault or fault == CLEAN_WAITING else "off"
        slow, flood = (fault == CLEAN_WAITING or needs(fault, kind) for kind in ("slow", "flood"))
        try:
            with contextlib.redirect_stderr(None):
                faults = (fault,) if fault in FAULTS else ()
                options = Options(
                    out=out,
                    role=role,
                    mechanism=mechanism,
                    keyword=keyword,
                    faults=faults,
                    nonce=nonce,
                    rs_only=alone,
                    slow=slow,
                    flood=flood,
                )
                run_suite(options, quiet=True)
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


def needs(fault: str, kind: str) -> bool:
    """Return whether a case of this kind, "slow" or "flood", has to notice the fault."""
    return any(getattr(case, kind) for case in _named(fault))


def problems(row: Row, *, rs_only: bool = False, named: bool = False) -> Iterator[str]:
    """Yield what is wrong with one row of the matrix.

    `named`: of a run of the cases that name the fault, which need not turn all its requirements red.
    `rs_only`: of a fault seen at a resource server alone, where other cases may notice it.
    """
    if row.error:
        yield f"the run did not start: {row.error}"
        return
    clean = row.fault not in FAULTS
    seen = kill_matrix.load().get(row.fault, kill_matrix.NOTHING)
    expected = seen.alone if rs_only else seen.everywhere
    red = set(row.red)
    if not named and (missing := sorted(expected - red)):
        yield f"stays green: {', '.join(missing)}"
    if extra := sorted(red - expected):
        yield f"red though not declared: {', '.join(extra)}"
    if clean:
        if row.inconclusive:
            yield f"inconclusive on the clean target: {', '.join(row.inconclusive)}"
        if row.not_exact:
            yield f"passes without exact evidence on the clean target: {', '.join(row.not_exact)}"
        return
    if rs_only:
        return  # not every case of the fault has its place there
    wanted = {case.id for case in _named(row.fault)}
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


def selftest(
    faults: Sequence[str],
    jobs: int,
    out: Path | None,
    *,
    rs_only: bool = False,
    scope: str = "kind",
) -> int:
    """Run the matrix (all faults if none are named), print what is wrong, and return 0 or 1.

    `rs_only`: the faults of resource servers, each at a resource server alone whose tokens keybound mints.
    `scope`: which cases each fault is shown to (see `observe`).

    `out` receives kill-matrix.json and kill-matrix.md; raises UsageError when it cannot be written.
    """
    chosen = [name for name in faults or FAULTS if name.startswith("rs-") or not rs_only]
    cleans = [CLEAN_ALONE] if rs_only else [*CLEAN, *([CLEAN_ALONE] if ALONE.intersection(chosen) else [])]
    if any(needs(fault, kind) for fault in chosen for kind in ("slow", "flood")):
        cleans.append(CLEAN_WAITING)
    names = [*cleans, *chosen]
    os.environ["PYTHONWARNINGS"] = "error"
    server = multiprocessing.get_context("forkserver")  # what every run imports is imported once
    server.set_forkserver_preload(
        ["keybound.engine.selftest", "keybound.engine.pytest_plugin", "httpx", "xdist.plugin"]
    )
    bad, rows = 0, []
    with ProcessPoolExecutor(jobs, server, max_tasks_per_child=1) as pool:
        for row in pool.map(partial(observe, rs_only=rs_only, scope=scope), names):
            rows.append(row)
            found = list(problems(row, rs_only=rs_only and row.fault not in ALONE, named=scope == "named"))
            bad += bool(found)
            state = "; ".join(found) if found else f"{len(row.killed)} cases, {len(row.red)} requirements red"
            print(f"{'BAD' if found else 'ok':4}{row.fault:36} {state}", flush=True)
    print(f"{len(chosen)} faults, {bad} rows that are not as declared")
    if out is not None:
        try:
            out.mkdir(parents=True, exist_ok=True)
            (out / "kill-matrix.json").write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
            (out / "kill-matrix.md").write_text(_markdown(rows))
        except OSError as error:
            raise UsageError(f"cannot write to {out}: {error.strerror}") from None
    return 1 if bad else 0
