"""X.509 certificates, on `cryptography` (RFC 8705 binds tokens to the whole certificate).

`make_set` makes the client certificates that a target has to tell apart: two to register, and others that each
share everything with one of them but one thing.
"""

import base64
import datetime as dt
import hashlib
import ipaddress
import json
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.name import _ASN1Type  # no public name says which kind of string a DN is made of
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from keybound.craft.jose import Key, b64url

_DAY = dt.timedelta(days=1)
_PEM = serialization.Encoding.PEM

DNS_NAME, URI, IP_ADDRESS, EMAIL = (
    "client.keybound.test",
    "https://client.keybound.test/id",
    "2001:db8::1",
    "client@keybound.test",
)
"""The subject alternative names of the client certificate: one of each kind that RFC 8705 section 2.1.2 knows."""


PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True)
class Certified:
    """A private key and the certificates shown with it: the holder's first, then what follows in the chain."""

    key: PrivateKey
    certificate: x509.Certificate
    rest: tuple[x509.Certificate, ...] = ()

    @property
    def pem(self) -> str:
        """The chain as PEM."""
        return "".join(each.public_bytes(_PEM).decode() for each in (self.certificate, *self.rest))

    @property
    def key_pem(self) -> str:
        """The private key as PEM, not encrypted."""
        form = serialization.PrivateFormat.PKCS8
        return self.key.private_bytes(_PEM, form, serialization.NoEncryption()).decode()

    @property
    def jwks(self) -> str:
        """The certificate as a JWK set, which registers it (RFC 8705 section 2.2.2)."""
        der = base64.b64encode(leaf_der(self.pem)).decode()
        return (
            json.dumps({"keys": [{**Key("ES256", self.key).jwk, "use": "sig", "x5c": [der]}]}, indent=1)
            + "\n"
        )


def name(common_name: str, *, utf8: bool = True, reverse: bool = False) -> x509.Name:
    """Return the DN `CN=<common_name>,O=keybound,C=NL`; `utf8`: its string type, `reverse`: the order of its parts."""
    kind = _ASN1Type.UTF8String if utf8 else _ASN1Type.PrintableString
    parts = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "NL"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "keybound", kind),
        x509.NameAttribute(NameOID.COMMON_NAME, common_name, kind),
    ]
    return x509.Name(parts[::-1] if reverse else parts)


def _client_names() -> list[x509.GeneralName]:
    return [
        x509.DNSName(DNS_NAME),
        x509.UniformResourceIdentifier(URI),
        x509.IPAddress(ipaddress.ip_address(IP_ADDRESS)),
        x509.RFC822Name(EMAIL),
    ]


def _longer(subject: x509.Name) -> x509.Name:
    return x509.Name([*subject, x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "attacker")])


def _longer_names() -> list[x509.GeneralName]:
    return [
        x509.DNSName(f"{DNS_NAME}.attacker.test"),
        x509.UniformResourceIdentifier(f"{URI}.attacker"),
        x509.RFC822Name(f"{EMAIL}.attacker.test"),
    ]


def _swapped_names() -> list[x509.GeneralName]:
    return [
        x509.UniformResourceIdentifier(DNS_NAME),
        x509.RFC822Name(DNS_NAME),
        *(x509.DNSName(value) for value in (URI, IP_ADDRESS, EMAIL)),
    ]


