"""Keys and certificates made at start: one CA, the server's certificate, the clients' and the attacker's."""

import base64
import datetime as dt
import hashlib
import ipaddress
import ssl
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from keybound.craft.certificates import Certified, PrivateKey, make_set

from .jose import b64u_encode
from .wrong import Faults

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


NAME_KINDS = {
    "san_dns": x509.DNSName,
    "san_uri": x509.UniformResourceIdentifier,
    "san_ip": x509.IPAddress,
    "san_email": x509.RFC822Name,
}
"""The kinds of alternative names by which tls_client_auth may know a client (RFC 8705 section 2.1.2)."""


def _alternative_names(certificate: x509.Certificate, kind: str) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in names if isinstance(name, NAME_KINDS[kind])]


def _common_names(certificate: x509.Certificate) -> list[str]:
    return [str(part.value) for part in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]


def same_name(shown: x509.Certificate, registered: x509.Certificate, kind: str, faults: Faults) -> bool:
    """Return whether `shown` carries the registered name of a client: its DN, or an alternative name of one `kind`."""
    if faults.on("as-mtls-subject-ignored"):
        return True
    if faults.on("as-mtls-issuer-for-subject") and kind == "dn" and shown.issuer == registered.subject:
        return True
    if kind == "dn":
        return _same_dn(shown, registered, faults)
    wanted, found = _alternative_names(registered, kind), _alternative_names(shown, kind)
    if faults.on("as-mtls-name-in-any-field"):
        found += _common_names(shown)
    if faults.on("as-mtls-name-of-any-type"):
        found += [each for other in NAME_KINDS for each in _alternative_names(shown, other)]
    if faults.on("as-mtls-nul-ends-name"):
        found = [each.partition("\0")[0] for each in found]
    if faults.on("as-mtls-name-prefix"):
        return any(each.startswith(right) for each in found for right in wanted)
    if faults.on("as-mtls-wildcard-matches"):
        found += [each.replace("*", wanted[0].partition(".")[0]) for each in found]
    return bool(set(wanted) & set(found))


def _same_dn(shown: x509.Certificate, registered: x509.Certificate, faults: Faults) -> bool:
    """Compare distinguished names by their parts in order, whatever the string type (RFC 4517 section 4.2.15)."""
    if faults.on("as-mtls-dn-bytes-compared"):
        return shown.subject.public_bytes() == registered.subject.public_bytes()
    if faults.on("as-mtls-common-name-compared"):
        return _common_names(shown) == _common_names(registered)
    if faults.on("as-mtls-dn-contained"):
        return shown.subject.rdns[: len(registered.subject.rdns)] == registered.subject.rdns
    if faults.on("as-mtls-dn-order-ignored"):
        return set(shown.subject) == set(registered.subject)
    if faults.on("as-mtls-nul-ends-name"):
        parts = [(part.oid, str(part.value).partition("\0")[0]) for part in shown.subject]
        return parts == [(part.oid, part.value) for part in registered.subject]
    return shown.subject == registered.subject


def verified(chain: Sequence[x509.Certificate], ca: x509.Certificate, faults: Faults) -> bool:
    """Return whether `ca` stands behind the first certificate of `chain`, which is for clients and in its lifetime."""
    if faults.on("as-mtls-chain-ignored"):
        return True
    leaf, now = chain[0], dt.datetime.now(dt.UTC)
    in_time = leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc
    if not in_time and not faults.on("as-mtls-lifetime-ignored"):
        return False
    purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    if ExtendedKeyUsageOID.CLIENT_AUTH not in purposes and not faults.on("as-mtls-purpose-ignored"):
        return False
    if issued_by(leaf, ca):
        return True
    between = [each for each in chain[1:] if issued_by(leaf, each) and issued_by(each, ca)]
    return any(each.extensions.get_extension_for_class(x509.BasicConstraints).value.ca for each in between)


def issued_by(certificate: x509.Certificate, ca: x509.Certificate) -> bool:
    """Return whether `ca` signed `certificate`."""
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
    if faults.on("as-x5t-of-pem"):
        der = ssl.DER_cert_to_PEM_cert(der).encode()
    digest = hashlib.sha256(der)
    if faults.on("as-x5t-hex"):
        return digest.hexdigest()
    ending = "=" if faults.on("as-x5t-padded") else "\n" if faults.on("as-x5t-wrapped") else ""
    return b64u_encode(digest.digest()) + ending
