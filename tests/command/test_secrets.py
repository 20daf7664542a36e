"""No secret of a run reaches a file, standard output or an error: not of good runs, failing ones or broken ones."""

import base64
import html
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, quote_plus, urlsplit

import pytest
from aiohttp import web

from support import hostile_server as hostile
from support.command import process, spawn

COOKIE = "canary-cookie-5b3c9d0e7f"
SHORTEST = 8  # a shorter value, such as "1", is no secret


class Ear:
    """A hand in the reference target that remembers every secret that passes, and may echo them all back."""

    def __init__(self, echo: str | None = None) -> None:
        self.heard: set[str] = set()
        self.echo = echo

    async def __call__(self, request: web.Request, handler: hostile.Handler) -> web.StreamResponse:
        body = (await request.read()).decode()
        sent = parse_qs(body)
        for name in ("code_verifier", "client_secret", "client_assertion", "password"):
            self.heard.update(sent.get(name, ()))
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            self.heard.add(credentials)
        response = await handler(request)
        if self.echo and request.path.startswith(self.echo):
            return self._everything(request, body, response)
        for value in response.headers.getall("Location", ()):
            self.heard.update(parse_qs(urlsplit(value).query).get("code", ()))
        if (
            isinstance(response, web.Response)
            and response.content_type == "application/json"
            and response.body
        ):
            values = json.loads(bytes(response.body))
            names = ("access_token", "refresh_token", "id_token")
            self.heard.update(str(values[name]) for name in names if name in values)
        response.headers["Set-Cookie"] = f"sid={COOKIE}; Path=/; HttpOnly"
        return response

    def _everything(self, request: web.Request, body: str, response: web.StreamResponse) -> web.Response:
        """Return an error page that shows the request, and what was heard before, in many encodings."""
        remembered = self.heard if self.echo != "/" else ()  # the doctor's tokens are not known to workers
        lines = [*(f"{name}: {value}" for name, value in request.headers.items()), body, *remembered]
        whole = "\n".join(lines)
        written = [
            whole,
            quote(whole),
            quote_plus(whole),
            html.escape(whole),
            json.dumps({"error_description": whole}),
        ]
        written += [base64.b64encode(line.encode()).decode() for line in lines]
        headers = {
            "X-Echo": quote(body)[:4000],
            "WWW-Authenticate": f'DPoP error="x", error_description="{quote(body)[:4000]}"',
        }
        status = 500 if response.status < 400 else response.status
        return web.Response(status=status, text="\n".join(written), headers=headers)


def secrets_of(profile: str, ear: Ear) -> set[str]:
    data = tomllib.loads(profile)
    found = {data["login"]["password"], COOKIE} | ear.heard
    for client in data["clients"].values():
        found |= {client[name] for name in ("secret", "key", "certificate_key") if name in client}
    found.add(data["attacker"]["certificate_key"])
    for pem in [value for value in found if "PRIVATE KEY" in value]:
        found.remove(pem)
        # the private number; what follows is the public point, which every certificate of the key shows
        found.update([line for line in pem.splitlines() if "-----" not in line][:2])
    return {value for value in found if len(value) >= SHORTEST}


def written(out: Path, *texts: str) -> Iterator[tuple[str, str]]:
    yield from enumerate(texts)
    for path in out.rglob("*"):
        if path.is_file():
            yield path.name, path.read_text()


def leaks(found: set[str], out: Path, *texts: str) -> list[tuple[str, str]]:
    """Return (file, secret) wherever a secret can be read, as it is, in a URL or in base64."""
    forms = {value: value for value in found}
    forms |= {quote(value, safe=""): value for value in found}
    forms |= {base64.b64encode(value.encode()).decode().rstrip("="): value for value in found}
    seen = []
    for name, text in written(out, *texts):
        runs = {text[at : at + SHORTEST] for at in range(len(text))}  # one look for thousands of secrets
        seen += [(name, forms[form]) for form in forms if form[:SHORTEST] in runs and form in text]
    return seen


SOME = ["-k", "ath or refresh or code or introspection"]
RUNS = {
    "good": ([], (), None, {0}),
    "two workers": (["-n", "2", *SOME], (), None, {0}),
    "nonces": (SOME, (), None, {0}),
    "failing": (SOME, ("rs-ath-optional",), None, {1}),
    "the resource shows it all": (SOME, (), "/api", {3}),
    "the token endpoint shows it all": (SOME, (), "/token", {3}),
    "PAR shows it all": (SOME, (), "/par", {1, 3}),
    "the login shows it all": (SOME, (), "/login", {3}),
    "the userinfo endpoint shows it all": (SOME, (), "/userinfo", {0, 1}),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if RUNS[name][0] else pytest.mark.slow) for name in RUNS]
)
def test_no_secret_is_written(name, tmp_path):
    words, faults, echo, codes = RUNS[name]
    ear, out = Ear(echo), tmp_path / "out"
    with hostile.tampered(ear, faults=faults, nonce="both" if name == "nonces" else "off") as running:
        path = running.write(tmp_path)
        result = process("run", path, "--out", out, *words, folder=tmp_path)
    found = secrets_of(running.profile, ear)
    assert result.code in codes, result.err
    assert len(found) > 10
    assert leaks(found, out, result.out, result.err) == []
    assert "Traceback" not in result.err


def breaking_late(ear: Ear):
    """Return a hand that lets the doctor pass and then shows everything everywhere."""
    count = 0

    async def tamper(request, handler):
        nonlocal count
        count += request.path == "/api"
        ear.echo = "/" if count > 20 else None
        return await ear(request, handler)

    return tamper


def test_no_secret_is_written_when_the_target_goes_mad(tmp_path):
    ear, out = Ear(), tmp_path / "out"
    with hostile.tampered(breaking_late(ear)) as running:
        result = process("run", running.write(tmp_path), "--out", out, *SOME, folder=tmp_path)
    assert result.code in {1, 3}
    assert leaks(secrets_of(running.profile, ear), out, result.out, result.err) == []


def test_a_leak_would_be_noticed(tmp_path):
    (tmp_path / "a.txt").write_text(
        f"x{quote('s3cr/et value', safe='')}y {base64.b64encode(COOKIE.encode()).decode()}"
    )
    assert {value for _, value in leaks({"s3cr/et value"}, tmp_path)} == {"s3cr/et value"}
    assert {value for _, value in leaks({COOKIE}, tmp_path)} == {COOKIE}
    assert leaks({"s3cr/et value"}, tmp_path / "none", "no", "s3cr/et value") == [(1, "s3cr/et value")]


def test_the_profile_that_serve_writes_is_for_its_owner_only(tmp_path):
    with spawn("serve", "--profile", tmp_path / "p.toml", folder=tmp_path) as child:
        said = child.stdout.readline()
        child.terminate()
        out, err = child.communicate(timeout=20)
    assert "reference target at https://localhost:" in said
    assert (tmp_path / "p.toml").stat().st_mode & 0o077 == 0
    password = tomllib.loads((tmp_path / "p.toml").read_text())["login"]["password"]
    assert password not in said + out + err
