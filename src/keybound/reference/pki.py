"""Keys and certificates made at start: one CA, the server's certificate, the clients', and those a tester shows."""

import base64
import datetime as dt
import ipaddress
import ssl
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.name import _ASN1Type  # no public name says which kind of string a DN is made of
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from .jose import digest
from .parts import part

_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME, which Python has no name for
_FOR_CLIENTS = bytes.fromhex(
    "300c300a06082b06010505070302"
)  # OpenSSL's mark "trusted for client authentication"
_PEM = serialization.Encoding.PEM


@dataclass(frozen=True, slots=True)
class Identity:
    """A private key, its certificate, and what is shown behind it in the chain."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    rest: tuple[x509.Certificate, ...] = ()

    @property
    def der(self) -> bytes:
        """The certificate as it appears in a handshake."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> str:
        """The chain as PEM text."""
        return "".join(each.public_bytes(_PEM).decode() for each in (self.certificate, *self.rest))

    @property
    def key_pem(self) -> str:
        """The private key as PEM text, not encrypted."""
        return key_pem(self.key)


def new_key() -> ec.EllipticCurvePrivateKey:
    """Return a new P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    """Return a private key as PEM text, not encrypted."""
    return key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


def named(common_name: str, kind: _ASN1Type = _ASN1Type.UTF8String) -> x509.Name:
    """Return the DN `CN=<common_name>,O=keybound,C=NL`, its texts of one kind."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "NL"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "keybound", kind),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name, kind),
        ]
    )


def issue(
    subject: x509.Name,
    issuer: Identity | None = None,
    *,
    purpose: ObjectIdentifier | None = ExtendedKeyUsageOID.CLIENT_AUTH,
    names: Sequence[x509.GeneralName] = (),
    key: ec.EllipticCurvePrivateKey | None = None,
    serial: int | None = None,
    days: tuple[int, int] = (-1, 30),
) -> Identity:
    """Return a certificate of `subject` by `issuer` (None: self-signed), and nothing behind it in the chain.

    `purpose`: None makes a CA. `names`: alternative names. `key` and `serial`: new ones if not given. `days`: from when
    and until when it is good, from now on.
    """
    own = key or new_key()
    signer = issuer.key if issuer else own
    now, authority = dt.datetime.now(dt.UTC), purpose is None
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(own.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(now + dt.timedelta(days[0]))
        .not_valid_after(now + dt.timedelta(days[1]))
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
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if purpose is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return Identity(own, builder.sign(signer, hashes.SHA256()))


_DNS, _URI, _IP, _EMAIL = (
    "client.keybound.test",
    "https://client.keybound.test/id",
    "2001:db8::1",
    "client@keybound.test",
)
_NAMES = (
    x509.DNSName(_DNS),
    x509.UniformResourceIdentifier(_URI),
    x509.IPAddress(ipaddress.ip_address(_IP)),
    x509.RFC822Name(_EMAIL),
)
_LONGER_NAMES = (
    x509.DNSName(f"{_DNS}.attacker.test"),
    x509.UniformResourceIdentifier(f"{_URI}.attacker"),
    x509.RFC822Name(f"{_EMAIL}.attacker.test"),
)
_SWAPPED_NAMES = (
    x509.UniformResourceIdentifier(_DNS),
    x509.RFC822Name(_DNS),
    *map(x509.DNSName, (_URI, _IP, _EMAIL)),
)


def clients_of(ca: Identity) -> dict[str, Identity]:
    """Return the certificates of clients by the names that a tester knows them by.

    `client` and `self-signed` are registered. Each other one differs from one of them in what its name says, or is
    the attacker's own; the server has to tell them apart.
    """
    subject, unit = named("client"), x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "attacker")
    authority = partial(issue, purpose=None)
    client, other, own = (
        issue(subject, ca, names=_NAMES),
        issue(named("other"), ca),
        issue(named("self-signed")),
    )
    relative = partial(issue, subject, names=_NAMES)
    reissued = partial(relative, ca, key=client.key)
    between = authority(named("keybound intermediate CA"), ca)
    below = relative(between)
    namesake = authority(subject, ca)
    of_namesake = issue(named("other"), namesake)
    return {
        "client": client,
        "other": other,
        "twin": relative(ca),
        "reissued": reissued(),
        "reissued-by-itself": relative(key=client.key),
        "expired": reissued(days=(-30, -1)),
        "not-yet-valid": reissued(days=(7, 30)),
        "server-only": reissued(purpose=ExtendedKeyUsageOID.SERVER_AUTH),
        "untrusted": relative(authority(ca.certificate.subject), serial=client.certificate.serial_number),
        "self-issued": relative(),
        "intermediate": Identity(below.key, below.certificate, (between.certificate,)),
        "intermediate-alone": below,
        "printable": issue(named("client", _ASN1Type.PrintableString), ca, names=_NAMES),
        "reversed": issue(x509.Name(list(subject)[::-1]), ca),
        "longer": issue(x509.Name([*subject, unit]), ca, names=_LONGER_NAMES),
        "shorter": issue(x509.Name(list(subject)[-1:]), ca),
        "issuer-named": Identity(of_namesake.key, of_namesake.certificate, (namesake.certificate,)),
        "nul": issue(named("client\0.attacker"), ca, names=[x509.DNSName(f"{_DNS}\0.attacker.test")]),
        "wildcard": issue(named("*"), ca, names=[x509.DNSName("*.keybound.test")]),
        "misplaced": issue(named(_DNS), ca),
        "swapped": issue(named("swapped"), ca, names=_SWAPPED_NAMES),
        "appended": Identity(other.key, other.certificate, (client.certificate,)),
        "self-signed": own,
        "self-signed-twin": issue(named("self-signed"), serial=own.certificate.serial_number),
        "self-signed-reissued": issue(named("self-signed"), key=own.key),
    }


@dataclass(frozen=True, slots=True)
class Pki:
    """Every certificate of one run: `ca` issued those that are not self-signed, `clients` are the clients' by name."""

    ca: Identity
    server: Identity
    clients: Mapping[str, Identity]
    public_mtls: Identity

    def files(self) -> dict[str, str]:
        """Return what a proxy in front needs, by file name: the server's certificate and key, and the clients' CA."""
        return {
            "ca.crt": self.ca.pem,
            "server.crt": self.server.pem,
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
        anchors = [self.public_mtls, *self.clients.values()]
        with tempfile.TemporaryDirectory() as folder:  # load_cert_chain and trust marks want files
            path = Path(folder) / "server.pem"
            path.write_text(self.server.key_pem + self.server.pem)
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
    ca = issue(named("keybound CA"), purpose=None)
    own_names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    server = issue(named("localhost"), ca, purpose=ExtendedKeyUsageOID.SERVER_AUTH, names=own_names)
    return Pki(ca, server, clients_of(ca), issue(named("public_mtls")))


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
