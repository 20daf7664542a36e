"""Resource servers from elsewhere, each alone with keybound as its issuer: one start, one run, a complete report."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import resource_servers

from support.command import ENVIRONMENT

pytestmark = pytest.mark.slow

# kind of server, profile, location, mechanism; what a run finds in them is not written down here
RUNS = [
    ("node", "express-oauth2-jwt-bearer", "allowed", "dpop"),
    ("node", "express-oauth2-jwt-bearer", "required", "dpop"),
    ("node", "express-oauth2-jwt-bearer", "mtls", "mtls"),
    ("node", "oauth4webapi", "oauth4webapi", "dpop"),
    ("node", "mcp-sample", "mcp", "dpop"),
    ("fastapi", "auth0-fastapi-api", "allowed", "dpop"),
    ("fastapi", "auth0-fastapi-api", "required", "dpop"),
    ("mod-oauth2", "mod-oauth2", "dpop", "dpop"),
    ("mod-oauth2", "mod-oauth2", "mtls", "mtls"),
    ("mod-oauth2", "mod-oauth2", "introspect", "dpop"),
]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, resource_servers.Running]]:
    """Start each kind once, when it is first asked for."""
    import contextlib

    with contextlib.ExitStack() as stack:

        class Started(dict[str, resource_servers.Running]):
            def __missing__(self, kind: str) -> resource_servers.Running:
                resource_servers.KINDS[kind].install()
                folder = tmp_path_factory.mktemp(kind)
                self[kind] = stack.enter_context(resource_servers.start(kind, folder))
                return self[kind]

        yield Started()


@pytest.mark.parametrize(("kind", "profile", "location", "mechanism"), RUNS)
def test_one_run_gives_a_complete_report(
    servers: dict[str, resource_servers.Running],
    tmp_path: Path,
    kind: str,
    profile: str,
    location: str,
    mechanism: str,
) -> None:
    if kind == "mod-oauth2" and not Path("/usr/lib/apache2/modules/mod_oauth2.so").exists():
        pytest.skip("libapache2-mod-oauth2 is not installed")
    running = servers[kind]
    env = running.env | {"KEYBOUND_RS_LOCATION": location, "KEYBOUND_RS_MECHANISM": mechanism}
    env["KEYBOUND_RS_FORMAT"] = "opaque" if location == "introspect" else "jwt"
    result = subprocess.run(
        [sys.executable, "-m", "keybound", "run", profile, "--out", str(tmp_path)],
        env=ENVIRONMENT | env,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode in {0, 1}, result.stdout + result.stderr
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    counts = events[-1]["counts"]
    reasons = [(event["id"], event["reason"]) for event in events if event.get("verdict") == "inconclusive"]
    assert not reasons
    left_out = [event for event in events if event.get("verdict") == "not run"]
    assert all(event["reason"].startswith("left out") for event in left_out)
    assert counts["pass"] > 20
    passed = {event["id"] for event in events if event.get("verdict") == "pass"}
    stolen = {"rs.mtls.stolen.attacker-certificate"} if mechanism == "mtls" else {"rs.stolen.attacker-key"}
    assert stolen <= passed


def test_release_with_a_known_defect_is_told_apart(
    servers: dict[str, resource_servers.Running], tmp_path: Path
) -> None:
    """express-oauth2-jwt-bearer 1.9.1 fixed how 1.9.0 reads a Host field with a path in it."""
    running = servers["node"]
    failed = {}
    for location in ("1.9.0", "required"):
        env = running.env | {"KEYBOUND_RS_LOCATION": location, "KEYBOUND_RS_MECHANISM": "dpop"}
        out = tmp_path / location
        subprocess.run(
            [
                sys.executable,
                "-m",
                "keybound",
                "run",
                "express-oauth2-jwt-bearer",
                "--out",
                str(out),
                "-k",
                "rs.host",
            ],
            env=ENVIRONMENT | env,
            capture_output=True,
            check=False,
        )
        events = [json.loads(line) for line in (out / "events.jsonl").read_text().splitlines()]
        failed[location] = {event["id"] for event in events if event.get("verdict") == "fail"}
    assert failed == {"1.9.0": {"rs.host.query", "rs.host.fragment"}, "required": set()}
