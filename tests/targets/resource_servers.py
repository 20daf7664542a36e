"""Resource servers from elsewhere as targets, each with keybound as its issuer: install one, run it.

For people: `python tests/targets/resource_servers.py serve node` (or fastapi, mod-oauth2), then `keybound run` with
the variables it prints. node needs npm; fastapi makes a virtual environment; mod-oauth2 needs Debian's
libapache2-mod-oauth2 (`apt-get install apache2 libapache2-mod-oauth2`).
"""

import argparse
import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pki

HERE = Path(__file__).resolve().parent
STATE = HERE / "build"
PROFILES = HERE.parents[1] / "fixtures" / "targets"
_SECONDS = 40


@dataclass(frozen=True)
class Running:
    """A server that answers: its port, its log, and the variables that its profiles need."""

    port: int
    log: Path
    env: dict[str, str]


@dataclass(frozen=True)
class _Place:
    state: Path
    certificates: Path
    port: int
    issuer: str


@dataclass(frozen=True)
class Kind:
    """How one kind of server is installed and started, and which profile its issuer is told by."""

    install: Callable[[], None]
    command: Callable[[_Place], list[str]]
    profile: str
    https: bool = False  # whether it wants an issuer with TLS


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _install_node() -> None:
    folder = HERE / "node-rs"
    with (folder / "package.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may ask at once
        if not (folder / "node_modules" / ".package-lock.json").exists():
            subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True
            )


def _node(place: _Place) -> list[str]:
    words = ["--pki", str(place.certificates), "--port", str(place.port), "--issuer", place.issuer]
    return ["node", str(HERE / "node-rs" / "server.mjs"), *words]


_VENV = STATE / "fastapi-venv"


def _install_fastapi() -> None:
    STATE.mkdir(exist_ok=True)
    requirements = HERE / "fastapi-rs" / "requirements.txt"
    with requirements.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (_VENV / "installed").exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(_VENV)], check=True)
            pip = [str(_VENV / "bin" / "pip"), "install", "-q", "--pre", "-r", str(requirements)]
            subprocess.run(pip, check=True)
            (_VENV / "installed").touch()


def _fastapi(place: _Place) -> list[str]:
    tls = [
        "--ssl-keyfile",
        f"{place.certificates}/server.key",
        "--ssl-certfile",
        f"{place.certificates}/server.crt",
    ]
    words = ["--app-dir", str(HERE / "fastapi-rs"), "--port", str(place.port), "--no-proxy-headers", *tls]
    return [str(_VENV / "bin" / "uvicorn"), "app:app", *words]


def _install_mod_oauth2() -> None:
    if not Path("/usr/lib/apache2/modules/mod_oauth2.so").exists():
        raise RuntimeError("apt-get install apache2 libapache2-mod-oauth2 first")


def _mod_oauth2(place: _Place) -> list[str]:
    documents = Path(tempfile.mkdtemp(prefix="keybound-htdocs-"))
    documents.chmod(0o755)  # root's Apache serves as another user
    for name in ("dpop", "mtls"):
        (documents / name).write_text("canary-of-the-protected-resource")
    values = {
        "STATE": place.state,
        "PORT": place.port,
        "PKI": place.certificates,
        "ISSUER": place.issuer,
        "HTDOCS": documents,
        "USER": "User www-data\nGroup www-data" if os.geteuid() == 0 else "",
    }
    text = (HERE / "mod-oauth2" / "httpd.conf").read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    (place.state / "httpd.conf").write_text(text)
    return ["apache2", "-f", str(place.state / "httpd.conf"), "-D", "FOREGROUND"]


KINDS = {
    "node": Kind(_install_node, _node, "express-oauth2-jwt-bearer"),
    "fastapi": Kind(_install_fastapi, _fastapi, "auth0-fastapi-api", https=True),
    "mod-oauth2": Kind(_install_mod_oauth2, _mod_oauth2, "mod-oauth2"),
}


@contextlib.contextmanager
def start(kind: str, state: Path | None = None) -> Iterator[Running]:
    """Run a server of KINDS and its issuer until the block ends.

    `state` gets certificates, keys and logs. Raises RuntimeError with the end of the log if it does not get ready.
    """
    folder = state or STATE / kind
    chosen = KINDS[kind]
    issuer_port = _free_port()
    issuer = f"{'https://localhost' if chosen.https else 'http://127.0.0.1'}:{issuer_port}"
    place = _Place(folder, pki.make(folder / "pki"), _free_port(), issuer)
    env = {
        "KEYBOUND_RS_STATE": str(folder),
        "KEYBOUND_RS_PORT": str(place.port),
        "KEYBOUND_RS_LOCATION": "required",
        "KEYBOUND_RS_MECHANISM": "dpop",
        "KEYBOUND_RS_ISSUER_PORT": str(issuer_port),
    }
    source = os.pathsep.join(filter(None, (str(HERE.parents[1] / "src"), os.environ.get("PYTHONPATH"))))
    log = folder / "server.log"
    with contextlib.ExitStack() as stack:
        command = [sys.executable, "-m", "keybound", "issuer", str(PROFILES / f"{chosen.profile}.toml")]
        stack.enter_context(
            _process(command, folder / "issuer.log", os.environ | env | {"PYTHONPATH": source})
        )
        _wait(issuer_port, folder / "issuer.log")
        more = {"KEYBOUND_DOMAIN": f"localhost:{issuer_port}"}
        if chosen.https:
            more["SSL_CERT_FILE"] = str(folder / "issuer.crt")
        stack.enter_context(_process(chosen.command(place), log, os.environ | more))
        _wait(place.port, log)
        yield Running(place.port, log, env)


@contextlib.contextmanager
def _process(command: list[str], log: Path, env: dict[str, str]) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            start_new_session=True,
        )
    try:
        yield
    finally:
        for how in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
                break


def _wait(port: int, log: Path) -> None:
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"nothing listens on port {port}:\n{log.read_text()[-2000:]}")


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="resource servers as targets for keybound")
    parser.add_argument("command", choices=["install", "serve"])
    parser.add_argument("kind", choices=KINDS)
    arguments = parser.parse_args()
    KINDS[arguments.kind].install()
    if arguments.command == "install":
        return
    if shutil.which("keybound") is None:
        print("(the command is `python -m keybound` here)")
    signal.signal(signal.SIGTERM, _interrupt)
    with contextlib.suppress(KeyboardInterrupt), start(arguments.kind) as running:
        print(f"port     {running.port}\nlog      {running.log}\n\nIn another terminal:")
        for name, value in running.env.items():
            print(f"  export {name}={value}")
        print(f"  keybound run {KINDS[arguments.kind].profile}", flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
