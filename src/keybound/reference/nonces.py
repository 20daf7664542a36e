"""Server nonces (RFC 9449 sections 8 and 9): a keyed hash of the time, so that nothing is remembered."""

import hashlib
import hmac
import secrets
import time

from .jose import b64u_encode

SLOT_SECONDS = 60
RECENT_SLOTS = 3


class Nonces:
    """The nonces of one server: one for each minute, unpredictable, good for two to three minutes."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def _of(self, slot: int) -> str:
        return b64u_encode(hmac.digest(self._key, slot.to_bytes(8), hashlib.sha256))

    def current(self) -> str:
        """Return the newest nonce, the one to hand out."""
        return self._of(int(time.time()) // SLOT_SECONDS)

    def accepts(self, nonce: object) -> bool:
        """Return whether `nonce` is exactly one that was recently current."""
        slot = int(time.time()) // SLOT_SECONDS
        return nonce in [self._of(slot - age) for age in range(RECENT_SLOTS)]
