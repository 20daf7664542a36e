"""The parts of the server that can be put out of order: each a function that the server calls by its name.

A part reads, and is called, as any other function. Where something stands in its place, that is called instead, with
the part itself as its first argument. What stands where belongs to one server, and is in force while that server
answers a request: see `in_force`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial, update_wrapper
from typing import Any, Concatenate, Generic, Literal, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
V = TypeVar("V")
Side = Literal["as", "rs"]


@dataclass
class InForce:
    """What stands in the place of which parts, on one side of one server; what such things keep from call to call."""

    instead: dict[Any, list[Callable[..., Any]]] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)


_NOTHING = InForce()
_in_force: ContextVar[InForce] = ContextVar("in_force")


@contextmanager
def in_force(these: InForce) -> Iterator[None]:
    """Put `these` in force for the block: for one request, on the side (AS or RS) that answers it."""
    token = _in_force.set(these)
    try:
        yield
    finally:
        _in_force.reset(token)


def kept() -> dict[str, Any]:
    """Return what things that stand in a part's place keep, by names of their own, until the faults change."""
    return _in_force.get(_NOTHING).kept


class Part(Generic[P, R]):
    """A function of the server in whose place something else can stand."""

    def __init__(self, right: Callable[P, R]) -> None:
        """`right` is the function as the specification has it."""
        self.right = right
        update_wrapper(self, right)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function, or what stands in its place."""
        call = self.right
        for body in _in_force.get(_NOTHING).instead.get(self, ()):
            call = partial(body, call)
        return call(*args, **kwargs)


def part(right: Callable[P, R]) -> Part[P, R]:
    """Make a function a part."""
    return Part(right)


class Steps(Generic[P]):
    """A list of checks, carried out in order; each is a part, and the order is one as well."""

    def __init__(self, *checks: Part[P, None]) -> None:
        """`checks` in the order of the specification."""
        self.order = Part(lambda: list(checks))

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Carry the checks out; what they raise ends it."""
        for check in self.order():
            check(*args, **kwargs)


@dataclass(frozen=True)
class Instead:
    """What is put in the place of one part. `sides`: only there; None: on the side of the fault that has it."""

    part: Any
    body: Callable[..., Any]
    sides: tuple[Side, ...] | None = None


def replace(
    part: Part[P, R],
    body: Callable[Concatenate[Callable[P, R], P], R],
    sides: tuple[Side, ...] | None = None,
) -> Instead:
    """Put `body` in the place of `part`; it gets the part itself first, then what the part gets."""
    return Instead(part, body, sides)


def alter(
    part: Part[P, R], change: Callable[Concatenate[R, P], R], sides: tuple[Side, ...] | None = None
) -> Instead:
    """Let `change` turn what `part` returns into something else; it gets that first, then what the part gets."""

    def body(right: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        return change(right(*args, **kwargs), *args, **kwargs)

    return Instead(part, body, sides)


def leave_out(
    part: Part[P, None], when: Callable[P, bool] | None = None, sides: tuple[Side, ...] | None = None
) -> Instead:
    """Leave a check out, always or when `when` says so of what the check gets."""

    def body(right: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
        if when is not None and not when(*args, **kwargs):
            right(*args, **kwargs)

    return Instead(part, body, sides)


def first(part: Part[P, R], check: Callable[P, None]) -> Instead:
    """Carry out `check` before a part: it raises what the part would not, or keeps something."""

    def body(right: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        check(*args, **kwargs)
        return right(*args, **kwargs)

    return Instead(part, body)


def refuse(part: Part[P, R], error: Exception, when: Callable[P, bool]) -> Instead:
    """Raise `error` where `when` says so of what a part gets; a crash (500) where the error is one."""

    def body(right: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        if when(*args, **kwargs):
            raise error.with_traceback(None)
        return right(*args, **kwargs)

    return Instead(part, body)


def prepare(part: Part[[V], R], change: Callable[[V], V]) -> Instead:
    """Let `change` turn what a part gets into something else."""

    def body(right: Callable[[V], R], value: V) -> R:
        return right(change(value))

    return Instead(part, body)


def move(steps: Steps[P], check: Part[P, None], *, before: Part[P, None]) -> Instead:
    """Carry out a check of `steps` right before another one."""

    def body(right: Callable[[], list[Part[P, None]]]) -> list[Part[P, None]]:
        order = [each for each in right() if each is not check]
        order.insert(order.index(before), check)
        return order

    return Instead(steps.order, body)
