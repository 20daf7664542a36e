"""Keys and certificates made at start: one CA, the server's certificate, the clients' and the attacker's."""

import base64
import datetime as dt
import ipaddress
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from keybound.craft.certificates import Certified, PrivateKey, make_set

from .jose import digest
from .parts import part

_LIFETIME = dt.timedelta(days=30)
_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME, which Python has no name for
_FOR_CLIENTS = bytes.fromhex(
    "300c300a06082b06010505070302"
)  # OpenSSL's mark "trusted for client authentication"


@dataclass(frozen=True, slots=True)
class Identity:
    """A private key and its certificate."""

    key: PrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        """The certificate as it appears in a handshake."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def certificate_pem(self) -> str:
        """The certificate as PEM text."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        """The private key as PEM text, not encrypted."""
        return key_pem(self.key)


def new_key() -> ec.EllipticCurvePrivateKey:
    """Return a new P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: PrivateKey) -> str:
    """Return a private key as PEM text, not encrypted."""
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def issue(
    name: str, issuer: Identity | None = None, *, server: bool = False, authority: bool = False
) -> Identity:
    """Return a new key with a certificate by `issuer` (None: self-signed) for a client, a server or a CA."""
    key = new_key()
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "keybound"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    signer = issuer.key if issuer else key
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=authority,
                crl_sign=authority,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if not authority:
        purpose = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    if server:
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return Identity(key, builder.sign(signer, hashes.SHA256()))


@dataclass(frozen=True, slots=True)
class Pki:
    """Every certificate of one run: `ca` issued those that are not self-signed, `made` holds a tester's whole set."""

    ca: Identity
    server: Identity
    public_mtls: Identity
    made: Mapping[str, Certified]

    def holder(self, name: str) -> Identity:
        """Return the key and certificate called `name` in the set."""
        return Identity(self.made[name].key, self.made[name].certificate)

    def files(self) -> dict[str, str]:
        """Return what a proxy in front needs, by file name: the server's certificate and key, and the clients' CA."""
        return {
            "ca.crt": self.ca.certificate_pem,
            "server.crt": self.server.certificate_pem,
            "server.key": self.server.key_pem,
        }

    def tls_context(self) -> ssl.SSLContext:
        """Return the server's TLS settings: a client certificate is asked for, the application judges it.

        Python verifies what it asks for, so each certificate made here, good or bad, is an anchor of its own; the CA
        is none, and a certificate made elsewhere ends the handshake.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.verify_mode = ssl.CERT_OPTIONAL
        # Without this, OpenSSL takes only CA certificates as anchors.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.verify_flags |= _NO_CHECK_TIME
        anchors = [self.public_mtls, *map(self.holder, self.made)]
        with tempfile.TemporaryDirectory() as folder:  # load_cert_chain and trust marks want files
            path = Path(folder) / "server.pem"
            path.write_text(self.server.key_pem + self.server.certificate_pem)
            context.load_cert_chain(path)
            path.write_text("".join(map(_anchor, anchors)))
            context.load_verify_locations(path)
        return context


def _anchor(trusted: Identity) -> str:
    """Return a certificate as OpenSSL's PEM with a trust mark, which outranks its extended key usage."""
    text = base64.encodebytes(trusted.der + _FOR_CLIENTS).decode()
    return f"-----BEGIN TRUSTED CERTIFICATE-----\n{text}-----END TRUSTED CERTIFICATE-----\n"


def make() -> Pki:
    """Make the keys and certificates of one run."""
    authority, made = make_set()
    ca = Identity(authority.key, authority.certificate)
    return Pki(ca, issue("localhost", ca, server=True), issue("public_mtls"), made)


def issued_by(certificate: x509.Certificate, ca: x509.Certificate) -> bool:
    """Return whether `ca` signed `certificate`."""
    try:
        certificate.verify_directly_issued_by(ca)
    except Exception:  # noqa: BLE001  # ValueError, TypeError or InvalidSignature, all meaning no
        return False
    return True


@part
def x5t(der: bytes) -> str:
    """Return the `x5t#S256` of a certificate (RFC 8705 section 3.1)."""
    return digest(der)
