"""Servers that misbehave, on loopback and with real TLS: raw ones, and the reference target with a hand in it."""

import asyncio
import contextlib
import datetime as dt
import json
import os
import socket
import ssl
import struct
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from keybound.craft.request import Identity
from keybound.reference import app, pki, profile_text, state
from keybound.reference.faults import switched_on

CANARY = "the text that only the protected body holds"


# --- certificates -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Holder:
    """A certificate and its key, as PEM."""

    certificate: str
    key: str


def _make(
    name: str, issuer: "tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None", days: int, host: str
):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=9))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    )
    return builder.sign(issuer[1] if issuer else key, hashes.SHA256()), key


def _holder(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Holder:
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Holder(certificate.public_bytes(pem).decode(), private.decode())


@cache
def _authority() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    return _make("test CA", None, 9, "ca")


@cache
def ca() -> str:
    """Return the certificate of the CA of everything that `issue` makes."""
    return _holder(*_authority()).certificate


@cache
def issue(name: str = "localhost", *, days: int = 9, host: str = "localhost") -> Holder:
    """Return a certificate by `ca`; a negative number of `days` makes it expired."""
    return _holder(*_make(name, _authority(), days, host))


def identity(name: str) -> Identity:
    """Return the TLS identity of a client called `name`."""
    holder = issue(name)
    return Identity(name, holder.certificate, holder.key)


def server_context(holder: Holder, *, client: ssl.VerifyMode = ssl.CERT_OPTIONAL) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = client
    context.load_verify_locations(cadata=ca())
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(holder.key + holder.certificate)
        file.flush()
        context.load_cert_chain(file.name)
    return context


# --- raw servers --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """A request as a raw server read it, and the name in the client certificate of its connection."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    certificate: str | None


@dataclass
class Server:
    """A raw server: where it is, how often it was called, what it read."""

    url: str
    stopped: threading.Event = field(default_factory=threading.Event)
    connections: int = 0
    seen: list[Seen] = field(default_factory=list)


Behaviour = Callable[[socket.socket, Server], None]


def closed_port() -> int:
    """Return a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@contextlib.contextmanager
def raw_server(
    behave: Behaviour,
    holder: Holder | None = None,
    *,
    tls: bool = True,
    client: ssl.VerifyMode = ssl.CERT_OPTIONAL,
) -> Iterator[Server]:
    """Run `behave` on every connection, in a thread of its own, after the handshake if `tls`."""
    context = server_context(holder or issue(), client=client)
    open_sockets: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def serve(raw: socket.socket) -> None:
        try:
            raw.settimeout(20)
            connection = context.wrap_socket(raw, server_side=True) if tls else raw
            open_sockets.append(connection)
            with connection:
                behave(connection, server)
        except OSError:
            raw.close()

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                server.connections += 1
                open_sockets.append(connection)
                threads.append(threading.Thread(target=serve, args=(connection,), daemon=True))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(f"https://localhost:{listener.getsockname()[1]}")
        acceptor = threading.Thread(target=accept, daemon=True)
        acceptor.start()
        try:
            yield server
        finally:
            server.stopped.set()
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            acceptor.join(5)
            for connection in open_sockets:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join(5)
            for connection in open_sockets:
                connection.close()


def read_request(connection: socket.socket) -> Seen | None:
    """Return the next request of a connection, or None at its end."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return None
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    method, path, _ = first.split(" ")
    shown = connection.getpeercert() if isinstance(connection, ssl.SSLSocket) else None
    name = dict(pair for (pair,) in shown["subject"])["commonName"] if shown else None
    return Seen(method, path, headers, body, name)


def answering(answer: Callable[[Seen], bytes]) -> Behaviour:
    """Return the behaviour of a server that answers every request with the bytes `answer` gives, and keeps alive."""

    def behave(connection: socket.socket, server: Server) -> None:
        while (request := read_request(connection)) is not None:
            server.seen.append(request)
            connection.sendall(answer(request))

    return behave


def after_request(act: Callable[[socket.socket, Server], None]) -> Behaviour:
    """Return the behaviour of a server that reads one request and then does `act`."""

    def behave(connection: socket.socket, server: Server) -> None:
        request = read_request(connection)
        if request is not None:
            server.seen.append(request)
            act(connection, server)

    return behave


def http(status: int, body: bytes | str = b"", kind: str = "text/plain", *lines: str) -> bytes:
    """Return the bytes of a response; `lines` are more header lines."""
    raw = body.encode() if isinstance(body, str) else body
    head = [f"HTTP/1.1 {status} X", f"Content-Length: {len(raw)}", f"Content-Type: {kind}", *lines]
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + raw


def http_json(value: object, status: int = 200, *lines: str) -> bytes:
    """Return the bytes of a response that holds `value`, or a JSON text, as JSON."""
    return http(status, value if isinstance(value, str) else json.dumps(value), "application/json", *lines)


def say(data: bytes) -> Callable[[socket.socket, Server], None]:
    """Return an action that sends `data` and closes."""
    return lambda connection, _: connection.sendall(data)


def drip(head: bytes, drop: bytes, pause: float = 0.05) -> Callable[[socket.socket, Server], None]:
    """Return an action that sends `head`, and then `drop` again and again."""

    def act(connection: socket.socket, server: Server) -> None:
        connection.sendall(head)
        while not server.stopped.wait(pause):
            connection.sendall(drop)

    return act


def hang(_: socket.socket, server: Server) -> None:
    """Do nothing until the test is over."""
    server.stopped.wait(20)


def reset(connection: socket.socket, _: Server) -> None:
    """End the connection by a TCP reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(connection.detach())


def half_close(connection: socket.socket, server: Server) -> None:
    """Say that nothing more will come, and keep the connection."""
    connection.shutdown(socket.SHUT_WR)
    server.stopped.wait(20)


# --- a tiny authorization server and resource that checks nothing -------------------------------------------

Answers = dict[str, bytes | Callable[[Seen], bytes]]


@contextlib.contextmanager
def tiny(answers: Callable[[Server], Answers] | None = None) -> Iterator[Server]:
    """Run a server with metadata, /token and /api that takes everything; `answers` replaces answers by path."""

    def answer(request: Seen) -> bytes:
        found = table.get(request.path, http(404, "not here"))
        return found(request) if callable(found) else found

    with raw_server(answering(answer)) as server:
        metadata = {"issuer": server.url, "token_endpoint": f"{server.url}/token"}
        token = {"access_token": "a-token-of-the-tiny-server", "token_type": "DPoP", "expires_in": 300}
        table: Answers = {
            "/.well-known/oauth-authorization-server": http_json(metadata),
            "/token": http_json(token),
            "/api": http(200, CANARY),
        }
        table |= answers(server) if answers else {}
        yield server


def tiny_profile(
    folder: Path, url: str, more: str = "", *, trusted: str | None = None, timeout: float = 1.0
) -> Path:
    """Write a profile for a tiny server at `url` into `folder` and return its path."""
    (folder / "ca.pem").write_text(trusted or ca())
    path = folder / "profile.toml"
    path.write_text(
        f'issuer = "{url}"\nca = "ca.pem"\nresource = "{url}/api"\n{more}\n'
        f'[client]\nid = "cc"\nsecret = "{SECRET}"\n[limits]\ntimeout = {timeout}\nmax_wait = 1.5\n'
    )
    return path


SECRET = "canary-client-secret-91f27c"


# --- the reference target with a hand in it -----------------------------------------------------------------

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Tamper = Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]


@dataclass
class Tampered:
    """A running reference target: its issuer, and a profile with every client."""

    issuer: str
    profile: str

    def write(self, folder: Path, timeout: float = 5.0) -> Path:
        """Write the profile into `folder` and return its path."""
        path = folder / "profile.toml"
        path.write_text(f"{self.profile}\n[limits]\ntimeout = {timeout}\nmax_wait = 1.5\n")
        return path


@contextlib.contextmanager
def tampered(
    tamper: Tamper, *, faults: tuple[str, ...] = (), nonce: state.NonceMode = "off"
) -> Iterator[Tampered]:
    """Run the reference target in a thread, with every request passing through `tamper`."""
    made = pki.make()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    ready = threading.Event()

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await tamper(request, handler)

    async def serve(listener: socket.socket, reference: state.Reference) -> None:
        application = app.create(reference)
        application.middlewares.insert(0, middleware)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        await web.SockSite(runner, listener, ssl_context=made.tls_context()).start()
        ready.set()
        await stop.wait()
        await runner.cleanup()

    with socket.create_server(("127.0.0.1", 0)) as listener, contextlib.closing(loop):
        issuer = f"https://localhost:{listener.getsockname()[1]}"
        reference = state.build(issuer, made, nonce)
        reference.in_force = switched_on(faults)
        thread = threading.Thread(
            target=loop.run_until_complete, args=(serve(listener, reference),), daemon=True
        )
        thread.start()
        assert ready.wait(10)
        try:
            yield Tampered(issuer, profile_text.render(reference))
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(10)
