"""Exchanges: one request and its answer, as they went over the wire."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from keybound.craft.jose import read_json

Headers = tuple[tuple[str, str], ...]


class Trouble(StrEnum):
    """Why no usable answer came back."""

    REFUSED = "connection refused"
    UNRESOLVED = "host name not found"
    UNTRUSTED = "server certificate not trusted"
    TLS_ALERT = "refused by a TLS alert"
    TLS = "TLS handshake failed"
    TIMEOUT = "no complete answer in time"
    RESET = "connection closed without an answer"
    CUT = "the answer broke off"
    GARBAGE = "the answer is not HTTP"
    UNSENDABLE = "the request cannot be written as HTTP"


@dataclass(frozen=True)
class Request:
    """A request as sent. With `trailers` it goes in chunks, and these fields come after the last one.

    `request_target` is the second word of its first line where that is not what `url` gives.
    """

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""
    trailers: Headers = ()
    request_target: str | None = None


@dataclass(frozen=True)
class Response:
    """A response as received; `truncated` when the body was cut at the size limit."""

    status: int
    headers: Headers
    body: bytes
    truncated: bool = False

    def all(self, name: str) -> list[str]:
        """Return the values of every header line called `name`, in order."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def first(self, name: str) -> str | None:
        """Return the first value of header `name`, or None."""
        return next(iter(self.all(name)), None)

    @property
    def text(self) -> str:
        """The body as text, undecodable bytes replaced."""
        return self.body.decode("utf-8", "replace")

    @cached_property
    def json(self) -> Any:
        """The body as JSON, or None when it is not JSON."""
        try:
            return read_json(self.body)
        except ValueError:
            return None

    @property
    def object(self) -> dict[str, Any]:
        """The body as a JSON object; empty when it is none."""
        return self.json if isinstance(self.json, dict) else {}

    @property
    def ok(self) -> bool:
        """True for a 2xx status."""
        return 200 <= self.status < 300


@dataclass(frozen=True)
class Exchange:
    """One request and its response, or the trouble that took the response's place.

    `started` is seconds since the epoch, `duration_ms` milliseconds; `identity` names the TLS client identity.
    """

    label: str
    request: Request
    response: Response | None
    trouble: Trouble | None
    detail: str
    identity: str
    certificate: str | None
    tls_version: str | None
    started: float
    duration_ms: float
