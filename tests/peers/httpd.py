"""HTTP/1.1 over TLS, one thread a connection, with the habits of the wire switchable."""

import json
import socket
import sys
import threading
import time
import traceback
from _ssl import ENCODING_DER
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from http.client import parse_headers
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

MAX_BODY = 1 << 20


@dataclass(frozen=True)
class Request:
    """What the application sees of a request; `origin` is the listener's own, never the Host header."""

    method: str
    path: str
    query: str
    headers: object
    body: bytes
    chain: tuple[bytes, ...]  # what the client showed, its own certificate first
    origin: str
    target: str  # the request target as it came
    resumed: bool

    @property
    def url(self):
        return self.origin + self.path

    @property
    def certificate(self):
        return self.chain[0] if self.chain else None

    def lines(self, name):
        return [value.strip() for value in self.headers.get_all(name) or []]

    def form(self):
        """The parameters of a form body; raises ValueError if one comes twice."""
        return unique(self.body.decode("utf-8"))

    def cookie(self, name):
        pairs = (part.strip().partition("=") for part in self.headers.get("Cookie", "").split(";"))
        return next((value for key, _, value in pairs if key == name), None)


def unique(text):
    pairs = parse_qsl(text, keep_blank_values=True)
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a parameter comes twice")
    return values


@dataclass
class Response:
    """An answer; `drop` closes the connection without one."""

    status: int
    body: bytes = b""
    headers: list = field(default_factory=list)
    drop: bool = False


def as_json(value, status=200, headers=()):
    kept = [("Content-Type", "application/json"), ("Cache-Control", "no-store"), *headers]
    return Response(status, json.dumps(value).encode(), kept)


class Handler(BaseHTTPRequestHandler):
    """Reads one request after the other and gives them to the application."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True
    wbufsize = -1

    def __getattr__(self, name):
        if name.startswith("do_"):  # every method gets to the application, also unknown ones
            return self.serve
        raise AttributeError(name)

    def log_message(self, *_arguments):
        pass

    def serve(self):
        rules = self.server.rules
        request = self.read_request()
        if request is None:
            return
        time.sleep(rules.delay)
        try:
            with self.server.lock:
                response = self.server.limited() or self.server.application(request)
        except Exception:  # noqa: BLE001  # a crash of the application is a 500 on the wire
            traceback.print_exc(file=sys.stderr)
            response = as_json({"error": "server_error"}, 500)
        self.answer(response, rules)

    def read_request(self):
        rules = self.server.rules
        try:
            body = self.read_body()
        except ValueError:
            self.close_connection = True
            self.answer(as_json({"error": "invalid_request"}, 400), rules)
            return None
        if any(len(f"{name}: {value}") > rules.header_limit for name, value in self.headers.items()):
            self.close_connection = True
            self.answer(Response(431, b"Request Header Fields Too Large"), rules)
            return None
        if rules.joined:
            self.join_headers()
        target, raw = urlsplit(self.path), self.requestline.split()[1]
        return Request(
            self.command, target.path, target.query, self.headers, body, self.chain(), self.server.origin, raw,
            self.connection.session_reused,
        )  # fmt: skip

    def read_body(self):
        """The body, by its length or in chunks; raises ValueError."""
        coding, length = self.headers.get("Transfer-Encoding"), self.headers.get("Content-Length", "0")
        if coding is None:
            if not length.isdecimal() or int(length) > MAX_BODY:
                raise ValueError("length")
            return self.rfile.read(int(length))
        if coding.lower() != "chunked" or "Content-Length" in self.headers:
            raise ValueError("transfer coding")
        body = b""
        while size := int(self.rfile.readline(100).partition(b";")[0], 16):
            if size < 0 or len(body) + size > MAX_BODY:
                raise ValueError("length")
            body += self.rfile.read(size)
            self.rfile.readline(100)
        trailers = parse_headers(self.rfile)
        if self.server.rules.has("certificate-trailer"):
            for name, value in trailers.items():
                self.headers[name] = value
        return body

    def join_headers(self):
        for name in {name.lower() for name in self.headers}:
            values = self.headers.get_all(name)
            del self.headers[name]
            self.headers[name] = values[0] if name == "authorization" else ", ".join(values)

    def chain(self):
        own = self.connection.getpeercert(True)
        if own is None:
            return ()
        all_of_them = self.connection._sslobj.get_unverified_chain() or []  # public from Python 3.13 on
        return own, *(part.public_bytes(ENCODING_DER) for part in all_of_them[1:])

    def answer(self, response, rules):
        if response.drop:
            self.close_connection = True
            return
        headers = [("Date", formatdate(rules.now(), usegmt=True)), *response.headers]
        body = b"" if self.command == "HEAD" or response.status == 204 else response.body
        version = "HTTP/1.0" if rules.http10 else "HTTP/1.1"
        if rules.http10 or rules.close:
            self.close_connection = True
            headers.append(("Connection", "close"))
        if rules.http10:
            pass  # the end of the body is the end of the connection
        elif rules.chunked and body:
            headers.append(("Transfer-Encoding", "chunked"))
            half = len(body) // 2
            pieces = [piece for piece in (body[:half], body[half:]) if piece]
            body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        elif response.status != 204:
            headers.append(("Content-Length", str(len(response.body))))
        head = [f"{version} {response.status} {HTTPStatus(response.status).phrase}"]
        head += [f"{name.lower() if rules.lower else name}: {value}" for name, value in headers]
        self.wfile.write("\r\n".join([*head, "", ""]).encode("latin-1") + body)
        self.wfile.flush()


class Server(ThreadingHTTPServer):
    """A listener on a free port of 127.0.0.1."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, application, rules, context, lock):
        super().__init__(("127.0.0.1", 0), Handler)
        self.application, self.rules, self.context, self.lock = application, rules, context, lock
        self.origin = f"https://localhost:{self.server_port}"
        self.count, self.closed_until = 0, 0.0

    def start(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def limited(self):
        """A 429 for one second after every `rate` requests, else None."""
        if not self.rules.rate:
            return None
        now = time.monotonic()
        self.count += now >= self.closed_until
        if now >= self.closed_until and self.count % self.rules.rate:
            return None
        if now >= self.closed_until:
            self.closed_until = now + 1.0
        return as_json({"error": "slow_down"}, 429, [("Retry-After", "1")])

    def finish_request(self, request, client_address):
        """Shake hands in the connection's own thread, so that a slow peer holds up nobody."""
        request.settimeout(Handler.timeout)
        try:
            secured = self.context.wrap_socket(request, server_side=True)
        except OSError:
            return
        try:
            Handler(secured, client_address, self)
        except OSError:
            pass
        finally:
            with suppress(OSError, ValueError):
                secured.settimeout(1.0)
                secured.unwrap()
            with suppress(OSError):
                secured.shutdown(socket.SHUT_RDWR)
            secured.close()

    def handle_error(self, *_arguments):
        traceback.print_exc(file=sys.stderr)
