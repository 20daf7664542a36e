"""Which certificate a client showed, and whether it is the right one, with the seeded bugs at their places."""

import base64
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from peers import tls

HEADERS = (
    "Client-Cert",
    "X-SSL-CERT",
    "X-SSL-Client-Cert",
    "X-Client-Cert",
    "SSL-Client-Cert",
    "X-Forwarded-Client-Cert",
)


def shown(request, rules, place):
    """DER certificates, the client's own first."""
    if request.resumed and rules.has("resumed-loses"):
        return ()
    chain = request.chain
    if rules.has("chain-last"):
        chain = chain[::-1]
    names = ()
    if rules.has("client-header" if place == "token" else "certificate-header"):
        names = HEADERS
    elif rules.has("certificate-underscores"):
        names = [name.replace("-", "_") for name in HEADERS]
    elif rules.has("certificate-trailer"):
        names = ["Client-Cert", "X-Client-Cert"]
    given = der_of(next((request.headers[name] for name in names if name in request.headers), None))
    return (given, *chain) if given else chain


def fits(chain, client, world):
    """True if the client of a token request is the one of the certificate (tls_client_auth and self-signed)."""
    has, authority = world.rules.has, world.authority
    if not chain:
        return has("mtls-client-no-certificate")
    registered = {other.identity.der for other in world.clients.values() if other.identity}
    if has("mtls-any-registered") and chain[0] in registered:
        return True
    certificate = x509.load_der_x509_certificate(chain[0])
    same = same_name(certificate, client.identity.certificate, has)
    if client.auth == "self_signed_tls_client_auth":
        return chain[0] == client.identity.der or (same and has("mtls-self-signed-subject"))
    if has("mtls-any-subject"):
        return tls.issued_by(certificate, authority)
    if has("mtls-issuer-name"):
        return same and certificate.issuer == authority.certificate.subject
    if has("mtls-any-of-chain"):
        certificates = [x509.load_der_x509_certificate(der) for der in chain]
        return any(same_name(each, client.identity.certificate, has) for each in certificates) and (
            trusted(certificates, world)
        )
    return same and (has("mtls-untrusted-ca") or trusted(map(x509.load_der_x509_certificate, chain), world))


def same_name(certificate, registered, has):
    ours, theirs = registered.subject, certificate.subject
    if has("mtls-subject-set"):
        return set(ours.rdns) == set(theirs.rdns)
    if has("mtls-subject-cut"):  # at the NUL, as C does
        return [part.value.partition("\0")[0] for part in theirs] == [part.value for part in ours]
    return theirs.rfc4514_string() == ours.rfc4514_string()


def trusted(certificates, world):
    """True if each certificate is signed by the next, or by the authority, which ends it; all in their time."""
    first, *others = certificates
    usage = tls.extension(first, x509.ExtendedKeyUsage)
    if usage and ExtendedKeyUsageOID.CLIENT_AUTH not in usage and not world.rules.has("mtls-usage"):
        return False
    timeless = world.rules.has("mtls-expired")
    for other in others:
        if tls.issued_by(first, world.authority, timeless=timeless):
            break
        constraints = tls.extension(other, x509.BasicConstraints)
        if not (constraints and constraints.ca and tls.issued_by(first, tls.Identity(other, None))):
            return False
        first = other
    return tls.issued_by(first, world.authority, timeless=timeless)


def bound_to(chain, x5t, world):
    """True if a token bound to `x5t` may come over this connection."""
    has, own = world.rules.has, world.x5t(chain[0])
    if own == x5t or has("certificate-any"):
        return True
    if has("certificate-chain"):
        return any(world.x5t(der) == x5t for der in chain)
    clients = [client.identity for client in world.clients.values() if client.identity]
    owner = next((identity for identity in clients if world.x5t(identity.der) == x5t), None)
    if owner is None:
        return False
    certificate = x509.load_der_x509_certificate(chain[0])
    return (
        (has("certificate-subject") and certificate.subject == owner.certificate.subject)
        or (has("certificate-key") and certificate.public_key() == owner.key.public_key())
        or (has("certificate-ca") and tls.issued_by(certificate, world.authority))
    )


def der_of(text):
    """DER of a certificate from a header in one of the usual spellings, None if there is none."""
    try:
        text = unquote(text or "")
        text = text.split('Cert="')[-1].split('"')[0] if 'Cert="' in text else text
        if "BEGIN CERTIFICATE" in text:
            text = "".join(part for part in text.split("-----")[2].split())
        raw = base64.b64decode(text.strip(":").replace(" ", ""), validate=True)
        return x509.load_der_x509_certificate(raw).public_bytes(serialization.Encoding.DER)
    except (ValueError, IndexError):
        return None
