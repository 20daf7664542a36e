"""What each fault of the reference target turns red, as `keybound selftest --write` saw it: the file of it."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from keybound.tree import fixtures

FILE = "kill-matrix.toml"
_HEAD = """\
# Written by `keybound selftest --write`, not by hand: what each fault of the reference target turns red.
# `red`: requirements. `alone`: those at a resource server alone (--rs-only), where they differ.
# `killed`: the cases of the whole suite that notice it.
"""
_WIDTH = 110


@dataclass(frozen=True)
class Red:
    """The requirements that a fault turns red: at the whole target, and at a resource server alone.

    `killed` are the ids of the cases that are red at the whole target; None where no run has written them down.
    """

    everywhere: frozenset[str]
    alone: frozenset[str]
    killed: frozenset[str] | None = None


NOTHING = Red(frozenset(), frozenset())


def path() -> Path:
    """Return where the file lies."""
    return fixtures() / FILE


@cache
def load() -> Mapping[str, Red]:
    """Return what was seen of each fault, by its id; a new fault has no entry yet."""
    rows = tomllib.loads(path().read_text(encoding="utf-8"))
    return {
        fault: Red(
            frozenset(row["red"]),
            frozenset(row.get("alone", row["red"])),
            frozenset(row["killed"]) if "killed" in row else None,
        )
        for fault, row in rows.items()
    }


def text(rows: Mapping[str, Red]) -> str:
    """Return the text of the file for these rows, with all ids sorted, so that a review can compare it."""
    return _HEAD + "".join(_table(fault, rows[fault]) for fault in sorted(rows))


def _table(fault: str, row: Red) -> str:
    parts = {
        "red": row.everywhere,
        "alone": row.alone if row.alone != row.everywhere else None,
        "killed": row.killed,
    }
    return f"\n[{fault}]\n" + "".join(_array(name, ids) for name, ids in parts.items() if ids is not None)


def _array(name: str, ids: Iterable[str]) -> str:
    quoted = [json.dumps(each) for each in sorted(ids)]
    line = f"{name} = [{', '.join(quoted)}]\n"
    if len(line) <= _WIDTH:
        return line
    return f"{name} = [\n" + "".join(f"    {each},\n" for each in quoted) + "]\n"
