"""Exchanges on a socket of our own: for requests that httpx will not write, hold back or send on a resumed session.

Answers are read by the standard library. Like httpx it limits each read only, so a connection here counts the time.
"""

import http.client
import io
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from keybound.craft.request import Identity
from keybound.wire.deadline import Deadline
from keybound.wire.exchange import Exchange, Request, Response, Trouble

_BODY_LIMIT = 1 << 20
_TROUBLES: tuple[tuple[type[Exception], Trouble], ...] = (
    (ssl.SSLCertVerificationError, Trouble.UNTRUSTED),
    (socket.gaierror, Trouble.UNRESOLVED),
    (TimeoutError, Trouble.TIMEOUT),
    (ConnectionRefusedError, Trouble.REFUSED),
    (OSError, Trouble.RESET),
    (threading.BrokenBarrierError, Trouble.RESET),
    (http.client.IncompleteRead, Trouble.CUT),
    (http.client.HTTPException, Trouble.GARBAGE),
    (UnicodeError, Trouble.UNSENDABLE),
)


def tls_trouble(error: ssl.SSLError) -> tuple[Trouble, str]:
    """Tell a refusal by a TLS alert (RFC 8446 section 6) from a handshake that went wrong otherwise."""
    reason = error.reason or str(error)
    return (Trouble.TLS_ALERT if "ALERT" in reason.upper() else Trouble.TLS), reason


def _trouble(error: Exception) -> tuple[Trouble, str]:
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLCertVerificationError):
        return tls_trouble(error)
    return next(trouble for kind, trouble in _TROUBLES if isinstance(error, kind)), type(error).__name__


@dataclass
class Attempt:
    """What became of one request. `started` is seconds since the epoch, `clock` and `spent` are seconds."""

    started: float = 0.0
    clock: float = 0.0
    spent: float = 0.0
    response: Response | None = None
    trouble: Trouble | None = None
    detail: str = ""
    tls_version: str | None = None

    def start(self) -> None:
        """Count the time from now on."""
        self.started, self.clock = time.time(), time.perf_counter()

    def exchange(self, request: Request, identity: Identity, label: str) -> Exchange:
        """Return it as an exchange."""
        return Exchange(
            label,
            request,
            self.response,
            self.trouble,
            self.detail,
            identity.name,
            identity.certificate,
            self.tls_version,
            self.started,
            self.spent * 1000,
        )


@contextmanager
def attempt() -> Iterator[Attempt]:
    """Yield an attempt for the block to fill; what goes wrong within becomes its trouble, and nothing is raised."""
    this = Attempt()
    this.start()
    try:
        yield this
    except tuple(kind for kind, _ in _TROUBLES) as error:
        this.response = None
        this.trouble, this.detail = _trouble(error)
    this.spent = time.perf_counter() - this.clock


class _Reader(io.RawIOBase):
    def __init__(self, connection: "Connection") -> None:
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.limit()
        return self._connection.socket.recv_into(buffer)


@dataclass
class Connection:
    """One connection, and the time left for it."""

    socket: socket.socket
    deadline: Deadline

    @property
    def tls_version(self) -> str | None:
        """The TLS version, or None without TLS."""
        return self.socket.version() if isinstance(self.socket, ssl.SSLSocket) else None

    def limit(self) -> None:
        """Let the next operation take the time that is left; raises TimeoutError when there is none."""
        self.socket.settimeout(self.deadline.left(TimeoutError))

    def send(self, data: bytes) -> None:
        """Write `data`."""
        self.limit()
        self.socket.sendall(data)

    def makefile(self, *_: object) -> io.BufferedReader:
        """Return what `http.client` reads an answer from."""
        return io.BufferedReader(_Reader(self))

    def answer(self, method: str) -> Response:
        """Read the answer to a request with `method`, its body up to 1 MiB."""
        answer = http.client.HTTPResponse(self, method=method)  # type: ignore[arg-type]  # it asks for makefile only
        answer.begin()
        body = answer.read(_BODY_LIMIT)
        cut = len(body) == _BODY_LIMIT
        if answer.length and not cut:
            raise http.client.IncompleteRead(body, answer.length)
        return Response(answer.status, tuple(answer.getheaders()), body, cut)


@contextmanager
def connect(
    url: str, context: ssl.SSLContext, timeout: float, session: ssl.SSLSession | None = None
) -> Iterator[Connection]:
    """Open a connection to the host of `url` for `timeout` seconds in all, with the TLS session `session` or a new one.

    Raises OSError, of which ssl.SSLError and TimeoutError are kinds.
    """
    parts = urlsplit(url)
    deadline = Deadline()
    deadline.start(timeout)
    secure = parts.scheme == "https"
    with ExitStack() as opened:
        address = (str(parts.hostname), parts.port or (443 if secure else 80))
        line = opened.enter_context(socket.create_connection(address, timeout))
        if secure:
            line = opened.enter_context(
                context.wrap_socket(line, server_hostname=parts.hostname, session=session)
            )
        yield Connection(line, deadline)


def written(request: Request) -> bytes:
    """Return the bytes of `request` for a connection of its own (RFC 9112). Host is left out where a header names it.

    With trailers the body goes in chunks and they come behind (section 7.1.2). Raises UnicodeError.
    """
    parts = urlsplit(request.url)
    target = request.request_target or (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    given = {name.lower() for name, _ in request.headers}
    lines = [f"{request.method} {target} HTTP/1.1"]
    if "host" not in given:
        lines.append(f"Host: {parts.netloc}")
    lines += [f"{name}: {value}" for name, value in request.headers]
    body = request.body
    if request.trailers:
        lines += ["TE: trailers", "Connection: close, TE", "Transfer-Encoding: chunked"]
        chunk = b"%x\r\n%s\r\n" % (len(body), body) if body else b""
        body = chunk + _block(["0", *(f"{name}: {value}" for name, value in request.trailers)])
    else:
        lines.append("Connection: close")
        if body or request.method == "POST":
            lines.append(f"Content-Length: {len(body)}")
    return _block(lines) + body


def _block(lines: list[str]) -> bytes:
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def send(
    request: Request, context: ssl.SSLContext, identity: Identity, timeout: float, label: str
) -> Exchange:
    """Send `request` on a connection of its own, for `timeout` seconds in all. Nothing is raised."""
    with attempt() as this, connect(request.url, context, timeout) as connection:
        this.tls_version = connection.tls_version
        connection.send(written(request))
        this.response = connection.answer(request.method)
    return this.exchange(request, identity, label)
