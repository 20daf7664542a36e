"""Faults in which certificate the resource server sees, and how it compares it (RFC 8705 section 3)."""

import re
from collections.abc import Callable
from functools import partial

from aiohttp import web
from cryptography import x509

from keybound.reference.access import Visit, token_is_bound_to_certificate
from keybound.reference.parts import Instead, alter, leave_out
from keybound.reference.pki import issued_by, x5t
from keybound.reference.shown_certificates import from_header, tls_of
from keybound.reference.state import REFERENCE, client_certificate, client_chain

from .fault import Fault, fault
from .raw_http import trailers

# Names that servers really read. A server behind no proxy has no business with any of them.
_WELL_KNOWN = re.compile(
    r"client.?cert|ssl.?cert|forwarded.?tls|cert.?leaf|arr.?clientcert|mtls.?client|x.?ssl", re.IGNORECASE
)


_unchecked = partial(leave_out, token_is_bound_to_certificate)


def _resumed(request: web.Request) -> bool:
    tls = tls_of(request)
    return tls is not None and tls.session_reused is True


def _over_tls_1_2(request: web.Request) -> bool:
    tls = tls_of(request)
    return tls is not None and tls.version() == "TLSv1.2"


# --- one that only resembles the bound one -------------------------------------------------------------------------


def _alike(same: Callable[[x509.Certificate, x509.Certificate], bool]) -> Instead:
    """Take a certificate for the one that the token is bound to where they are the `same` in something."""

    def holds(visit: Visit) -> bool:
        shown = client_certificate(visit.request)
        bound = _known(visit).get(visit.token.cnf.get("x5t#S256", ""))
        return bool(shown and bound and same(x509.load_der_x509_certificate(shown), bound))

    return _unchecked(holds)


def _known(visit: Visit) -> dict[str, x509.Certificate]:
    """Return the certificates of this run by their thumbprints."""
    made = visit.state.pki
    return {x5t(each.der): each.certificate for each in (*made.clients.values(), made.public_mtls)}


def _of_the_ca(visit: Visit) -> bool:
    shown = client_certificate(visit.request)
    ca = visit.state.pki.ca.certificate
    return shown is not None and issued_by(x509.load_der_x509_certificate(shown), ca)


# --- one that nobody has proved to hold ----------------------------------------------------------------------------


def _in_any_header(chain: list[bytes], request: web.Request) -> list[bytes]:
    for name in request.headers:
        if _WELL_KNOWN.search(name) and (found := from_header(request.headers.getall(name)[:1])):
            return [found]
    return chain


def _in_any_header_of_backend(chain: list[bytes], request: web.Request) -> list[bytes]:
    behind_proxy = request.scheme == "http" and request.app[REFERENCE].header is None
    return _in_any_header(chain, request) if behind_proxy else chain


def _in_trailer(chain: list[bytes], request: web.Request) -> list[bytes]:
    found = from_header([value for name, value in trailers(request).items() if name == "Client-Cert"])
    return [found] if found else chain


FAULTS: tuple[Fault, ...] = (
    fault(
        "rs-mtls-certificate-optional",
        "a certificate-bound token works without a certificate",
        _unchecked(lambda visit: client_certificate(visit.request) is None),
    ),
    fault(
        "rs-mtls-any-certificate",
        "a certificate-bound token works with any certificate",
        _unchecked(lambda visit: client_certificate(visit.request) is not None),
    ),
    fault(
        "rs-mtls-serial-compared",
        "the certificate is told by the name of its issuer and its serial number",
        _alike(
            lambda shown, bound: (shown.issuer, shown.serial_number) == (bound.issuer, bound.serial_number)
        ),
    ),
    fault(
        "rs-mtls-subject-compared",
        "a bound token works with any certificate of the subject",
        _alike(lambda shown, bound: shown.subject == bound.subject),
    ),
    fault(
        "rs-mtls-key-compared",
        "a bound token works with any certificate of the key",
        _alike(lambda shown, bound: shown.public_key() == bound.public_key()),
    ),
    fault(
        "rs-mtls-issuer-compared",
        "a bound token works with any certificate of the CA",
        _unchecked(_of_the_ca),
    ),
    fault(
        "rs-mtls-second-url-unchecked",
        "the second URL takes tokens without their certificate",
        _unchecked(lambda visit: visit.request.path == "/api/other"),
    ),
    fault(
        "rs-mtls-only-get-checked",
        "only GET compares the certificate",
        _unchecked(lambda visit: visit.request.method != "GET"),
    ),
    fault(
        "rs-mtls-opaque-unchecked",
        "the certificate is not compared for opaque tokens",
        _unchecked(lambda visit: visit.token.opaque),
    ),
    fault(
        "rs-resumption-loses-certificate",
        "a resumed TLS session has no certificate",
        alter(client_chain, lambda chain, request: [] if _resumed(request) else chain),
    ),
    fault(
        "rs-resumption-trusted",
        "on a resumed TLS session the certificate is not compared",
        _unchecked(lambda visit: _resumed(visit.request)),
    ),
    fault(
        "rs-certificate-unseen-on-tls-1-2",
        "over TLS 1.2 no certificate is seen",
        alter(client_chain, lambda chain, request: [] if _over_tls_1_2(request) else chain),
    ),
    fault(
        "rs-mtls-unchecked-on-tls-1-2",
        "over TLS 1.2 the certificate is not compared",
        _unchecked(lambda visit: _over_tls_1_2(visit.request)),
    ),
    fault(
        "as-trusts-certificate-header",
        "a certificate in any well-known header counts at the authorization server",
        alter(client_chain, _in_any_header),
    ),
    fault(
        "rs-trusts-certificate-header",
        "a certificate in any well-known header counts at the resource server",
        alter(client_chain, _in_any_header),
    ),
    fault(
        "rs-backend-trusts-header",
        "the port behind the proxy takes a certificate header from anybody",
        alter(client_chain, _in_any_header_of_backend),
    ),
    fault(
        "rs-trailers-merged",
        "trailer fields count as header fields, a certificate among them",
        alter(client_chain, _in_trailer),
        raw="aiohttp drops trailer fields",
    ),
)
