"""The listener notices who connects."""

import json
import socket
import urllib.request

from keybound.wire.listener import Listener


def test_listener_counts_connections():
    with Listener({"keys": []}) as heard:
        assert heard.connections == 0
        with urllib.request.urlopen(heard.url("http"), timeout=5) as answer:
            assert json.loads(answer.read()) == {"keys": []}
        assert heard.connections == 1
        port = int(heard.url("https").rpartition(":")[2].partition("/")[0])
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        with urllib.request.urlopen(heard.url("http"), timeout=5):
            assert heard.connections == 3
