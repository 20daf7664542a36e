"""Memory that forgets: everything the reference target remembers lives here, and only for a time."""

import time
from typing import Generic, TypeVar

V = TypeVar("V")

_SWEEP_EVERY = 30.0


class Expiring(Generic[V]):
    """A dictionary with string keys whose entries end after a number of seconds."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[float, V]] = {}
        self._swept = time.monotonic()

    def put(self, key: str, value: V, seconds: float) -> None:
        """Remember `value` for `seconds`."""
        now = time.monotonic()
        if now - self._swept > _SWEEP_EVERY:
            self._entries = {k: entry for k, entry in self._entries.items() if entry[0] > now}
            self._swept = now
        self._entries[key] = (now + seconds, value)

    def get(self, key: str) -> V | None:
        """Return the value, or None if there is none (any more)."""
        ends, value = self._entries.get(key, (0.0, None))
        return value if ends > time.monotonic() else None

    def pop(self, key: str) -> V | None:
        """Return the value like `get` and forget it."""
        value = self.get(key)
        self._entries.pop(key, None)
        return value
