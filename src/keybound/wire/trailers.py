"""A request whose body goes in chunks, with trailer fields behind (RFC 9112 section 7.1.2), which httpx cannot send."""

import http.client
import socket
import ssl
import time
from contextlib import ExitStack
from urllib.parse import urlsplit

from keybound.craft.request import Identity
from keybound.wire.exchange import Exchange, Request, Response, Trouble

_BODY_LIMIT = 1 << 20


def _bytes(request: Request) -> bytes:
    parts = urlsplit(request.url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [
        f"{request.method} {path} HTTP/1.1",
        f"Host: {parts.netloc}",
        "TE: trailers",
        "Connection: close, TE",
    ]
    lines += [f"{name}: {value}" for name, value in request.headers]
    head = "\r\n".join([*lines, "Transfer-Encoding: chunked", "", ""]).encode("latin-1")
    chunk = f"{len(request.body):x}\r\n".encode() + request.body + b"\r\n" if request.body else b""
    tail = "\r\n".join(["0", *(f"{name}: {value}" for name, value in request.trailers), "", ""])
    return head + chunk + tail.encode("latin-1")


def send_with_trailers(
    request: Request, context: ssl.SSLContext, identity: Identity, timeout: float, label: str
) -> Exchange:
    """Send `request` on a connection of its own; nothing is raised, what fails becomes an exchange with its trouble."""
    started, clock = time.time(), time.perf_counter()
    response: Response | None = None
    trouble: Trouble | None = None
    detail, version = "", None
    parts = urlsplit(request.url)
    try:
        address = (str(parts.hostname), parts.port or (443 if parts.scheme == "https" else 80))
        with ExitStack() as opened:
            connection = opened.enter_context(socket.create_connection(address, timeout))
            if parts.scheme == "https":
                secure = context.wrap_socket(connection, server_hostname=parts.hostname)
                connection, version = opened.enter_context(secure), secure.version()
            connection.sendall(_bytes(request))
            answer = http.client.HTTPResponse(connection, method=request.method)
            answer.begin()
            response = Response(answer.status, tuple(answer.getheaders()), answer.read(_BODY_LIMIT))
    except ssl.SSLError as error:
        detail = error.reason or str(error)
        trouble = Trouble.TLS_ALERT if "ALERT" in detail.upper() else Trouble.TLS
    except TimeoutError as error:
        trouble, detail = Trouble.TIMEOUT, str(error)
    except (OSError, http.client.HTTPException) as error:
        trouble, detail = Trouble.RESET, type(error).__name__
    spent = (time.perf_counter() - clock) * 1000
    shown = identity.certificate
    return Exchange(label, request, response, trouble, detail, identity.name, shown, version, started, spent)
