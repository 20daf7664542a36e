"""Does a client prove who it is (RFC 6749 section 2.3, RFC 7523 section 3, RFC 8705 section 2)?

`METHODS` lists what each way of authentication checks, in order.
"""

import base64
import datetime as dt
import hmac
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote_plus

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from . import jose, pki
from .client_names import carries_name
from .clients import Client
from .errors import OAuthError
from .parts import Steps, part

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_LIFETIME = 600
_ASSERTION_TYPS = ("JWT", "client-authentication+jwt")


def _invalid_client() -> OAuthError:
    return OAuthError("invalid_client", "client authentication failed", 401)


@dataclass(frozen=True, slots=True)
class Registry:
    """What authentication needs to know: the registrations, the CA for tls_client_auth, and the server's own URLs."""

    clients: Mapping[str, Client]
    ca: x509.Certificate
    audiences: frozenset[str]
    issuers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request shows of who sent it.

    `chain` (DER) is what the client showed on this very connection (RFC 8705 section 2), its own certificate first;
    `fetched` are the certificates at its jwks_uri, if it has one.
    """

    form: Mapping[str, str]
    authorization: str | None = None
    chain: Sequence[bytes] = ()
    fetched: Sequence[x509.Certificate] = ()

    @property
    def basic(self) -> tuple[str, str]:
        """The name and the secret in the Authorization field (RFC 6749 section 2.3.1)."""
        scheme, _, credentials = (self.authorization or "").partition(" ")
        try:
            pair = base64.b64decode(credentials.strip(), validate=True).decode("utf-8")
        except ValueError:
            raise _invalid_client() from None
        if scheme.lower() != "basic":
            raise _invalid_client()
        name, _, secret = pair.partition(":")
        return unquote_plus(name), unquote_plus(secret)

    @property
    def assertion(self) -> jose.Jws:
        """The client assertion, not verified."""
        try:
            return jose.parse_jws(self.form["client_assertion"])
        except ValueError:
            raise _invalid_client() from None

    @property
    def certificate(self) -> x509.Certificate:
        """The client's own certificate, which is there."""
        return x509.load_der_x509_certificate(self.chain[0])


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request that says to come from `client`, and what it shows for that."""

    registry: Registry
    client: Client
    shown: Credentials


@part
def authenticate(registry: Registry, shown: Credentials) -> Client:
    """Return the client that sent a request; OAuthError `invalid_client` if it does not prove to be it."""
    used = (shown.authorization is not None, "client_secret" in shown.form, "client_assertion" in shown.form)
    if sum(used) > 1:
        raise OAuthError("invalid_request", "more than one way of client authentication")
    client = registry.clients.get(_claimed(shown))
    if client is None or shown.form.get("client_id", client.id) != client.id:
        raise _invalid_client()
    prove(Attempt(registry, client, shown))
    return client


def _claimed(shown: Credentials) -> str:
    """Return the id of the client that a request says to come from."""
    if shown.authorization is not None:
        return shown.basic[0]
    if "client_assertion" in shown.form:
        return str(shown.assertion.claims.get("sub"))
    return shown.form.get("client_id", "")


@part
def prove(attempt: Attempt) -> None:
    """The client proves who it is, by the method that is registered for it (RFC 7591 section 2)."""
    METHODS[attempt.client.auth](attempt)


@part
def sends_no_credentials(attempt: Attempt) -> None:
    """A public client has none (RFC 6749 section 2.1), and whoever has a certificate needs no others (section 2.3)."""
    form = attempt.shown.form
    if attempt.shown.authorization is not None or {"client_secret", "client_assertion"} & form.keys():
        raise _invalid_client()


@part
def sends_basic(attempt: Attempt) -> None:
    """The credentials stand in the Authorization field."""
    if attempt.shown.authorization is None:
        raise _invalid_client()


@part
def sends_secret(attempt: Attempt) -> None:
    """The credentials stand in the form."""
    if "client_secret" not in attempt.shown.form:
        raise _invalid_client()


@part
def secret_is_right(attempt: Attempt) -> None:
    """RFC 6749 section 2.3.1."""
    shown = attempt.shown
    secret = shown.form["client_secret"] if shown.authorization is None else shown.basic[1]
    sent = secret.encode("utf-8", "surrogateescape")
    if not hmac.compare_digest(attempt.client.secret.encode(), sent):
        raise _invalid_client()


@part
def sends_assertion(attempt: Attempt) -> None:
    """RFC 7523 section 2.2."""
    form = attempt.shown.form
    if "client_assertion" not in form or form.get("client_assertion_type") != ASSERTION_TYPE:
        raise _invalid_client()


@part
def assertion_is_signed(attempt: Attempt) -> None:
    """RFC 7523 section 3, items 8 to 10."""
    assertion, key = attempt.shown.assertion, attempt.client.key
    header = assertion.header
    if key is None or header.get("alg") != "ES256" or header.get("typ", "JWT") not in _ASSERTION_TYPS:
        raise _invalid_client()
    try:
        jose.verify(assertion, key.public_key(), "ES256")
    except ValueError:
        raise _invalid_client() from None


@part
def assertion_is_of_the_client(attempt: Attempt) -> None:
    """RFC 7523 section 3, items 1 and 2: `sub` has said which client it is."""
    if attempt.shown.assertion.claims.get("iss") != attempt.client.id:
        raise _invalid_client()


@part
def assertion_is_for_us(attempt: Attempt) -> None:
    """RFC 7523 section 3, item 3; our issuer and endpoints are audiences (RFC 9126 section 2).

    Some clients name the issuer and nothing else (FAPI 2.0 section 5.3.2.1).
    """
    audience = attempt.shown.assertion.claims.get("aud")
    if not any(each in attempt.registry.audiences for each in audiences(attempt)):
        raise _invalid_client()
    if attempt.client.issuer_only and audience not in attempt.registry.issuers:
        raise _invalid_client()


def audiences(attempt: Attempt) -> list[str]:
    """Return whom a client assertion is for."""
    audience = attempt.shown.assertion.claims.get("aud")
    listed = audience if isinstance(audience, list) else [audience]
    return [each for each in listed if isinstance(each, str)]


@part
def assertion_is_in_time(attempt: Attempt) -> None:
    """RFC 7523 section 3, items 4 to 6: `exp` is ahead, and not far."""
    expires, now = attempt.shown.assertion.claims.get("exp"), time.time()
    if isinstance(expires, bool) or not isinstance(expires, int | float):
        raise _invalid_client()
    if not now < expires < now + _ASSERTION_LIFETIME:
        raise _invalid_client()


@part
def assertion_has_an_id(attempt: Attempt) -> None:
    """RFC 7523 section 3, item 7: `jti`."""
    if not isinstance(attempt.shown.assertion.claims.get("jti"), str):
        raise _invalid_client()


@part
def shows_certificate(attempt: Attempt) -> None:
    """RFC 8705 section 2: mutual TLS, by whoever proved the certificate's key in the handshake."""
    if not attempt.shown.chain:
        raise _invalid_client()