def certify(
    subject: x509.Name,
    issuer: Certified | None,
    *,
    key: PrivateKey | None = None,
    serial: int | None = None,
    names: list[x509.GeneralName] | None = None,
    days: tuple[int, int] = (-1, 90),
    server: bool = False,
    authority: bool = False,
    chain: bool = False,
) -> Certified:
    """Return a certificate of `subject` by `issuer` (None: self-signed).

    `key`: the holder's, and `serial`: the number, default new ones; `names`: subject alternative names;
    `days`: lifetime from now on; `server`: for servers instead of clients; `authority`: a CA;
    `chain`: show the issuer's certificate along.
    """
    own = key or ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.UTC)
    signer = issuer.key if issuer else own
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(own.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(now + days[0] * _DAY)
        .not_valid_after(now + days[1] * _DAY)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .add_extension(_usage(authority=authority), critical=True)
    )
    if not authority:
        purpose = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    rest = (issuer.certificate, *issuer.rest) if chain and issuer else ()
    return Certified(
        own,
        builder.sign(signer, None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256()),
        rest,
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


MEANINGS = {
    "client": "to register, by its subject or by one of its alternative names (tls_client_auth)",
    "other": "of the CA, with another subject: the attacker's own",
    "twin": "of the CA, with the client's names and another key",
    "reissued": "of the CA, with the client's names and the client's key",
    "reissued-by-itself": "the client's names and the client's key, signed by itself",
    "expired": "like reissued, but over since yesterday",
    "not-yet-valid": "like reissued, but from next week on",
    "server-only": "like reissued, but for servers only (extended key usage)",
    "untrusted": "the client's names and serial number, by another CA that has the same name",
    "self-issued": "the client's names, signed by itself",
    "intermediate": "the client's names, by a CA under the CA, shown with its chain",
    "intermediate-alone": "the same without its chain",
    "printable": "the client's names, the subject in another string type: an equal name",
    "reversed": "the client's subject with its parts in reverse order: another name",
    "longer": "of the CA, the client's subject with one part more, its alternative names with something behind",
    "shorter": "of the CA, nothing of the client's subject but its common name",
    "issuer-named": "another subject, by a CA under the CA that has the client's name, shown with its chain",
    "nul": "of the CA, the client's names followed by a NUL and more",
    "wildcard": "of the CA, another subject, and a wildcard that covers the client's DNS name",
    "misplaced": "of the CA, with the client's alternative names as common name, and none in their place",
    "swapped": "of the CA, another subject, and the client's alternative names as names of other types",
    "appended": "other's certificate, with the client's certificate behind it in the chain",
    "self-signed": "to register as it is (self_signed_tls_client_auth, or public)",
    "self-signed-twin": "the same subject and serial number, another key, signed by itself",
    "self-signed-reissued": "the same subject and key, signed by itself once more",
}
"""Every certificate of a set, and what it is for."""


def make_set() -> tuple[Certified, dict[str, Certified]]:
    """Return a new CA and the certificates of MEANINGS by name."""
    ca = certify(name("keybound CA"), None, authority=True)
    fake = certify(name("keybound CA"), None, authority=True)
    between = certify(name("keybound intermediate CA"), ca, authority=True)
    subject, names = name("client"), _client_names()
    client = certify(subject, ca, names=names)
    other = certify(name("other"), ca)
    own = certify(name("self-signed"), None)
    under = certify(subject, between, names=names, chain=True)
    key = client.key
    return ca, {
        "client": client,
        "other": other,
        "twin": certify(subject, ca, names=names),
        "reissued": certify(subject, ca, key=key, names=names),
        "reissued-by-itself": certify(subject, None, key=key, names=names),
        "expired": certify(subject, ca, key=key, names=names, days=(-30, -1)),
        "not-yet-valid": certify(subject, ca, key=key, names=names, days=(7, 90)),
        "server-only": certify(subject, ca, key=key, names=names, server=True),
        "untrusted": certify(subject, fake, serial=client.certificate.serial_number, names=names),
        "self-issued": certify(subject, None, names=names),
        "intermediate": under,
        "intermediate-alone": Certified(under.key, under.certificate),
        "printable": certify(name("client", utf8=False), ca, names=names),
        "reversed": certify(name("client", reverse=True), ca),
        "longer": certify(_longer(subject), ca, names=_longer_names()),
        "shorter": certify(x509.Name(list(subject)[-1:]), ca),
        "issuer-named": certify(name("other"), certify(subject, ca, authority=True), chain=True),
        "nul": certify(name("client\0.attacker"), ca, names=[x509.DNSName(f"{DNS_NAME}\0.attacker.test")]),
        "wildcard": certify(name("*"), ca, names=[x509.DNSName("*." + DNS_NAME.partition(".")[2])]),
        "misplaced": certify(name(DNS_NAME), ca),
        "swapped": certify(name("swapped"), ca, names=_swapped_names()),
        "appended": Certified(other.key, other.certificate, (client.certificate,)),
        "self-signed": own,
        "self-signed-twin": certify(name("self-signed"), None, serial=own.certificate.serial_number),
        "self-signed-reissued": certify(name("self-signed"), None, key=own.key),
    }


def self_signed(like: str | None = None) -> tuple[str, str]:
    """Return (certificate, key) as PEM: self-signed, with the subject of the certificate `like` (PEM) if given."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "keybound attacker")])
    if like is not None:
        subject = x509.load_pem_x509_certificates(like.encode())[0].subject
    made = certify(subject, None)
    return made.pem, made.key_pem


def x5c_of(key: Key) -> str:
    """Return a self-signed certificate of a proof key, base64 DER as in an `x5c` member (RFC 7517 section 4.7)."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "keybound proof key")])
    now = dt.datetime.now(dt.UTC)
    digest = None if isinstance(key.private, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + _DAY)
        .sign(key.private, digest)
    )
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()


def leaf_der(pem: str) -> bytes:
    """Return the DER bytes of the first certificate in a PEM text."""
    body = pem.split("-----BEGIN CERTIFICATE-----", 1)[1].split("-----END", 1)[0]
    return base64.b64decode("".join(body.split()))


def x5t_s256(pem: str) -> str:
    """Return base64url(SHA-256(DER)) of the first certificate in a PEM text (RFC 8705 section 3.1)."""
    return b64url(hashlib.sha256(leaf_der(pem)).digest())
