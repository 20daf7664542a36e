"""The dates of a proof: iat, exp and nbf (RFC 9449 section 4.3, RFC 7519 section 4.1)."""

import time
from collections.abc import Callable
from typing import Any

from . import lax
from .errors import Crash

_LATE = 10**11  # seconds since 1970 that only milliseconds reach


def check(claims: dict[str, Any], wrong: Callable[[str], bool], window: tuple[int, int]) -> None:
    """Raise ValueError unless a proof is of now; `window` is how many seconds old and how many ahead it may be."""
    now = time.time()
    past, ahead = window
    dated = "exp" in claims and wrong("exp-replaces-iat")
    left_out = "iat" not in claims and wrong("iat-optional")
    if not left_out and not dated and not lax.skipped(wrong, claims, "iat"):
        iat = _iat(claims, wrong)
        if iat < now - past and not wrong("iat-no-past-limit"):
            raise ValueError("iat is too long ago")
        if iat > now + ahead and not wrong("iat-no-future-limit"):
            raise ValueError("iat is in the future")
    if wrong("exp-nbf-ignored"):
        return
    if "exp" in claims and _instant(claims["exp"]) <= now - ahead:
        raise ValueError("the proof has expired")
    if "nbf" in claims and _instant(claims["nbf"]) > now + ahead:
        raise ValueError("the proof is not valid yet")


def _iat(claims: dict[str, Any], wrong: Callable[[str], bool]) -> float:
    value = claims.get("iat")
    if isinstance(value, str) and value.isdecimal() and wrong("iat-string-ok"):
        value = int(value)
    if isinstance(value, float) and value != value and wrong("iat-nan-ok"):  # noqa: PLR0124
        return value
    if isinstance(value, float) and value == float("inf") and wrong("crashes-on-huge-iat"):
        raise Crash
    if isinstance(value, float) and wrong("iat-integer-only"):
        raise ValueError("iat is not an integer")
    if isinstance(value, int | float) and value > _LATE and wrong("iat-milliseconds-ok"):
        value /= 1000
    return _instant(value)


def _instant(value: Any) -> float:
    """Return a NumericDate as seconds since 1970; ValueError if it is none (RFC 7519 section 2)."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -(2**53) < value < 2**53:
        raise ValueError("a date is missing or not a number")
    return float(value)
