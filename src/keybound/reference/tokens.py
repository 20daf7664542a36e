"""What the authorization server hands out: access tokens (JWT or opaque), refresh tokens, codes."""

import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric import ec

from . import jose
from .clients import Client
from .parts import part
from .proof import Proof
from .store import Expiring

ACCESS_LIFETIME = 600
REFRESH_LIFETIME = 86400
CODE_LIFETIME = 60


@dataclass
class Grant:
    """What a user, or a client for itself, has allowed; the ids of access tokens issued from it."""

    client: Client
    subject: str
    scope: str
    issued: list[str] = field(default_factory=list)
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A checked authorization request; `jkt` is the thumbprint that its code is to be bound to, if any."""

    client: Client
    scope: str
    challenge: str
    jkt: str | None
    state: str | None
    nonce: str | None


@dataclass
class Code:
    """An authorization code: the request that redeeming it must match, and whether that has happened."""

    grant: Grant
    request: AuthorizationRequest
    used: bool = False


@dataclass
class Pending:
    """A flow that waits for its user: what it will give, and the key it began with, if any."""

    grant: Grant
    jkt: str | None
    approved: bool = False


@dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh token: its grant, and the key and certificate that it is bound to, if any."""

    grant: Grant
    jkt: str | None
    x5t: str | None


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A valid access token as the resource server sees it."""

    claims: dict[str, Any]
    opaque: bool

    @property
    def cnf(self) -> dict[str, str]:
        """What the token is bound to (RFC 7800 section 3.1); empty for a bearer token."""
        cnf: dict[str, str] = self.claims.get("cnf", {})
        return cnf


@part
def new_handle(kind: Literal["code", "refresh token", "access token"]) -> str:
    """Return a value that nobody guesses (RFC 6749 section 10.10)."""
    return secrets.token_urlsafe(32)


@part
def jkt_of(proof: Proof) -> str:
    """Return the `jkt` under which a token is bound to the proof's key (RFC 9449 section 6.1)."""
    return proof.jkt


@dataclass
class Tokens:
    """Everything issued by one server and still alive."""

    issuer: str
    key: ec.EllipticCurvePrivateKey
    codes: Expiring[Code] = field(default_factory=Expiring)
    refresh: Expiring[Refresh] = field(default_factory=Expiring)
    pending: Expiring[Pending] = field(default_factory=Expiring)
    user_codes: Expiring[str] = field(default_factory=Expiring)  # their device codes
    spent: Expiring[Grant] = field(default_factory=Expiring)  # of refresh tokens that were replaced
    opaque: Expiring[dict[str, Any]] = field(default_factory=Expiring)
    revoked: Expiring[bool] = field(default_factory=Expiring)
    access_lifetime: int = ACCESS_LIFETIME

    @property
    def kid(self) -> str:
        """The id of the signing key in the server's JWK set."""
        return jose.thumbprint(self.jwk())

    def jwk(self) -> dict[str, str]:
        """Return the public signing key."""
        return jose.ec_jwk(self.key.public_key())

    def issue(self, grant: Grant, cnf: dict[str, str], scope: str) -> str:
        """Return a new access token of `grant`, bound to what `cnf` says."""
        claims = access_claims(self, grant, cnf, scope)
        grant.issued.append(claims["jti"])
        if grant.client.opaque:
            token = new_handle("access token")
            self.opaque.put(token, claims, self.access_lifetime)
            return token
        return jose.sign(self.key, {"typ": "at+jwt", "kid": self.kid}, claims)

    def read(self, token: str) -> AccessToken | None:
        """Return a token issued here that is neither expired nor revoked, else None (RFC 9068 section 4)."""
        claims = self.opaque.get(token)
        opaque = claims is not None
        if claims is None:
            try:
                jws = jose.parse_jws(token)
                if (jws.header.get("typ"), jws.header.get("alg")) != ("at+jwt", "ES256"):
                    return None
                jose.verify(jws, self.key.public_key(), "ES256")
            except ValueError:
                return None
            claims = jws.claims
        # The signature is ours, so the claims have the types that issue() gave them.
        return None if has_ended(claims) or is_revoked(self, claims) else AccessToken(claims, opaque)

    def id_token(self, code: Code) -> str:
        """Return an ID token for the user who allowed `code` (OpenID Connect Core section 2)."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": code.grant.subject,
            "aud": code.grant.client.id,
            "iat": now,
            "exp": now + ACCESS_LIFETIME,
        }
        if code.request.nonce is not None:
            claims["nonce"] = code.request.nonce
        return jose.sign(self.key, {"kid": self.kid}, claims)

    def revoke(self, grant: Grant) -> None:
        """End a grant and every token issued from it."""
        grant.revoked = True
        for jti in grant.issued:
            self.revoke_access(jti)

    def revoke_access(self, jti: str) -> None:
        """End one access token."""
        self.revoked.put(jti, value=True, seconds=ACCESS_LIFETIME)


@part
def access_claims(tokens: Tokens, grant: Grant, cnf: dict[str, str], scope: str) -> dict[str, Any]:
    """Return the claims of a new access token (RFC 9068 section 2.2, RFC 7800 section 3.1)."""
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": tokens.issuer,
        "sub": grant.subject,
        "aud": tokens.issuer,
        "client_id": grant.client.id,
        "scope": scope,
        "iat": now,
        "exp": now + tokens.access_lifetime,
        "jti": secrets.token_urlsafe(16),
    }
    if cnf:
        claims["cnf"] = cnf
    return claims


@part
def has_ended(claims: dict[str, Any]) -> bool:
    """Return whether the life of an access token of ours is over."""
    return bool(claims["exp"] <= time.time())


@part
def is_revoked(tokens: Tokens, claims: dict[str, Any]) -> bool:
    """Return whether an access token of ours was revoked before its end (RFC 7009)."""
    return tokens.revoked.get(claims["jti"]) is not None
