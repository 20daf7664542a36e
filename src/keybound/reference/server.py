"""Starting and stopping the reference target."""

import asyncio
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from . import app, pki, profile_text, state, unparsed
from .faults import switched_on
from .trusted import Trusted

# Proofs are headers; leave the verdict on a long one to the proof check rather than to the HTTP parser.
_MAX_HEADER = 32768


def _is_ours(record: logging.LogRecord) -> bool:
    """Keep defects of the server; broken HTTP is the sender's fault, is answered 400 and may hold secrets."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


_log = logging.getLogger("keybound.reference")
_log.addFilter(_is_ours)


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be chosen: where to listen (port 0: any free one), nonces, faults by id.

    `header`: speak plain HTTP behind a proxy that puts the client's certificate there; `issuer` is the proxy's URL.
    """

    host: str = "127.0.0.1"
    port: int = 0
    nonce: state.NonceMode = "off"
    faults: Sequence[str] = ()
    trusts: str | None = None  # an issuer: be a resource server alone, with its tokens
    header: str | None = None
    issuer: str | None = None
    brisk: bool = False  # what is kept for minutes is kept for seconds


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers: its issuer, a profile (TOML, with secrets) to test it with, and its certificates.

    `files` holds PEM texts by file name: what a proxy in front needs.
    """

    issuer: str
    profile: str
    address: str
    files: Mapping[str, str]


_LENIENT_PARSERS = (
    "rs-trailers-merged",
    *(f"{side}-{which}-host-trusted" for side in ("as", "rs") for which in ("first", "last")),
)


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Running]:
    """Run the server inside the `async with` block.

    Raises ValueError for an unknown fault and OSError when it cannot listen.
    """
    sides = switched_on(settings.faults)  # an unknown id is the caller's mistake: say so before listening
    with (
        socket.create_server((settings.host, settings.port)) as listener,
        socket.create_server((settings.host, 0)) as behind,
    ):
        made = pki.make()
        address = f"localhost:{listener.getsockname()[1]}"
        issuer = settings.issuer or f"https://{address}"
        keys = f"http://127.0.0.1:{_free_port()}/jwks"  # of a client: its tester serves them
        reference = state.build(issuer, made, settings.nonce, settings.faults, settings.header, keys)
        reference.in_force = sides
        if settings.brisk:
            state.hurry(reference)
        if settings.header is None:
            reference.backend = f"http://{settings.host}:{behind.getsockname()[1]}"
        if settings.trusts:
            reference.trusted = Trusted(settings.trusts, f"{issuer}/api", reference.faults)
        lenient = any(reference.faults.on(fault) for fault in _LENIENT_PARSERS)
        runner = (unparsed.Runner if lenient else web.AppRunner)(
            app.create(reference),
            access_log=None,
            logger=_log,
            shutdown_timeout=0.2,
            max_field_size=_MAX_HEADER,
            max_line_size=_MAX_HEADER,
        )
        await runner.setup()
        try:
            # With TLS of its own, a port without it plays the part of the server behind a proxy.
            await web.SockSite(
                runner, listener, ssl_context=None if settings.header else made.tls_context()
            ).start()
            await web.SockSite(runner, behind).start()
            render = profile_text.render_alone if settings.trusts else profile_text.render
            yield Running(issuer, render(reference), address, made.files())
        finally:
            await runner.cleanup()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def serve(settings: Settings, ready: Callable[[Running], None], *, keep: bool = False) -> None:
    """Serve until SIGINT, SIGTERM or (unless `keep`) the end of standard input; call `ready` once it answers.

    Raises ValueError for an unknown fault and OSError when it cannot listen.
    """
    asyncio.run(_serve(settings, ready, keep=keep))


async def _serve(settings: Settings, ready: Callable[[Running], None], *, keep: bool) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if not keep:
        # A daemon thread, as it cannot be woken from its read when a signal ends the server first.
        threading.Thread(target=_until_stdin_ends, args=(loop, stop), daemon=True).start()
    async with running(settings) as server:
        ready(server)
        await stop.wait()


def _until_stdin_ends(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    loop.call_soon_threadsafe(stop.set)
