"""`[tokens] source = "command"`: a program of the user's gets each token."""

import http.server
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from support.command import ENVIRONMENT

SERVER = """
import sys
from keybound.reference.server import Settings, serve
from pathlib import Path
serve(Settings(), lambda running: (Path(sys.argv[1]).write_text(running.profile), print("ready", flush=True)), print)
"""
PROGRAM = """
import json, os, sys, time, tomllib
import httpx, ssl
from keybound.craft.jose import Key
from keybound.craft.proof import new_proof
profile = tomllib.load(open(sys.argv[1], "rb"))
key = Key.from_pem(open(os.environ["KEYBOUND_KEY"]).read())
assert key.thumbprint == os.environ["KEYBOUND_JKT"]
assert json.loads(os.environ["KEYBOUND_PUBLIC_JWK"]) == key.jwk
url = profile["issuer"] + "/token"
client = profile["clients"]["basic"]
answer = httpx.post(url, data={"grant_type": "client_credentials", "scope": os.environ["KEYBOUND_SCOPE"]},
    auth=(client["id"], client["secret"]), verify=ssl.create_default_context(cadata=profile["ca"]),
    headers={"DPoP": new_proof(key, "POST", url, time.time() - 1).encode()})
print(answer.text)
"""


def run(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "keybound", "run", *words, "--out", str(folder / "report")],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )


def profile(
    folder: Path,
    command: list[str],
    head: str = "",
    resource: str = "https://localhost:1/api",
    more: str = "",
) -> str:
    path = folder / "rs.toml"
    path.write_text(
        f'{head}\n[resource]\nurl = "{resource}"\n'
        f'[tokens]\nsource = "command"\nscope = "read"\ncommand = {json.dumps(command)}\n{more}'
    )
    return str(path)


def test_tokens_of_a_program(tmp_path: Path) -> None:
    reference = tmp_path / "reference.toml"
    (tmp_path / "get.py").write_text(PROGRAM)
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(reference)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT,
    ) as server:  # fmt: skip
        assert server.stdout.readline() == "ready\n"
        import tomllib

        known = tomllib.loads(reference.read_text())
        path = profile(
            tmp_path,
            [sys.executable, "get.py", str(reference)],
            f"ca = '''{known['ca']}'''",
            known["resource"]["url"],
        )
        result = run(tmp_path, path, "-k", "rs.stolen or rs.proof or rs.token")
        server.stdin.close()
    assert result.returncode == 0, result.stdout + result.stderr
    assert "pass" in result.stdout


@pytest.mark.parametrize(
    ("program", "more", "code", "message"),
    [
        ("print('hello')", "", 3, "tokens.command printed something else instead of a token response"),
        ("", "", 3, "tokens.command printed nothing instead of a token response"),
        ("print('{\"access_token\": 1}')", "", 3, "instead of a token response"),
        ("import sys; sys.exit('vault is sealed')", "", 3, "ended with status 1: vault is sealed"),
        ("import time; time.sleep(60)", "timeout = 0.5", 3, "did not end within 0.5 s"),
    ],
)
def test_failure_is_one_line(tmp_path: Path, program: str, more: str, code: int, message: str) -> None:
    result = run(tmp_path, profile(tmp_path, [sys.executable, "-c", program], more=more))
    assert result.returncode == code, result.stderr
    assert message in result.stderr
    assert result.stderr.strip().splitlines()[-1].startswith("keybound: ")
    assert "Traceback" not in result.stderr


def test_program_prints_garbage(tmp_path: Path) -> None:
    program = "import sys; sys.stdout.buffer.write(bytes(range(256)) * 4096)"
    result = run(tmp_path, profile(tmp_path, [sys.executable, "-c", program]))
    assert result.returncode == 3
    assert "printed something else" in result.stderr


def test_secrets_stay_out_of_the_report(tmp_path: Path) -> None:
    """Neither the token that the program prints, nor the key that it is given."""
    program = (
        "import json, os; pem = open(os.environ['KEYBOUND_KEY']).read(); open('seen', 'w').write(pem);"
        "print(json.dumps({'access_token': 'a-token-that-nobody-may-see'}))"
    )
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        resource = f"http://127.0.0.1:{server.server_port}/"
        path = profile(tmp_path, [sys.executable, "-c", program], resource=resource)
        result = run(tmp_path, path, "-k", "rs.stolen")
        server.shutdown()
    assert result.returncode == 1, result.stderr  # it opens for everybody
    key = (tmp_path / "seen").read_text().splitlines()[1]
    written = b"".join(path.read_bytes() for path in (tmp_path / "report").rglob("*") if path.is_file())
    assert b"rs.stolen" in written
    assert b"a-token-that-nobody-may-see" not in written
    assert key.encode() not in written


def test_program_that_is_not_there(tmp_path: Path) -> None:
    result = run(tmp_path, profile(tmp_path, ["/nowhere/program"]))
    assert result.returncode == 2
    assert "cannot be run: No such file or directory" in result.stderr


def test_output_is_not_shown(tmp_path: Path) -> None:
    program = "import sys; print('secret-in-output'); sys.exit(1)"
    result = run(tmp_path, profile(tmp_path, [sys.executable, "-c", program]))
    assert result.returncode == 3
    assert "secret-in-output" not in result.stdout + result.stderr
