"""Small texts that several outputs share. What a target sent is hostile until it went through here."""

import re
from datetime import datetime

# Control characters would drive a terminal and are illegal in XML; direction marks make a text read wrong.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]",
)


def printable(text: str) -> str:
    r"""Return `text` with unprintable characters, but for tab and newline, shown as `\x1b`."""
    text = text.replace("\r\n", "\n")
    return _UNPRINTABLE.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def one_line(text: str) -> str:
    """Return `text` printable and on one line."""
    return " ".join(printable(text).split())


def cut(text: str, length: int) -> str:
    """Return at most `length` characters of `text` and say how many are left out."""
    left_out = len(text) - length
    return text if left_out <= 0 else f"{text[:length]} … ({left_out} more characters)"


def count(number: int, noun: str) -> str:
    """Return `1 request` or `2 requests`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def duration(milliseconds: float) -> str:
    """Return a duration as a person says it."""
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    if milliseconds < 100_000:
        return f"{milliseconds / 1000:.1f} s"
    return f"{milliseconds / 60_000:.1f} min"


def epoch_ms(time: str) -> int:
    """Return a time of the stream (RFC 3339) as milliseconds since 1970."""
    return round(datetime.fromisoformat(time).timestamp() * 1000)
