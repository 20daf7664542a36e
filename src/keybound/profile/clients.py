"""A client in a profile: how it authenticates, which grants it uses, and how its tokens are bound."""

from typing import Any, Literal, Self

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from pydantic import BaseModel, ConfigDict, Field, model_validator

from keybound.craft.jose import Key
from keybound.profile.values import Certificate, PrivateKey, Secret, Text, Url

Auth = Literal[
    "none",
    "client_secret_basic",
    "client_secret_post",
    "private_key_jwt",
    "tls_client_auth",
    "self_signed_tls_client_auth",
]
Grant = Literal[
    "client_credentials",
    "authorization_code",
    "refresh_token",
    "device_code",
    "token_exchange",
    "ciba",
    "jwt_bearer",
]
Mechanism = Literal["dpop", "mtls"]


class Model(BaseModel):
    """A table of a profile: no unknown keys, no values in error texts."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class WithCertificate(Model):
    """Somebody with a client certificate of their own."""

    certificate: Certificate | None = Field(
        None, description="PEM certificate chain for TLS connections: path or text"
    )
    certificate_key: PrivateKey | None = Field(
        None, description="PEM private key of the certificate: path or text"
    )

    @model_validator(mode="after")
    def _key_fits(self) -> Self:
        if (self.certificate is None) != (self.certificate_key is None):
            raise ValueError("certificate and certificate_key go together: give both or neither")
        if self.certificate is not None and self.certificate_key is not None:
            leaf = x509.load_pem_x509_certificates(self.certificate.encode())[0]
            key = serialization.load_pem_private_key(self.certificate_key.get_secret_value().encode(), None)
            if leaf.public_key() != key.public_key():
                raise ValueError("certificate_key is not the key of the first certificate in certificate")
        return self


class Assertion(Model):
    """The JWTs that a client presents for a user, as an issuer makes them that the server trusts (RFC 7523)."""

    key: PrivateKey = Field(description="PEM private key that signs them: path or text")
    key_id: str | None = Field(None, description="kid")
    key_alg: str | None = Field(None, description="alg; default: from the key")
    issuer: Text = Field(description="iss")
    subject: Text = Field(description="sub")
    audience: str | None = Field(None, description="aud; default: the issuer of the target")


class Client(WithCertificate):
    """A client that is registered at the authorization server."""

    id: Text = Field(description="client_id")
    auth: Auth = Field(
        "none", description="client authentication method; default: from the credentials given"
    )
    secret: Secret | None = Field(None, description="client_secret; use ${ENV}")
    key: PrivateKey | None = Field(None, description="PEM private key for private_key_jwt: path or text")
    key_id: str | None = Field(None, description="kid of the client assertion")
    key_alg: str | None = Field(None, description="alg of the client assertion; default: from the key")
    assertion_audience: str | None = Field(
        None, description="aud of the client assertion; default: the issuer"
    )
    grants: tuple[Grant, ...] = Field((), description="grants the client may use")
    scope: str | None = None
    redirect_uri: str | None = Field(
        None, description="a registered redirect URI; nothing needs to listen there"
    )
    mechanisms: tuple[Mechanism, ...] = Field((), description="how this client's tokens are bound")
    dpop_bound: bool = Field(False, description="registered with dpop_bound_access_tokens = true")
    certificate_bound: bool = Field(
        False, description="registered with tls_client_certificate_bound_access_tokens = true"
    )
    registered_by: Literal["dn", "san_dns", "san_uri", "san_ip", "san_email"] = Field(
        "dn", description="tls_client_auth: the kind of name the client is registered by (tls_client_auth_*)"
    )
    jwks_uri: Url | None = Field(
        None,
        description="self_signed_tls_client_auth: the registered jwks_uri (http), where keybound serves the "
        "certificate; such a client is for that test alone",
    )
    jwks_listen: str | None = Field(
        None, description="host:port to serve jwks_uri on, where it is not that of the URL"
    )
    par: bool = Field(False, description="send the authorization request through PAR")
    authorize_params: dict[str, str] = Field({}, description="more authorization request parameters")
    subject_client: str | None = Field(
        None, description="token_exchange: name of the client whose access token is exchanged"
    )
    login_hint: str | None = Field(None, description="ciba: login_hint; default: login.username")
    assertion: Assertion | None = Field(None, description="jwt_bearer: what the assertions say")
    token_params: dict[str, str] = Field({}, description="more token request parameters")

    @model_validator(mode="before")
    @classmethod
    def _defaults(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        given = dict(data)
        with_certificate = "certificate" in given
        if "auth" not in given:
            credentials = (
                ("key", "private_key_jwt"),
                ("secret", "client_secret_basic"),
                ("certificate", "tls_client_auth"),
            )
            given["auth"] = next((auth for name, auth in credentials if name in given), "none")
        if "grants" not in given:
            with_code = ["authorization_code", "refresh_token"]
            given["grants"] = with_code if "redirect_uri" in given else ["client_credentials"]
        given.setdefault("mechanisms", ["mtls"] if with_certificate else ["dpop"])
        return given

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needs = {
            "client_secret_basic": ("secret", self.secret),
            "client_secret_post": ("secret", self.secret),
            "private_key_jwt": ("key", self.key),
            "tls_client_auth": ("certificate", self.certificate),
            "self_signed_tls_client_auth": ("certificate", self.certificate),
        }
        if self.auth in needs and needs[self.auth][1] is None:
            raise ValueError(f"auth = {self.auth!r} needs {needs[self.auth][0]}")
        if self.key is not None:
            Key.from_pem(self.key.get_secret_value(), self.key_alg)
        if "authorization_code" in self.grants and self.redirect_uri is None:
            raise ValueError("the grant authorization_code needs redirect_uri")
        if "refresh_token" in self.grants and not {"authorization_code", "device_code", "ciba"} & {
            *self.grants
        }:
            raise ValueError(
                "the grant refresh_token needs authorization_code, which is where refresh tokens come from"
            )
        if "jwt_bearer" in self.grants and self.assertion is None:
            raise ValueError("the grant jwt_bearer needs assertion with key, issuer and subject")
        if "token_exchange" in self.grants and self.subject_client is None:
            raise ValueError("the grant token_exchange needs subject_client, whose token is exchanged")
        if self.auth == "none" and "client_credentials" in self.grants:
            raise ValueError(
                "the grant client_credentials needs credentials: give secret, key or certificate"
            )
        if self.jwks_uri is not None and self.auth != "self_signed_tls_client_auth":
            raise ValueError("jwks_uri is for auth = 'self_signed_tls_client_auth'")
        if self.jwks_uri is not None and not self.jwks_uri.startswith("http:") and self.jwks_listen is None:
            raise ValueError(
                "keybound serves jwks_uri over http: give jwks_listen for what ends TLS in front of it"
            )
        if "mtls" in self.mechanisms and self.certificate is None:
            raise ValueError("mechanisms with mtls need certificate and certificate_key")
        return self
