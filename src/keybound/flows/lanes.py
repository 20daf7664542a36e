"""A lane is one way to get tokens: a client, a grant, and how the token is bound. And what comes of it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from keybound.craft.jose import Key
from keybound.craft.request import Identity
from keybound.profile.clients import Client, Grant, Mechanism
from keybound.profile.tokens import Source
from keybound.wire.exchange import Response

_EXPIRY_MARGIN = 30.0
_LIFETIME = 60.0  # seconds, of a token that does not say
ACCESS: tuple[Grant | Source, ...] = ("minted", "command", "client_credentials", "authorization_code")
"""The ways to an access token that need no other token first."""
_TYPES: Mapping[str, str] = {
    "device_code": "urn:ietf:params:oauth:grant-type:device_code",
    "token_exchange": "urn:ietf:params:oauth:grant-type:token-exchange",
    "ciba": "urn:openid:params:grant-type:ciba",
    "jwt_bearer": "urn:ietf:params:oauth:grant-type:jwt-bearer",
}


def grant_type(grant: str) -> str:
    """Return the value of `grant_type` for a grant of the profile."""
    return _TYPES.get(grant, grant)


@dataclass(frozen=True)
class Lane:
    """One way of getting tokens: a client, a grant, and how the token is bound."""

    name: str
    client: Client = field(compare=False)
    grant: Grant | Source
    mechanism: Mechanism
    opaque: bool = False  # of minted tokens

    def __str__(self) -> str:
        """Return it as reports show it."""
        return f"{self.name}/{self.grant}/{self.mechanism}"


@dataclass(frozen=True)
class Token:
    """A token response: the token, what it is bound to on our side, and the answer it came in."""

    value: str
    lane: Lane
    key: Key
    identity: Identity
    refresh: str | None
    response: Response = field(repr=False)
    got: float = field(default_factory=time.time, repr=False)

    @property
    def lifetime(self) -> float | None:
        """The `expires_in` of the response in seconds (RFC 6749 section 5.1), or None without a number there."""
        said = self.response.object.get("expires_in")
        return said if isinstance(said, int | float) and not isinstance(said, bool) else None

    @property
    def stale(self) -> bool:
        """True when so little of its lifetime is left that the next request had better use another one."""
        lifetime = self.lifetime or _LIFETIME
        return time.time() > self.got + max(lifetime - _EXPIRY_MARGIN, lifetime / 2)


@dataclass(frozen=True)
class Code:
    """An authorization code and what its redemption needs."""

    value: str
    verifier: str
