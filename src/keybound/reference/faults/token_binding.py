"""Faults in what access tokens are bound to, and in what the token response says of it."""

import hashlib
import json
import secrets
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import replace as with_
from typing import Any, Literal

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from keybound.reference import jose
from keybound.reference.access import token_is_bound_to_key
from keybound.reference.clients import CIBA, DEVICE, EXCHANGE, JWT_BEARER
from keybound.reference.extension_grants import GRANTS as EXTENSIONS
from keybound.reference.parts import Instead, Side, alter, leave_out, replace
from keybound.reference.pki import x5t
from keybound.reference.proof import Proof, single
from keybound.reference.state import at_plain
from keybound.reference.token_endpoint import (
    answer,
    bound_client_brings_a_proof,
    carry_out,
    certificate_to_bind,
)
from keybound.reference.token_request import TokenRequest
from keybound.reference.token_response import confirmation, token_response, token_type
from keybound.reference.tokens import Grant, access_claims, jkt_of, new_handle

from .fault import Fault, fault

_BOTH: tuple[Side, ...] = ("as", "rs")  # for a token that is bound in a wrong way has to be usable
Cnf = dict[str, str]
Answer = dict[str, Any]


def _unbound(grant_type: str) -> Instead:
    """Issue the access tokens of one grant as if there had been no proof."""

    def body(
        right: Callable[[TokenRequest, Grant, str], Answer], asked: TokenRequest, grant: Grant, scope: str
    ) -> Answer:
        return right(with_(asked, proof=None) if asked.grant_type == grant_type else asked, grant, scope)

    return replace(token_response, body)


def _without(member: str, when: Callable[[TokenRequest], bool] = lambda asked: True) -> Instead:
    """Leave a member out of cnf."""

    def change(cnf: Cnf, asked: TokenRequest) -> Cnf:
        return {name: value for name, value in cnf.items() if name != member or not when(asked)}

    return alter(confirmation, change)


def _without_proof(right: Callable[[TokenRequest], Answer], asked: TokenRequest) -> Answer:
    return right(with_(asked, proof=None) if asked.client.identity else asked)


async def _says_dpop(
    right: Callable[[web.Request], Coroutine[Any, Any, Answer]], request: web.Request
) -> Answer:
    return await right(request) | ({"token_type": "DPoP"} if "DPoP" in request.headers else {})


def _jkt(thumbprint: Callable[[Proof], str]) -> Instead:
    return replace(jkt_of, lambda right, proof: thumbprint(proof), _BOTH)


