"""The registered clients, and how each proves who it is (RFC 6749 section 2.3, RFC 8705 section 2)."""

import base64
import hmac
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote_plus

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from . import jose, pki
from .errors import OAuthError
from .wrong import Faults

REDIRECT_URI = "https://localhost/cb"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_LIFETIME = 600
_ASSERTION_TYPS = ("JWT", "client-authentication+jwt")
_WITH_SECRETS = ("client_secret_basic", "client_secret_post", "private_key_jwt")
_ANY_SECRET = {"refresh_token": "as-refresh-any-secret", "response_type": "as-par-any-secret"}
_NO_CREDENTIALS = {
    "refresh_token": "as-refresh-unauthenticated",
    "response_type": "as-par-unauthenticated",
    "code": "as-code-unauthenticated",
}
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
CIBA = "urn:openid:params:grant-type:ciba"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
GRANTOR = "https://assertions.example"
_CODE = ("authorization_code", "refresh_token")


@dataclass(frozen=True, slots=True)
class Client:
    """A registration, with the credentials that the emitted profile hands to the tester."""

    id: str
    auth: str
    grants: tuple[str, ...] = ("client_credentials",)
    scope: str = "read"
    mechanism: str = "dpop"
    dpop_bound: bool = False
    certificate_bound: bool = False
    par: bool = False
    opaque: bool = False
    issuer_only: bool = False  # its assertions name the issuer and nothing else (FAPI 2.0 section 5.3.2.1)
    par_only: bool = False  # require_pushed_authorization_requests (RFC 9126 section 6)
    secret: str = ""
    key: ec.EllipticCurvePrivateKey | None = None
    identity: pki.Identity | None = None
    jwks_uri: str | None = None
    """Where the certificate of self_signed_tls_client_auth is to be fetched; None: it is `identity`'s."""
    grantor: ec.EllipticCurvePrivateKey | None = None  # of the issuer whose assertions it may present
    registered_by: str = "dn"
    """By what tls_client_auth knows the client: its DN, or one kind of alternative name."""

    @property
    def public(self) -> bool:
        """Whether the client has no credentials of its own (RFC 6749 section 2.1)."""
        return self.auth == "none"


def register(made: pki.Pki, jwks_uri: str | None = None) -> dict[str, Client]:
    """Return the clients by id, with new secrets and the certificates of `made`; one more with `jwks_uri`."""

    def secret() -> str:
        return secrets.token_urlsafe(32)

    clients = [
        Client("basic", "client_secret_basic", secret=secret()),
        Client("post", "client_secret_post", secret=secret(), opaque=True),
        Client("assertion", "private_key_jwt", key=pki.new_key(), dpop_bound=True, issuer_only=True),
        Client("app", "client_secret_basic", _CODE, "openid read", secret=secret(), par=True),
        Client(
            "signed", "private_key_jwt", _CODE, "openid read", key=pki.new_key(), dpop_bound=True, par=True,
            opaque=True, par_only=True
        ),
        Client("public", "none", _CODE, "openid read"),
        Client("web", "client_secret_basic", _CODE, "openid read", secret=secret()),
        Client("public_par", "none", _CODE, "openid read", dpop_bound=True, par=True),
        Client(
            "pki", "tls_client_auth", ("client_credentials", *_CODE), "openid read", mechanism="mtls",
            certificate_bound=True, identity=made.holder("client"),
        ),
        *(
            Client(
                f"pki_{kind}", "tls_client_auth", mechanism="mtls", certificate_bound=True,
                identity=made.holder("client"), registered_by=kind,
            )
            for kind in pki.NAME_KINDS
        ),
        Client(
            "pki_user", "tls_client_auth", (DEVICE, EXCHANGE, CIBA, JWT_BEARER), "openid read", mechanism="mtls",
            certificate_bound=True, identity=made.holder("client"), grantor=pki.new_key(),
        ),
        Client("both", "tls_client_auth", certificate_bound=True, identity=made.holder("client")),
        Client(
            "selfsigned", "self_signed_tls_client_auth", mechanism="mtls", certificate_bound=True,
            opaque=True, identity=made.holder("self-signed"),
        ),
        Client(
            "public_mtls", "none", _CODE, "openid read", mechanism="mtls", certificate_bound=True,
            identity=made.public_mtls,
        ),
        Client("device", "none", (DEVICE, "refresh_token"), "openid read"),
        Client("device_bound", "none", (DEVICE,), "openid read", dpop_bound=True),
        *(
            Client(
                name, "client_secret_basic", (EXCHANGE, CIBA, JWT_BEARER), "openid read", secret=secret(),
                grantor=pki.new_key(), dpop_bound=bound,
            )
            for name, bound in (("backend", False), ("backend_bound", True))
        ),
        *(
            [
                Client(
                    "jwks_uri", "self_signed_tls_client_auth", mechanism="mtls", certificate_bound=True,
                    identity=made.holder("self-signed"), jwks_uri=jwks_uri,
                )
            ] if jwks_uri else []
        ),
        Client("rs", "client_secret_basic", (), secret=secret()),
    ]  # fmt: skip
    return {client.id: client for client in clients}


