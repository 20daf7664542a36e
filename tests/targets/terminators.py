"""TLS terminators of Debian in front of the reference target, configured right, and wrong as people really do.

    python tests/targets/terminators.py install     apt-get install the four of them (root)
    python tests/targets/terminators.py judge       run keybound against each configuration and print the table
    python tests/targets/terminators.py judge nginx-optional haproxy-add-header

A right configuration comes out without a fail. In each wrong one keybound finds that a header from outside has an
effect (RFC 9700 section 4.13).
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PACKAGES = ["nginx-light", "haproxy", "apache2", "caddy"]
HEADER = "X-SSL-Client-Cert"
FOUND = "RFC9700-4.13-sanitized-headers"
_START_SECONDS = 20.0
_STOP_SECONDS = 5.0

_NGINX = """
pid {folder}/nginx.pid; error_log {folder}/error.log warn; worker_processes 1; daemon off; {user}
events {{ worker_connections 512; }}
http {{
  access_log off; large_client_header_buffers 8 32k;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  ssl_certificate {folder}/server.crt; ssl_certificate_key {folder}/server.key; ssl_protocols TLSv1.2 TLSv1.3;
  server {{ listen 127.0.0.1:{front} ssl; {rules} }}
}}
"""
_ASKS = "ssl_client_certificate {folder}/ca.crt; ssl_verify_client %s;"
_FORWARDS = f"proxy_set_header {HEADER} $ssl_client_escaped_cert;"
_PASS = "proxy_pass http://127.0.0.1:{back};"

_HAPROXY = """
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend f
  bind 127.0.0.1:{front} ssl crt {folder}/server.pem ca-file {folder}/ca.crt verify optional {lenient}
  {rules}
  default_backend b
backend b
  server s 127.0.0.1:{back}
