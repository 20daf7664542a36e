"""The login driver: forms as people see them, and pages that lead nowhere."""

import time
from pathlib import Path

import pytest

from keybound.errors import Inconclusive
from keybound.flows.login import authorize, fill_form
from keybound.profile.target_profile import Login, parse
from keybound.wire.client import Wire
from support import hostile_server as hostile

LOGIN = Login(username="alice", password="wonderland", fields={"otp": "000000", "realm": "r2"})
CALLBACK = "https://localhost/cb"


@pytest.mark.parametrize(
    ("inputs", "fields"),
    [
        ("<input name=u><input name=p type=password>", [("u", "alice"), ("p", "wonderland")]),
        ("<input type=email name=u><input type=PASSWORD name=p>", [("u", "alice"), ("p", "wonderland")]),
        ("<input name=csrf type=hidden value=x><input name=u>", [("csrf", "x"), ("u", "alice")]),
        ("<input name=u value=bob><input name=other>", [("u", "bob"), ("other", "alice")]),
        ("<input name=u><input name=otp>", [("u", "alice"), ("otp", "000000")]),
        ("<input type=checkbox name=c><input type=radio name=r value=1>", [("c", "on")]),
        ("<input type=radio name=r value=1><input type=radio name=r value=2 checked>", [("r", "2")]),
        ("<select name=realm><option>r1<option>r2</select>", [("realm", "r2")]),
        ("<select name=s><option value=1>a<option value=2 selected>b</select>", [("s", "2")]),
        ("<input><input type=file name=f><input type=reset name=x>", []),
        (
            "<button name=do value=deny>Deny</button><button name=do value=allow>Allow</button>",
            [("do", "allow")],
        ),
        (
            "<button name=do value=no>Cancel</button><input type=submit name=go value=Weiter>",
            [("go", "Weiter")],
        ),
        ("<button type=button name=x value=1>Help</button><input type=submit value=Go>", []),
    ],
)
def test_a_form_is_filled_as_a_person_would(inputs, fields):
    assert fill_form(f'<form method=post action="/go">{inputs}</form>', LOGIN) == ("POST", "/go", fields)


def test_the_form_with_the_password_is_the_one():
    html = "<form id=search><input name=q></form><form method=post><input name=u><input type=password name=p></form>"
    assert fill_form(html, LOGIN)[2] == [("u", "alice"), ("p", "wonderland")]


@pytest.mark.parametrize(
    "html",
    [
        "",
        "hello",
        "https://x/y",
        "login.html",
        "<?xml version='1.0'?><a/>",
        "<![foo",
        "<!",
        "<" * 9999,
        "\0",
        "{}",
        "<!DOCTYPE",
        "<form",
        "<form <!",
    ],
)
def test_what_is_no_form_is_none_and_no_warning(html):
    assert fill_form(html, LOGIN) is None


PROFILE = f"""
issuer = "https://localhost"
resource = "https://localhost"
[client]
id = "spa"
redirect_uri = "{CALLBACK}"
[login]
username = "alice"
password = "wonderland"
"""
FORM = '<form method=post action="{}"><input name=u><input type=password name=p></form>'


def login(pages, more: str = "") -> dict[str, str]:
    with hostile.raw_server(hostile.answering(pages)) as server, Wire(hostile.ca(), timeout=2) as wire:
        try:
            return authorize(wire, parse(more + PROFILE, "p", Path()), f"{server.url}/authorize", CALLBACK)
        finally:
            login.seen = server.seen


def redirect(location: str, *lines: str) -> bytes:
    return hostile.http(302, "", "text/plain", f"Location: {location}", *lines)


def test_a_login_with_cookies_ends_at_the_client():
    def pages(seen: hostile.Seen) -> bytes:
        match seen.path:
            case "/authorize":
                return redirect("login?x=1", 'Set-Cookie: sid="a b"; HttpOnly', "Set-Cookie: gone=1")
            case "/login?x=1":
                return hostile.http(200, FORM.format("/check"), "text/html", "Set-Cookie: gone=; Max-Age=0")
            case "/check":
                return redirect(f"{CALLBACK}?code=c%2B1&state=s")
        return hostile.http(404)

    assert login(pages) == {"code": "c+1", "state": "s"}
    assert login.seen[-1].body == b"u=alice&p=wonderland"
    assert login.seen[-1].headers["cookie"] == 'sid="a b"'


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (hostile.http(200, "<p>hello"), "a page without a form (status 200) at /authorize"),
        (hostile.http(500, FORM), "a page without a form (status 500)"),
        (hostile.http(200, b"\xff" * 99), "a page without a form"),
        (hostile.http(302), "a page without a form (status 302)"),
        (redirect("/authorize"), "did not end after 20 pages"),
        (hostile.http(200, FORM.format(""), "text/html"), "did not end after 20 pages"),
        (redirect("https://evil.example/cb"), "leads elsewhere: evil.example is not this machine"),
        (
            hostile.http(200, FORM.format("https://evil.example/")),
            "leads elsewhere: evil.example is not this machine",
        ),
        (redirect("//evil.example/"), "leads elsewhere"),
        (redirect("https://user:pw@localhost/"), "which is no URL"),
        (redirect("https://["), "which is no URL"),
        (redirect("https://localhost:0/"), "which is no URL"),
        (redirect("https://localhost:99999999/"), "which is no URL"),
        (redirect("javascript:alert(1)"), "which is no URL"),
        (hostile.http(200, FORM.format("http://[x")), "which is no URL"),
        (b"", "did not get an answer"),
    ],
)
def test_a_login_that_leads_nowhere_is_explained(answer, message):
    with pytest.raises(Inconclusive) as caught:
        login(lambda _: answer) if answer else login(lambda _: b"nonsense\r\n\r\n")
    assert message in str(caught.value)
    assert "wonderland" not in str(caught.value)


def test_a_redirect_that_only_looks_like_the_client_is_not_taken():
    with pytest.raises(Inconclusive):
        login(lambda _: redirect("https://localhost.evil.example/cb?code=1"))


@pytest.mark.parametrize(
    "piece", ["<b>", "<form>", "<input name=a>", "<a " + "b " * 99, "<select name=a><option>"]
)
def test_a_hostile_page_takes_no_long_time(piece):
    started = time.process_time()
    with pytest.raises(Inconclusive):
        login(
            lambda seen: (
                hostile.http(200, '<form action="/x">' + piece * (900_000 // len(piece)))
                if seen.path == "/authorize"
                else b"x\r\n\r\n"
            )
        )
    assert time.process_time() - started < 5
