"""Does a certificate carry the name of a client (RFC 8705 section 2.1.2)?"""

from cryptography import x509

from .parts import part

NAME_KINDS = {
    "san_dns": x509.DNSName,
    "san_uri": x509.UniformResourceIdentifier,
    "san_ip": x509.IPAddress,
    "san_email": x509.RFC822Name,
}
"""The kinds of alternative names by which tls_client_auth may know a client."""


@part
def carries_name(shown: x509.Certificate, registered: x509.Certificate, kind: str) -> bool:
    """Return whether `shown` has the registered name of a client: its DN, or an alternative name of one `kind`."""
    if kind == "dn":
        return same_dn(shown, registered)
    return bool(set(alternative_names(registered, kind)) & set(alternative_names(shown, kind)))


@part
def same_dn(shown: x509.Certificate, registered: x509.Certificate) -> bool:
    """Compare distinguished names by their parts in order, whatever the string type (RFC 4517 section 4.2.15)."""
    return shown.subject == registered.subject


def alternative_names(certificate: x509.Certificate, kind: str) -> list[str]:
    """Return the subject alternative names of one kind."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in names if isinstance(name, NAME_KINDS[kind])]
