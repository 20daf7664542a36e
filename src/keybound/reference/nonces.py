"""Server nonces (RFC 9449 sections 8 and 9): a keyed hash of the time, so that nothing is remembered."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from typing import Any

from .jose import b64u_encode

SLOT_SECONDS = 60
RECENT_SLOTS = 3
_FOREVER = 100
_FIRST = 1000  # of a counter: its beginning is no nonce


class Nonces:
    """The nonces of one server: one for each minute, unpredictable, good for two to three minutes."""

    def __init__(self, wrong: Callable[[str], bool]) -> None:
        """`wrong` says which faults of this side are on."""
        self._key = secrets.token_bytes(32)
        self._wrong = wrong
        self._count = _FIRST
        self._asked = False
        self.slot_seconds = SLOT_SECONDS
        self.other: Nonces | None = None  # those of the other server here
        self._prefix = secrets.token_urlsafe(16)
        self.withheld = False  # the fault nonce-withheld: the answer at hand gets no nonce

    def _of(self, slot: int) -> str:
        ending = '"' if self._wrong("nonce-bad-syntax") else ""
        return b64u_encode(hmac.digest(self._key, slot.to_bytes(8), hashlib.sha256)) + ending

    def current(self, *, success: bool = False) -> str:
        """Return the newest nonce, the one to hand out; `success`: with a request that was granted."""
        if success and self._wrong("nonce-unusable"):
            return self._of(int(time.time()) // self.slot_seconds + 100)  # the clock of another node
        if self._wrong("nonce-numbered"):
            self._count += 1
            return f"{self._prefix}{self._count}"
        if self._wrong("nonce-counter"):
            self._count += 1
            return str(self._count)
        return self._of(int(time.time()) // self.slot_seconds)

    def accepts(self, claims: dict[str, Any]) -> bool:
        """Return whether the claim `nonce` is exactly one that was recently current."""
        nonce = claims.get("nonce")
        self.withheld = "nonce" in claims and self._wrong("nonce-withheld") and nonce not in self.recent()
        if "nonce" not in claims:
            self._asked, asked_before = True, self._asked
            return asked_before and self._wrong("nonce-optional")
        if self._wrong("nonce-any") or self._counted(nonce):
            return True
        if self.other and self._wrong("nonce-of-other-ok") and nonce in self.other.recent():
            return True
        if self._wrong("nonce-prefix-compared") and isinstance(nonce, str) and nonce:
            return any(each.startswith(nonce) or nonce.startswith(each) for each in self.recent())
        if self._wrong("nonce-cut"):
            return str(nonce)[:-1] in [each[:-1] for each in self.recent()]
        return nonce in self.recent()

    def _counted(self, nonce: object) -> bool:
        prefix = self._prefix if self._wrong("nonce-numbered") else ""
        counts = prefix or self._wrong("nonce-counter")
        if not counts or not isinstance(nonce, str) or not nonce.startswith(prefix):
            return False
        number = nonce.removeprefix(prefix)
        return number.isdecimal() and _FIRST <= int(number) <= self._count

    def recent(self) -> list[str]:
        """Return the nonces that are good at this moment."""
        slot = int(time.time()) // self.slot_seconds
        kept = (
            1
            if self._wrong("nonce-newest-only")
            else _FOREVER
            if self._wrong("nonce-forever")
            else RECENT_SLOTS
        )
        return [self._of(slot - age) for age in range(kept)]
