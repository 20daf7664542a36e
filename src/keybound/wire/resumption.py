"""One request on a resumed TLS session, which httpx cannot make."""

import ssl

from keybound.craft.request import Identity
from keybound.wire import raw
from keybound.wire.exchange import Exchange, Request, Response, Trouble


def resume(
    request: Request, context: ssl.SSLContext, identity: Identity, timeout: float, label: str
) -> tuple[Exchange, bool]:
    """Make a TLS session with `request`, then send `request` again on a new connection that resumes it.

    `timeout` in seconds holds for each connection. Returns the second exchange, and whether the server did resume
    the session. Nothing is raised: what fails becomes an exchange with its trouble.
    """
    reused = False
    with raw.attempt() as this:
        _, session, _ = _once(context, request, None, timeout)
        if session is None:
            this.trouble, this.detail = Trouble.TLS, "the server offered no session"
        else:
            this.response, _, reused = _once(context, request, session, timeout)
    this.tls_version = identity.version
    return this.exchange(request, identity, label), reused


def _once(
    context: ssl.SSLContext, request: Request, session: ssl.SSLSession | None, timeout: float
) -> tuple[Response, ssl.SSLSession | None, bool]:
    with raw.connect(request.url, context, timeout, session) as connection:
        tls = connection.socket
        assert isinstance(tls, ssl.SSLSocket)  # noqa: S101 - sessions are asked for at https URLs only
        connection.send(raw.written(request))
        answer = connection.answer(request.method)  # TLS 1.3 sends its tickets with the first data
        return answer, tls.session, bool(tls.session_reused)
