"""Bad targets: never a crash, never a green, one clear line, bounded time, and reports that say what happened."""

import asyncio
import json
import os
import signal
import time
from pathlib import Path

import pytest
from aiohttp import web

from keybound.report.stream import read
from support import hostile_server as hostile
from support.command import Result, keybound, process, spawn
from support.hostile_server import http, http_json, tiny, tiny_profile

METADATA = "/.well-known/oauth-authorization-server"
TOKEN = {"access_token": "t0ken-of-the-tiny-server", "token_type": "DPoP", "expires_in": 300}


def examine(folder: Path, url: str, **options: object) -> Result:
    """Run against a target that the doctor must turn down, and return what was said."""
    out = folder / "out"
    result = keybound("run", tiny_profile(folder, url, **options), "--out", out)
    assert (result.code, result.out) in {(3, ""), (2, "")}
    assert hostile.SECRET not in result.err
    assert "truncated run" in (out / "summary.md").read_text()
    assert "<error" in (out / "junit.xml").read_text()
    event = json.loads((out / "events.jsonl").read_text().splitlines()[-1])
    assert (event["event"], event["name"], event["ok"]) == ("check", "doctor", False)
    return result


def test_nobody_is_there(tmp_path):
    result = examine(tmp_path, f"https://localhost:{hostile.closed_port()}")
    assert result.code == 3
    assert "connection refused" in result.line
    assert "is the server running" in result.line


CERTIFICATES = {
    "expired": (hostile.issue(days=-1), hostile.ca(), "certificate has expired"),
    "of another host": (hostile.issue(host="elsewhere.example"), hostile.ca(), "Hostname mismatch"),
    "of another CA": (
        hostile.issue(),
        hostile._holder(*hostile._make("x", None, 9, "x")).certificate,
        "set `ca` in the profile",
    ),
}


@pytest.mark.parametrize("name", CERTIFICATES)
def test_a_certificate_that_is_not_trusted(name, tmp_path):
    holder, trusted, message = CERTIFICATES[name]
    with hostile.raw_server(hostile.hang, holder) as server:
        result = examine(tmp_path, server.url, trusted=trusted)
        assert (result.code, server.seen) == (3, [])
    assert "server certificate not trusted" in result.line
    assert message in result.line


