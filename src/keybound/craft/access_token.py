"""Access tokens that keybound mints: valid by default (RFC 9068), every part open to change."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keybound.craft.jose import Json, Key, b64url, compact_json, unb64url
from keybound.craft.named import Named

_NONCE_BYTES = 12
ORDER = "keybound:order"
"""The member of a sealed token that is for the issuer and is never answered."""


@dataclass
class AccessToken:
    """A token that is about to be minted. A token change changes one of its parts; `encode` only writes what it finds.

    A JWT is made of `header`, `claims` and the signature by `signer`. An opaque token holds, sealed with `seal`, what
    introspection will answer: `claims`, and `active` and `token_type` among them. `order` goes with them and tells the
    issuer how to answer (see keybound.issuer.introspection); nobody else sees it.
    """

    key: Key
    header: Json
    claims: Json
    signer: Callable[[bytes], bytes]
    seal: bytes | None = None
    order: Json = field(default_factory=dict)
    finish: Callable[[str], str] = field(default=lambda token: token)

    @property
    def opaque(self) -> bool:
        """Whether its claims are for introspection only."""
        return self.seal is not None

    def encode(self) -> str:
        """Return the token."""
        if self.seal is not None:
            return self.finish(sealed(self.seal, self.claims | ({ORDER: self.order} if self.order else {})))
        signed = f"{b64url(compact_json(self.header))}.{b64url(compact_json(self.claims))}"
        return self.finish(f"{signed}.{b64url(self.signer(signed.encode()))}")


TokenChange: TypeAlias = Named[AccessToken, None]
"""Changes one thing of an honest token."""


def sealed(secret: bytes, answer: Json) -> str:
    """Return a handle that holds `answer` encrypted: whoever has `secret` can introspect it, without a store."""
    nonce = os.urandom(_NONCE_BYTES)
    return b64url(nonce + AESGCM(secret).encrypt(nonce, compact_json(answer), None))


def unsealed(secret: bytes, token: str) -> Json | None:
    """Return what `sealed` put into `token`; None for a token that was not made with `secret`."""
    try:
        data = unb64url(token)
        answer = json.loads(AESGCM(secret).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], None))
    except (ValueError, InvalidTag):
        return None
    return answer if isinstance(answer, dict) else None
