"""What aiohttp drops or refuses, trailer fields and a second Host field: for the faults that are `raw`."""

import re

from aiohttp import web
from aiohttp.web_protocol import RequestHandler
from aiohttp.web_server import Server

_TRAILERS = re.compile(rb"\r\n0\r\n(.+?)\r\n\r\n", re.DOTALL)
_HOST = re.compile(rb"\r\nHost:[ \t]*([^\r]*)", re.IGNORECASE)
_KEPT = 1 << 16  # bytes


class _Handler(RequestHandler):
    """Keeps what came last over its connection, and shows the parser the last of several Host fields only."""

    __slots__ = ("hosts", "tail")

    def data_received(self, data: bytes) -> None:
        self.tail = (getattr(self, "tail", b"") + data)[-_KEPT:]
        head, end, rest = data.partition(b"\r\n\r\n")
        if found := _HOST.findall(head):  # a body may come by itself
            self.hosts = [host.decode("latin-1") for host in found]
            head = _HOST.sub(b"", head, len(found) - 1) if len(found) > 1 else head
        super().data_received(head + end + rest)


class _Server(Server):
    def __call__(self) -> RequestHandler:
        return _Handler(self, loop=self._loop, **self._kwargs)


class Runner(web.AppRunner):
    """Runs an application whose requests know their trailers and all their Host fields."""

    async def _make_server(self) -> Server:  # aiohttp has no public way to read the bytes of a request
        server = await super()._make_server()
        server.__class__ = _Server
        return server


def trailers(request: web.Request) -> dict[str, str]:
    """Return the trailer fields that came last over the connection of a request."""
    found = _TRAILERS.findall(getattr(request.protocol, "tail", b""))
    lines = found[-1].decode("latin-1").split("\r\n") if found else []
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def hosts(request: web.Request) -> list[str]:
    """Return the values of the Host fields of a request, in order; empty where no fault asks for them."""
    return list(getattr(request.protocol, "hosts", []))
