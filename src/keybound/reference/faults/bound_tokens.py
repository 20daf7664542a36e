"""Faults in whether a token may be used: by its scheme, its key, its certificate, its scope (RFC 9449 section 7)."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from keybound.reference.access import (
    Visit,
    authorize,
    checked_proof,
    credentials_of,
    good_token,
    proof_holds,
    scheme_fits_binding,
    token_covers_scope,
    token_is_bound_to_certificate,
    token_is_bound_to_key,
)
from keybound.reference.parts import first, leave_out, replace
from keybound.reference.pki import x5t
from keybound.reference.proof_requests import proof_fields
from keybound.reference.resource import add_note, keep_note
from keybound.reference.state import REFERENCE, Reference, client_certificate
from keybound.reference.tokens import AccessToken, has_ended, is_revoked

from .fault import Fault, fault


def has_key(visit: Visit) -> bool:
    """Return whether the token is bound to a key."""
    return "jkt" in visit.token.cnf


def _has_both(visit: Visit) -> bool:
    return has_key(visit) and "x5t#S256" in visit.token.cnf


def _has_certificate_alone(visit: Visit) -> bool:
    return not has_key(visit) and "x5t#S256" in visit.token.cnf


def _is_opaque(visit: Visit) -> bool:
    return visit.token.opaque


def _kid_is_jkt(visit: Visit) -> bool:
    return visit.proof is not None and has_key(visit) and visit.proof.jwk.get("kid") == visit.token.cnf["jkt"]


def _key_loosely_same(visit: Visit) -> bool:
    return visit.proof is not None and _loosely_same(visit.proof.jkt, visit.token.cnf.get("jkt"))


def _certificate_loosely_same(visit: Visit) -> bool:
    shown = client_certificate(visit.request)
    return shown is not None and _loosely_same(x5t(shown), visit.token.cnf.get("x5t#S256"))


def _loosely_same(right: str, given: str | None) -> bool:
    """Compare without case, and as far as what was given goes."""
    return bool(given) and right.lower().startswith(str(given).lower())


def _with_proof(right: Callable[[Visit], None], visit: Visit) -> None:
    """Let a proof that holds make up for the wrong scheme."""
    if visit.scheme == "Bearer" and has_key(visit):
        visit.proof = checked_proof(visit)
    else:
        right(visit)


def _wants_binding(visit: Visit) -> None:
    if visit.scheme == "Bearer" and not visit.token.cnf:
        raise visit.refusal("tokens have to be bound")


async def _opaque_unbound(
    right: Callable[[Reference, str], Awaitable[AccessToken | None]], state: Reference, credentials: str
) -> AccessToken | None:
    token = await right(state, credentials)
    return AccessToken({**token.claims, "cnf": {}}, token.opaque) if token and token.opaque else token


async def _kept_first(right: Callable[[web.Request], Awaitable[None]], request: web.Request) -> None:
    _, credentials = await credentials_of(request)
    token = await good_token(request.app[REFERENCE], credentials)
    if token is None:
        await right(request)
    else:
        await keep_note(request, token)
        await authorize(request, "read")


FAULTS: tuple[Fault, ...] = (
    fault(
        "rs-bound-token-as-bearer",
        "a DPoP-bound token works as a bearer token",
        leave_out(scheme_fits_binding),
    ),
    fault(
        "rs-bearer-with-proof-ok",
        "a DPoP-bound token works under Bearer if a good proof comes along",
        replace(scheme_fits_binding, _with_proof),
    ),
    fault(
        "rs-bearer-refused",
        "a Bearer token is refused though the scheme is offered",
        first(scheme_fits_binding, _wants_binding),
    ),
    fault(
        "rs-proof-optional",
        "the DPoP scheme works without a proof",
        leave_out(proof_holds, lambda visit: not proof_fields(visit.request)),
    ),
    fault("rs-any-key", "the proof's key is not compared with the token's", leave_out(token_is_bound_to_key)),
    fault(
        "rs-unbound-token-ok",
        "an unbound token works under the DPoP scheme",
        leave_out(token_is_bound_to_key, lambda visit: not has_key(visit)),
    ),
    fault(
        "rs-kid-as-thumbprint",
        "kid of the jwk is taken for its thumbprint",
        leave_out(token_is_bound_to_key, _kid_is_jkt),
    ),
    fault(
        "rs-opaque-cnf-ignored",
        "the binding of opaque tokens is not checked",
        replace(good_token, _opaque_unbound),
        leave_out(token_is_bound_to_key, _is_opaque),
    ),
    fault(
        "rs-both-only-proof-checked",
        "a token bound to key and certificate needs the key only",
        leave_out(token_is_bound_to_certificate, has_key),
    ),
    fault(
        "rs-both-only-certificate-checked",
        "a token bound to key and certificate needs the certificate only",
        leave_out(scheme_fits_binding, _has_both),
        leave_out(proof_holds, _has_both),
    ),
    fault(
        "rs-mtls-unchecked-under-dpop",
        "a certificate-bound token under the DPoP scheme needs no certificate",
        leave_out(
            token_is_bound_to_certificate,
            lambda visit: visit.scheme == "DPoP" and not has_key(visit),
        ),
        leave_out(proof_holds, _has_certificate_alone),
    ),
    fault(
        "rs-token-one-binding-checked",
        "of two bindings only one is checked",
        leave_out(
            token_is_bound_to_certificate,
            lambda visit: visit.scheme == "DPoP" and has_key(visit),
        ),
        leave_out(scheme_fits_binding, _has_both),
        alone=True,
    ),
    fault(
        "rs-token-jkt-not-compared",
        "any key serves for a token of a foreign issuer",
        leave_out(token_is_bound_to_key),
        alone=True,
    ),
    fault(
        "rs-token-x5t-not-compared",
        "any certificate serves for a token of a foreign issuer",
        leave_out(token_is_bound_to_certificate),
        alone=True,
    ),
    fault(
        "rs-token-binding-loosely-compared",
        "jkt and x5t#S256 are compared without their case, and as far as they go",
        leave_out(token_is_bound_to_key, _key_loosely_same),
        leave_out(token_is_bound_to_certificate, _certificate_loosely_same),
        alone=True,
    ),
    fault("rs-scope-ignored", "the scope of a token is not looked at", leave_out(token_covers_scope)),
    fault(
        "rs-revoked-token-ok",
        "nobody asks whether a token was revoked",
        replace(is_revoked, lambda *_: False),
    ),
    fault(
        "rs-ended-token-ok",
        "nobody looks whether a token has come to its end",
        replace(has_ended, lambda *_: False),
    ),
    fault(
        "rs-executes-before-verifying",
        "a note is stored before the proof is checked",
        replace(add_note, _kept_first),
    ),
)
