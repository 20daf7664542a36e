"""The kill matrix: the clean reference target is all green, and each fault turns exactly its requirements red."""

import json
import multiprocessing
import os
import threading
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal, TypeVar

from keybound.catalogue import kill_matrix
from keybound.engine.faulted import ALONE, CLEAN, CLEAN_ALONE, CLEAN_WAITING, Row, named, needs, show, suite
from keybound.engine.run import Options
from keybound.engine.selection import selects
from keybound.errors import UsageError
from keybound.profile.clients import Mechanism
from keybound.reference.faults import FAULTS

Value = TypeVar("Value")
Matrix = Literal["write", "check"]


def _only(values: set[Value]) -> Value | None:
    return values.pop() if len(values) == 1 else None


def observe(fault: str, *, rs_only: bool = False, scope: str = "kind") -> Row:
    """Run the suite against the reference target with `fault` (one of CLEAN: none) and return what it showed.

    `scope`: "named" takes the cases that have to notice the fault; "kind" those of its role and mechanism, and if they
    do not show what is declared, all; "all" takes all (of a fault of the resource server: those of its role, for no
    authorization server knows of it).
    `rs_only`: against a resource server alone, whatever the fault; faults of tokens are always seen there.
    """
    must = named(fault)
    if scope == "named" and must:
        return show(fault, must, rs_only=rs_only)
    wide = "rs" if fault.startswith("rs-") else None, None
    kind = _only({case.role for case in must}), _only({case.mechanism for case in must})
    if scope == "kind" and kind != wide:
        row = _observe(fault, *kind, rs_only=rs_only)
        if not any(problems(row)):
            return row
    return _observe(fault, *wide, rs_only=rs_only)


def _observe(fault: str, role: str | None, mechanism: Mechanism | None, *, rs_only: bool) -> Row:
    options = Options(role=role, mechanism=mechanism)
    return show(fault, [case for case in suite() if selects(options, case)], rs_only=rs_only)


def problems(row: Row, *, only_named: bool = False) -> Iterator[str]:
    """Yield what is wrong with one row of the matrix.

    `only_named`: of a run of the cases that name the fault, which need not turn all its requirements red.
    """
    yield from unfit(row)
    if row.error or row.fault not in kill_matrix.load():
        return
    expected, red = _declared(row), set(row.red)
    if not only_named and (missing := sorted(expected - red)):
        yield f"stays green: {', '.join(missing)}"
    if extra := sorted(red - expected):
        yield f"red though not declared: {', '.join(extra)}"


def unfit(row: Row) -> Iterator[str]:
    """Yield what is wrong with one row, whatever the file of the kill matrix says of its requirements."""
    if row.error:
        yield f"the run did not start: {row.error}"
    elif row.fault not in FAULTS:
        if row.red:
            yield f"red on the clean target: {', '.join(row.red)}"
        if row.inconclusive:
            yield f"inconclusive on the clean target: {', '.join(row.inconclusive)}"
        if row.not_exact:
            yield f"passes without exact evidence on the clean target: {', '.join(row.not_exact)}"
    elif not _elsewhere(row) and (alive := sorted({case.id for case in named(row.fault)} - set(row.killed))):
        yield f"not killed: {', '.join(alive)}"


def changes(row: Row) -> Iterator[str]:
    """Yield what a run of all cases has seen and the file of the kill matrix does not say, and the other way round."""
    if row.error or row.fault not in kill_matrix.load():
        return
    killed = kill_matrix.load()[row.fault].killed
    pairs = [("red", _declared(row), row.red)]
    if killed is not None and not _elsewhere(row):
        pairs.append(("killed", killed, row.killed))
    for name, before, now in pairs:
        if added := sorted(set(now) - before):
            yield f"{name}, added: {', '.join(added)}"
        if gone := sorted(before - set(now)):
            yield f"{name}, gone: {', '.join(gone)}"


def _seen_twice(fault: str) -> bool:
    """Return whether the fault can be seen at the whole target and at a resource server alone."""
    return fault.startswith("rs-") and fault not in ALONE


def _elsewhere(row: Row) -> bool:
    """Return whether this is the second of them, where not all of the fault's cases have their place."""
    return row.alone and _seen_twice(row.fault)


