"""One request on a resumed TLS session, which httpx cannot make."""

import http.client
import socket
import ssl
import time
from urllib.parse import urlsplit

from keybound.craft.request import Identity
from keybound.wire.client import BODY_LIMIT, Wire, tls_context, trouble_of
from keybound.wire.exchange import Exchange, Request, Response


def send_resumed(wire: Wire, request: Request, identity: Identity, label: str) -> tuple[Exchange, bool]:
    """Make a TLS session as `identity` with `request`, then send `request` again on a new connection that resumes it.

    Returns the second exchange, and whether the server did resume the session. Raises nothing.
    """
    started, clock = time.time(), time.perf_counter()
    response, trouble, detail, reused = None, None, "", False
    try:
        context = tls_context(wire.ca, identity)
        _, session, _ = _once(context, request, None, wire.timeout)
        if session is None:
            detail = "no session was offered"
        else:
            response, _, reused = _once(context, request, session, wire.timeout)
    except (OSError, http.client.HTTPException) as error:
        trouble, detail = trouble_of(error)
    took = (time.perf_counter() - clock) * 1000
    exchange = Exchange(
        label, request, response, trouble, detail, identity.name, identity.certificate, identity.version, started, took
    )
    wire.record(exchange)
    return exchange, reused


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
        return Response(answer.status, tuple(answer.getheaders()), answer.read(BODY_LIMIT)), made, reused
