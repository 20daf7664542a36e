"""Server-provided nonces (RFC 9449 sections 8 and 9), kept apart for each server."""

from keybound.wire.exchange import Exchange


class Nonces:
    """The newest nonce of each server, and which servers have demanded one."""

    def __init__(self) -> None:
        """Start without any nonce."""
        self._newest: dict[str, str] = {}

    def newest(self, server: str) -> str | None:
        """Return the nonce that `server` supplied last, or None."""
        return self._newest.get(server)

    def learn(self, server: str, exchange: Exchange) -> None:
        """Adopt the nonce of an answer, whatever its status (RFC 9449 section 8.2)."""
        nonce = exchange.response.first("DPoP-Nonce") if exchange.response else None
        if nonce:
            self._newest[server] = nonce
