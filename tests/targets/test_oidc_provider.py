"""oidc-provider, a real server from elsewhere: it is what its profile says, and keybound finds it good."""

import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import oidc_provider
import pytest
import terminated_oidc_provider
import terminators

pytestmark = pytest.mark.slow


@pytest.fixture(params=oidc_provider.NONCE_MODES)
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[oidc_provider.Running]:
    folder = oidc_provider.install()
    with oidc_provider.start(request.param, state=tmp_path, folder=folder) as server:
        yield server


def test_discovery(running: oidc_provider.Running) -> None:
    with httpx.Client(verify=ssl.create_default_context(cafile=running.ca)) as client:
        metadata = client.get(f"{running.issuer}/.well-known/openid-configuration").json()

    assert metadata["issuer"] == running.issuer
    assert "ES256" in metadata["dpop_signing_alg_values_supported"]
    assert metadata["tls_client_certificate_bound_access_tokens"] is True
    assert {"tls_client_auth", "self_signed_tls_client_auth"} <= set(
        metadata["token_endpoint_auth_methods_supported"]
    )


def test_run_holds(running: oidc_provider.Running, tmp_path: Path) -> None:
    out = tmp_path / "report"
    command = [sys.executable, "-m", "keybound", "run", running.profile.stem, "--out", str(out)]
    result = subprocess.run(
        command, env=os.environ | running.env, capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stdout + result.stderr
    events = [json.loads(line) for line in (out / "events.jsonl").read_text().splitlines()]
    counts = events[-1]["counts"]
    assert counts["pass"] > 0
    assert counts["inconclusive"] == 0, [
        (event["id"], event["reason"]) for event in events if event.get("verdict") == "inconclusive"
    ]
    assert "server_error" not in running.log.read_text()


@pytest.mark.skipif(not terminators.installed(), reason="run `python tests/targets/terminators.py install`")
def test_run_holds_behind_nginx(tmp_path: Path) -> None:
    oidc_provider.install()
    out = tmp_path / "report"
    with terminated_oidc_provider.start(tmp_path) as running:
        command = [sys.executable, "-m", "keybound", "run", running.profile.stem, "--mechanism", "mtls"]
        result = subprocess.run(
            [*command, "--out", str(out)],
            env=os.environ | running.env,
            capture_output=True,
            text=True,
            check=False,
        )

    assert result.returncode == 0, result.stdout + result.stderr
