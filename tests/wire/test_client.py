"""The wire: whatever a server does becomes an exchange, in time, and identities never share a connection."""

import socket
import ssl
import sys
import time

import pytest

from keybound.craft.request import NO_CERTIFICATE
from keybound.errors import UsageError
from keybound.wire.client import BODY_LIMIT, Wire, tls_context
from keybound.wire.exchange import Exchange, Request, Response, Trouble
from keybound.wire.raw import written
from support import hostile_server as hostile

TIMEOUT = 0.6
MARGIN = 1.5  # a loaded machine is late
OK = b"HTTP/1.1 200 OK\r\n"


def send(url: str, *, ca: str | None = None, times: int = 1, **request: object) -> list[Exchange]:
    with Wire(ca or hostile.ca(), timeout=TIMEOUT, max_wait=1.2) as wire:
        return [wire.send(Request("GET", url, **request)) for _ in range(times)]


def endless(head: bytes, piece: bytes):
    def act(connection: socket.socket, server: hostile.Server) -> None:
        connection.sendall(head)
        while not server.stopped.is_set():
            connection.sendall(piece)

    return act


BROKEN = {
    "no answer": (hostile.hang, Trouble.TIMEOUT),
    "a drip of header bytes": (hostile.drip(OK, b"X"), Trouble.TIMEOUT),
    "a drip of header lines": (hostile.drip(OK, b"X-A: b\r\n"), Trouble.TIMEOUT),
    "a drip of body bytes": (hostile.drip(OK + b"Content-Length: 9999\r\n\r\n", b"x"), Trouble.TIMEOUT),
    "a drip of chunks": (
        hostile.drip(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        Trouble.TIMEOUT,
    ),
    "interim answers without end": (endless(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"), Trouble.TIMEOUT),
    "header lines without end": (endless(OK, b"X-A: b\r\n" * 999), Trouble.GARBAGE),
    "a header line without end": (endless(OK + b"X: ", b"x" * 9999), Trouble.GARBAGE),
    "a reset": (hostile.reset, Trouble.RESET),
    "an end": (hostile.say(b""), Trouble.RESET),
    "an end within the status line": (hostile.say(b"HTTP/1.1 2"), Trouble.RESET),
    "an end within the headers": (hostile.say(OK + b"A: b\r\n"), Trouble.RESET),
    "a half-closed connection": (hostile.half_close, Trouble.RESET),
    "an end within the body": (hostile.say(OK + b"Content-Length: 9\r\n\r\nabc"), Trouble.CUT),
    "an end within a chunk": (hostile.say(OK + b"Transfer-Encoding: chunked\r\n\r\n9\r\nabc"), Trouble.CUT),
    "a broken chunk": (hostile.say(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc"), Trouble.CUT),
    "another protocol": (hostile.say(b"220 mail.example ESMTP\r\n\r\n"), Trouble.GARBAGE),
    "zeros": (hostile.say(b"\0" * 99 + b"\r\n\r\n"), Trouble.GARBAGE),
    "no length that makes sense": (hostile.say(OK + b"Content-Length: -1\r\n\r\n"), Trouble.GARBAGE),
    "two lengths": (hostile.say(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), Trouble.GARBAGE),
    "a header with a zero byte": (hostile.say(OK + b"A: b\0c\r\n\r\n"), Trouble.GARBAGE),
    "a header line without a name": (hostile.say(OK + b": b\r\n\r\n"), Trouble.GARBAGE),
    "a status that is none": (hostile.say(b"HTTP/1.1 9999 OK\r\n\r\n"), Trouble.GARBAGE),
    "compression that is none": (
        hostile.say(OK + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"),
        Trouble.GARBAGE,
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_is_named_in_time(name):
    act, trouble = BROKEN[name]
    with hostile.raw_server(hostile.after_request(act)) as server:
        started = time.monotonic()
        (exchange,) = send(f"{server.url}/")
        assert (exchange.trouble, exchange.response) == (trouble, None), exchange.detail
        assert time.monotonic() - started < TIMEOUT + MARGIN
        assert server.connections == 1  # a new connection that breaks is not tried again


@pytest.mark.parametrize(
    "name",
    [
        "no answer",
        "a drip of header bytes",
        "a drip of header lines",
        "a drip of body bytes",
        "a drip of chunks",
        "header lines without end",
        "a reset",
        "an end",
        "an end within the body",
        "another protocol",
    ],
)
def test_a_broken_answer_is_named_in_time_on_a_socket_of_our_own(name):
    act, trouble = BROKEN[name]
    with hostile.raw_server(hostile.after_request(act)) as server:
        (exchange,) = send(f"{server.url}/", headers=(("Host", "one"), ("Host", "two")))
        assert (exchange.trouble, exchange.response) == (trouble, None), exchange.detail
        assert exchange.duration_ms < (TIMEOUT + MARGIN) * 1000


def test_two_host_fields_are_sent_as_they_are():
    answer = hostile.after_request(hostile.say(OK + b"Content-Length: 0\r\n\r\n"))
    headers = (("Host", "one"), ("X", "y"), ("Host", "two"))
    with hostile.raw_server(answer) as server:
        (exchange,) = send(f"{server.url}/a?b", headers=headers)
    assert exchange.response is not None
    start = b"GET /a?b HTTP/1.1\r\nHost: one\r\nX: y\r\nHost: two\r\n"
    assert written(exchange.request) == start + b"Connection: close\r\n\r\n"


def test_a_handshake_that_hangs_ends_in_time():
    with hostile.raw_server(hostile.hang, tls=False) as server:
        started = time.monotonic()
        (exchange,) = send(f"{server.url}/")
        assert exchange.trouble is Trouble.TIMEOUT
        assert time.monotonic() - started < TIMEOUT + MARGIN


def test_a_request_that_is_not_taken_ends_in_time():
    with hostile.raw_server(hostile.hang) as server:
        (exchange,) = send(f"{server.url}/", body=b"x" * (1 << 25))
        assert exchange.trouble is Trouble.TIMEOUT
        assert exchange.duration_ms < (TIMEOUT + MARGIN) * 1000


@pytest.mark.parametrize(
    ("piece", "head"),
    [(b"x" * 9999, b"\r\n"), (b"x" * 65536, b"Content-Length: 20971520\r\n\r\n")],
    ids=["endless", "20 MB"],
)
def test_a_large_body_is_cut(piece, head):
    with hostile.raw_server(hostile.after_request(endless(OK + head, piece))) as server:
        (exchange,) = send(f"{server.url}/")
    assert exchange.response is not None
    assert exchange.response.truncated
    assert exchange.response.body == b"x" * BODY_LIMIT


@pytest.mark.parametrize(
    ("holder", "trusted", "detail"),
    [
        (hostile.issue(days=-1), None, "expired"),
        (hostile.issue(host="elsewhere.example"), None, "Hostname mismatch"),
        (hostile.issue(), "other", "self-signed|unable to get local issuer"),
    ],
    ids=["expired", "other host", "other CA"],
)
def test_a_bad_server_certificate_is_not_trusted(holder, trusted, detail):
    other = hostile._holder(*hostile._make("another CA", None, 9, "ca")).certificate
    with hostile.raw_server(hostile.hang, holder) as server:
        (exchange,) = send(f"{server.url}/", ca=other if trusted else None)
        assert exchange.trouble is Trouble.UNTRUSTED
        assert any(text in exchange.detail for text in detail.split("|")), exchange.detail
        assert not server.seen


def test_what_happens_before_http_is_named():
    (refused,) = send(f"https://localhost:{hostile.closed_port()}/")
    (unresolved,) = send("https://host.invalid/")
    with hostile.raw_server(hostile.say(b"HTTP/1.1 400 Bad Request\r\n\r\n"), tls=False) as server:
        (no_tls,) = send(f"{server.url}/")
    with hostile.raw_server(hostile.after_request(hostile.hang), client=ssl.CERT_REQUIRED) as server:
        (alert,) = send(f"{server.url}/")
    troubles = [exchange.trouble for exchange in (refused, unresolved, no_tls, alert)]
    assert troubles == [Trouble.REFUSED, Trouble.UNRESOLVED, Trouble.TLS, Trouble.TLS_ALERT]


@pytest.mark.parametrize(
    "header", [("A", "b\r\nC: d"), ("A\n", "b"), ("A", "\N{SNOWMAN}"), ("", "b"), ("A b", "c")]
)
def test_a_header_that_cannot_be_sent_is_said_to_be_so(header):
    with hostile.raw_server(hostile.after_request(hostile.hang)) as server:
        (exchange,) = send(f"{server.url}/", headers=(header,))
        assert exchange.trouble is Trouble.UNSENDABLE
        assert not server.seen


@pytest.mark.parametrize("url", ["https://[::1/", "https://localhost/\x00", "ftp://localhost/", ""])
def test_a_url_that_cannot_be_used_is_said_to_be_so(url):
    (exchange,) = send(url)
    assert exchange.trouble is Trouble.UNSENDABLE


def test_bytes_of_headers_survive():
    answer = hostile.answering(
        lambda seen: hostile.http(200, b"\xff\xfe", "text/\xe4", f"Echo: {seen.headers['a']}")
    )
    with hostile.raw_server(answer) as server:
        (exchange,) = send(f"{server.url}/", headers=(("A", "\xe4\xf6"),))
    assert exchange.response is not None
    assert exchange.response.first("echo") == "\xe4\xf6"
    assert exchange.response.text == "\N{REPLACEMENT CHARACTER}" * 2
    assert exchange.response.json is None


def test_no_redirect_is_followed_and_no_cookie_is_kept():
    with hostile.raw_server(hostile.answering(lambda _: hostile.http(200, "stolen"))) as other:
        lines = (f"Location: {other.url}/", "Set-Cookie: sid=1; Path=/")
        with hostile.raw_server(
            hostile.answering(lambda _: hostile.http(307, "", "text/plain", *lines))
        ) as server:
            exchanges = send(f"{server.url}/", headers=(("Authorization", "DPoP token"),), times=2)
            assert [exchange.response.status for exchange in exchanges] == [307, 307]
            assert ["cookie" in seen.headers for seen in server.seen] == [False, False]
        assert other.connections == 0


def test_a_connection_that_died_idle_is_replaced_once():
    def one_answer(connection, server):
        hostile.after_request(hostile.say(hostile.http(200, str(server.connections))))(connection, server)

    with hostile.raw_server(one_answer) as server, Wire(hostile.ca(), timeout=TIMEOUT) as wire:
        first = wire.send(Request("GET", f"{server.url}/"))
        time.sleep(0.1)  # the server's end arrives
        second = wire.send(Request("GET", f"{server.url}/"), label="second")
    assert [first.response.text, second.response.text] == ["1", "2"]


def test_a_server_that_stays_silent_is_left_alone():
    with hostile.raw_server(hostile.hang) as server, Wire(hostile.ca(), timeout=0.05) as wire:
        exchanges = [wire.send(Request("GET", f"{server.url}/")) for _ in range(9)]
        assert {exchange.trouble for exchange in exchanges} == {Trouble.TIMEOUT}
        assert server.connections == 5
        assert "not sent" in exchanges[-1].detail


def test_a_slow_server_that_answers_is_not_left_alone():
    def every_other(connection, server):
        hostile.after_request(hostile.hang if server.connections % 2 else hostile.say(hostile.http(200)))(
            connection, server
        )

    with hostile.raw_server(every_other) as server, Wire(hostile.ca(), timeout=0.3) as wire:
        for _ in range(12):
            wire.send(Request("GET", f"{server.url}/"))
        assert server.connections == 12


@pytest.mark.parametrize(
    ("wait", "status"),
    [
        *((value, 200) for value in ("0", "1", "", "soon", "-5", "nan", "1e999", "\xb2", "9" * 99)),
        ("Mon, 01 Jan 2001 00:00:00 GMT", 200),
        ("3600", 429),
        ("Mon, 01 Jan 2300 00:00:00 GMT", 429),
    ],
)
def test_a_429_is_waited_out_if_it_may_be(wait, status):
    answers = iter([hostile.http(429, "", "text/plain", f"Retry-After: {wait}"), hostile.http(200)])
    with hostile.raw_server(hostile.answering(lambda _: next(answers))) as server:
        started = time.monotonic()
        (exchange,) = send(f"{server.url}/")
        assert time.monotonic() - started < 2
    assert exchange.response is not None
    assert exchange.response.status == status


def test_an_endless_429_is_waited_for_only_once():
    with hostile.raw_server(hostile.answering(lambda _: hostile.http(429))) as server:
        started = time.monotonic()
        exchanges = send(f"{server.url}/", times=20)
        assert time.monotonic() - started < 3
    assert {exchange.response.status for exchange in exchanges} == {429}


def test_identities_never_share_a_connection():
    names = {NO_CERTIFICATE: None} | {hostile.identity(name): name for name in ("victim", "attacker")}
    answer = hostile.answering(lambda seen: hostile.http(200, str(seen.certificate)))
    with hostile.raw_server(answer) as server, Wire(hostile.ca(), timeout=5) as wire:
        for _ in range(4):
            for identity, name in names.items():
                exchange = wire.send(Request("GET", f"{server.url}/"), identity)
                assert exchange.response.text == str(name)
                assert exchange.certificate == identity.certificate
                assert exchange.tls_version == "TLSv1.3"
        assert server.connections == len(names)  # each keeps its own alive


def test_one_certificate_with_two_keys_is_an_error_of_the_profile():
    broken = hostile.identity("victim").__class__("x", hostile.issue("a").certificate, hostile.issue("b").key)
    with pytest.raises(UsageError, match="of x cannot be used"):
        tls_context(None, broken)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a":1}', {"a": 1}),
        (b'{"a":1,"a":2}', {"a": 2}),
        (b'{"a":1e400,"b":-1e400}', {"a": sys.float_info.max, "b": -sys.float_info.max}),
        (b'{"a":' + b"9" * 5000 + b"}", {"a": sys.float_info.max}),
        (b'{"a":NaN}', None),
        (b'{"a":Infinity}', None),
        (b'{"a":"\\ud800"}', None),
        (b'{"a":"\\ud83d\\ude00"}', {"a": "\N{GRINNING FACE}"}),
        (b"[" * 100 + b"]" * 100, None),
        (b"[" * 500_000, None),
        (b'{"a":' * 100_000, None),
        (b"\xff\xfe\x00", None),
        (b"", None),
        (b"<html>", None),
    ],
)
def test_json_of_a_stranger_is_read_with_care(body, value):
    response = Response(200, (), body)
    assert response.json == value
    assert response.object == (value if isinstance(value, dict) else {})
