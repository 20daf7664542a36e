"""A token request, once it is known who sent it, and the scope that a request may have."""

from collections.abc import Mapping
from dataclasses import dataclass

from . import pki
from .clients import Client
from .errors import OAuthError
from .proof import Proof
from .state import Reference


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A token request of an authenticated client, its proof checked.

    `certificate` (DER) is what its tokens are to be bound to, if it is to be one.
    """

    state: Reference
    client: Client
    form: Mapping[str, str]
    proof: Proof | None
    certificate: bytes | None

    @property
    def grant_type(self) -> str:
        """What the client shows for its tokens; "" when it does not say."""
        return self.form.get("grant_type", "")

    @property
    def jkt(self) -> str | None:
        """The thumbprint of the proof's key."""
        return self.proof.jkt if self.proof else None

    @property
    def x5t(self) -> str | None:
        """The thumbprint of the certificate."""
        return pki.x5t(self.certificate) if self.certificate else None


def allowed_scope(form: Mapping[str, str], allowed: str) -> str:
    """Return the scope that is asked for, else all that is allowed; OAuthError for more (RFC 6749 section 3.3)."""
    scope = form.get("scope", allowed)
    if not set(scope.split()) <= set(allowed.split()):
        raise OAuthError("invalid_scope", "this scope is not allowed")
    return scope
