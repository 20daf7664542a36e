"""What can be read of a token."""

import json
from dataclasses import dataclass
from typing import Any

from keybound.craft.jose import Key, read_claims
from keybound.flows.lanes import Token
from keybound.profile.clients import Mechanism


def scope_of(token: Token, asked: str) -> set[str]:
    """Return the scope of a token: of its claims, or as the response says, or else as asked (RFC 6749 section 5.1)."""
    scope = (read_claims(token.value) or {}).get("scope", token.response.object.get("scope", asked))
    return set(scope.split() if isinstance(scope, str) else scope)


@dataclass(frozen=True)
class TokenFacts:
    """A token as far as it can be read: from its response, its claims, or introspection."""

    token: Token
    type: str
    cnf: dict[str, Any]
    source: str | None

    @property
    def key(self) -> Key:
        """The key the token should be bound to."""
        return self.token.key

    @property
    def certificate(self) -> str:
        """The certificate (PEM) the token should be bound to."""
        return str(self.token.identity.certificate)

    @property
    def facts(self) -> str:
        """What was read, for people."""
        confirmation = f"cnf {json.dumps(self.cnf)}" if self.source else "cnf cannot be read"
        return f"token_type {self.type or '(none)'}, {confirmation}"

    def is_bound_by(self, mechanism: Mechanism) -> bool:
        """Return True when nothing that can be read says that the token is unbound."""
        member = "jkt" if mechanism == "dpop" else "x5t#S256"
        announced = mechanism == "mtls" or self.type == "dpop" or member in self.cnf
        return announced and (self.source is None or member in self.cnf)
