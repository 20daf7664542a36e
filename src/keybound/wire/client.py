"""Sending requests over HTTPS: one pool of connections per TLS identity, so that no two share a connection.

Nothing a target does raises here: refusals, resets, garbage, floods and silence all become exchanges.
"""

import contextlib
import os
import socket
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from email.utils import parsedate_to_datetime
from typing import Self

import httpx

from keybound import __version__
from keybound.craft.request import NO_CERTIFICATE, Identity
from keybound.errors import UsageError
from keybound.wire import raw
from keybound.wire.burst import burst
from keybound.wire.deadline import Deadline, Transport
from keybound.wire.exchange import Exchange, Request, Response, Trouble
from keybound.wire.resumption import resume

BODY_LIMIT = 1 << 20
"""Bytes of a response body that are kept; the rest is not read."""

_IDLE_SECONDS = 2.0  # shorter than the idle limit of common servers: a reused connection is rarely a dead one
_SHORTEST_WAIT = 0.5
_SILENT = 5  # exchanges in a row that time out; more would make a run against a dead target last for hours
_DEFAULTS = (("User-Agent", f"keybound/{__version__}"), ("Accept", "*/*"), ("Accept-Encoding", "identity"))


class _CutError(Exception):
    """The connection ended within an answer."""


@contextlib.contextmanager
def _as_file(pem: str) -> Iterator[str]:
    """Yield a path that holds `pem` for as long as OpenSSL needs one; in memory where the system can."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("keybound")
        try:
            os.write(fd, pem.encode())
            yield f"/proc/self/fd/{fd}"
        finally:
            os.close(fd)
        return
    with tempfile.NamedTemporaryFile(
        suffix=".pem"
    ) as file:  # created with mode 0600, gone when the block ends
        file.write(pem.encode())
        file.flush()
        yield file.name


def tls_context(ca: str | None, identity: Identity) -> ssl.SSLContext:
    """Return a verifying TLS client context. `ca` is PEM text, or None for the system's trust store.

    Raises UsageError when the certificate and key of `identity` cannot be used.
    """
    context = ssl.create_default_context(cadata=ca)
    context.verify_flags &= (
        ~ssl.VERIFY_X509_STRICT
    )  # home-made CAs often lack extensions that strict mode wants
    if identity.version is not None:
        only = ssl.TLSVersion[identity.version.replace(".", "_")]
        context.minimum_version, context.maximum_version = only, only
    if identity.certificate is not None:
        with _as_file(f"{identity.certificate}\n{identity.certificate_key or ''}") as path:
            try:
                context.load_cert_chain(path)
            except ssl.SSLError as error:
                raise UsageError(
                    f"the certificate or key of {identity.name} cannot be used: {error.reason}"
                ) from None
    return context


def _trouble(error: BaseException) -> tuple[Trouble, str]:
    """Name what went wrong from the chain of exceptions under an httpx error."""
    if isinstance(error, _CutError):
        return Trouble.CUT, str(error)
    if isinstance(error, httpx.TimeoutException):
        return Trouble.TIMEOUT, type(error).__name__
    if isinstance(
        error, httpx.LocalProtocolError | httpx.UnsupportedProtocol | httpx.InvalidURL | UnicodeError
    ):
        return Trouble.UNSENDABLE, type(error).__name__
    text = f"{type(error).__name__}: {error}"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Trouble.UNTRUSTED, cause.verify_message
        if isinstance(cause, ssl.SSLError):
            return raw.tls_trouble(cause)
        if isinstance(cause, socket.gaierror):
            return Trouble.UNRESOLVED, str(cause)
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.ConnectError):
        return Trouble.REFUSED, text
    if isinstance(error, httpx.NetworkError) or "disconnected" in text:
        return Trouble.RESET, text
    return Trouble.GARBAGE, text


def _retry_after(response: Response) -> float:
    """Return how long (seconds) a 429 asks to wait; one second when it does not say."""
    value = (response.first("Retry-After") or response.first("X-Retry-After") or "1").strip()
    if value.isdecimal() and len(value) < 10:
        return max(float(value), _SHORTEST_WAIT)
    try:
        return max(parsedate_to_datetime(value).timestamp() - time.time(), _SHORTEST_WAIT)
    except (ValueError, OverflowError):
        return 1.0


class Wire:
    """The only sender. Keeps one connection pool per identity and reports each exchange to `record`."""

    def __init__(
        self,
        ca: str | None,
        *,
        timeout: float = 10.0,
        rate: float | None = None,
        max_wait: float = 30.0,
        record: Callable[[Exchange], None] = lambda _: None,
    ) -> None:
        """`timeout`: seconds for a whole exchange; `rate`: requests per second; `max_wait`: seconds to wait at most,
        in all, for a target that answers 429 and nothing else.
        """
        self._ca = ca
        self._timeout = timeout
        self._interval = 1 / rate if rate else 0.0
        self._max_wait = self._patience = max_wait
        self._record = record
        self._next = 0.0
        self._silent = 0
        self._deadline = Deadline()
        self._transports: dict[Identity, Transport] = {}

    def __enter__(self) -> Self:
        """Return the sender itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close every connection."""
        for transport in self._transports.values():
            transport.close()
        self._transports.clear()

    def _transport(self, identity: Identity) -> Transport:
        if identity not in self._transports:
            self._transports[identity] = Transport(
                tls_context(self._ca, identity), self._deadline, _IDLE_SECONDS
            )
        return self._transports[identity]

    def send(self, request: Request, identity: Identity = NO_CERTIFICATE, label: str = "request") -> Exchange:
        """Send `request` over a connection of `identity` and return what happened. No redirect is followed.

        A 429 is waited out. Where a reused connection ends before any answer, the request is sent once more on a new
        one, because servers close idle connections at will.
        """
        if _by_hand(request):
            self._pace()
            exchange = raw.send(request, tls_context(self._ca, identity), identity, self._timeout, label)
            self._record(exchange)
            return exchange
        while True:
            exchange = self._once(request, identity, label)
            response = exchange.response
            if response is not None and response.status == 429:
                wait = _retry_after(response)
                if wait > self._patience:
                    return exchange
                self._patience -= wait
                time.sleep(wait)
            elif exchange.trouble is Trouble.RESET and not self._deadline.connected:
                label += ", again"
            else:
                self._patience = self._max_wait if response is not None else self._patience
                return exchange

    def burst(self, requests: Sequence[Request], identity: Identity, label: str) -> list[Exchange]:
        """Send `requests` at the same moment over new connections (see `keybound.wire.burst`)."""
        exchanges = burst(requests, tls_context(self._ca, identity), identity, self._timeout, label)
        for exchange in exchanges:
            self._record(exchange)
        return exchanges

    def resumed(self, request: Request, identity: Identity, label: str) -> tuple[Exchange, bool]:
        """Send `request` on a new TLS session and again on that session resumed (see `keybound.wire.resumption`).

        Returns the second exchange, and whether the server did resume the session.
        """
        exchange, reused = resume(request, tls_context(self._ca, identity), identity, self._timeout, label)
        self._record(exchange)
        return exchange, reused

    def _pace(self) -> None:
        """Wait until the profile's rate allows the next request."""
        delay = self._next - time.monotonic()
        if delay > 0:
            time.sleep(delay)
        self._next = time.monotonic() + self._interval

    def _once(self, request: Request, identity: Identity, label: str) -> Exchange:
        self._pace()
        started, clock = time.time(), time.perf_counter()
        response: Response | None = None
        trouble: Trouble | None = None
        detail, version = "", None
        try:
            outgoing = _outgoing(request)
            if self._silent < _SILENT:
                response, version = self._exchange(outgoing, identity)
            else:
                trouble = Trouble.TIMEOUT
                detail = f"not sent, as {_SILENT} requests in a row got no answer in time"
        except (_CutError, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            trouble, detail = _trouble(error)
        if trouble is not Trouble.TIMEOUT:
            self._silent = 0
        elif self._silent < _SILENT:
            self._silent += 1
        exchange = Exchange(
            label,
            request,
            response,
            trouble,
            detail,
            identity.name,
            identity.certificate,
            version,
            started,
            (time.perf_counter() - clock) * 1000,
        )
        self._record(exchange)
        return exchange

    def _exchange(self, outgoing: httpx.Request, identity: Identity) -> tuple[Response, str | None]:
        transport = self._transport(identity)
        self._deadline.start(self._timeout)
        answer = transport.handle_request(outgoing)
        try:
            stream = answer.extensions.get("network_stream")
            tls = stream.get_extra_info("ssl_object") if stream is not None else None
            version = tls.version() if tls is not None else None
            body = bytearray()
            try:
                for chunk in answer.iter_bytes():
                    body += chunk
                    self._deadline.left(httpx.ReadTimeout)
                    if len(body) > BODY_LIMIT:
                        break
            except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
                raise _CutError(f"{type(error).__name__} after {len(body)} bytes of the body") from None
            headers = tuple(
                (name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers.raw
            )
            response = Response(answer.status_code, headers, bytes(body[:BODY_LIMIT]), len(body) > BODY_LIMIT)
            return response, version
        finally:
            answer.close()


def _by_hand(request: Request) -> bool:
    """Return True for what httpx cannot write: trailers, and two Host fields (RFC 9112 section 3.2)."""
    return bool(request.trailers) or sum(name.lower() == "host" for name, _ in request.headers) > 1


def _outgoing(request: Request) -> httpx.Request:
    """Return `request` for httpx, with the headers that every client sends. Raises ValueError or httpx.InvalidURL."""
    given = {name.lower() for name, _ in request.headers}
    lines = [*request.headers, *(line for line in _DEFAULTS if line[0].lower() not in given)]
    # what came in as latin-1, such as a cookie, goes out with the same bytes
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in lines]
    extensions = (
        {} if request.request_target is None else {"target": request.request_target.encode("latin-1")}
    )
    return httpx.Request(
        request.method, request.url, headers=headers, content=request.body or None, extensions=extensions
    )
