"""Covering arrays of strength 2: few rows, in which every two values that go together do so at least once."""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, product

Row = Mapping[str, str]


def pairs(row: Row) -> set[tuple[tuple[str, str], tuple[str, str]]]:
    """Return every two (factor, value) of a row."""
    return set(combinations(row.items(), 2))


def covering(
    factors: Mapping[str, Sequence[str]], possible: Callable[[Row], bool] = lambda _: True
) -> list[Row]:
    """Return rows, one value for each factor, that hold every pair of values that some possible row holds.

    Greedy: the row with the most pairs that are still missing comes next, the first of equals. The same every time.
    """
    every = [dict(zip(factors, values, strict=True)) for values in product(*factors.values())]
    rows = [row for row in every if possible(row)]
    missing = set().union(*map(pairs, rows)) if rows else set()
    chosen: list[Row] = []
    while missing:
        best = max(rows, key=lambda row: len(pairs(row) & missing))
        chosen.append(best)
        missing -= pairs(best)
    return chosen
