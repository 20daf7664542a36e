"""A listener on loopback that notices whoever connects: does a server fetch what a stranger's proof points to?"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from keybound.craft.jose import Json


class _Handler(BaseHTTPRequestHandler):
    timeout = 5
    keys: Json

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        """Say nothing."""

    def do_GET(self) -> None:
        """Serve the key set, whatever the path."""
        body = json.dumps(self.keys).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Listener:
    """Counts connections to a port of its own, and answers plain HTTP with a key set (RFC 7517 section 5).

    `connections` is how many came so far; a TLS handshake counts, though it fails.
    """

    def __init__(self, keys: Json) -> None:
        """`keys` is the key set to serve. The port is open until the end of the `with` block."""
        self.connections = 0
        listener = self

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def process_request(self, request: Any, client_address: Any) -> None:
                listener.connections += 1
                super().process_request(request, client_address)

            def handle_error(self, request: Any, client_address: Any) -> None:
                """Say nothing of what is no HTTP."""

        self._server = Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"keys": keys}))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, scheme: str) -> str:
        """Return a URL of the key set, "https" or "http"."""
        return f"{scheme}://127.0.0.1:{self._server.server_address[1]}/keys"
