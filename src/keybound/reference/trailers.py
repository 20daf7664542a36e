"""Trailer fields, which aiohttp drops: only a fault of the reference target reads them."""

import re

from aiohttp import web
from aiohttp.web_protocol import RequestHandler
from aiohttp.web_server import Server

_TRAILERS = re.compile(rb"\r\n0\r\n(.+?)\r\n\r\n", re.DOTALL)
_KEPT = 1 << 16  # bytes


class _Handler(RequestHandler):
    """Keeps what came last over its connection."""

    __slots__ = ("tail",)

    def data_received(self, data: bytes) -> None:
        self.tail = (getattr(self, "tail", b"") + data)[-_KEPT:]
        super().data_received(data)


class _Server(Server):
    def __call__(self) -> RequestHandler:
        return _Handler(self, loop=self._loop, **self._kwargs)


class Runner(web.AppRunner):
    """Runs an application whose requests know their trailers."""

    async def _make_server(self) -> Server:
        server = await super()._make_server()
        server.__class__ = _Server
        return server


def trailers(request: web.Request) -> dict[str, str]:
    """Return the trailer fields that came last over the connection of a request."""
    found = _TRAILERS.findall(getattr(request.protocol, "tail", b""))
    lines = found[-1].decode("latin-1").split("\r\n") if found else []
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
