"""Keys and certificates made at start: one CA, the server's certificate, the clients' and the attacker's."""

import datetime as dt
import hashlib
import ipaddress
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .faults import Faults
from .jose import b64u_encode

_LIFETIME = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Identity:
    """A private key and its certificate."""

    key: ec.EllipticCurvePrivateKey
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


def key_pem(key: ec.EllipticCurvePrivateKey) -> str:
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
    """Every certificate of one run, by holder; `ca` issued those that are not self-signed."""

    ca: Identity
    server: Identity
    pki: Identity
    attacker: Identity
    selfsigned: Identity
    public_mtls: Identity

    def tls_context(self) -> ssl.SSLContext:
        """Return the server's TLS settings: a client certificate is asked for, the application judges it.

        Python verifies what it asks for, so each self-signed certificate made here is an anchor of its own;
        a certificate made elsewhere ends the handshake.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.verify_mode = ssl.CERT_OPTIONAL
        # Without this, OpenSSL takes only CA certificates as anchors.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        anchors = [self.ca, self.selfsigned, self.public_mtls]
        context.load_verify_locations(cadata="".join(anchor.certificate_pem for anchor in anchors))
        with tempfile.TemporaryDirectory() as folder:  # load_cert_chain reads files only
            path = Path(folder) / "server.pem"
            path.write_text(self.server.key_pem + self.server.certificate_pem)
            context.load_cert_chain(path)
        return context


def make() -> Pki:
    """Make the keys and certificates of one run."""
    ca = issue("keybound reference CA", authority=True)
    return Pki(
        ca=ca,
        server=issue("localhost", ca, server=True),
        pki=issue("pki", ca),
        attacker=issue("attacker", ca),
        selfsigned=issue("selfsigned"),
        public_mtls=issue("public_mtls"),
    )


def issued_by(certificate: x509.Certificate, ca: x509.Certificate) -> bool:
    """Return whether `ca` signed `certificate` and it is within its lifetime (RFC 8705 section 2.1)."""
    now = dt.datetime.now(dt.UTC)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        return False
    try:
        certificate.verify_directly_issued_by(ca)
    except Exception:  # noqa: BLE001  # ValueError, TypeError or InvalidSignature, all meaning no
        return False
    return True


def x5t(der: bytes, faults: Faults) -> str:
    """Return the `x5t#S256` of a certificate (RFC 8705 section 3.1)."""
    if faults.on("as-x5t-sha1"):
        return b64u_encode(hashlib.sha1(der, usedforsecurity=False).digest())
    if faults.on("as-x5t-of-key"):
        public = x509.load_der_x509_certificate(der).public_key()
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        der = public.public_bytes(serialization.Encoding.DER, form)
    digest = hashlib.sha256(der)
    if faults.on("as-x5t-hex"):
        return digest.hexdigest()
    ending = "=" if faults.on("as-x5t-padded") else "\n" if faults.on("as-x5t-wrapped") else ""
    return b64u_encode(digest.digest()) + ending
