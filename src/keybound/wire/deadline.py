"""A deadline for a whole exchange. httpx limits each read, so that a slow drip of bytes could go on for ever.

The network layer below httpx asks here, before every operation on a socket, how much time is left.
"""

import contextlib
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

import httpcore
import httpx

_SOCKET_OPTION = httpcore.SOCKET_OPTION
_ERRORS = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)


class Deadline(threading.local):
    """When the exchange at hand (one a thread) must be over, and whether it opened a connection."""

    def __init__(self) -> None:
        """Start without an exchange."""
        self._ends = float("inf")
        self.connected = False

    def start(self, seconds: float) -> None:
        """Begin an exchange that may take `seconds`."""
        self._ends = time.monotonic() + seconds
        self.connected = False

    def left(self, late: type[Exception]) -> float:
        """Return the seconds left; raises `late` when there are none."""
        seconds = self._ends - time.monotonic()
        if seconds <= 0:
            raise late("the time for the exchange is over")
        return seconds


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the deadline replaces it
        return self._stream.read(max_bytes, self._deadline.left(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._stream.write(buffer, self._deadline.left(httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        left = self._deadline.left(httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, deadline: Deadline) -> None:
        self._plain = httpcore.SyncBackend()
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,
        socket_options: Iterable[_SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        self._deadline.connected = True
        left = self._deadline.left(httpcore.ConnectTimeout)
        return _Stream(
            self._plain.connect_tcp(host, port, left, local_address, socket_options), self._deadline
        )


@contextlib.contextmanager
def _as_httpx() -> Iterator[None]:
    """Raise an error of the network layer as that of httpx, which has the same name."""
    try:
        yield
    except _ERRORS as error:
        kind: type[httpx.TransportError] = getattr(httpx, type(error).__name__)
        raise kind(str(error)) from error


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        with _as_httpx():
            self._answer.close()


class Transport(httpx.BaseTransport):
    """A transport for httpx on connections that keep to `deadline`; its own has no option for the network layer."""

    def __init__(self, context: ssl.SSLContext, deadline: Deadline, idle_seconds: float) -> None:
        """Keep an idle connection for `idle_seconds`."""
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_keepalive_connections=4,
            keepalive_expiry=idle_seconds,
            network_backend=_Backend(deadline),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the answer, whose body is not yet read. Raises httpx.TransportError."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        body = request.stream if isinstance(request.stream, httpx.SyncByteStream) else None
        with _as_httpx():
            answer = self._pool.handle_request(
                httpcore.Request(
                    request.method,
                    url,
                    headers=request.headers.raw,
                    content=body,
                    extensions=request.extensions,
                )
            )
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions
        )

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()
