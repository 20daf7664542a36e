"""What the two servers share: clients, memory, and access tokens."""

import base64
import hashlib
import secrets
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from cryptography.hazmat.primitives.asymmetric import ec

from peers import jose, tls
from peers.certificates import fits, shown
from peers.nonces import Nonces
from peers.refusal import Refused
from peers.rules import Rules

USER = {"username": "alice", "password": "wonderland-4711", "sub": "u-1"}


@dataclass(frozen=True)
class Client:
    """One registration. `auth` is the RFC 8414 name of its method of authentication."""

    id: str
    auth: str
    grants: tuple[str, ...]
    secret: str = ""
    identity: tls.Identity | None = None
    dpop_bound: bool = False
    certificate_bound: bool = False
    par: bool = False

    @property
    def public(self):
        return self.auth == "none"

    @property
    def mtls(self):
        return self.certificate_bound or self.auth in {"tls_client_auth", "self_signed_tls_client_auth"}


@dataclass
class World:
    """Everything one run of the servers knows."""

    rules: Rules
    clients: dict[str, Client]
    authority: tls.Identity
    issuer: str = ""
    resource: str = ""
    alias: str = ""  # origin of the endpoints for mutual TLS, if they have a port of their own
    urls: set[str] = field(default_factory=set)
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    kid: str = field(default_factory=lambda: secrets.token_hex(4))
    keys: dict = field(default_factory=dict)  # public keys of proofs by thumbprint
    verified: set = field(default_factory=set)  # signatures of proofs that were right, with their keys
    seen: dict = field(default_factory=dict)  # jti hashes with the end of their life
    ath: dict = field(default_factory=dict)  # hashes of tokens by key
    first_key: dict = field(default_factory=dict)  # by client: what `cnf-stale` remembers
    tokens: dict = field(default_factory=dict)
    revoked: set = field(default_factory=set)
    refresh: dict = field(default_factory=dict)
    codes: dict = field(default_factory=dict)
    redeemed: dict = field(default_factory=dict)  # by code: what was issued for it
    pushed: dict = field(default_factory=dict)
    pending: dict = field(default_factory=dict)  # authorization requests on their way through the forms
    sessions: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)
    nonces: dict = field(init=False)
    lock: threading.Lock = field(default_factory=threading.Lock)  # held while a request is served

    def __post_init__(self):
        ours = Nonces(self.rules)
        theirs = ours if self.rules.shared_nonces else Nonces(self.rules)
        self.nonces = {"token": ours, "par": ours, "rs": theirs, "userinfo": theirs}

    def pause(self, seconds):
        """Let others in: what a database between check and entry does."""
        self.lock.release()
        time.sleep(seconds)
        self.lock.acquire()

    # access tokens

    def issue(self, client, sub, scope, cnf):
        """Text of a new access token."""
        now = int(self.rules.now())
        claims = {
            "iss": self.issuer, "aud": self.resource, "sub": sub, "client_id": client.id, "scope": scope,
            "iat": now, "exp": now + self.rules.token_seconds, "jti": secrets.token_urlsafe(12),
        }  # fmt: skip
        if cnf:
            claims["cnf"] = cnf
        if self.rules.token == "opaque":
            text = secrets.token_urlsafe(32)
            self.tokens[text] = claims
            return text
        return jose.sign_es256(self.key, {"typ": "at+jwt", "kid": self.kid}, claims)

    def read(self, text):
        """The record of a good access token, else None."""
        if self.rules.token == "opaque":
            claims = self.tokens.get(text)
        else:
            try:
                header, claims, signed, signature = jose.split(text)
                good = header.get("typ") == "at+jwt" and jose.verify(
                    header.get("alg"), self.key.public_key(), signed, signature
                )
            except ValueError:
                return None
            claims = claims if good else None
        if not claims or claims["exp"] <= self.rules.now() or claims["jti"] in self.revoked:
            return None
        return {**claims, "text": text}

    # certificates

    def x5t(self, der):
        """Value of `x5t#S256` for a certificate, in the spelling of this server's bug."""
        if self.rules.has("x5t-of-key"):
            key = tls.x509.load_der_x509_certificate(der).public_key()
            return jose.b64(hashlib.sha256(jose.spki_pem(key)).digest())
        if self.rules.has("x5t-hex"):
            return hashlib.sha256(der).hexdigest()
        if self.rules.has("x5t-sha1"):
            return jose.b64(hashlib.sha1(der).digest())
        return jose.b64(hashlib.sha256(der).digest()) + ("=" if self.rules.has("x5t-padded") else "")

    def authenticate(self, request, form):
        """The client of a request to the AS; raises Refused."""
        failed = Refused("invalid_client", "client authentication failed", 401)
        basic = request.headers.get("Authorization", "")
        name, secret, method = form.get("client_id"), form.get("client_secret"), "client_secret_post"
        if basic[:6].lower() == "basic ":
            name, secret = basic_pair(basic[6:], failed)
            method = "client_secret_basic"
        elif "client_assertion" in form:
            method, name = "private_key_jwt", self.assertion_subject(form["client_assertion"], failed)
        client = self.clients.get(name)
        if client is None or form.get("client_id", name) != name:
            raise failed
        unasked = {"code-unauthenticated": "authorization_code", "refresh-unauthenticated": "refresh_token"}
        if any(self.rules.has(bug) and form.get("grant_type") == kind for bug, kind in unasked.items()):
            return client
        if client.auth.startswith("client_secret") or client.auth == "private_key_jwt":
            good = client.auth == method
            if method != "private_key_jwt":
                good = good and secrets.compare_digest((secret or "").encode(), client.secret.encode())
            if not good:
                raise failed
        elif (
            client.mtls and not client.public and not fits(shown(request, self.rules, "token"), client, self)
        ):
            raise failed
        return client

    def assertion_subject(self, text, failed):
        """`sub` of a private_key_jwt whose signature, audience and time are right."""
        try:
            _, claims, signed, signature = jose.split(text)
            client = self.clients[claims["sub"]]
            audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
            good = (
                jose.verify("ES256", client.identity.key.public_key(), signed, signature)
                and claims["iss"] == client.id
                and set(audience) & {self.issuer, *self.urls}
                and self.rules.now() - 60 < claims["exp"] < self.rules.now() + 3600
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise failed from error
        if not good:
            raise failed
        return client.id


def basic_pair(text, failed):
    try:
        name, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except ValueError as error:
        raise failed from error
    return unquote_plus(name), unquote_plus(secret)