@part
def certificate_carries_name(attempt: Attempt) -> None:
    """RFC 8705 section 2.1: the certificate has the subject that is registered for the client."""
    if not carries_name(
        attempt.shown.certificate, registered_certificate(attempt.client), attempt.client.registered_by
    ):
        raise _invalid_client()


@part
def certificate_is_in_its_lifetime(attempt: Attempt) -> None:
    """RFC 5280 section 4.1.2.5."""
    certificate = attempt.shown.certificate
    if not certificate.not_valid_before_utc <= dt.datetime.now(dt.UTC) <= certificate.not_valid_after_utc:
        raise _invalid_client()


@part
def certificate_is_for_clients(attempt: Attempt) -> None:
    """RFC 5280 section 4.2.1.12."""
    purposes = attempt.shown.certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    if ExtendedKeyUsageOID.CLIENT_AUTH not in purposes:
        raise _invalid_client()


@part
def certificate_is_of_our_ca(attempt: Attempt) -> None:
    """RFC 8705 section 2.1: our CA signed it, or signed a CA in the chain that did."""
    leaf, *above = (x509.load_der_x509_certificate(der) for der in attempt.shown.chain)
    ca = attempt.registry.ca
    if pki.issued_by(leaf, ca):
        return
    between = (each for each in above if pki.issued_by(leaf, each) and pki.issued_by(each, ca))
    if not any(each.extensions.get_extension_for_class(x509.BasicConstraints).value.ca for each in between):
        raise _invalid_client()


@part
def certificate_is_registered(attempt: Attempt) -> None:
    """RFC 8705 section 2.2: the certificate is exactly one that is registered, or at the client's jwks_uri."""
    client, shown = attempt.client, attempt.shown
    known = shown.fetched if client.jwks_uri else [registered_certificate(client)]
    if not any(same_certificate(shown.certificate, each) for each in known):
        raise _invalid_client()


def registered_certificate(client: Client) -> x509.Certificate:
    """Return the certificate that is registered for a client with mutual TLS, or that has its registered name."""
    assert client.identity is not None  # noqa: S101  # register() gives one to each such client
    return client.identity.certificate


@part
def same_certificate(shown: x509.Certificate, registered: x509.Certificate) -> bool:
    """Return whether the certificates are one and the same."""
    return shown == registered


METHODS: dict[str, Steps[[Attempt]]] = {
    "none": Steps(sends_no_credentials),
    "client_secret_basic": Steps(sends_basic, secret_is_right),
    "client_secret_post": Steps(sends_secret, secret_is_right),
    "private_key_jwt": Steps(
        sends_assertion,
        assertion_is_signed,
        assertion_is_of_the_client,
        assertion_is_for_us,
        assertion_is_in_time,
        assertion_has_an_id,
    ),
    "tls_client_auth": Steps(
        sends_no_credentials,
        shows_certificate,
        certificate_carries_name,
        certificate_is_in_its_lifetime,
        certificate_is_for_clients,
        certificate_is_of_our_ca,
    ),
    "self_signed_tls_client_auth": Steps(sends_no_credentials, shows_certificate, certificate_is_registered),
}
