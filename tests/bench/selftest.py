"""How much faster is a selftest that switches one running target than one that starts a target for each fault?

    python tests/bench/selftest.py [--brief]

Prints a ratio: the time that `keybound selftest --scope named` takes for some faults, divided by the time for the same
faults each in a process of its own, with a target that is started for it and cases that pytest collects. The two take
turns, so that both meet the same machine. With --brief it is every fortieth fault, otherwise every tenth; no fault that
is seen by waiting is among them.
"""

import argparse
import contextlib
import io
import multiprocessing
import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from keybound.engine import command, run, selftest
from keybound.engine.faulted import ALONE, named, needs
from keybound.judge.verdict import Verdict
from keybound.reference.faults import FAULTS
from keybound.report.stream import FILE_NAME, read

RATIO_TO_AIM_FOR = 0.33


def started_anew(fault):
    """Return the cases that are red in a run of its own against a target that is started for it."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        options = run.Options(
            out=Path(folder),
            keyword=" or ".join(case.id for case in named(fault)),
            faults=(fault,),
            nonce="both" if "nonce" in fault else "off",
            rs_only=fault in ALONE,
        )
        command.run_suite(options, quiet=True)
        cases = read(Path(folder) / FILE_NAME).cases
    red = {case["id"] for case in cases if case["verdict"] in {Verdict.FAIL, Verdict.WARN}}
    return red & {case.id for case in named(fault)}  # -k finds cases whose ids only begin like these as well


def switched(fault):
    """Return the cases that are red at the target of this process, switched to the fault."""
    return set(selftest.observe(fault, scope="named").killed)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--brief", action="store_true")
    faults = [name for name in FAULTS if named(name) and not needs(name, "slow") and not needs(name, "flood")]
    faults = faults[:: 40 if parser.parse_args().brief else 10]
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(
        ["keybound.engine.selftest", "keybound.engine.pytest_plugin", "httpx", "xdist.plugin"]
    )
    jobs = os.cpu_count() or 1
    spent = {"anew": 0.0, "switched": 0.0}
    batches = [faults[start : start + 4 * jobs] for start in range(0, len(faults), 4 * jobs)]
    with (
        ProcessPoolExecutor(jobs, server, max_tasks_per_child=1) as once,
        ProcessPoolExecutor(jobs, server) as kept,
    ):
        for batch in batches:
            seen = {}
            for name, pool, look in (("anew", once, started_anew), ("switched", kept, switched)):
                start = time.perf_counter()
                seen[name] = list(pool.map(look, batch))
                spent[name] += time.perf_counter() - start
            different = [f for f, a, b in zip(batch, *seen.values(), strict=True) if a != b]
            if different:
                raise SystemExit(f"other verdicts at a switched target: {', '.join(different)}")
    ratio = spent["switched"] / spent["anew"]
    print(
        f"{len(faults)} faults, {jobs} at a time: {spent['anew']:.1f} s anew, {spent['switched']:.1f} s switched"
    )
    print(f"ratio {ratio:.2f} (aim: {RATIO_TO_AIM_FOR} or less)")


if __name__ == "__main__":
    main()
