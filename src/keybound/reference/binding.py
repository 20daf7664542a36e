"""Is the certificate of a connection the one that a token is bound to (RFC 8705 section 3)?"""

from aiohttp import web
from cryptography import x509

from . import pki
from .certificates import resumed, tls_version
from .state import REFERENCE, Reference, client_certificate
from .tokens import AccessToken


def certificate_fits(request: web.Request, token: AccessToken, scheme: str | None) -> bool:
    """Return whether the client showed the certificate that `token` is bound to, if it is bound to one."""
    state = request.app[REFERENCE]
    x5t = token.cnf.get("x5t#S256")
    if x5t is None or _skipped(state, request, token, scheme):
        return True
    shown = client_certificate(request, "rs")
    lost = {
        "rs-resumption-loses-certificate": resumed(request),
        "rs-certificate-unseen-on-tls-1-2": tls_version(request) == "TLSv1.2",
    }
    if any(state.faults.on(fault) and happens for fault, happens in lost.items()):
        shown = None
    if shown is None:
        return state.faults.on("rs-mtls-certificate-optional")
    return (
        pki.x5t(shown) == x5t
        or state.faults.on("rs-mtls-any-certificate")
        or (state.faults.on("rs-token-binding-loosely-compared") and loosely_same(pki.x5t(shown), x5t))
        or _alike(state, shown, x5t)
    )


def loosely_same(right: str, given: object) -> bool:
    """Return whether a fault takes `given` for the thumbprint `right`: in another case, or only its beginning."""
    return isinstance(given, str) and given != "" and right.lower().startswith(given.lower())


def _skipped(state: Reference, request: web.Request, token: AccessToken, scheme: str | None) -> bool:
    """Return whether a fault keeps the check from being made at all."""
    on = {
        "rs-opaque-cnf-ignored": token.opaque,
        "rs-mtls-opaque-unchecked": token.opaque,
        "rs-mtls-unchecked-under-dpop": scheme == "DPoP" and "jkt" not in token.cnf,
        "rs-mtls-second-url-unchecked": request.path == "/api/other",
        "rs-mtls-only-get-checked": request.method != "GET",
        "rs-both-only-proof-checked": "jkt" in token.cnf,
        "rs-resumption-trusted": resumed(request),
        "rs-mtls-unchecked-on-tls-1-2": tls_version(request) == "TLSv1.2",
    }
    return any(state.faults.on(fault) and happens for fault, happens in on.items())


def _alike(state: Reference, shown: bytes, x5t: str) -> bool:
    """Return whether a fault takes a certificate that only resembles the one the token is bound to."""
    known = [*map(state.pki.holder, state.pki.made), state.pki.public_mtls]
    bound = next((each.certificate for each in known if pki.x5t(each.der) == x5t), None)
    if bound is None:
        return False
    certificate = x509.load_der_x509_certificate(shown)
    alike = {
        "rs-mtls-subject-compared": certificate.subject == bound.subject,
        "rs-mtls-serial-compared": (certificate.issuer, certificate.serial_number)
        == (bound.issuer, bound.serial_number),
        "rs-mtls-key-compared": certificate.public_key() == bound.public_key(),
        "rs-mtls-issuer-compared": pki.issued_by(certificate, state.pki.ca.certificate),
    }
    return any(state.faults.on(fault) and same for fault, same in alike.items())
