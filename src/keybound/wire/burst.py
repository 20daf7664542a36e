"""Many requests at once: opened connections wait with all but the last bytes sent, then all are released."""

import ssl
import threading
from collections.abc import Sequence

from keybound.craft.request import Identity
from keybound.wire import raw
from keybound.wire.exchange import Exchange, Request

_HELD_BACK = 2  # bytes: the end of the header, or of the body


def burst(
    requests: Sequence[Request], context: ssl.SSLContext, identity: Identity, timeout: float, label: str
) -> list[Exchange]:
    """Send `requests` at the same moment, each on its own connection; return the exchanges.

    `timeout` in seconds holds for each connection. Nothing is raised: what fails becomes an exchange with its trouble.
    """
    count = len(requests)
    ready = threading.Barrier(count)
    attempts = [raw.Attempt()] * count

    def one(number: int) -> None:
        request = requests[number]
        with raw.attempt() as this, raw.connect(request.url, context, timeout) as connection:
            this.tls_version = connection.tls_version
            data = raw.written(request)
            connection.send(data[:-_HELD_BACK])
            ready.wait(timeout)
            this.start()
            connection.send(data[-_HELD_BACK:])
            this.response = connection.answer(request.method)
        if this.trouble is not None:
            ready.abort()  # nobody waits for a connection that will not come
        attempts[number] = this

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [
        this.exchange(request, identity, f"{label}, {number} of {count}")
        for number, (request, this) in enumerate(zip(requests, attempts, strict=True), 1)
    ]
