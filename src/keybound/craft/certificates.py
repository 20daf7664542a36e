"""X.509 certificates for the attacker, on `cryptography` (RFC 8705 binds tokens to the whole certificate)."""

import base64
import datetime as dt
import hashlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from keybound.craft.jose import Key, b64url

_DAY = dt.timedelta(days=1)


def self_signed(like: str | None = None) -> tuple[str, str]:
    """Return (certificate, key) as PEM: self-signed, with the subject of the certificate `like` (PEM) if given."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "keybound attacker")])
    if like is not None:
        subject = x509.load_pem_x509_certificates(like.encode())[0].subject
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + 30 * _DAY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificate.public_bytes(pem).decode(), private.decode()


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
