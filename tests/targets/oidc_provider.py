"""oidc-provider (panva/node-oidc-provider) as a real target: install it, run it.

The shipped profile describes it. For people: `python tests/targets/oidc_provider.py serve --nonce required`.
Needs npm and node: 20.20 works with a warning, from 22 on it is supported.
"""

import argparse
import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pki

HERE = Path(__file__).resolve().parent
SOURCE = HERE / "oidc-provider"
STATE = HERE / "build" / "oidc-provider"
PROFILE = HERE.parents[1] / "fixtures" / "targets" / "oidc-provider.toml"

NONCE_MODES = ("off", "optional", "required")
CERTIFICATE_SOURCES = ("tls", "header")

_START_SECONDS = 30
_STOP_SECONDS = 5
_READY = re.compile(r"^ready: (?P<issuer>\S+), listening on port (?P<port>\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Running:
    """A server that answers: its issuer, its own port (the proxy's is in the issuer), its CA and its log.

    `profile` is the shipped profile; it needs the variables in `env`.
    """

    issuer: str
    port: int
    ca: Path
    log: Path
    profile: Path
    env: dict[str, str]


def install(folder: Path = SOURCE) -> Path:
    """Have the pinned release in `folder`/node_modules and return `folder`.

    Does nothing when it is there; raises CalledProcessError when npm cannot fetch it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if folder.resolve() != SOURCE:
        for name in ("package.json", "package-lock.json", "server.mjs"):
            shutil.copy(SOURCE / name, folder)
    # Several test processes may ask at once.
    with (folder / "package.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _installed(folder):
            subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True
            )
    return folder


def _installed(folder: Path) -> bool:
    """True if npm finished with this lock file: npm writes its own copy of it last."""
    try:
        done = json.loads((folder / "node_modules" / ".package-lock.json").read_bytes())["packages"]
    except FileNotFoundError:
        return False
    wanted = json.loads((folder / "package-lock.json").read_bytes())["packages"]
    return all(done.get(path) == package for path, package in wanted.items() if path)


@contextlib.contextmanager
def start(
    nonce: str = "off",
    *,
    certificate: str = "tls",
    port: int = 0,
    issuer: str | None = None,
    state: Path = STATE,
    folder: Path = SOURCE,
) -> Iterator[Running]:
    """Run the server until the block ends.

    `folder` is what `install` returned; `state` gets the certificates and the log.
    `nonce` is off, optional or required. `certificate` says where the client certificate is read from:
    "tls", or "header" for plain HTTP behind a proxy whose URL is `issuer`. Port 0 means any free one.
    Raises RuntimeError with the end of the log if the server does not get ready.
    """
    certificates = pki.make(state / "pki")
    log = state / "server.log"
    command = [
        *("node", "server.mjs", "--pki", str(certificates), "--port", str(port)),
        *("--nonce", nonce, "--certificate", certificate),
        *(("--issuer", issuer) if issuer else ()),
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        ready = _wait(process, log)
        yield Running(
            issuer=ready["issuer"],
            port=int(ready["port"]),
            ca=certificates / "ca.crt",
            log=log,
            profile=PROFILE,
            env={
                "KEYBOUND_OIDC_PROVIDER_PKI": str(certificates),
                "KEYBOUND_OIDC_PROVIDER_PORT": str(urlsplit(ready["issuer"]).port or 443),
            },
        )
    finally:
        _stop(process)


def _wait(process: subprocess.Popen[bytes], log: Path) -> re.Match[str]:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if ready := _READY.search(log.read_text()):
            return ready
        time.sleep(0.05)
    raise RuntimeError(f"oidc-provider did not get ready:\n{log.read_text()[-2000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    for how in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
            return


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="oidc-provider as a target for keybound")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("install", help="fetch the pinned release")
    serve = commands.add_parser("serve", help="run it until interrupted")
    serve.add_argument("--nonce", choices=NONCE_MODES, default="off")
    serve.add_argument("--certificate", choices=CERTIFICATE_SOURCES, default="tls")
    serve.add_argument("--port", type=int, default=9443)
    serve.add_argument("--issuer", help="the proxy's URL, with --certificate header")
    arguments = parser.parse_args()

    folder = install()
    if arguments.command == "install":
        return
    signal.signal(signal.SIGTERM, _interrupt)
    with (
        contextlib.suppress(KeyboardInterrupt),
        start(
            arguments.nonce,
            certificate=arguments.certificate,
            port=arguments.port,
            issuer=arguments.issuer,
            folder=folder,
        ) as running,
    ):
        print(f"issuer   {running.issuer}")
        print(f"profile  {running.profile}")
        print(f"log      {running.log}")
        print("\nIn another terminal:")
        for name, value in running.env.items():
            print(f"  export {name}={value}")
        print(f"  keybound run {running.profile.stem}", flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
