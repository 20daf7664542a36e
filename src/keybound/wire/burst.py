"""One request many times at once: opened connections wait with all but the last bytes sent, then all are released.

httpx cannot hold back the end of a request, so this is written on sockets; answers are read by the standard library.
"""

import http.client
import socket
import ssl
import threading
import time
from urllib.parse import urlsplit

from keybound.craft.request import Identity
from keybound.wire.exchange import Exchange, Request, Response, Trouble

_HELD_BACK = 2  # bytes: the end of the header, or of the body


def _bytes(request: Request) -> bytes:
    parts = urlsplit(request.url)
    path = request.target or (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"{request.method} {path} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    if request.body or request.method == "POST":
        lines.append(f"Content-Length: {len(request.body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + request.body


def burst(
    request: Request, context: ssl.SSLContext, identity: Identity, count: int, timeout: float, label: str
) -> list[Exchange]:
    """Send `request` `count` times at the same moment, each on its own connection; return the exchanges.

    `timeout` in seconds holds for each connection. Nothing is raised: what fails becomes an exchange with its trouble.
    """
    parts, data = urlsplit(request.url), _bytes(request)
    ready = threading.Barrier(count)
    results: list[Exchange | None] = [None] * count

    def one(number: int) -> None:
        started, clock = time.time(), time.perf_counter()
        response: Response | None = None
        trouble: Trouble | None = None
        detail, version = "", None
        try:
            plain = socket.create_connection((str(parts.hostname), parts.port or 443), timeout)
            with context.wrap_socket(plain, server_hostname=parts.hostname) as connection:
                version = connection.version()
                connection.sendall(data[:-_HELD_BACK])
                ready.wait(timeout)
                started, clock = time.time(), time.perf_counter()
                connection.sendall(data[-_HELD_BACK:])
                answer = http.client.HTTPResponse(connection, method=request.method)
                answer.begin()
                response = Response(answer.status, tuple(answer.getheaders()), answer.read(1 << 16))
        except TimeoutError as error:
            trouble, detail = Trouble.TIMEOUT, str(error)
        except (OSError, http.client.HTTPException, threading.BrokenBarrierError) as error:
            ready.abort()
            trouble, detail = Trouble.RESET, type(error).__name__
        spent = (time.perf_counter() - clock) * 1000
        name = f"{label}, {number + 1} of {count}"
        results[number] = Exchange(
            name,
            request,
            response,
            trouble,
            detail,
            identity.name,
            identity.certificate,
            version,
            started,
            spent,
        )

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [result for result in results if result is not None]
