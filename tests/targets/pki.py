"""Certificates for a real server and its clients, all made here and good for loopback only.

`make(folder)` writes, each as PEM:

    ca.crt                              the authority; its key is thrown away
    server.crt, server.key              localhost and 127.0.0.1
    client.crt, client.key              CN=client,O=keybound,C=NL, with a DNS and a URI name
    other.crt, other.key                another subject of the same authority: the attacker's own
    self-signed.crt, self-signed.key    of no authority
    assertion.key                       signs client assertions (private_key_jwt), ES256
"""

import datetime as dt
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = dt.timedelta(days=30)
RENEWAL = dt.timedelta(days=1)

SERVER_NAMES = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
CLIENT_NAMES = [
    x509.DNSName("client.keybound.test"),
    x509.UniformResourceIdentifier("spiffe://keybound.test/client"),
]


def make(folder: Path) -> Path:
    """Fill `folder` and return it; a set that is whole and good for another day is left as it is."""
    if _current(folder):
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    # ca.crt goes first and comes last: its presence says that the set is whole.
    (folder / "ca.crt").unlink(missing_ok=True)
    ca_key = _key()
    ca = _certificate("keybound test CA", ca_key, authority=True)
    for name, certificate, key in [
        ("server", *_leaf("localhost", SERVER_NAMES, ExtendedKeyUsageOID.SERVER_AUTH, (ca, ca_key))),
        ("client", *_leaf("client", CLIENT_NAMES, ExtendedKeyUsageOID.CLIENT_AUTH, (ca, ca_key))),
        ("other", *_leaf("other", [], ExtendedKeyUsageOID.CLIENT_AUTH, (ca, ca_key))),
        ("self-signed", *_leaf("self-signed", [], ExtendedKeyUsageOID.CLIENT_AUTH, None)),
    ]:
        _write_key(folder / f"{name}.key", key)
        _write_certificate(folder / f"{name}.crt", certificate)
    _write_key(folder / "assertion.key", _key())
    _write_certificate(folder / "ca.crt", ca)
    return folder


def _current(folder: Path) -> bool:
    try:
        ca = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
    except FileNotFoundError:
        return False
    return ca.not_valid_after_utc - dt.datetime.now(dt.UTC) > RENEWAL


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _leaf(
    common_name: str,
    names: list[x509.GeneralName],
    usage: x509.ObjectIdentifier,
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None,
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = _key()
    extensions: list[x509.ExtensionType] = [x509.ExtendedKeyUsage([usage])]
    if names:
        extensions.append(x509.SubjectAlternativeName(names))
    return _certificate(common_name, key, issuer=issuer, extensions=extensions), key


def _certificate(
    common_name: str,
    key: ec.EllipticCurvePrivateKey,
    *,
    authority: bool = False,
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None,
    extensions: list[x509.ExtensionType] | None = None,
) -> x509.Certificate:
    """Make a certificate for `key`, signed by `issuer`, or by `key` itself when there is none."""
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "NL"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "keybound"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
    issuer_name, issuer_key = (issuer[0].subject, issuer[1]) if issuer else (subject, key)
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(_key_usage(authority=authority), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    for extension in extensions or []:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write_certificate(path: Path, certificate: x509.Certificate) -> None:
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