def _unsorted(proof: Proof) -> str:
    """Hash the members in the order of RFC 7518 section 6, which is that of the alphabet for no kind of key."""
    members = {name: proof.jwk[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in proof.jwk}
    return jose.digest(json.dumps(members, separators=(",", ":")))


def _x5t(thumbprint: Callable[[bytes], str]) -> Instead:
    return replace(x5t, lambda right, der: thumbprint(der), _BOTH)


def _public_key(der: bytes) -> bytes:
    key = x509.load_der_x509_certificate(der).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _short(which: Literal["code", "refresh token", "access token"]) -> Instead:
    return alter(new_handle, lambda right, kind: secrets.token_urlsafe(6) if kind == which else right)


FAULTS: tuple[Fault, ...] = (
    fault(
        "as-client-credentials-unbound",
        "client_credentials with a good proof yields an unbound token",
        _unbound("client_credentials"),
    ),
    fault(
        "as-code-grant-unbound",
        "a code with a good proof yields an unbound token",
        _unbound("authorization_code"),
    ),
    fault(
        "as-refresh-grant-unbound",
        "a refresh with a good proof yields an unbound token",
        _unbound("refresh_token"),
    ),
    fault(
        "as-device-grant-unbound", "device_code with a good proof yields an unbound token", _unbound(DEVICE)
    ),
    fault(
        "as-exchange-grant-unbound",
        "token exchange with a good proof yields an unbound token",
        _unbound(EXCHANGE),
    ),
    fault("as-ciba-grant-unbound", "CIBA with a good proof yields an unbound token", _unbound(CIBA)),
    fault(
        "as-jwt-bearer-grant-unbound",
        "jwt-bearer with a good proof yields an unbound token",
        _unbound(JWT_BEARER),
    ),
    fault(
        "as-bound-client-proof-optional",
        "dpop_bound_access_tokens is not enforced",
        leave_out(bound_client_brings_a_proof),
    ),
    fault(
        "as-bound-client-refresh-excused",
        "a bound client may refresh without a proof",
        leave_out(bound_client_brings_a_proof, lambda asked: asked.grant_type == "refresh_token"),
    ),
    fault(
        "as-bound-client-extensions-excused",
        "a bound client needs no proof for the grants beyond RFC 6749",
        leave_out(bound_client_brings_a_proof, lambda asked: asked.grant_type in EXTENSIONS),
    ),
    fault(
        "as-mtls-client-proof-ignored",
        "the proof of a client that authenticates by certificate is not read",
        replace(carry_out, _without_proof),
    ),
    fault(
        "as-cnf-missing",
        "a token announced as DPoP is bound to no key",
        _without("jkt"),
        leave_out(token_is_bound_to_key, lambda visit: "jkt" not in visit.token.cnf, ("rs",)),
    ),
    fault(
        "as-both-unbound",
        "a certificate and a proof together give an unbound token",
        alter(confirmation, lambda cnf, asked: {} if len(cnf) == 2 else cnf),
    ),
    fault("as-x5t-missing", "a certificate-bound client's token is not bound", _without("x5t#S256")),
    fault(
        "as-mtls-code-unbound",
        "the code grant does not bind to the certificate",
        _without("x5t#S256", lambda asked: asked.grant_type == "authorization_code"),
    ),
    fault(
        "as-mtls-binding-on-first-token-only",
        "a refreshed token is not certificate-bound",
        _without("x5t#S256", lambda asked: asked.grant_type == "refresh_token"),
    ),
    fault(
        "as-mtls-extensions-unbound",
        "grants other than client credentials and codes do not bind to the certificate",
        _without("x5t#S256", lambda asked: asked.grant_type in EXTENSIONS),
    ),
    fault(
        "as-mtls-binds-registered",
        "without mutual TLS a token is bound to the registered certificate",
        alter(
            certificate_to_bind,
            lambda shown, request, client: shown or (client.identity.der if client.identity else None),
        ),
    ),
    fault(
        "as-plain-endpoint-unbound",
        "tokens from an endpoint that is no alias are not bound",
        alter(certificate_to_bind, lambda shown, request, client: None if at_plain(request) else shown),
    ),
    fault(
        "as-jkt-sha1",
        "jkt is a SHA-1 thumbprint",
        _jkt(lambda proof: jose.thumbprint(proof.jwk, algorithm="sha1")),
    ),
    fault("as-jkt-padded", "jkt ends in base64 padding", _jkt(lambda proof: proof.jkt + "=")),
    fault(
        "as-jkt-members-unsorted",
        "jkt is computed over members in another order than the alphabet's",
        _jkt(_unsorted),
    ),
    fault(
        "as-jkt-of-whole-jwk",
        "jkt is computed over every member of the jwk",
        _jkt(lambda proof: jose.thumbprint(proof.jwk, tuple(proof.jwk))),
    ),
    fault(
        "as-x5t-sha1",
        "x5t#S256 is a SHA-1 thumbprint",
        _x5t(lambda der: jose.b64u_encode(hashlib.sha1(der, usedforsecurity=False).digest())),
    ),
    fault("as-x5t-hex", "x5t#S256 is written in hex", _x5t(lambda der: hashlib.sha256(der).hexdigest())),
    fault("as-x5t-padded", "x5t#S256 ends in base64 padding", _x5t(lambda der: jose.digest(der) + "=")),
    fault("as-x5t-wrapped", "x5t#S256 ends in a line break", _x5t(lambda der: jose.digest(der) + "\n")),
    fault(
        "as-x5t-of-key",
        "x5t#S256 is the hash of the public key",
        _x5t(lambda der: jose.digest(_public_key(der))),
    ),
    fault(
        "as-x5t-of-pem",
        "x5t#S256 is the hash of the PEM text",
        _x5t(lambda der: jose.digest(ssl.DER_cert_to_PEM_cert(der))),
    ),
    fault(
        "as-empty-header-says-dpop",
        "an empty DPoP header yields a token that is called DPoP",
        alter(single, lambda value, values: value or None),
        replace(answer, _says_dpop),
    ),
    fault("as-says-bearer", "a bound token is announced as Bearer", replace(token_type, lambda *_: "Bearer")),
    fault(
        "as-says-nothing",
        "the token response has no token_type",
        alter(
            token_response,
            lambda said, *_: {name: value for name, value in said.items() if name != "token_type"},
        ),
    ),
    fault(
        "as-long-lived-tokens",
        "access tokens are good for a week",
        alter(token_response, lambda said, *_: {**said, "expires_in": 604800}),
    ),
    fault(
        "as-token-without-audience",
        "access tokens name no audience",
        alter(
            access_claims,
            lambda claims, *_: {name: value for name, value in claims.items() if name != "aud"},
        ),
    ),
    fault("as-short-codes", "codes have eight characters", _short("code")),
    fault("as-short-refresh-tokens", "refresh tokens have eight characters", _short("refresh token")),
    fault("as-short-opaque-tokens", "opaque access tokens have eight characters", _short("access token")),
)