"""
_LENIENT = "crt-ignore-err all ca-ignore-err all"
_DELETE = f"http-request del-header {HEADER}\n  "
_CERTIFICATE = f"{HEADER} %[ssl_c_der,base64]"

_APACHE = """
ServerRoot {folder}
PidFile {folder}/httpd.pid
Mutex file:{folder} default
ServerName localhost
Listen 127.0.0.1:{front}
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so
LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
User www-data
Group www-data
ErrorLog {folder}/error.log
SSLEngine on
SSLCertificateFile {folder}/server.crt
SSLCertificateKeyFile {folder}/server.key
SSLCACertificateFile {folder}/ca.crt
SSLVerifyClient optional_no_ca
SSLOptions +ExportCertData
{rules}
ProxyPass / http://127.0.0.1:{back}/
"""

_CADDY = """
{{
  admin off
  auto_https off
  default_bind 127.0.0.1
  storage file_system {folder}/caddy
}}
https://localhost:{front} {{
  tls {folder}/server.crt {folder}/server.key {{
    client_auth {{
      mode request
    }}
  }}
  reverse_proxy 127.0.0.1:{back} {{
    {rules}
  }}
}}
"""


@dataclass(frozen=True)
class Configuration:
    """One way to set a terminator up. `right`: a header from outside has no effect; `behind`: the backend is in reach.

    `opens`: to which spoofs, of COLUMNS. `ca_only`: certificates of other authorities, self-signed ones among them, end
    here; `demanded`: so do connections without any.
    """

    name: str
    program: str
    rules: str
    right: bool
    says: str
    behind: bool = False
    ca_only: bool = False
    demanded: bool = False
    opens: tuple[str, ...] = ()


_SPOOFS = ("spoof, none", "spoof, other")
CONFIGURATIONS = {
    each.name: each
    for each in (
        Configuration(
            "nginx-optional-no-ca",
            "nginx",
            f"{_ASKS % 'optional_no_ca'} {_FORWARDS} location / {{ {_PASS} }}",
            True,
            "header set in the server block, the backend judges the chain",
        ),
        Configuration(
            "nginx-optional",
            "nginx",
            f"{_ASKS % 'optional'} location / {{ {_FORWARDS} {_PASS} }}",
            True,
            "header set in the location, the chain is verified",
            ca_only=True,
        ),
        Configuration(
            "nginx-on",
            "nginx",
            f"{_ASKS % 'on'} location / {{ {_FORWARDS} {_PASS} }}",
            True,
            "the same, and nobody gets in without a certificate",
            ca_only=True,
            demanded=True,
        ),
        Configuration(
            "nginx-inheritance-lost",
            "nginx",
            f"{_ASKS % 'optional_no_ca'} {_FORWARDS} location / {{ proxy_set_header Host $http_host; {_PASS} }}",
            False,
            "header set in the server block, another one in the location undoes it",
            opens=_SPOOFS,
        ),
        Configuration(
            "nginx-no-certificates",
            "nginx",
            f"location / {{ {_PASS} }}",
            False,
            "no client certificates configured",
            opens=_SPOOFS,
        ),
        Configuration(
            "haproxy-deleted-and-set",
            "haproxy",
            f"{_DELETE}http-request set-header {_CERTIFICATE} if {{ ssl_c_used }}",
            True,
            "del-header, then set-header if a certificate was used",
        ),
        Configuration(
            "haproxy-set-if-used",
            "haproxy",
            f"http-request set-header {_CERTIFICATE} if {{ ssl_c_used }}",
            False,
            "set-header only if a certificate was used",
            opens=_SPOOFS[:1],
        ),
        Configuration(
            "haproxy-add-header",
            "haproxy",
            f"http-request add-header {_CERTIFICATE}",
            False,
            "add-header beside what the client sent",
            opens=_SPOOFS,
        ),
        Configuration(
            "apache-set",
            "apache2",
            f'RequestHeader set {HEADER} "%{{SSL_CLIENT_CERT}}s"',
            True,
            "RequestHeader set",
        ),
        Configuration(
            "apache-setifempty",
            "apache2",
            f'RequestHeader setifempty {HEADER} "%{{SSL_CLIENT_CERT}}s"',
            False,
            "RequestHeader setifempty",
            opens=_SPOOFS,
        ),
        Configuration(
            "caddy-header-up",
            "caddy",
            f"header_up {HEADER} {{http.request.tls.client.certificate_der_base64}}",
            True,
            "header_up with the certificate",
        ),
        Configuration("caddy-without-header-up", "caddy", "", False, "no header_up", opens=_SPOOFS),
        Configuration(
            "nginx-backend-in-reach",
            "nginx",
            f"{_ASKS % 'optional_no_ca'} {_FORWARDS} location / {{ {_PASS} }}",
            False,
            "right, but the backend can be reached without it",
            behind=True,
        ),
    )
}
SPOOFED = f"rs.mtls.header.{HEADER.lower()}"
COLUMNS = {
    "right": "rs.mtls.stolen.twin",
    "none": "rs.mtls.stolen.no-certificate",
    "twin": "rs.mtls.stolen.twin",
    "evil CA": "rs.mtls.stolen.untrusted",
    "reissued": "rs.mtls.stolen.reissued",
    "expired": "rs.mtls.stolen.expired",
    "self-signed": "rs.mtls.stolen.self-issued",
    "spoof, none": f"{SPOOFED}.no-certificate",
    "spoof, other": f"{SPOOFED}.attacker-certificate",
}
"""The columns of the table of answers: what certificate comes, and the case that shows what becomes of it."""

_TEMPLATES = {"nginx": _NGINX, "haproxy": _HAPROXY, "apache2": _APACHE, "caddy": _CADDY}
_COMMANDS = {
    "nginx": ["nginx", "-e", "{folder}/error.log", "-c", "{folder}/conf"],
    "haproxy": ["haproxy", "-db", "-f", "{folder}/conf"],
    "apache2": ["apache2", "-DFOREGROUND", "-f", "{folder}/conf"],
    "caddy": ["caddy", "run", "--config", "{folder}/conf", "--adapter", "caddyfile"],
}


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def installed() -> bool:
    """True if all four terminators are there."""
    return all(_program(name) for name in _COMMANDS)


def install() -> None:
    """Install the four terminators from Debian (root); their own services are not wanted and not started."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    subprocess.run(["apt-get", "update", "-q"], check=True, env=environment)
    subprocess.run(
        ["apt-get", "install", "-y", "-q", "--no-install-recommends", *PACKAGES], check=True, env=environment
    )


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in held]


