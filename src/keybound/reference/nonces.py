"""Server nonces (RFC 9449 sections 8 and 9): a keyed hash of the time, so that nothing is remembered."""

import hashlib
import hmac
import time
from dataclasses import dataclass

from .jose import b64u_encode
from .parts import part

SLOT_SECONDS = 60
RECENT_SLOTS = 3


@dataclass
class Nonces:
    """The nonces of one server: one for each minute, unpredictable, good for two to three minutes.

    `server` tells apart those that have one `key`.
    """

    server: str
    key: bytes
    slot_seconds: int = SLOT_SECONDS

    @property
    def slot(self) -> int:
        """The minute that we have."""
        return int(time.time()) // self.slot_seconds


@part
def nonce_of(nonces: Nonces, slot: int) -> str:
    """Return the nonce of a minute."""
    message = f"{nonces.server} {slot}".encode()
    return b64u_encode(hmac.digest(nonces.key, message, hashlib.sha256))


@part
def newest(nonces: Nonces) -> str:
    """Return the nonce to hand out."""
    return nonce_of(nonces, nonces.slot)


@part
def recent(nonces: Nonces) -> list[str]:
    """Return the nonces that are good at this moment, the newest first."""
    return [nonce_of(nonces, nonces.slot - age) for age in range(RECENT_SLOTS)]
