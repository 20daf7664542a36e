"""Faults that the server still asks for by name. This module goes when the last one is a part's."""

from collections.abc import Iterable


class Faults:
    """The faults switched on in one server."""

    def __init__(self, ids: Iterable[str] = ()) -> None:
        """`ids` of faults that exist."""
        self._on = frozenset(ids)

    def of(self, side: str, name: str) -> bool:
        """Return whether the fault `name` of one side is on."""
        return self.on(f"{side}-{name}")

    def on(self, name: str) -> bool:
        """Return whether the fault is on."""
        return name in self._on
