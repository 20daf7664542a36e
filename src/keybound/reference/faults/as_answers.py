"""Faults in what the authorization server says: metadata, registration, introspection, errors, headers."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from keybound.reference.app import error_response, forbid_storing
from keybound.reference.authorize import page
from keybound.reference.clients import Client
from keybound.reference.errors import OAuthError
from keybound.reference.introspection import introspection_response
from keybound.reference.metadata import metadata_of
from keybound.reference.parts import Instead, alter, first, leave_out
from keybound.reference.registration import (
    KNOWN,
    gets_bound_tokens_by_code,
    has_one_key_set,
    has_one_subject,
    registered,
)
from keybound.reference.state import (
    REFERENCE,
    alias_of,
    authenticated,
    client_certificate,
    parameters,
)
from keybound.reference.tokens import AccessToken

from .fault import Fault, fault

Document = dict[str, Any]
Authenticated = tuple[Client, dict[str, str]]

# What the endpoints of RFC 6749, 7009, 7662, 8628, 8693, 9126 and 9449, of CIBA and of the login pages know.
_PARAMETERS = frozenset((
    "actor_token", "actor_token_type", "assertion", "audience", "auth_req_id", "claims",
    "client_assertion", "client_assertion_type", "client_id", "client_secret", "code", "code_challenge",
    "code_challenge_method", "code_verifier", "csrf", "device_code", "dpop_jkt", "grant_type",
    "login_hint", "nonce", "password", "redirect_uri", "refresh_token", "request", "request_uri",
    "requested_token_type", "resource", "response_type", "scope", "state", "subject_token",
    "subject_token_type", "token", "token_type_hint", "user_code", "username",
))  # fmt: skip


def _says(change: Callable[[Document], Document]) -> Instead:
    """Publish other metadata: `change` gets the document and returns the members that are different."""
    return alter(metadata_of, lambda right, state: right | change(right))


def _algs(change: Callable[[list[str]], Any]) -> Instead:
    name = "dpop_signing_alg_values_supported"
    return _says(lambda right: {name: change(right[name])})


def _aliases(change: Callable[[dict[str, str]], Any]) -> Instead:
    """Behind a proxy there are none."""
    name = "mtls_endpoint_aliases"
    return _says(lambda right: {name: change(right[name])} if name in right else {})


def _plain(url: str) -> str:
    return url.replace("https", "http", 1)


def _refuse_unknown(known: dict[str, str], encoded: str) -> dict[str, str]:
    if unknown := known.keys() - _PARAMETERS:
        raise OAuthError("invalid_request", f"unknown: {', '.join(sorted(unknown))}")
    return known


def _all_known(asked: Document) -> None:
    if asked.keys() - KNOWN:
        raise OAuthError("invalid_client_metadata", "unknown client metadata")


def _cnf_without(member: str) -> Instead:
    def change(said: Document, token: AccessToken) -> Document:
        cnf = {name: value for name, value in token.cnf.items() if name != member}
        rest = {name: value for name, value in said.items() if name != "cnf"}
        return rest | ({"cnf": cnf} if cnf else {})

    return alter(introspection_response, change)


def _introspection_wants(check: Callable[[web.Request], None]) -> Instead:
    """Check one thing more of an authenticated client that asks about a token."""

    async def body(
        right: Callable[[web.Request], Awaitable[Authenticated]], request: web.Request
    ) -> Authenticated:
        found = await right(request)
        if request.path == "/introspect":
            check(request)
        return found

    return Instead(authenticated, body)


def _proof(request: web.Request) -> None:
    if "DPoP" not in request.headers:
        raise OAuthError("invalid_dpop_proof", "a DPoP proof is needed")


def _certificate(request: web.Request) -> None:
    if client_certificate(request) is None:
        raise OAuthError("invalid_client", "introspection needs a certificate", 401)


def _no_revocation_at_alias(request: web.Request) -> None:
    issuer = request.app[REFERENCE].issuer
    if request.path == "/revoke" and alias_of(issuer).endswith(f"//{request.host}"):
        raise web.HTTPNotFound


def _page(code: str) -> Instead:
    """Answer with a page where the error has this code."""

    def change(right: web.Response, error: OAuthError) -> web.Response:
        return page(str(error), status=error.status) if error.code == code else right

    return alter(error_response, change)


def _without_challenge(right: web.Response, error: OAuthError) -> web.Response:
    right.headers.pop("WWW-Authenticate", None)
    return right


def _token_may_be_stored(_: None, response: web.StreamResponse, path: str) -> None:
    if path == "/token":
        response.headers["Cache-Control"] = "private"


FAULTS: tuple[Fault, ...] = (
    fault(
        "as-metadata-algs-string",
        "dpop_signing_alg_values_supported is a string",
        _algs(" ".join),
    ),
    fault(
        "as-metadata-algs-none",
        "dpop_signing_alg_values_supported contains none",
        _algs(lambda algs: [*algs, "none"]),
    ),
    fault(
        "as-metadata-algs-partial",
        "RS256 is taken and not advertised",
        _algs(lambda algs: [alg for alg in algs if alg != "RS256"]),
    ),
    fault(
        "as-metadata-without-es256",
        "ES256 is not among the proof algorithms",
        _algs(lambda algs: [alg for alg in algs if alg != "ES256"]),
    ),
    fault(
        "as-metadata-mtls-flag-string",
        "tls_client_certificate_bound_access_tokens is a string",
        _says(lambda right: {"tls_client_certificate_bound_access_tokens": "true"}),
    ),
    fault(
        "as-metadata-empty-array",
        "the metadata has an empty array",
        _says(lambda right: {"response_modes_supported": []}),
    ),
    fault(
        "as-metadata-incomplete",
        "the metadata lacks response_types_supported",
        alter(
            metadata_of,
            lambda right, state: {
                name: value for name, value in right.items() if name != "response_types_supported"
            },
        ),
    ),
    fault(
        "as-metadata-endpoint-http",
        "the metadata has a plain http endpoint",
        _says(lambda right: {"revocation_endpoint": _plain(right["revocation_endpoint"])}),
    ),
    fault(
        "as-metadata-secrets-only",
        "the metadata lists only secrets for client authentication",
        _says(
            lambda right: {
                name: [method for method in right[name] if "secret" in method]
                for name in (
                    "token_endpoint_auth_methods_supported",
                    "revocation_endpoint_auth_methods_supported",
                )
            }
        ),
    ),
    fault(
        "as-metadata-aliases-list",
        "mtls_endpoint_aliases is a list",
        _aliases(lambda aliases: list(aliases.items())),
    ),
    fault(
        "as-metadata-alias-http",
        "an alias is a plain http URL",
        _aliases(lambda aliases: {"revocation_endpoint": _plain(aliases["revocation_endpoint"])}),
    ),
    fault(
        "as-alias-revocation-missing",
        "the alias of the revocation endpoint is not there",
        first(authenticated, _no_revocation_at_alias),
    ),
    fault(
        "as-registration-hides-binding",
        "a registration does not show the flags of bound tokens",
        alter(
            registered,
            lambda right, asked: {
                name: value for name, value in right.items() if not name.endswith("_access_tokens")
            },
        ),
    ),
    fault(
        "as-registration-refuses-unknown",
        "unknown client metadata is refused",
        first(has_one_key_set, _all_known),
    ),
    fault(
        "as-registration-both-key-sets", "jwks and jwks_uri are both registered", leave_out(has_one_key_set)
    ),
    fault(
        "as-registration-two-subjects",
        "two subjects are registered for one client",
        leave_out(has_one_subject),
    ),
    fault(
        "as-registration-front-channel",
        "a client held to DPoP may register the response type token",
        leave_out(gets_bound_tokens_by_code),
    ),
    fault("as-introspection-without-cnf", "introspection leaves out cnf.jkt", _cnf_without("jkt")),
    fault("as-introspection-without-x5t", "introspection leaves out cnf.x5t#S256", _cnf_without("x5t#S256")),
    fault(
        "as-introspection-says-bearer",
        "introspection calls a DPoP token Bearer",
        alter(introspection_response, lambda said, token: {**said, "token_type": "Bearer"}),
    ),
    fault(
        "as-introspection-wants-proof", "introspection asks for a DPoP proof", _introspection_wants(_proof)
    ),
    fault(
        "as-introspection-demands-certificate",
        "introspection is for clients with certificates only",
        _introspection_wants(_certificate),
    ),
    fault(
        "as-refuses-unknown-parameters",
        "a parameter nobody knows is refused",
        alter(parameters, _refuse_unknown),
    ),
    fault(
        "as-errors-are-pages",
        "an unknown grant type is answered with a page",
        _page("unsupported_grant_type"),
    ),
    fault("as-proof-error-not-json", "a bad proof is answered with a page", _page("invalid_dpop_proof")),
    fault(
        "as-invalid-client-without-challenge",
        "a 401 for a wrong secret has no challenge",
        alter(error_response, _without_challenge),
    ),
    fault(
        "as-token-cacheable", "a token response may be stored", alter(forbid_storing, _token_may_be_stored)
    ),
)
