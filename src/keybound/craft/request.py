"""A request that is about to be sent: the valid one by default, which a change changes in one point."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import urlencode

from keybound.craft.certificates import leaf_der
from keybound.craft.jose import Key
from keybound.craft.named import Named
from keybound.craft.proof import Proof


@dataclass(frozen=True)
class Identity:
    """Who a TLS connection belongs to: a name, and a client certificate chain with its key (PEM) or none.

    `version` is the only TLS version to offer ("TLSv1.2", "TLSv1.3"); None offers both.
    """

    name: str
    certificate: str | None = None
    certificate_key: str | None = field(default=None, repr=False)
    version: str | None = None

    def shows(self, other: "Identity | None") -> bool:
        """Return True when both show the same certificate, whatever the chains behind it."""
        if self.certificate is None or other is None or other.certificate is None:
            return False
        return leaf_der(self.certificate) == leaf_der(other.certificate)


NO_CERTIFICATE = Identity("no certificate")


@dataclass(frozen=True)
class Actor:
    """An actor's own key for proofs and own TLS identity. The attacker has these, and what was stolen.

    `related` gives identities with certificates related to a victim's, by name.
    """

    key: Key
    identity: Identity
    related: Callable[[Identity], Mapping[str, Identity]] = field(default=lambda _: {})


@dataclass
class Draft:
    """One request before it is sent.

    `token` travels as `Authorization: <scheme> <token>`. `proof_headers` turns the encoded proof into the values of
    the DPoP header lines: one by default. `form` is sent url-encoded, else `body` as it is. `trailers` follow a body
    that goes in chunks (RFC 9112 section 7.1.2). `request_target` replaces the one that `url` gives.
    """

    method: str
    url: str
    identity: Identity
    attacker: Actor
    headers: list[tuple[str, str]] = field(default_factory=list)
    form: dict[str, str] | None = None
    body: bytes = b""
    token: str | None = None
    scheme: str = "DPoP"
    proof: Proof | None = None
    proof_name: str = "DPoP"
    trailers: list[tuple[str, str]] = field(default_factory=list)
    proof_headers: Callable[[str], Sequence[str]] = field(default=lambda proof: [proof])
    request_target: str | None = None

    def all_headers(self) -> list[tuple[str, str]]:
        """Return every header field line in the order it is sent."""
        lines = list(self.headers)
        if self.form is not None:
            lines.append(("Content-Type", "application/x-www-form-urlencoded"))
        if self.token is not None:
            lines.append(("Authorization", f"{self.scheme} {self.token}"))
        if self.proof is not None:
            lines.extend((self.proof_name, value) for value in self.proof_headers(self.proof.encode()))
        return lines

    def content(self) -> bytes:
        """Return the bytes of the body."""
        return self.body if self.form is None else urlencode(self.form).encode()


def proof_of(draft: Draft) -> Proof:
    """Return the proof of a request; raises ValueError when it has none."""
    if draft.proof is None:
        raise ValueError("this change is one of a proof, and the request has none")
    return draft.proof


Change: TypeAlias = Named[Draft, None]
"""Changes one thing of a valid request."""
