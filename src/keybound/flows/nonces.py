"""Server-provided nonces (RFC 9449 sections 8 and 9), kept apart for each server."""

from keybound.wire.exchange import Exchange


class Nonces:
    """The newest nonce of each server, and which servers work with nonces at all."""

    def __init__(self) -> None:
        """Start without any nonce."""
        self._newest: dict[str, str] = {}
        self._demanding: set[str] = set()
        self._offering: set[str] = set()

    def newest(self, server: str) -> str | None:
        """Return the nonce that `server` supplied last, or None."""
        return self._newest.get(server)

    def learn(self, server: str, exchange: Exchange, *, success: bool) -> None:
        """Adopt the nonce of an answer, whatever its status (RFC 9449 section 8.2)."""
        nonce = exchange.response.first("DPoP-Nonce") if exchange.response else None
        if nonce:
            self._newest[server] = nonce
            if success:
                self._offering.add(server)

    def demanded(self, server: str) -> None:
        """Remember that `server` refused an ordinary proof for want of a nonce."""
        self._demanding.add(server)

    def demands(self, server: str) -> bool:
        """Return True when `server` has refused an ordinary proof for want of a nonce."""
        return server in self._demanding

    def active(self, server: str) -> bool:
        """Return True when `server` demands nonces, or offers them with its successes."""
        return server in self._demanding or server in self._offering
