"""Exchanges as they go into reports: redacted, with proofs decoded and a curl line for people."""

import datetime as dt
import json
import math
import shlex
from typing import Any

from keybound.craft.jose import unb64url
from keybound.wire.exchange import Exchange, Request
from keybound.wire.redact import Redactor

_KEPT = 4000  # characters of a body that a report shows
_LEVELS = (
    100  # of lists and objects in each other; from Python 3.12 on json reads more of them than code can walk
)


def timestamp(seconds: float) -> str:
    """Return seconds since the epoch as RFC 3339 with milliseconds, in UTC."""
    return (
        dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


def _number(text: str) -> Any:
    return number if math.isfinite(number := float(text)) else text


def _deep(value: Any) -> bool:
    level = [value]
    for _ in range(_LEVELS):
        nested = [
            each.values() if isinstance(each, dict) else each
            for each in level
            if isinstance(each, list | dict)
        ]
        level = [item for items in nested for item in items]
    return bool(level)


def _part(text: str) -> Any:
    try:
        # what is no JSON number (NaN, 1e400) is shown as it was written, for a report is JSON
        value = json.loads(unb64url(text), parse_constant=str, parse_float=_number)
    except (ValueError, RecursionError):
        return None
    return None if _deep(value) else value


def _proofs(exchange: Exchange, redactor: Redactor) -> list[dict[str, Any]]:
    values = [value for name, value in exchange.request.headers if name.lower() == "dpop"]
    found = []
    for value in values:
        parts = value.split(".")
        if len(parts) >= 2:
            found.append({"header": redactor.tree(_part(parts[0])), "claims": redactor.tree(_part(parts[1]))})
    return found


def _body(data: bytes, content_type: str, redactor: Redactor) -> str | None:
    if not data:
        return None
    text = data[: 1 << 16].decode("utf-8", "replace")
    text = redactor.form(text) if "x-www-form-urlencoded" in content_type else redactor.json(text)
    return text if len(text) <= _KEPT else f"{text[:_KEPT]}… ({len(data)} bytes)"


def _type(headers: tuple[tuple[str, str], ...]) -> str:
    return next((value for name, value in headers if name.lower() == "content-type"), "")


def _asked_for(request: Request) -> str:
    """Return the URL of a request as its first line gives it."""
    if request.request_target is None or "://" in request.request_target:
        return request.request_target or request.url
    return "/".join(request.url.split("/", 3)[:3]) + request.request_target


def describe(exchange: Exchange, redactor: Redactor) -> dict[str, Any]:
    """Return `exchange` as the event stream holds it (reports/events.schema.json), without secrets."""
    sent, got = exchange.request, exchange.response
    return {
        "label": exchange.label,
        "request": {
            "method": sent.method,
            "url": redactor.url(_asked_for(sent)),
            "headers": [list(line) for line in redactor.headers(list(sent.headers))],
            "body": _body(sent.body, _type(sent.headers), redactor),
        },
        "response": None
        if got is None
        else {
            "status": got.status,
            "headers": [list(line) for line in redactor.headers(list(got.headers))],
            "body": _body(got.body, _type(got.headers), redactor),
            "truncated": got.truncated,
        },
        "error": None
        if exchange.trouble is None
        else redactor.text(f"{exchange.trouble}: {exchange.detail}"[:300]),
        "started": timestamp(exchange.started),
        "duration_ms": round(exchange.duration_ms, 2),
        "tls": {
            "version": exchange.tls_version,
            "certificate": exchange.identity if exchange.certificate else None,
        },
        "identity": exchange.identity,
        "proofs": _proofs(exchange, redactor),
    }


def curl(described: dict[str, Any]) -> str:
    """Return a curl command for a described request; secrets are the placeholders that redaction left."""
    request = described["request"]
    words = ["curl", "-i", "-X", request["method"], request["url"]]
    for name, value in request["headers"]:
        words += ["-H", f"{name}: {value}"]
    if request["body"]:
        words += ["--data", request["body"]]
    if described["tls"]["certificate"]:
        words += ["--cert", f"<certificate of {described['tls']['certificate']}>"]
    return " ".join(shlex.quote(word) for word in words)