@dataclass(frozen=True, slots=True)
class Authenticator:
    """What authentication needs to know: the registrations, the CA for tls_client_auth, and its own URLs."""

    clients: Mapping[str, Client]
    ca: x509.Certificate
    audiences: frozenset[str]
    issuers: tuple[str, ...]
    faults: Faults

    def authenticate(
        self,
        form: Mapping[str, str],
        authorization: str | None,
        chain: Sequence[bytes],
        fetched: Sequence[x509.Certificate] = (),
    ) -> Client:
        """Return the client that sent a request; OAuthError `invalid_client` if it does not prove to be it.

        `chain` is what the client showed on this very connection (RFC 8705 section 2), its own certificate first;
        `fetched` are the certificates at its jwks_uri, if it has one.
        """
        named = self.clients.get(form.get("client_id", ""))
        second = authorization is not None or "client_assertion" in form
        if named and named.identity and second and self.faults.on("as-mtls-second-method-wins"):
            return named
        used = [authorization is not None, "client_secret" in form, "client_assertion" in form]
        if sum(used) > 1:
            raise OAuthError("invalid_request", "more than one way of client authentication")
        if authorization is not None:
            return self._basic(authorization, form)
        if "client_assertion" in form:
            return self._assertion(form)
        client = self.clients.get(form.get("client_id", ""))
        if client is None:
            raise _invalid_client()
        if client.auth in _WITH_SECRETS and "client_secret" not in form:
            for_itself = form.get("grant_type") == "client_credentials"
            if for_itself and self.faults.on("as-client-authentication-optional"):
                return client
        elif client.auth == "private_key_jwt" and self.faults.on("as-secret-instead-of-key"):
            return client
        if client.identity is None and any(
            kind in form and self.faults.on(fault) for kind, fault in _NO_CREDENTIALS.items()
        ):
            return client
        if client.auth == "client_secret_post":
            return _with_secret(client, form.get("client_secret", ""))
        if client.auth in {"tls_client_auth", "self_signed_tls_client_auth"}:
            if "client_secret" in form and self.faults.on("as-mtls-second-method-wins"):
                return client
            if form.get("grant_type") == "refresh_token" and self.faults.on(
                "as-mtls-refresh-unauthenticated"
            ):
                return client
            if "token" in form and self.faults.on("as-mtls-tokens-only"):
                return client
            others = [each.identity.der for each in self.clients.values() if each.identity]
            if chain and chain[0] in others and self.faults.on("as-mtls-any-registered"):
                return client
            return self._certificate(client, chain, fetched)
        if not client.public or "client_secret" in form:
            raise _invalid_client()
        return client

    def _basic(self, authorization: str, form: Mapping[str, str]) -> Client:
        scheme, _, credentials = authorization.partition(" ")
        try:
            pair = base64.b64decode(credentials.strip(), validate=True).decode("utf-8")
            name, _, secret = pair.partition(":")
        except ValueError:
            raise _invalid_client() from None
        client = self.clients.get(unquote_plus(name))
        if scheme.lower() != "basic" or client is None or client.auth != "client_secret_basic":
            raise _invalid_client()
        if form.get("client_id", client.id) != client.id:
            raise _invalid_client()
        if any(kind in form and self.faults.on(fault) for kind, fault in _ANY_SECRET.items()):
            return client
        return _with_secret(client, unquote_plus(secret))

    def _assertion(self, form: Mapping[str, str]) -> Client:
        """RFC 7523 section 3; the issuer and both endpoints are accepted audiences (RFC 9126 section 2)."""
        try:
            jws = jose.parse_jws(form["client_assertion"])
            if "jwk" in jws.header and self.faults.on("as-proof-as-assertion-ok"):
                return self.clients[form["client_id"]]
            client = self.clients.get(str(jws.claims.get("sub")))
            if client is None or client.key is None or form.get("client_assertion_type") != ASSERTION_TYPE:
                raise _invalid_client()
            if jws.header.get("alg") != "ES256" or jws.header.get("typ", "JWT") not in _ASSERTION_TYPS:
                raise _invalid_client()
            jose.verify(jws, client.key.public_key(), "ES256")
        except ValueError:
            raise _invalid_client() from None
        claims = jws.claims
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        expires = claims.get("exp")
        now = time.time()
        if (
            claims.get("iss") != client.id
            or form.get("client_id", client.id) != client.id
            or not any(isinstance(item, str) and self._is_us(item) for item in audiences)
            or self._too_loose(client, audience)
            or isinstance(expires, bool)
            or not isinstance(expires, int | float)
            or not now < expires < now + _ASSERTION_LIFETIME
            or not isinstance(claims.get("jti"), str)
        ):
            raise _invalid_client()
        return client

    def _too_loose(self, client: Client, audience: object) -> bool:
        loose = self.faults.on("as-assertion-aud-loose") or self.faults.on("as-assertion-any-audience")
        return client.issuer_only and not loose and audience not in self.issuers

    def _is_us(self, audience: str) -> bool:
        if self.faults.on("as-assertion-aud-issuer-only") and audience.endswith(("/token", "/par")):
            return False
        return audience in self.audiences or self.faults.on("as-assertion-any-audience")

    def _certificate(
        self, client: Client, chain: Sequence[bytes], fetched: Sequence[x509.Certificate]
    ) -> Client:
        """RFC 8705 section 2.1 (subject under our CA) or 2.2 (exactly the registered certificate)."""
        assert client.identity is not None  # noqa: S101  # register() gives one to each such client
        if not chain:
            proven = self.faults.on("as-mtls-certificate-optional")
        elif client.auth == "self_signed_tls_client_auth":
            registered = fetched if client.jwks_uri else [client.identity.certificate]
            proven = any(self._registered(each, chain[0]) for each in registered)
        else:
            shown = [x509.load_der_x509_certificate(der) for der in chain]
            proven = self._issued_to(client, shown) or self.faults.on("as-mtls-any-certificate")
        if not proven:
            if self.faults.on("as-mtls-wrong-error"):
                raise OAuthError("access_denied", "the certificate is not the client's")
            raise _invalid_client()
        return client

    def _registered(self, registered: x509.Certificate, der: bytes) -> bool:
        """Whether `der` is exactly the registered certificate (RFC 8705 section 2.2)."""
        shown = x509.load_der_x509_certificate(der)
        alike = {
            "as-self-signed-any-certificate": True,
            "as-self-signed-subject-compared": shown.subject == registered.subject,
            "as-self-signed-serial-compared": shown.serial_number == registered.serial_number,
            "as-self-signed-key-compared": shown.public_key() == registered.public_key(),
        }
        return shown == registered or any(self.faults.on(fault) and same for fault, same in alike.items())

    def _issued_to(self, client: Client, chain: Sequence[x509.Certificate]) -> bool:
        """Whether our CA stands behind the certificate, and it is for the client's name (RFC 8705 section 2.1)."""
        assert client.identity is not None  # noqa: S101
        registered = client.identity.certificate
        if self.faults.on("as-mtls-certificate-pinned") and chain[0] != registered:
            return False
        candidates = chain if self.faults.on("as-mtls-any-of-chain") else chain[:1]
        named = any(pki.same_name(each, registered, client.registered_by, self.faults) for each in candidates)
        return named and pki.verified(chain, self.ca, self.faults)


def _with_secret(client: Client, secret: str) -> Client:
    if not hmac.compare_digest(client.secret.encode(), secret.encode("utf-8", "surrogateescape")):
        raise _invalid_client()
    return client


def _invalid_client() -> OAuthError:
    return OAuthError("invalid_client", "client authentication failed", 401)
