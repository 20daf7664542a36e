"""Faults in how the authorization server knows clients by their certificates (RFC 8705 section 2)."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace as with_
from typing import Any

from aiohttp import web
from cryptography import x509
from cryptography.x509.oid import NameOID

from keybound.reference.client_authentication import (
    Attempt,
    Credentials,
    Registry,
    authenticate,
    certificate_carries_name,
    certificate_is_for_clients,
    certificate_is_in_its_lifetime,
    certificate_is_of_our_ca,
    prove,
    registered_certificate,
    same_certificate,
)
from keybound.reference.client_keys import certificates_of, has_certificate
from keybound.reference.client_names import NAME_KINDS, alternative_names, carries_name, same_dn
from keybound.reference.clients import Client
from keybound.reference.errors import OAuthError
from keybound.reference.parts import Instead, alter, first, kept, leave_out, replace
from keybound.reference.state import REFERENCE, at_plain, authenticated, read_form

from .fault import Fault, fault

_MTLS = ("tls_client_auth", "self_signed_tls_client_auth")
Certificates = list[x509.Certificate]
Authenticated = tuple[Client, dict[str, str]]


def _unproved(when: Callable[[Attempt], bool]) -> Instead:
    """Believe a client with a certificate when `when` says so."""
    return leave_out(prove, lambda attempt: attempt.client.auth in _MTLS and when(attempt))


def _any_certificate(auth: str) -> Instead:
    return leave_out(prove, lambda attempt: attempt.client.auth == auth and bool(attempt.shown.chain))


def _of_any_client(attempt: Attempt) -> bool:
    known = [each.identity.der for each in attempt.registry.clients.values() if each.identity]
    return bool(attempt.shown.chain) and attempt.shown.chain[0] in known


def _second_method_wins(
    right: Callable[[Registry, Credentials], Client], registry: Registry, shown: Credentials
) -> Client:
    client = registry.clients.get(shown.form.get("client_id", ""))
    if client and client.identity:
        in_form = {"client_assertion"} if client.public else {"client_assertion", "client_secret"}
        if shown.authorization is not None or in_form & shown.form.keys():
            return client
    return right(registry, shown)


def _access_denied(right: Callable[[Attempt], None], attempt: Attempt) -> None:
    try:
        right(attempt)
    except OAuthError:
        if attempt.client.auth in _MTLS:
            raise OAuthError("access_denied", "the certificate is not the client's") from None
        raise


async def _name_is_enough_at_plain(
    right: Callable[[web.Request], Awaitable[Authenticated]], request: web.Request
) -> Authenticated:
    form = await read_form(request)
    client = request.app[REFERENCE].registry.clients.get(form.get("client_id", ""))
    if client and client.identity and at_plain(request):
        return client, form
    return await right(request)


def _only_the_first(attempt: Attempt) -> None:
    if attempt.shown.certificate != registered_certificate(attempt.client):
        raise OAuthError("invalid_client", "another certificate", 401)


def _any_of_chain(right: Callable[[Attempt], None], attempt: Attempt) -> None:
    for der in attempt.shown.chain:
        try:
            return right(with_(attempt, shown=with_(attempt.shown, chain=[der])))
        except OAuthError:
            continue
    return right(attempt)


def _common_names(certificate: x509.Certificate) -> list[str]:
    return [str(part.value) for part in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]


def _found_also(names: Callable[[x509.Certificate, str], list[str]]) -> Instead:
    """Find an alternative name also among what `names` reads of the certificate shown."""

    def found(right: bool, shown: x509.Certificate, registered: x509.Certificate, kind: str) -> bool:
        if right or kind == "dn":
            return right
        return bool(set(alternative_names(registered, kind)) & set(names(shown, kind)))

    return alter(carries_name, found)


def _ends_at_nul(text: object) -> str:
    return str(text).partition("\0")[0]


def _dn_ends_at_nul(_: object, shown: x509.Certificate, registered: x509.Certificate) -> bool:
    parts = [(part.oid, _ends_at_nul(part.value)) for part in shown.subject]
    return parts == [(part.oid, part.value) for part in registered.subject]


def _begins_with(_: object, shown: x509.Certificate, registered: x509.Certificate) -> bool:
    wanted = registered.subject.rdns
    return shown.subject.rdns[: len(wanted)] == wanted


def _prefix(right: bool, shown: x509.Certificate, registered: x509.Certificate, kind: str) -> bool:
    if kind == "dn":
        return right
    wanted = alternative_names(registered, kind)
    return any(each.startswith(name) for each in alternative_names(shown, kind) for name in wanted)


def _wildcard(right: bool, shown: x509.Certificate, registered: x509.Certificate, kind: str) -> bool:
    if right or kind == "dn":
        return right
    wanted = alternative_names(registered, kind)
    first_label = wanted[0].partition(".")[0]
    return any(each.replace("*", first_label) in wanted for each in alternative_names(shown, kind))


async def _fetched_once(
    right: Callable[[Client], Coroutine[Any, Any, Certificates]], client: Client
) -> Certificates:
    if not kept().get(client.id):
        kept()[client.id] = await right(client)
    found: Certificates = kept()[client.id]
    return found


async def _never_dropped(
    right: Callable[[Client], Coroutine[Any, Any, Certificates]], client: Client
) -> Certificates:
    seen: Certificates = kept().setdefault(client.id, [])
    seen += [each for each in await right(client) if each not in seen]
    return seen


FAULTS: tuple[Fault, ...] = (
    fault(
        "as-mtls-certificate-optional",
        "client_id alone authenticates an mTLS client",
        _unproved(lambda attempt: not attempt.shown.chain),
    ),
    fault(
        "as-mtls-any-certificate",
        "tls_client_auth takes any certificate",
        _any_certificate("tls_client_auth"),
    ),
    fault(
        "as-self-signed-any-certificate",
        "self_signed_tls_client_auth takes any certificate",
        _any_certificate("self_signed_tls_client_auth"),
    ),
    fault(
        "as-mtls-any-registered",
        "an mTLS client may show the certificate of any client",
        _unproved(_of_any_client),
    ),
    fault(
        "as-mtls-second-method-wins",
        "an mTLS client with any client_secret needs no certificate",
        replace(authenticate, _second_method_wins),
    ),
    fault(
        "as-mtls-refresh-unauthenticated",
        "an mTLS client refreshes without its certificate",
        _unproved(lambda attempt: attempt.shown.form.get("grant_type") == "refresh_token"),
    ),
    fault(
        "as-mtls-tokens-only",
        "at introspection and revocation the name of an mTLS client is enough",
        _unproved(lambda attempt: "token" in attempt.shown.form),
    ),
    fault(
        "as-plain-endpoint-unauthenticated",
        "where the endpoint is no alias, the name of an mTLS client is enough",
        replace(authenticated, _name_is_enough_at_plain),
    ),
    fault(
        "as-mtls-wrong-error",
        "failed mTLS authentication is answered 400 access_denied",
        replace(prove, _access_denied),
    ),
    fault(
        "as-mtls-chain-ignored",
        "tls_client_auth looks at the name alone",
        leave_out(certificate_is_in_its_lifetime),
        leave_out(certificate_is_for_clients),
        leave_out(certificate_is_of_our_ca),
    ),
    fault(
        "as-mtls-lifetime-ignored",
        "tls_client_auth takes certificates of any time",
        leave_out(certificate_is_in_its_lifetime),
    ),
    fault(
        "as-mtls-purpose-ignored",
        "tls_client_auth takes certificates for servers",
        leave_out(certificate_is_for_clients),
    ),
    fault(
        "as-mtls-certificate-pinned",
        "tls_client_auth takes the first certificate and no renewed one",
        first(certificate_carries_name, _only_the_first),
    ),
    fault(
        "as-mtls-any-of-chain",
        "tls_client_auth looks for the name in every certificate of the chain",
        replace(certificate_carries_name, _any_of_chain),
    ),
    fault(
        "as-mtls-subject-ignored",
        "tls_client_auth takes any certificate of its CA",
        leave_out(certificate_carries_name),
    ),
    fault(
        "as-mtls-issuer-for-subject",
        "tls_client_auth looks for the name in the issuer as well",
        alter(
            carries_name,
            lambda right, shown, registered, kind: (
                right or (kind == "dn" and shown.issuer == registered.subject)
            ),
        ),
    ),
    fault(
        "as-mtls-nul-ends-name",
        "tls_client_auth reads names up to a NUL",
        _found_also(lambda shown, kind: [_ends_at_nul(each) for each in alternative_names(shown, kind)]),
        replace(same_dn, _dn_ends_at_nul),
    ),
    fault(
        "as-mtls-name-in-any-field",
        "an alternative name is found in the common name as well",
        _found_also(lambda shown, kind: _common_names(shown)),
    ),
    fault(
        "as-mtls-name-of-any-type",
        "an alternative name is found among those of other types as well",
        _found_also(
            lambda shown, kind: [each for any_ in NAME_KINDS for each in alternative_names(shown, any_)]
        ),
    ),
    fault(
        "as-mtls-name-prefix",
        "an alternative name that begins with the registered one will do",
        alter(carries_name, _prefix),
    ),
    fault(
        "as-mtls-wildcard-matches",
        "a wildcard in a certificate covers a registered name",
        alter(carries_name, _wildcard),
    ),
    fault(
        "as-mtls-common-name-compared",
        "of distinguished names only the common name is compared",
        replace(same_dn, lambda right, shown, registered: _common_names(shown) == _common_names(registered)),
    ),
    fault(
        "as-mtls-dn-contained",
        "a subject that begins with the registered one will do",
        replace(same_dn, _begins_with),
    ),
    fault(
        "as-mtls-dn-order-ignored",
        "distinguished names are compared as sets",
        replace(same_dn, lambda right, shown, registered: set(shown.subject) == set(registered.subject)),
    ),
    fault(
        "as-mtls-dn-bytes-compared",
        "distinguished names are compared by their bytes",
        replace(
            same_dn,
            lambda right, shown, registered: (
                shown.subject.public_bytes() == registered.subject.public_bytes()
            ),
        ),
    ),
    fault(
        "as-self-signed-subject-compared",
        "self_signed_tls_client_auth compares subjects",
        replace(same_certificate, lambda right, shown, registered: shown.subject == registered.subject),
    ),
    fault(
        "as-self-signed-serial-compared",
        "self-signed certificates are compared by their serial number",
        replace(
            same_certificate, lambda right, shown, registered: shown.serial_number == registered.serial_number
        ),
    ),
    fault(
        "as-self-signed-key-compared",
        "self_signed_tls_client_auth compares keys",
        replace(
            same_certificate, lambda right, shown, registered: shown.public_key() == registered.public_key()
        ),
    ),
    fault(
        "as-jwks-uri-kept",
        "what is at a client's jwks_uri is fetched once and never again",
        replace(certificates_of, _fetched_once),
    ),
    fault(
        "as-jwks-uri-old-kept",
        "a certificate that was once at a client's jwks_uri is good for ever",
        replace(certificates_of, _never_dropped),
    ),
    fault(
        "as-jwks-uri-odd-key-fatal",
        "one key of unknown type at a jwks_uri spoils the others",
        replace(has_certificate, lambda right, key: "x5c" in key),
    ),
)
