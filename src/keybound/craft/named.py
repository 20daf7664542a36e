"""Functions that know their name and their arguments, and print themselves: what the rows of cases are made of.

@named
def claim(draft: Draft, name: str, value: object) -> None: ...

claim("jti", True) is then a function of a draft, and `str` of it is 'claim("jti", true)'.
"""

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

Subject = TypeVar("Subject")
Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")


@dataclass(frozen=True)
class Named(Generic[Subject, Result]):
    """A function of one subject, by its name and its other arguments; two are equal when these are.

    `function` takes the subject first, then `args` and `options`.
    """

    name: str
    function: Callable[..., Result] = field(compare=False, repr=False)
    args: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, subject: Subject) -> Result:
        """Apply the function to `subject`."""
        return self.function(subject, *self.args, **self.options)

    def __hash__(self) -> int:
        return hash(self.name)

    def __str__(self) -> str:
        """Return the call as one would write it, with arguments as JSON."""
        shown = [
            *map(_shown, self.args),
            *(f"{name}={_shown(value)}" for name, value in self.options.items()),
        ]
        return f"{self.name}({', '.join(shown)})" if shown else self.name

    def data(self) -> dict[str, Any]:
        """Return the name and the arguments as JSON-able data."""
        data: dict[str, Any] = {"name": self.name}
        if self.args:
            data["args"] = [_data(value) for value in self.args]
        if self.options:
            data["options"] = {name: _data(value) for name, value in self.options.items()}
        return data

    def says(self) -> str:
        """Return the first line of what the function says about itself."""
        return (inspect.getdoc(self.function) or "").partition("\n\n")[0].replace("\n", " ")


def _shown(value: object) -> str:
    if isinstance(value, Named):
        return str(value)
    return str(_data(value)) if callable(value) else json.dumps(_data(value))


def _data(value: object) -> Any:
    if isinstance(value, Named):
        return value.data()
    if isinstance(value, Mapping):
        return {str(name): _data(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_data(each) for each in value]
    if value is None or isinstance(value, str | int | float):
        return value
    return str(getattr(value, "name", None) or getattr(value, "__name__", None) or type(value).__name__)


@overload
def named(function: Callable[[Subject], Result]) -> Named[Subject, Result]: ...
@overload
def named(
    function: Callable[Concatenate[Subject, Arguments], Result],
) -> Callable[Arguments, Named[Subject, Result]]: ...
def named(function: Callable[..., Any]) -> Any:
    """Name a function after itself: one of a subject alone as it is, one with more arguments once these are given."""
    if len(inspect.signature(function).parameters) == 1:
        return Named(function.__name__, function)

    def given(*args: Any, **options: Any) -> Named[Any, Any]:
        return Named(function.__name__, function, args, options)

    given.__name__, given.__doc__ = function.__name__, function.__doc__
    return given
