"""How much slower is a run than its own exchanges? Prints a ratio; 1.0 would be no overhead at all.

    python tests/bench/overhead.py [--brief]

Each of five rounds runs the whole suite with one worker against a fresh reference target, keeps every request, and then
sends the same requests to the same server with bare httpx clients, one for each identity. With --brief it is one round
of the cases on proofs at the resource. Both times are of this machine and this moment: only their ratio says anything.
"""

import argparse
import contextlib
import datetime as dt
import io
import statistics
import tempfile
import time
from pathlib import Path

import httpx

from keybound.engine import command as runner
from keybound.engine import run as controller
from keybound.report.stream import FILE_NAME, read
from keybound.wire import client

RATIO_TO_AIM_FOR = 1.3


def run_and_record(
    keyword: str | None,
) -> tuple[float, list[tuple[client.Request, client.Identity]], str, controller.Controller]:
    """Run the cases of `keyword`; return (seconds, what they sent, CA, the controller whose target still runs)."""
    sent, authorities, kept = [], [], []
    once, prepare, stop = client.Wire._once, controller.Controller.prepare, controller.Controller.stop

    def recording(self, request, identity, label):
        sent.append((request, identity, time.time()))
        authorities.append(self._ca)
        return once(self, request, identity, label)

    def preparing(self):
        kept.append(self)
        return prepare(self)

    client.Wire._once, controller.Controller.prepare = recording, preparing
    controller.Controller.stop = lambda _: None
    try:
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
            runner.run_suite(controller.Options(out=Path(folder), keyword=keyword), quiet=True)
            cases = read(Path(folder) / FILE_NAME).cases
    finally:
        client.Wire._once, controller.Controller.prepare, controller.Controller.stop = once, prepare, stop
    first = dt.datetime.fromisoformat(cases[0]["started"]).timestamp()
    last = dt.datetime.fromisoformat(cases[-1]["started"]).timestamp() + cases[-1]["duration_ms"] / 1000
    of_cases = [(request, identity) for request, identity, when in sent if first <= when <= last]
    return last - first, of_cases, authorities[0], kept[0]


def replay(sent: list[tuple[client.Request, client.Identity]], ca: str) -> float:
    """Return the seconds that bare httpx clients need for the same requests."""
    clients = {
        identity: httpx.Client(verify=client.tls_context(ca, identity), trust_env=False)
        for _, identity in sent
    }
    start = time.perf_counter()
    for request, identity in sent:
        with contextlib.suppress(httpx.TransportError):  # what TLS refused then, it refuses now
            headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers]
            clients[identity].request(
                request.method, request.url, headers=headers, content=request.body or None
            )
    seconds = time.perf_counter() - start
    for each in clients.values():
        each.close()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--brief", action="store_true")
    brief = parser.parse_args().brief
    ratios = []
    for number in range(1, 2 if brief else 6):
        suite, sent, ca, kept = run_and_record("rs.proof" if brief else None)
        bare = replay(sent, ca)
        kept.stop()
        ratios.append(suite / bare)
        print(
            f"round {number}: {len(sent)} requests, suite {suite:.2f} s, bare httpx {bare:.2f} s, {ratios[-1]:.2f}"
        )
    print(f"median ratio {statistics.median(ratios):.2f} (aim: {RATIO_TO_AIM_FOR} or less)")


if __name__ == "__main__":
    main()
