"""What each fault of the reference target turns red, as `keybound selftest` saw it: fixtures/kill-matrix.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from keybound.tree import fixtures

FILE = "kill-matrix.toml"


@dataclass(frozen=True)
class Red:
    """The requirements that a fault turns red: at the whole target, and at a resource server alone."""

    everywhere: frozenset[str]
    alone: frozenset[str]


NOTHING = Red(frozenset(), frozenset())


@cache
def load() -> Mapping[str, Red]:
    """Return what was seen of each fault, by its id; a new fault has no entry yet."""
    rows = tomllib.loads((fixtures() / FILE).read_text(encoding="utf-8"))
    return {
        fault: Red(frozenset(row["red"]), frozenset(row.get("alone", row["red"])))
        for fault, row in rows.items()
    }
