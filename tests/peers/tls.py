"""Certificates made for one run, and server contexts that ask for client certificates in several ways."""

import _ssl
import ctypes
import datetime as dt
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@dataclass(frozen=True)
class Identity:
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key_pem(self):
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    @property
    def der(self):
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def subject(self):
        return self.certificate.subject.rfc4514_string()


ORDER = (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)


def make(
    name,
    issuer=None,
    *,
    authority=False,
    usage=ExtendedKeyUsageOID.CLIENT_AUTH,
    hosts=(),
    key=None,
    start=dt.timedelta(hours=-1),
    end=dt.timedelta(days=3),
    order=ORDER,
):
    """A certificate for `name`, signed by `issuer` or by itself."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    values = {NameOID.ORGANIZATION_NAME: "Peer", NameOID.COMMON_NAME: name}
    subject = x509.Name([x509.NameAttribute(kind, values[kind]) for kind in order])
    now = dt.datetime.now(dt.UTC)
    signer = issuer or Identity(None, key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + start)
        .not_valid_after(now + end)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key()), critical=False
        )
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, key_cert_sign=authority, crl_sign=authority,
                content_commitment=False, key_encipherment=False, data_encipherment=False,
                key_agreement=False, encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )
    )  # fmt: skip
    if not authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    if hosts:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    return Identity(builder.sign(signer.key, hashes.SHA256()), key)


def extension(certificate, kind):
    """The extension's value, None without it."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def issued_by(certificate, authority, *, timeless=False):
    """True if the certificate is signed by the authority and in its time."""
    now = dt.datetime.now(dt.UTC)
    try:
        certificate.verify_directly_issued_by(authority.certificate)
    except Exception:  # noqa: BLE001  # three kinds of error, one meaning
        return False
    return timeless or certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


VERIFY = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
ANYTHING = VERIFY(lambda _store, _argument: 1)  # kept alive here: OpenSSL holds only the address


def accept_any(context):
    """Let the context ask for a certificate and leave every judgement to the application.

    Python has no switch for what other servers call `optional_no_ca`, OpenSSL has a callback.
    """
    library = ctypes.CDLL(getattr(_ssl, "__file__", None))
    address = ctypes.c_void_p.from_address(id(context) + object.__basicsize__)
    library.SSL_CTX_set_cert_verify_callback.argtypes = [ctypes.c_void_p, VERIFY, ctypes.c_void_p]
    library.SSL_CTX_set_cert_verify_callback(address, ANYTHING, None)
    context.verify_mode = ssl.CERT_OPTIONAL


def context(server, ask, trusted, *, tls12=False):
    """A server context. `ask`: never | any (no check) | known (alert for a stranger) | required."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls12:
        made.maximum_version = ssl.TLSVersion.TLSv1_2
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "server.pem"
        file.touch(mode=0o600)
        file.write_text(server.key_pem + server.pem)
        made.load_cert_chain(file)
    if ask == "any":
        accept_any(made)
    elif ask != "never":
        made.verify_mode = ssl.CERT_REQUIRED if ask == "required" else ssl.CERT_OPTIONAL
        made.load_verify_locations(cadata="".join(identity.pem for identity in trusted))
    return made