@contextlib.contextmanager
def _process(command: Sequence[str], log: Path, port: int) -> Iterator[None]:
    """Run a server until the block ends; raises RuntimeError with the end of its log if `port` does not answer."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} did not get ready:\n{log.read_text()[-2000:]}")
            time.sleep(0.05)
        yield
    finally:
        for how in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_SECONDS)
                break


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@contextlib.contextmanager
def terminate(program: str, rules: str, folder: Path, front: int, back: int) -> Iterator[None]:
    """Run a terminator between the ports `front` and `back`; `folder` holds ca.crt, server.crt and server.key.

    In `rules`, {folder}, {front} and {back} are filled in.
    """
    (folder / "server.pem").write_text(
        (folder / "server.crt").read_text() + (folder / "server.key").read_text()
    )
    values = {"folder": str(folder), "front": str(front), "back": str(back), "lenient": _LENIENT}
    for name, value in values.items():
        rules = rules.replace("{" + name + "}", value)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "conf").write_text(_TEMPLATES[program].format(**values, rules=rules, user=user))
    command = [part.format(**values) for part in _COMMANDS[program]]
    command[0] = _program(command[0]) or command[0]
    with _process(command, folder / "terminator.log", front):
        yield


_SELF_SIGNED = ("clients.selfsigned]", "clients.public_mtls]", "clients.jwks_uri]")


def _without_self_signed(profile: str) -> str:
    tables = profile.split("\n[")
    return "\n[".join(table for table in tables if not table.startswith(_SELF_SIGNED))


def _with_certificates(profile: str) -> str:
    """Leave out who has no certificate, and what needs a browser without one; metadata cannot be had either."""
    tables = profile.split("\n[")
    kept = [
        re.sub(r"^grants = .*$", 'grants = ["client_credentials"]', table, flags=re.MULTILINE)
        for table in tables
        if not table.startswith(("introspection]", "clients."))
        or ("\ncertificate = " in table and '"client_credentials"' in table)
    ]
    issuer = str(tomllib.loads(profile)["issuer"])
    return "\n[".join([*kept, f'endpoints]\ntoken = "{issuer}/token"\nuserinfo = "{issuer}/userinfo"\n'])


@contextlib.contextmanager
def start(configuration: Configuration, folder: Path) -> Iterator[Path]:
    """Run the terminator and the backend behind it; yield the profile of the two."""
    front, back = free_ports(2)
    profile, serve_log = folder / "profile.toml", folder / "backend.log"
    serve = [sys.executable, "-m", "keybound", "serve", "--port", str(back), "--profile", str(profile)]
    serve += ["--behind-proxy", HEADER, "--issuer", f"https://localhost:{front}", "--certs", str(folder)]
    with _process(serve, serve_log, back):
        deadline = time.monotonic() + _START_SECONDS
        while "profile in" not in serve_log.read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        if configuration.ca_only:
            profile.write_text(_without_self_signed(profile.read_text()))
        if configuration.demanded:
            profile.write_text(_with_certificates(profile.read_text()))
        if configuration.behind:
            profile.write_text(profile.read_text() + f'\n[proxy]\nbackend = "http://127.0.0.1:{back}"\n')
        with terminate(configuration.program, configuration.rules, folder, front, back):
            yield profile


@dataclass(frozen=True)
class Judged:
    """What keybound said of one configuration: exit code, counts of verdicts, failed cases and requirements."""

    configuration: Configuration
    exit: int
    counts: dict[str, int]
    cases: tuple[str, ...]
    requirements: tuple[str, ...]
    output: str
    statuses: dict[str, str]

    @property
    def found(self) -> bool:
        """Whether a certificate quoted from outside had an effect."""
        return any(".header." in case or ".backend." in case for case in self.cases)

    @property
    def as_expected(self) -> bool:
        """Whether a right configuration came out without a finding, and a wrong one was found."""
        return (self.exit == 0 and not self.cases) if self.configuration.right else self.found


def judge(configuration: Configuration) -> Judged:
    """Run keybound against one configuration."""
    with tempfile.TemporaryDirectory(prefix="keybound-terminator-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with start(configuration, folder) as profile:
            command = [
                sys.executable,
                "-m",
                "keybound",
                "run",
                str(profile),
                "--mechanism",
                "mtls",
                "--out",
                str(folder / "report"),
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        stream = folder / "report" / "events.jsonl"
        events = [json.loads(line) for line in stream.read_text().splitlines()] if stream.exists() else []
    failed = [event for event in events if event.get("verdict") == "fail"]
    requirements = {f["requirement"] for event in failed for f in event["findings"] if f["verdict"] == "fail"}
    counts = events[-1]["counts"] if events and events[-1]["event"] == "footer" else {}
    cases = tuple(sorted(event["id"] for event in failed))
    return Judged(
        configuration,
        done.returncode,
        counts,
        cases,
        tuple(sorted(requirements)),
        done.stdout + done.stderr,
        _statuses({event["id"]: event for event in events if event.get("event") == "case"}),
    )


def _statuses(events: Mapping[str, Any]) -> dict[str, str]:
    """Return what answered each kind of certificate at the resource: a status, "TLS", or "-" where nothing was sent."""
    found = {}
    for column, case in COLUMNS.items():
        # where no bound token can be had at all, the authorization server shows the same header
        shown = (events.get(each, {}).get("exchanges") for each in (case, case.replace("rs.", "as.", 1)))
        exchanges = next(filter(None, shown), [])
        sent = [
            each
            for each in exchanges
            if each["label"].startswith("hostile" if column != "right" else "control")
        ]
        answers = [str(each["response"]["status"]) if each["response"] else "TLS" for each in sent]
        found[column] = min(answers, default="-")  # what takes effect is what counts
    return found


def _row(judged: Judged) -> str:
    counts = " ".join(
        f"{judged.counts.get(name, 0):4}"
        for name in ("pass", "fail", "warn", "inconclusive", "not applicable")
    )
    meant = "right" if judged.configuration.right else "wrong"
    seen = (
        "header counts"
        if judged.found
        else "clean"
        if not judged.cases and judged.exit == 0
        else f"exit {judged.exit}"
    )
    mark = "ok" if judged.as_expected else "NOT AS EXPECTED"
    answers = " | ".join(f"{judged.statuses[column]:>{len(column)}}" for column in COLUMNS)
    return f"{judged.configuration.name:26} {meant:6} {seen:16} {counts}  {mark}  {answers}"


def main() -> int:
    """Run the command line; return 1 when a configuration was not judged as it should be."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("install", help="install the terminators from Debian")
    judging = commands.add_parser("judge", help="judge configurations and print the table")
    judging.add_argument("names", nargs="*", metavar="NAME", help=", ".join(CONFIGURATIONS))
    arguments = parser.parse_args()
    if arguments.command == "install":
        install()
        return 0
    if unknown := set(arguments.names) - set(CONFIGURATIONS):
        parser.error(f"no configuration is called {', '.join(sorted(unknown))}")
    print(
        f"{'configuration':26} {'meant':6} {'judged':16} pass fail warn inco   na      {' | '.join(COLUMNS)}"
    )
    bad = 0
    for name in arguments.names or CONFIGURATIONS:
        judged = judge(CONFIGURATIONS[name])
        bad += not judged.as_expected
        print(_row(judged), flush=True)
        if not judged.as_expected:
            print("\n".join(judged.output.splitlines()[-25:]), *judged.cases[:10], sep="\n  ")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
