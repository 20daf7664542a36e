"""The built-in issuer: documents, introspection, keys that persist, and what an operator is told."""

import json
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from keybound.craft.access_token import sealed, unsealed
from keybound.craft.jose import Key
from keybound.errors import UsageError
from keybound.flows import keys
from keybound.flows.issuer import instructions, serving
from keybound.target.profile import parse

RESOURCE = '[resource]\nurl = "https://localhost:1/api"\n'


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def settings(folder: Path, more: str = "", scheme: str = "http"):
    text = f"""{RESOURCE}
[tokens]
source = "minted"
address = "{scheme}://localhost:{free_port()}"
audience = "https://api.example"
{more}"""
    return parse(text, "test", folder).tokens


@pytest.mark.parametrize("alg", ["ES256", "RS256", "PS256", "EdDSA"])
def test_documents(tmp_path: Path, alg: str) -> None:
    chosen = settings(tmp_path, f'alg = "{alg}"\nissuer = "https://issuer.example/"')
    known = keys.load(chosen)
    with serving(known), httpx.Client(base_url=chosen.address) as client:
        documents = [
            client.get(path).json()
            for path in ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration")
        ]
        assert documents[0] == documents[1]
        assert documents[0]["issuer"] == "https://issuer.example/"
        published = client.get("/jwks").json()["keys"]
        assert published[0]["kid"] == known.kid
        assert published[0]["alg"] == alg
        assert not any("d" in key for key in published)
        assert client.get("/other").status_code == 404
        assert client.post("/token").json()["error"] == "unsupported_grant_type"


def test_introspection(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    known = keys.load(chosen)
    answer = {"active": True, "sub": "somebody", "cnf": {"jkt": "x"}}
    token = sealed(known.seal, answer)
    login = (chosen.introspection_client, known.introspection_secret)
    with serving(known), httpx.Client(base_url=chosen.address) as client:
        assert client.post("/introspect", data={"token": token}).status_code == 401
        assert client.post("/introspect", data={"token": token}, auth=("rs", "wrong")).status_code == 401
        assert client.post("/introspect", data={"token": token}, auth=login).json() == answer
        for unknown in ("", "nonsense", "é", token[:-4] + "AAAA"):
            assert client.post("/introspect", data={"token": unknown}, auth=login).json() == {"active": False}
        by_post = {"token": token, "client_id": login[0], "client_secret": login[1]}
        assert client.post("/introspect", data=by_post).json() == answer
        signed = client.post(
            "/introspect",
            data={"token": token},
            auth=login,
            headers={"Accept": "application/token-introspection+jwt"},
        )
        assert signed.headers["Content-Type"] == "application/token-introspection+jwt"
        decoded = jwt.decode(
            signed.text, KeySet.import_key_set(client.get("/jwks").json()), algorithms=["ES256"]
        )
        assert decoded.header["typ"] == "token-introspection+jwt"
        assert decoded.claims["token_introspection"] == answer
        assert decoded.claims["aud"] == "rs"


def test_keys_persist_and_are_private(tmp_path: Path) -> None:
    first, second = (keys.load(settings(tmp_path)) for _ in range(2))
    assert first.jwks() == second.jwks()
    assert first.introspection_secret == second.introspection_secret
    assert unsealed(second.seal, sealed(first.seal, {"a": 1})) == {"a": 1}
    assert stat.S_IMODE((tmp_path / "keybound-issuer.pem").stat().st_mode) == 0o600


def test_key_that_does_not_fit(tmp_path: Path) -> None:
    keys.load(settings(tmp_path))
    with pytest.raises(UsageError, match="does not serve alg RS256"):
        keys.load(settings(tmp_path, 'alg = "RS256"'))
    (tmp_path / "keybound-issuer.pem").write_text("nonsense")
    with pytest.raises(UsageError, match="does not serve alg ES256"):
        keys.load(settings(tmp_path))


def test_own_certificate(tmp_path: Path) -> None:
    chosen = settings(tmp_path, scheme="https")
    known = keys.load(chosen)
    with serving(known):
        context = ssl.create_default_context(cafile=str(tmp_path / "keybound-issuer.crt"))
        assert httpx.get(f"{chosen.address}/jwks", verify=context).json() == known.jwks()
        with serving(known):  # a second one at the same address with the same keys is left to the first
            pass
    assert stat.S_IMODE((tmp_path / "keybound-issuer-tls.pem").stat().st_mode) == 0o600
    assert "keybound-issuer.crt" in instructions(known)


def test_address_in_use(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    other = keys.IssuerKeys(Key.generate(), chosen)
    with (
        serving(other),
        pytest.raises(UsageError, match="cannot serve"),
        serving(keys.load(chosen)),
    ):
        pass


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("lifetim = 3", "unknown key 'tokens.lifetim'; did you mean 'lifetime'"),
        ("lifetime = 0", "tokens.lifetime"),
        ('jti = "always"', "{random}"),
        ('alg = "HS256"', "tokens.alg"),
        ("formats = []", "tokens.formats"),
    ],
)
def test_bad_settings_are_named(tmp_path: Path, more: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        settings(tmp_path, more)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_issuer_command(tmp_path: Path) -> None:
    profile = tmp_path / "rs.toml"
    address = f"http://127.0.0.1:{free_port()}"
    profile.write_text(
        f'{RESOURCE}[tokens]\nsource = "minted"\naddress = "{address}"\naudience = "a"\nformats = ["opaque"]\n'
    )
    command = [sys.executable, "-m", "keybound", "issuer", str(profile)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | environment()
    ) as process:
        lines = [process.stdout.readline() for _ in range(5)]
        known = {line.split()[0]: line.split()[1] for line in lines}
        assert httpx.get(known["keys"]).json()["keys"]
        login = ("rs", known["secret"])
        assert httpx.post(known["introspection"], data={"token": "x"}, auth=login).json() == {"active": False}
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130


def environment() -> dict[str, str]:
    return {"PYTHONPATH": str(Path(__file__).parents[1] / "src")}


def test_run_alone_with_workers(tmp_path: Path) -> None:
    """Tokens minted by several workers are all known to the one introspection endpoint."""
    command = [
        sys.executable,
        "-m",
        "keybound",
        "run",
        "--rs-only",
        "-n",
        "2",
        "-k",
        "opaque or introspection",
    ]
    result = subprocess.run(
        [*command, "--out", str(tmp_path)],
        env=os.environ | environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    footer = json.loads((tmp_path / "events.jsonl").read_text().splitlines()[-1])
    assert footer["counts"]["pass"] > 30
    assert footer["counts"]["inconclusive"] == 0


def test_nothing_waits_long(tmp_path: Path) -> None:
    started = time.monotonic()
    with serving(keys.load(settings(tmp_path))):
        pass
    assert time.monotonic() - started < 5
