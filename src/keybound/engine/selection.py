"""Which cases a run takes: by role, by mechanism, by an expression over their ids (-k), and by what they cost."""

import re
from collections import deque
from collections.abc import Callable
from functools import cache

from keybound.cases.declare import Case
from keybound.engine.run import Options
from keybound.errors import LeftOut

_WORD = re.compile(r"[()]|[^\s()]+")
_Fits = Callable[[str], bool]


@cache
def matcher(expression: str) -> Callable[[Case], bool]:
    """Return what tells whether an expression fits a case; raises ValueError with what is wrong with it.

    An expression is made of `and`, `or`, `not`, brackets, and parts of case ids or mechanisms in any letter case. An
    empty one fits every case.
    """
    words = deque(_WORD.findall(expression))
    if not words:
        return lambda _: True
    fits = _any_of(words)
    if words:
        raise ValueError(f"{words[0]!r} does not belong there")
    return lambda case: fits(f"{case.id} {case.mechanism}".lower())


def _any_of(words: deque[str]) -> _Fits:
    parts = [_all_of(words)]
    while words and words[0] == "or":
        words.popleft()
        parts.append(_all_of(words))
    return lambda name: any(fits(name) for fits in parts)


def _all_of(words: deque[str]) -> _Fits:
    parts = [_one(words)]
    while words and words[0] == "and":
        words.popleft()
        parts.append(_one(words))
    return lambda name: all(fits(name) for fits in parts)


def _one(words: deque[str]) -> _Fits:
    if not words:
        raise ValueError("it ends too early")
    word = words.popleft()
    if word == "not":
        unwanted = _one(words)
        return lambda name: not unwanted(name)
    if word == "(":
        inner = _any_of(words)
        if not words or words.popleft() != ")":
            raise ValueError("a bracket is not closed")
        return inner
    if word in {"and", "or", ")"}:
        raise ValueError(f"{word!r} stands where a part of an id should")
    part = word.lower()
    return lambda name: part in name


def selects(asked: Options, case: Case) -> bool:
    """Return whether a case is among those that are asked for by role, mechanism and -k."""
    right = asked.role in {None, case.role} and asked.mechanism in {None, case.mechanism}
    return right and matcher(asked.keyword or "")(case)


def require_asked_for(case: Case, *, slow: bool, flood: bool) -> None:
    """Raise LeftOut when `case` is of a kind that runs only on request, and was not requested."""
    for asked, is_one, option, what in (
        (slow, case.slow, "--slow", "it waits"),
        (flood, case.flood, "--flood", "it sends thousands of requests"),
    ):
        if is_one and not asked:
            raise LeftOut(f"{LeftOut.PREFIX}, because {what}: {option} runs it")
