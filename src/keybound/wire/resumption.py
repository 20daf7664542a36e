"""One request on a resumed TLS session, which httpx cannot make."""

import http.client
import socket
import ssl
import time
from urllib.parse import urlsplit

from keybound.craft.request import Identity
from keybound.wire.exchange import Exchange, Request, Response, Trouble

_BODY_LIMIT = 1 << 20


def resume(
    request: Request, context: ssl.SSLContext, identity: Identity, timeout: float, label: str
) -> tuple[Exchange, bool]:
    """Make a TLS session with `request`, then send `request` again on a new connection that resumes it.

    `timeout` in seconds holds for each connection. Returns the second exchange, and whether the server did resume
    the session. Nothing is raised: what fails becomes an exchange with its trouble.
    """
    started, clock = time.time(), time.perf_counter()
    response: Response | None = None
    trouble: Trouble | None = None
    detail, reused = "", False
    try:
        _, session, _ = _once(context, request, None, timeout)
        if session is None:
            trouble, detail = Trouble.TLS, "the server offered no session"
        else:
            response, _, reused = _once(context, request, session, timeout)
    except ssl.SSLError as error:
        detail = error.reason or str(error)
        trouble = Trouble.TLS_ALERT if "ALERT" in detail.upper() else Trouble.TLS
    except TimeoutError as error:
        trouble, detail = Trouble.TIMEOUT, str(error)
    except (OSError, http.client.HTTPException) as error:
        trouble, detail = Trouble.RESET, type(error).__name__
    spent = (time.perf_counter() - clock) * 1000
    shown = identity.certificate
    return Exchange(
        label, request, response, trouble, detail, identity.name, shown, identity.version, started, spent
    ), reused


def _once(
    context: ssl.SSLContext, request: Request, session: ssl.SSLSession | None, timeout: float
) -> tuple[Response, ssl.SSLSession | None, bool]:
    parts = urlsplit(request.url)
    host = parts.hostname or ""
    with (
        socket.create_connection((host, parts.port or 443), timeout) as plain,
        context.wrap_socket(plain, server_hostname=host, session=session) as tls,
    ):
        connection = http.client.HTTPConnection(parts.netloc, timeout=timeout)
        connection.sock = tls
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.putrequest(request.method, path, skip_accept_encoding=True)
        for name, value in request.headers:
            connection.putheader(name, value)
        if request.body:
            connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body or None)
        answer = connection.getresponse()
        # TLS 1.3 sends tickets after the handshake; reading the body may close the connection.
        made, reused = tls.session, bool(tls.session_reused)
        return Response(answer.status, tuple(answer.getheaders()), answer.read(_BODY_LIMIT)), made, reused
