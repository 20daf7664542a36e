"""Serving a client's key set at its jwks_uri, where a server finds the client's certificate (RFC 8705 section 2.2)."""

import base64
import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from keybound.craft.certificates import leaf_der
from keybound.craft.jose import Json, Key
from keybound.craft.request import Identity
from keybound.errors import Inconclusive

_BIND_SECONDS = 20.0  # another case may be serving there


def jwks_of(identity: Identity) -> Json:
    """Return the key set that registers the certificate of `identity`: one JWK with `x5c`."""
    jwk = Key.from_pem(str(identity.certificate_key)).jwk
    return {
        "keys": [
            jwk | {"use": "sig", "x5c": [base64.b64encode(leaf_der(str(identity.certificate))).decode()]}
        ]
    }


class ServedKeys:
    """A key set that can change while it is served."""

    def __init__(self, registered: Identity) -> None:
        """Begin with the certificate of `registered`."""
        self.register(registered)

    def register(self, identity: Identity, *odd: Json) -> None:
        """Serve the certificate of `identity` and no other from now on, behind keys that are `odd`."""
        keys = jwks_of(identity)["keys"]
        self.body = json.dumps({"keys": [*odd, *keys]}).encode()


@contextlib.contextmanager
def serving(url: str, keys: ServedKeys, listen: str | None = None) -> Iterator[None]:
    """Serve `keys` at `url` (http) while the block runs; `listen` is host:port where it is not that of the URL.

    Raises Inconclusive when the address cannot be had.
    """

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
            """Say nothing."""

        def do_GET(self) -> None:
            """Serve the key set, whatever the path."""
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Cache-Control", "no-cache")
            self.send_header("Content-Length", str(len(keys.body)))
            self.end_headers()
            self.wfile.write(keys.body)

    parts = urlsplit(f"//{listen}" if listen else url)
    host = "127.0.0.1" if parts.hostname == "localhost" else str(parts.hostname)
    server = _bound((host, parts.port or 80), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def _bound(address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    deadline = time.monotonic() + _BIND_SECONDS
    while True:
        try:
            return ThreadingHTTPServer(address, handler)
        except OSError as error:
            if time.monotonic() > deadline:
                raise Inconclusive(
                    f"cannot serve the client's jwks_uri at {address[0]}:{address[1]}: {error.strerror}"
                ) from None
            time.sleep(0.1)
