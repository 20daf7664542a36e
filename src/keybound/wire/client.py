"""Sending requests over HTTPS: one httpx client per TLS identity, so that connections of two are never mixed.

Nothing a target does raises here: refusals, resets, garbage, floods and silence all become exchanges.
"""

import contextlib
import os
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import Self

import httpx

from keybound import __version__
from keybound.craft.request import NO_CERTIFICATE, Identity
from keybound.errors import UsageError
from keybound.wire.exchange import Exchange, Request, Response, Trouble

BODY_LIMIT = 1 << 20
"""Bytes of a response body that are kept; the rest is not read."""

_RETRY_LIMIT = 3
_IDLE_SECONDS = 2.0  # shorter than the idle limit of common servers, so that a reused connection is rarely a dead one


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
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:  # created with mode 0600, gone when the block ends
        file.write(pem.encode())
        file.flush()
        yield file.name


def tls_context(ca: str | None, identity: Identity) -> ssl.SSLContext:
    """Return a verifying TLS client context. `ca` is PEM text, or None for the system's trust store.

    Raises UsageError when the certificate and key of `identity` cannot be used.
    """
    context = ssl.create_default_context(cadata=ca)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # home-made CAs often lack extensions that strict mode wants
    if identity.version is not None:
        only = ssl.TLSVersion[identity.version.replace(".", "_")]
        context.minimum_version, context.maximum_version = only, only
    if identity.certificate is not None:
        with _as_file(f"{identity.certificate}\n{identity.certificate_key or ''}") as path:
            try:
                context.load_cert_chain(path)
            except ssl.SSLError as error:
                raise UsageError(f"the certificate or key of {identity.name} cannot be used: {error.reason}") from None
    return context


def trouble_of(error: BaseException) -> tuple[Trouble, str]:
    """Name what went wrong from the chain of exceptions under an httpx error."""
    text = f"{type(error).__name__}: {error}"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Trouble.UNTRUSTED, cause.verify_message
        if isinstance(cause, ssl.SSLError):
            reason = cause.reason or str(cause)
            return (Trouble.TLS_ALERT if "ALERT" in reason.upper() else Trouble.TLS), reason
        if isinstance(cause, ConnectionRefusedError):
            return Trouble.REFUSED, str(cause)
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.TimeoutException):
        return Trouble.TIMEOUT, type(error).__name__
    if isinstance(error, httpx.ConnectError):
        lowered = text.lower()
        unresolved = "name or service" in lowered or "resolution" in lowered or "nodename" in lowered
        return (Trouble.UNRESOLVED if unresolved else Trouble.REFUSED), text
    if isinstance(error, httpx.RemoteProtocolError) and "disconnected" not in text and "closed" not in text:
        return Trouble.GARBAGE, text
    return Trouble.RESET, text


def _retry_after(response: Response, limit: float) -> float:
    """Return how long (seconds) a 429 asks to wait, at most `limit`; one second when it does not say."""
    value = response.first("Retry-After") or response.first("X-Retry-After") or "1"
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except ValueError:
            seconds = 1.0
    return min(max(seconds, 0.1), limit)


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
        """`timeout`: seconds for a whole exchange; `rate`: requests per second; `max_wait`: longest wait on a 429."""
        self.ca = ca
        self.timeout = timeout
        self._interval = 1 / rate if rate else 0.0
        self._max_wait = max_wait
        self.record = record
        self._next = 0.0
        self._clients: dict[Identity, httpx.Client] = {}

    def __enter__(self) -> Self:
        """Return the sender itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close every connection."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def _client(self, identity: Identity) -> httpx.Client:
        if identity not in self._clients:
            self._clients[identity] = httpx.Client(
                verify=tls_context(self.ca, identity),
                timeout=self.timeout,
                follow_redirects=False,
                headers={"User-Agent": f"keybound/{__version__}", "Accept-Encoding": "identity"},
                trust_env=False,  # a proxy or netrc of the environment would change what is measured
                limits=httpx.Limits(max_keepalive_connections=4, keepalive_expiry=_IDLE_SECONDS),
            )
        return self._clients[identity]

    def send(self, request: Request, identity: Identity = NO_CERTIFICATE, label: str = "request") -> Exchange:
        """Send `request` over a connection of `identity` and return what happened.

        A 429 is waited out. A connection that was closed before any answer is tried once more on a new one, because
        servers close idle connections at will.
        """
        exchange = self._once(request, identity, label)
        for _ in range(_RETRY_LIMIT):
            if exchange.trouble is Trouble.RESET and not label.endswith("again"):
                label += ", again"
            elif exchange.response is not None and exchange.response.status == 429:
                time.sleep(_retry_after(exchange.response, self._max_wait))
            else:
                break
            exchange = self._once(request, identity, label)
        return exchange

    def _once(self, request: Request, identity: Identity, label: str) -> Exchange:
        delay = self._next - time.monotonic()
        if delay > 0:
            time.sleep(delay)
        self._next = time.monotonic() + self._interval
        started, clock = time.time(), time.perf_counter()
        response: Response | None = None
        trouble: Trouble | None = None
        detail, version = "", None
        try:
            response, version = self._exchange(request, identity, clock + self.timeout)
        except (httpx.TransportError, ssl.SSLError, OSError) as error:
            trouble, detail = trouble_of(error)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, UnicodeError) as error:
            trouble, detail = Trouble.GARBAGE, type(error).__name__
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
        self.record(exchange)
        return exchange

    def _exchange(self, request: Request, identity: Identity, deadline: float) -> tuple[Response, str | None]:
        client = self._client(identity)
        outgoing = client.build_request(
            request.method, request.url, headers=list(request.headers), content=request.body or None
        )
        answer = client.send(outgoing, stream=True)
        try:
            body = bytearray()
            truncated = False
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > BODY_LIMIT:
                    truncated = True
                    break
                if time.perf_counter() > deadline:
                    raise httpx.ReadTimeout("the body did not end in time")
            stream = answer.extensions.get("network_stream")
            tls = stream.get_extra_info("ssl_object") if stream is not None else None
            headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers.raw)
            return (
                Response(answer.status_code, headers, bytes(body[:BODY_LIMIT]), truncated),
                tls.version() if tls is not None else None,
            )
        finally:
            answer.close()