def _declared(row: Row) -> frozenset[str]:
    seen = kill_matrix.load()[row.fault]
    return seen.alone if _elsewhere(row) else seen.everywhere


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
    matrix: Matrix | None = None,
) -> int:
    """Run the matrix (all faults if none are named), print what is wrong, and return 0 or 1.

    `rs_only`: the faults of resource servers, each at a resource server alone whose tokens keybound mints.
    `scope`: which cases each fault is shown to (see `observe`).
    `matrix`: show all cases to each fault, at the whole target and at a resource server alone, and "write" what is seen
    into the file of the kill matrix, or "check" it against that file.

    `out` receives kill-matrix.json and kill-matrix.md; raises UsageError when these or the file cannot be written.
    """
    chosen = [name for name in faults or FAULTS if name.startswith("rs-") or not rs_only]
    again = [name for name in chosen if _seen_twice(name)] if matrix else []
    runs = [(name, rs_only) for name in (*_cleans(chosen, again, rs_only=rs_only), *chosen)]
    runs += [(name, True) for name in again]
    bad, rows = set[str](), dict[tuple[str, bool], Row]()
    for run, row in _each(runs, jobs, "all" if matrix else scope):
        rows[run] = row
        found = [*_wrong(row, matrix, only_named=scope == "named")]
        if found:
            bad.add(row.fault)
        state = "; ".join(found) if found else f"{len(row.killed)} cases, {len(row.red)} requirements red"
        where = " (alone)" if matrix and _elsewhere(row) else ""
        print(f"{'BAD' if found else 'ok':4}{row.fault + where:36} {state}", flush=True)
    print(f"{len(chosen)} faults, {len(bad)} rows that are not as declared")
    if out is not None:
        _document([rows[run] for run in runs], out)
    if matrix == "write":
        if bad - set(FAULTS):
            print(f"{kill_matrix.FILE} stays as it is, as the clean target is not all green")
        else:
            _write(list(rows.values()))
    return 1 if bad else 0


def _cleans(chosen: Sequence[str], again: Sequence[str], *, rs_only: bool) -> Iterator[str]:
    """Yield the clean targets beside which these faults are seen."""
    if not rs_only:
        yield from CLEAN
    if rs_only or again or ALONE.intersection(chosen):
        yield CLEAN_ALONE
    if any(_waits(fault) for fault in chosen):
        yield CLEAN_WAITING


def _waits(fault: str) -> bool:
    return needs(fault, "slow") or needs(fault, "flood")


def _each(runs: Sequence[tuple[str, bool]], jobs: int, scope: str) -> Iterator[tuple[tuple[str, bool], Row]]:
    """Yield each run (a fault, and whether it is seen at a resource server alone) with its row, as they end.

    Those that wait for clocks have processes of their own: as many as the others, or, where there is little else to do
    for them, one each.
    """
    server = multiprocessing.get_context("forkserver")  # what every run imports is imported once
    server.set_forkserver_preload(["keybound.engine.selftest", "httpx"])
    waiting = sum(_waits(fault) for fault, _ in runs)
    many = max(waiting, 1) if scope == "named" else jobs
    with (
        ProcessPoolExecutor(jobs, server, _begin) as pool,
        ProcessPoolExecutor(many, server, _begin) as waiters,
    ):
        started: dict[Future[Row], tuple[str, bool]] = {
            (waiters if _waits(fault) else pool).submit(observe, fault, rs_only=alone, scope=scope): (
                fault,
                alone,
            )
            for fault, alone in runs
        }
        for done in as_completed(started):
            yield started[done], done.result()


def _begin() -> None:
    """Take warnings for errors here and in the target; end with the process that started this one, however it ends."""
    os.environ["PYTHONWARNINGS"] = "error"
    warnings.simplefilter("error")
    parent = multiprocessing.parent_process()
    assert parent is not None  # noqa: S101 - a pool's process has one

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _wrong(row: Row, matrix: Matrix | None, *, only_named: bool) -> Iterator[str]:
    if matrix is None:
        yield from problems(row, only_named=only_named)
    else:
        yield from unfit(row)
    if matrix == "check":
        yield from changes(row)
    if matrix != "write" and row.fault in FAULTS and row.fault not in kill_matrix.load():
        yield f"not in {kill_matrix.FILE} yet: run keybound selftest --write --fault {row.fault}"


def _document(rows: Sequence[Row], out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "kill-matrix.json").write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
        (out / "kill-matrix.md").write_text(_markdown(rows))
    except OSError as error:
        raise UsageError(f"cannot write to {out}: {error.strerror}") from None


def _write(rows: Sequence[Row]) -> None:
    """Put what these rows saw into the file of the kill matrix; what they did not see stays."""
    known = {fault: row for fault, row in kill_matrix.load().items() if fault in FAULTS}
    seen = [row for row in rows if row.fault in FAULTS and not row.error]
    for row in sorted(seen, key=_elsewhere):  # the whole target first
        before, red = known.get(row.fault, kill_matrix.NOTHING), frozenset(row.red)
        if _elsewhere(row):
            known[row.fault] = replace(before, alone=red)
        else:
            alone = before.alone if _seen_twice(row.fault) else red
            known[row.fault] = kill_matrix.Red(red, alone, frozenset(row.killed))
    try:
        kill_matrix.path().write_text(kill_matrix.text(known), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {kill_matrix.path()}: {error.strerror}") from None
    kill_matrix.load.cache_clear()
