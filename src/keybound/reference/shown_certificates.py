"""Where a client certificate comes from: the handshake, or a header of the proxy in front (RFC 9440)."""

import base64
import re
from collections.abc import Sequence
from ssl import SSLObject
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import serialization

_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_ENVOY = re.compile(r'(?:^|;)Cert="([^"]*)"')
_ABSENT = {"", "-", "(null)"}


def from_handshake(request: web.Request) -> list[bytes]:
    """Return the chain (DER) that the client showed in the handshake, the certificate it proved the key of first."""
    tls = tls_of(request)
    proved = tls.getpeercert(binary_form=True) if tls else None
    if tls is None or proved is None:
        return []
    # Python shows the rest of the chain by a public name from 3.13 on.
    shown: Any = tls._sslobj.get_unverified_chain() or []  # type: ignore[attr-defined] # noqa: SLF001
    rest = [each.public_bytes(2) for each in shown]  # 2: DER
    return [proved, *rest[1:]]


def tls_of(request: web.Request) -> SSLObject | None:
    """Return the TLS connection of a request, None without TLS."""
    tls: Any = request.transport.get_extra_info("ssl_object") if request.transport else None
    return tls if isinstance(tls, SSLObject) else None


def from_proxy(request: web.Request, name: str) -> list[bytes]:
    """Return the client's certificate (DER) that a proxy has put into the header `name`, alone in a list."""
    values = request.headers.getall(name, [])
    if name.lower() != "client-cert":  # which RFC 9440 section 2.2 lets come once only
        values = values[:1]  # as most frameworks read a field
    found = from_header(values)
    return [found] if found else []


def from_header(values: Sequence[str]) -> bytes | None:
    """Return the certificate (DER) in the one value of a forwarding header, or None when there is none to be had.

    Understood: PEM, as it is, with spaces for line ends, or percent-encoded; base64 of DER, plain or between colons
    (RFC 9440 section 2.2); and Envoy's list of pairs. A repeated header is taken for none.
    """
    if len(values) != 1 or values[0].strip() in _ABSENT:
        return None
    text = values[0].strip()
    envoy = _ENVOY.search(text)
    text = unquote(envoy[1] if envoy else text)
    body = re.search(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", text, re.DOTALL)
    encoded = re.sub(r"\s", "", body[1] if body else text.strip(":"))
    if not _BASE64.fullmatch(encoded):
        return None
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode(encoded))
    except ValueError:
        return None
    return certificate.public_bytes(serialization.Encoding.DER)
