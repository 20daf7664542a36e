"""`python -m keybound.reference`: one line of JSON on standard output when ready, then serving.

A line of JSON on standard input, {"faults": [...], "nonce": "off", "short_lifetimes": false}, starts the server anew
in its place, with these faults and the same certificates; another line like the first one answers it, or
{"error": "..."} when nothing was changed.
"""

import argparse
import json
import sys

from .server import Running, Settings, serve


def _say(line: dict[str, str]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _ready(server: Running) -> None:
    _say({"issuer": server.issuer, "profile": server.profile})


def _refused(why: str) -> None:
    _say({"error": why})


def main() -> int:
    """Run the reference target; return 0 after a normal stop, 2 if it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m keybound.reference", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument(
        "--nonce", choices=["off", "as", "rs", "both"], default="off", help="who asks for nonces"
    )
    parser.add_argument(
        "--fault", action="append", default=[], metavar="ID", help="switch a fault on; repeatable"
    )
    parser.add_argument(
        "--rs-only", metavar="ISSUER", help="be a resource server alone, which trusts this issuer"
    )
    parser.add_argument(
        "--short-lifetimes",
        action="store_true",
        help="keep for seconds what is else kept for minutes: proofs and nonces",
    )
    parser.add_argument("--keep", action="store_true", help="do not stop when standard input ends")
    options = parser.parse_args()
    try:
        settings = Settings(
            options.host,
            options.port,
            options.nonce,
            options.fault,
            options.rs_only,
            short_lifetimes=options.short_lifetimes,
        )
        serve(settings, _ready, None if options.keep else _refused)
    except (ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