RAW = {
    "no TLS": (hostile.say(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "TLS handshake failed"),
    "no answer": (hostile.after_request(hostile.hang), "no complete answer in time"),
    "a drip of headers": (
        hostile.after_request(hostile.drip(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n")),
        "no complete answer",
    ),
    "a drip of body": (
        hostile.after_request(hostile.drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b" ")),
        "no complete answer in time",
    ),
    "a reset": (hostile.after_request(hostile.reset), "connection closed without an answer"),
    "half-closed": (hostile.after_request(hostile.half_close), "connection closed without an answer"),
    "cut": (
        hostile.after_request(hostile.say(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")),
        "the answer broke off",
    ),
    "not HTTP": (hostile.after_request(hostile.say(b"hello\r\n\r\n")), "the answer is not HTTP"),
}


@pytest.mark.parametrize("name", RAW)
def test_a_server_that_speaks_no_http(name, tmp_path):
    behave, message = RAW[name]
    with hostile.raw_server(behave, tls=name != "no TLS") as server:
        result = examine(tmp_path, server.url, timeout=0.5)
    assert message in result.line
    assert result.code == 3
    assert result.seconds < 5


METADATA_ANSWERS = {
    "HTML": (http(200, "<html>hello", "text/html"), "answered 200 with text/html"),
    "404": (http(404), "answered 404"),
    "500": (http(500), "answered 500"),
    "broken JSON": (http_json("{"), "no metadata at the issuer"),
    "a list": (http_json([1]), "no metadata at the issuer"),
    "NaN": (http_json('{"issuer": NaN}'), "no metadata at the issuer"),
    "deep JSON": (http_json("[" * 100_000), "no metadata at the issuer"),
    "deep JSON object": (http_json('{"a":' * 300 + "1" + "}" * 300), "no metadata at the issuer"),
    "not UTF-8": (http(200, b"\xff\xfe\xff", "application/json"), "no metadata at the issuer"),
    "20 MB": (http_json('{"a":"' + "x" * 20_000_000 + '"}'), "cut off"),
    "a redirect": (http(302, "", "text/plain", "Location: https://elsewhere.example/"), "answered 302"),
    "429": (http(429, "", "text/plain", "Retry-After: 3600"), "answered 429"),
    "a header with escapes": (http(404, "", "text/\x1b[31mred\x07"), "no metadata"),
}


@pytest.mark.parametrize("name", METADATA_ANSWERS)
def test_metadata_that_is_none(name, tmp_path):
    answer, message = METADATA_ANSWERS[name]
    with tiny(lambda _: {METADATA: answer}) as server:
        result = examine(tmp_path, server.url)
    assert message in result.line
    assert "\x1b" not in result.err
    assert result.code == 3


METADATA_VALUES = {
    "another issuer": ({"issuer": "https://localhost:1"}, 2, "but https://localhost:"),
    "no issuer": ({"issuer": None}, 2, "says 'None'"),
    "an issuer that is a list": ({"issuer": ["x"]}, 2, "says"),
    "a foreign token endpoint": (
        {"token_endpoint": "https://evil.example/t"},
        2,
        "evil.example is not this machine",
    ),
    "a foreign introspection": (
        {"introspection_endpoint": "https://evil.example/t"},
        2,
        "evil.example is not this machine",
    ),
    "a foreign alias": (
        {"mtls_endpoint_aliases": {"token_endpoint": "https://evil.example"}},
        2,
        "evil.example",
    ),
    "an endpoint without a scheme": (
        {"token_endpoint": "localhost/token"},
        3,
        "token_endpoint is 'localhost/token', which is no URL",
    ),
    "an endpoint of another kind": ({"token_endpoint": "file:///etc/passwd"}, 3, "which is no URL"),
    "an endpoint with a password": ({"token_endpoint": "https://u:p@localhost/"}, 3, "which is no URL"),
    "an endpoint with a line": ({"token_endpoint": "https://localhost/\r\nA: b"}, 3, "which is no URL"),
    "an endpoint with half a bracket": ({"token_endpoint": "https://["}, 3, "which is no URL"),
    "no token endpoint": ({"token_endpoint": None}, 3, "the target has no token endpoint"),
    "a token endpoint that is a number": ({"token_endpoint": 1e300}, 3, "the target has no token endpoint"),
}


@pytest.mark.parametrize("name", METADATA_VALUES)
def test_metadata_that_cannot_be_used(name, tmp_path):
    values, code, message = METADATA_VALUES[name]

    def answers(server):
        whole = {"issuer": server.url, "token_endpoint": f"{server.url}/token"} | values
        return {METADATA: http_json({name: value for name, value in whole.items() if value is not None})}

    with tiny(answers) as server:
        result = examine(tmp_path, server.url)
        # no credentials went out
        assert all(seen.path.startswith("/.well-known/") for seen in server.seen)
    assert message in result.line
    assert result.code == code


TOKENS = {
    "HTML": (http(200, "<html>hello", "text/html"), "failed: 200"),
    "an error": (
        http_json({"error": "invalid_client", "error_description": "who?"}, 401),
        "401 invalid_client",
    ),
    "an error that is a list": (
        http_json({"error": ["a"], "error_description": {"b": 1}}, 400),
        "failed: 400",
    ),
    "nothing": (http(204), "failed: 204"),
    "500": (http(500), "failed: 500"),
    "a redirect": (http(307, "", "text/plain", "Location: https://evil.example/"), "failed: 307"),
    "429": (http(429, "", "text/plain", "Retry-After: 1"), "429"),
    "no token": (http_json(TOKEN | {"access_token": ""}), "failed: 200"),
    "a null token": (http_json(TOKEN | {"access_token": None}), "failed: 200"),
    "NaN": (http_json('{"access_token": "x", "expires_in": NaN}'), "failed: 200"),
    "half a surrogate": (http_json('{"access_token": "\\ud800"}'), "failed: 200"),
    "garbage": (b"nonsense\r\n\r\n", "the answer is not HTTP"),
}


@pytest.mark.parametrize("name", TOKENS)
def test_a_token_response_that_is_none(name, tmp_path):
    answer, message = TOKENS[name]
    with tiny(lambda _: {"/token": answer}) as server:
        result = examine(tmp_path, server.url)
        assert not [seen for seen in server.seen if seen.path == "/api"]
    assert message in result.line
    assert "correct [clients.client]" in result.line
    assert result.code == 3


@pytest.mark.parametrize(
    "token",
    [["a"], {"a": 1}, 5, True, "to ken", "a\r\nX: y", "t\xf6ken", "\N{SNOWMAN}", "\x00", "a" * 200_000],
)
def test_an_access_token_that_is_none_goes_nowhere(token, tmp_path):
    def api(seen):
        return http(401) if "x" not in seen.headers else http(200)

    with tiny(lambda _: {"/token": http_json(TOKEN | {"access_token": token}), "/api": api}) as server:
        assert examine(tmp_path, server.url).line
        assert not any("x" in seen.headers for seen in server.seen)


@pytest.mark.parametrize(
    "lifetime", ["1e400", "-1e400", "9" * 400, "-1", '"abc"', "null", "[]", "true", "0", "1e-9"]
)
def test_a_lifetime_that_is_none_does_no_harm(lifetime, tmp_path):
    body = '{"access_token": "t0ken", "token_type": "DPoP", "expires_in": ' + lifetime + "}"
    with tiny(lambda _: {"/token": http_json(body), "/api": http(403)}) as server:
        assert "no dpop token works at" in examine(tmp_path, server.url).line


APIS = {
    "404": (http(404), "404 (no error code)"),
    "500": (http(500), "500 (no error code)"),
    "a redirect": (http(302, "", "text/plain", "Location: https://evil.example/"), "302"),
    "a hostile challenge": (http(401, "", "text/plain", "WWW-Authenticate: DPoP " + 'a="' * 9000), "401"),
    "a nonce without end": (
        http(401, "", "text/plain", 'WWW-Authenticate: DPoP error="use_dpop_nonce"', "DPoP-Nonce: \xe4\xf6"),
        "401 use_dpop_nonce",
    ),
    "429": (http(429, "", "text/plain", "Retry-After: 1"), "429"),
}


@pytest.mark.parametrize("name", APIS)
def test_a_resource_that_takes_no_token(name, tmp_path):
    answer, message = APIS[name]
    with tiny(lambda _: {"/api": answer}) as server:
        result = examine(tmp_path, server.url)
    assert result.code == 3
    assert message in result.line
    assert "check resource.url" in result.line


@pytest.mark.parametrize("place", [METADATA, "/token", "/api"])
def test_no_redirect_is_followed(place, tmp_path):
    with (
        tiny() as other,
        tiny(lambda _: {place: http(307, "", "text/plain", f"Location: {other.url}{place}")}) as server,
    ):
        assert "307" in examine(tmp_path, server.url).line
        assert other.connections == 0


@pytest.mark.parametrize("date", ["Mon, 01 Jan 2001 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_clock_that_is_off(date, tmp_path):
    def answers(server):
        metadata = {"issuer": server.url, "token_endpoint": f"{server.url}/token"}
        return {METADATA: http_json(metadata, 200, f"Date: {date}")}

    with tiny(answers) as server:
        assert "the target's clock is" in examine(tmp_path, server.url).line


@pytest.mark.parametrize(
    "date", ["yesterday", "", "Mon, 99 Jan 2001 00:00:00 GMT", "Mon, 01 Jan 0001 00:00:00 -0000", "\xff"]
)
def test_a_date_that_is_none_says_nothing(date, tmp_path):
    def answers(server):
        metadata = {"issuer": server.url, "token_endpoint": f"{server.url}/token"}
        return {METADATA: http_json(metadata, 200, f"Date: {date}"), "/token": http(400)}

    with tiny(answers) as server:
        said = examine(tmp_path, server.url).line
    assert "token request" in said or "clock" in said


# --- targets that break in the middle of a run --------------------------------------------------------------


def breaking(after: int, act):
    """Return a hand that does `act` with every request after the first `after` to the resource."""
    count = 0

    async def tamper(request, handler):
        nonlocal count
        count += request.path == "/api"
        return await (act(request, handler) if count > after else handler(request))

    return tamper


async def dies(request, _handler):
    request.transport.abort()
    return web.Response()


async def hangs(_request, _handler):
    await asyncio.sleep(60)
    return web.Response()


async def crashes(_request, _handler):
    return web.Response(status=500)


async def limits(_request, _handler):
    return web.Response(status=429, headers={"Retry-After": "1"})


async def talks_nonsense(request, _handler):
    request.transport.write(b"nonsense\r\n\r\n")
    request.transport.close()
    return web.Response()


async def breaks_off(request, _handler):
    request.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    request.transport.close()
    return web.Response()


async def becomes_html(_request, _handler):
    return web.Response(text="<h1>Maintenance</h1>", status=200, content_type="text/html")


SOME = ("-k", "rs.proof or as.refresh")
BREAKS = {
    act.__name__: act for act in (dies, hangs, crashes, limits, talks_nonsense, breaks_off, becomes_html)
}


@pytest.mark.parametrize("workers", ["0", pytest.param("2", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", BREAKS)
def test_a_target_that_breaks_in_the_middle_ends_the_run(name, workers, tmp_path):
    out = tmp_path / "out"
    with hostile.tampered(breaking(30, BREAKS[name])) as running:
        profile = running.write(tmp_path, timeout=0.5)
        result = process("run", profile, "--out", out, "-n", workers, *SOME, folder=tmp_path)
    assert result.code in {1, 3}, result.err
    assert "Traceback" not in result.out + result.err
    events = [json.loads(line) for line in (out / "events.jsonl").read_text().splitlines()]
    footer = events[-1]
    assert (footer["event"], footer["exit"]) == ("footer", result.code)
    verdicts = {event["verdict"] for event in events if event["event"] == "case"}
    assert verdicts & {"inconclusive", "not run"}
    assert sum(footer["counts"].values()) == len([event for event in events if event["event"] == "case"])
    assert footer["counts"]["pass"] < sum(footer["counts"].values()) / 2
    assert "holds" not in result.out.splitlines()[-1]
    assert "<error" in (out / "junit.xml").read_text()


# --- runs that are ended from outside -----------------------------------------------------------------------


def test_one_client_that_gets_no_token_does_not_hide_the_others(tmp_path):
    async def forget(request, handler):
        form = await request.post() if request.path == "/token" else {}
        return web.Response(status=503) if form.get("client_id") == "post" else await handler(request)

    with hostile.tampered(forget) as running:
        profile = running.write(tmp_path)
        result = keybound("run", profile, "--out", tmp_path / "out", "-k", "rs.proof.htm or as.issue")
    assert result.code == 1
    said = " ".join(result.out.split())
    assert "check token post/client_credentials/dpop the valid token request" in said
    assert "correct [clients.post] in the profile, or remove it" in said
    verdicts = {case["id"]: case["verdict"] for case in read(tmp_path / "out" / "events.jsonl").cases}
    assert set(verdicts.values()) <= {"pass", "not applicable"}
    assert verdicts["rs.proof.htm.other-method"] == "pass"
    assert "not shown to hold" in result.out


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_ended_leaves_a_truncated_report(number, workers, tmp_path):
    stream = tmp_path / "out" / "events.jsonl"

    async def slow(request, handler):
        await asyncio.sleep(0.02)
        return await handler(request)

    with hostile.tampered(slow) as running:
        profile = running.write(tmp_path)
        with spawn("run", profile, "--out", stream.parent, "-n", workers, folder=tmp_path) as child:
            deadline = time.monotonic() + 60
            while not (stream.exists() and stream.read_bytes().count(b'"event": "case"') > 3):
                assert child.poll() is None, child.stderr.read()
                assert time.monotonic() < deadline
                time.sleep(0.05)
            os.killpg(child.pid, number)
            out, err = child.communicate(timeout=30)
    assert "Traceback" not in out + err
    if number == signal.SIGINT:
        assert child.returncode == 130
        assert "TRUNCATED RUN" in out
    result = keybound("report", stream)
    assert result.code == 4
    assert "TRUNCATED RUN" in result.out
    for name in ("summary.md", "report.html", "junit.xml"):
        assert "truncated run" in (stream.parent / name).read_text().lower()
