"""The registered clients, one for each way to authenticate and to get tokens (RFC 6749 section 2)."""

import secrets
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec

from . import pki
from .client_names import NAME_KINDS

REDIRECT_URI = "https://localhost/cb"
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
            certificate_bound=True, identity=made.clients["client"],
        ),
        *(
            Client(
                f"pki_{kind}", "tls_client_auth", mechanism="mtls", certificate_bound=True,
                identity=made.clients["client"], registered_by=kind,
            )
            for kind in NAME_KINDS
        ),
        Client(
            "pki_user", "tls_client_auth", (DEVICE, EXCHANGE, CIBA, JWT_BEARER), "openid read", mechanism="mtls",
            certificate_bound=True, identity=made.clients["client"], grantor=pki.new_key(),
        ),
        Client("both", "tls_client_auth", certificate_bound=True, identity=made.clients["client"]),
        Client(
            "selfsigned", "self_signed_tls_client_auth", mechanism="mtls", certificate_bound=True,
            opaque=True, identity=made.clients["self-signed"],
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
                    identity=made.clients["self-signed"], jwks_uri=jwks_uri,
                )
            ] if jwks_uri else []
        ),
        Client("rs", "client_secret_basic", (), secret=secret()),
    ]  # fmt: skip
    return {client.id: client for client in clients}
