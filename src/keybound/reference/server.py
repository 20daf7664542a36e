"""Starting the reference target, switching its faults while it runs, and stopping it."""

import asyncio
import io
import json
import logging
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import get_args

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from . import app, pki, profile_text, state
from .faults import FAULTS, raw_http, switched_on
from .foreign_tokens import Issuer

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
    short_lifetimes: bool = False  # what is kept for minutes is kept for seconds


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers: its issuer, a profile (TOML, with secrets) to test it with, and its certificates.

    `files` holds PEM texts by file name: what a proxy in front needs.
    """

    issuer: str
    profile: str
    address: str
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Listening:
    """What stays when the faults change: the sockets, the certificates, and the addresses that go with them."""

    listener: socket.socket
    behind: socket.socket
    made: pki.Pki
    address: str
    issuer: str
    keys: str  # the jwks_uri of a client: its tester serves it


@contextmanager
def listening(settings: Settings) -> Iterator[Listening]:
    """Listen inside the `with` block, though nobody answers yet. Raises OSError when it cannot."""
    with (
        socket.create_server((settings.host, settings.port)) as listener,
        socket.create_server((settings.host, 0)) as behind,
    ):
        address = f"localhost:{listener.getsockname()[1]}"
        keys = f"http://127.0.0.1:{_free_port()}/jwks"
        yield Listening(listener, behind, pki.make(), address, settings.issuer or f"https://{address}", keys)


@asynccontextmanager
async def answering(kept: Listening, settings: Settings) -> AsyncIterator[Running]:
    """Answer on what is `kept`, inside the `async with` block, as a server that knows nothing of an earlier one there.

    Raises ValueError for an unknown fault.
    """
    sides = switched_on(settings.faults)
    reference = state.build(kept.issuer, kept.made, settings.nonce, settings.header, kept.keys)
    reference.in_force = sides
    if settings.short_lifetimes:
        state.shorten_lifetimes(reference)
    if settings.header is None:
        reference.backend = f"http://{settings.host}:{kept.behind.getsockname()[1]}"
    if settings.trusts:
        reference.trusted = Issuer(settings.trusts, f"{kept.issuer}/api")
    runner = (raw_http.Runner if any(FAULTS[each].raw for each in settings.faults) else web.AppRunner)(
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
        tls = None if settings.header else kept.made.tls_context()
        for listener, context in ((kept.listener, tls), (kept.behind, None)):
            await web.SockSite(runner, listener.dup(), ssl_context=context).start()  # which closes its socket
        render = profile_text.render_alone if settings.trusts else profile_text.render
        yield Running(kept.issuer, render(reference), kept.address, kept.made.files())
    finally:
        await runner.cleanup()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def switched(settings: Settings, line: str | bytes) -> Settings:
    """Return the settings with what a line of JSON switches: `faults`, `nonce`, `short_lifetimes`; else they are off.

    Raises ValueError, saying what is wrong with the line.
    """
    wanted = json.loads(line)
    if not isinstance(wanted, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004
    faults, nonce, short = (
        wanted.pop(name, default)
        for name, default in (("faults", []), ("nonce", "off"), ("short_lifetimes", False))
    )
    if wanted:
        raise ValueError(f"unknown: {', '.join(wanted)}")
    if not isinstance(faults, list) or not all(isinstance(fault, str) for fault in faults):
        raise ValueError("faults is not a list of ids")
    if nonce not in get_args(state.NonceMode):
        raise ValueError(f"nonce is not one of {', '.join(get_args(state.NonceMode))}")
    if not isinstance(short, bool):
        raise ValueError("short_lifetimes is not true or false")  # noqa: TRY004
    switched_on(faults)
    return replace(settings, faults=tuple(faults), nonce=nonce, short_lifetimes=short)


def serve(
    settings: Settings, ready: Callable[[Running], None], refused: Callable[[str], None] | None = None
) -> None:
    """Serve until SIGINT or SIGTERM; call `ready` once it answers. Raises ValueError for an unknown fault, OSError
    when it cannot listen.

    With `refused` the end of standard input is an end as well, and each line that comes from there is for `switched`:
    the server starts anew in its place, and `ready` is called again, or `refused` with what is wrong with the line.
    """
    switched_on(settings.faults)  # an unknown id is the caller's mistake: say so before listening
    asyncio.run(_serve(settings, ready, refused))


async def _serve(
    settings: Settings, ready: Callable[[Running], None], refused: Callable[[str], None] | None
) -> None:
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[bytes] = asyncio.Queue()  # an empty one is the end
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, lines.put_nowait, b"")
    if refused is not None:
        # A daemon thread, as it cannot be woken from its read when a signal ends the server first.
        threading.Thread(target=_read_lines, args=(loop, lines), daemon=True).start()
    with listening(settings) as kept:
        chosen: Settings | None = settings
        while chosen is not None:
            async with answering(kept, chosen) as server:
                ready(server)
                chosen = await _next(settings, lines, refused or (lambda _: None))


async def _next(
    settings: Settings, lines: asyncio.Queue[bytes], refused: Callable[[str], None]
) -> Settings | None:
    """Return what the next good line asks for; None at the end."""
    while line := await lines.get():
        try:
            return switched(settings, line)
        except ValueError as error:
            refused(str(error))
    return None


def _read_lines(loop: asyncio.AbstractEventLoop, lines: asyncio.Queue[bytes]) -> None:
    source = io.FileIO(0, closefd=False)  # without a lock, which the end of the process would not get
    while line := source.readline():
        loop.call_soon_threadsafe(lines.put_nowait, line)
    loop.call_soon_threadsafe(lines.put_nowait, b"")
