"""Comparing URIs as RFC 9449 section 4.3 asks: without query and fragment, after RFC 3986 normalisation."""

import re
from typing import NamedTuple

_PARTS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)([^?#]*)(?:\?[^#]*)?(?:#.*)?", re.DOTALL)
_ALLOWED = re.compile(r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
_AUTHORITY = re.compile(r"(?:([^@]*)@)?(\[[^\]]*\]|[^:@\[\]]+)(?::([0-9]{0,5}))?")
_DEFAULT_PORTS = {"https": 443, "http": 80}


class Uri(NamedTuple):
    """A normalised URI without query and fragment; two that are equal name the same target."""

    scheme: str
    userinfo: str | None
    host: str
    port: int | None
    path: str


def _percent(match: re.Match[str]) -> str:
    """Decode what need not be encoded; write the rest in upper case (RFC 3986 section 6.2.2)."""
    character = chr(int(match[1], 16))
    return character if _UNRESERVED.fullmatch(character) else match[0].upper()


def _without_dots(path: str) -> str:
    """Remove dot segments (RFC 3986 section 5.2.4); `//` and a trailing slash stay."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            kept = kept[:-1]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)


def parse(text: str) -> Uri:
    """Return the normalised form of an absolute URI with authority; ValueError if it is none (RFC 3986)."""
    match = _PARTS.fullmatch(text)
    if not match or not _ALLOWED.fullmatch(text):
        raise ValueError("not an absolute URI")
    scheme = match[1].lower()
    authority = _AUTHORITY.fullmatch(match[2])
    if not authority:
        raise ValueError("malformed authority")
    decoded = re.sub(r"%([0-9A-Fa-f]{2})", _percent, match[3])
    return Uri(
        scheme=scheme,
        userinfo=authority[1],
        host=re.sub(r"%([0-9A-Fa-f]{2})", _percent, authority[2]).lower(),
        port=int(authority[3]) if authority[3] else _DEFAULT_PORTS.get(scheme),
        path=_without_dots(decoded or "/"),
    )
