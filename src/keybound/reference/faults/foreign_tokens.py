"""Faults of a resource server alone in how it validates the tokens of its issuer (RFC 9068, RFC 7662, RFC 9701)."""

import base64
from collections.abc import Awaitable, Callable
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from keybound.reference import jose
from keybound.reference.access import token_is_bound_to_key
from keybound.reference.foreign_tokens import (
    BINDINGS,
    SIGNED,
    Issuer,
    audiences_of,
    binding,
    has_begun,
    has_not_expired,
    introspected,
    is_active,
    is_for_us,
    is_number,
    is_of_issuer,
    keys_of,
    read,
    response_in,
    response_is_for_us,
    response_is_of_issuer,
    response_typ_is_right,
    response_verifies,
    signature_verifies,
    typ_is_at_jwt,
    verify,
)
from keybound.reference.parts import Instead, kept, leave_out, refuse, replace
from keybound.reference.tokens import AccessToken

from .bound_tokens import has_key
from .fault import Fault, fault

Claims = dict[str, Any]
Jwk = dict[str, Any]
Read = Callable[[Issuer, str], Awaitable[AccessToken | None]]


def _alone(name: str, wrong: str, *instead: Instead) -> Fault:
    return fault(f"rs-token-{name}", wrong, *instead, alone=True)


# --- signatures ----------------------------------------------------------------------------------------------------


def _unverified(when: Callable[[jose.Jws], bool]) -> Instead:
    """Take a token of which `when` holds unverified, if the issuer has a key that could have signed it."""

    def body(right: Callable[[jose.Jws, Jwk], None], jws: jose.Jws, jwk: Jwk) -> None:
        if when(jws):
            jose.import_key(jwk, jws.header.get("alg"))
        else:
            right(jws, jwk)

    return replace(verify, body)


def _verified_by(other: Callable[[Issuer, jose.Jws], Awaitable[bool]]) -> Instead:
    """Take a token that verifies in another way."""

    async def body(
        right: Callable[[Issuer, jose.Jws], Awaitable[None]], issuer: Issuer, jws: jose.Jws
    ) -> None:
        if not await other(issuer, jws):
            await right(issuer, jws)

    return replace(signature_verifies, body)


async def _has_alg_none(_: Issuer, jws: jose.Jws) -> bool:
    return str(jws.header.get("alg")).lower() == "none"


async def _has_unknown_kid(issuer: Issuer, jws: jose.Jws) -> bool:
    return not await issuer.keys(jws.header.get("kid"))


async def _has_mac_of_public_key(issuer: Issuer, jws: jose.Jws) -> bool:
    if jws.header.get("alg") != "HS256":
        return False
    await issuer.keys(None)  # which fetches them
    public = jose.import_key(issuer.fetched[0], issuer.fetched[0]["alg"])
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    mac = hmac.HMAC(public.public_bytes(serialization.Encoding.PEM, form), hashes.SHA256())
    mac.update(jws.signing_input)
    return mac.finalize() == jws.signature


def _key_from(find: Callable[[Issuer, dict[str, Any]], Awaitable[list[Jwk]]]) -> Instead:
    """Verify by the keys that `find` finds; by the right ones where it finds none."""

    async def body(
        right: Callable[[Issuer, dict[str, Any]], Awaitable[list[Jwk]]],
        issuer: Issuer,
        header: dict[str, Any],
    ) -> list[Jwk]:
        return await find(issuer, header) or await right(issuer, header)

    return replace(keys_of, body)


async def _in_header(_: Issuer, header: dict[str, Any]) -> list[Jwk]:
    return [header["jwk"]] if isinstance(header.get("jwk"), dict) else []


async def _in_certificate(_: Issuer, header: dict[str, Any]) -> list[Jwk]:
    if not isinstance(header.get("x5c"), list):
        return []
    public = x509.load_der_x509_certificate(base64.b64decode(header["x5c"][0])).public_key()
    return [dict(jose.ec_jwk(public))] if isinstance(public, ec.EllipticCurvePublicKey) else []


async def _at_url(issuer: Issuer, header: dict[str, Any]) -> list[Jwk]:
    url = header.get("jku")
    found: list[Jwk] = (await issuer.get(url))["keys"] if isinstance(url, str) else []
    return found


async def _any_of_issuer(issuer: Issuer, header: dict[str, Any]) -> list[Jwk]:
    await issuer.keys(header.get("kid"))
    return issuer.fetched


async def _nothing(*_: object) -> None:
    return None


# --- introspection -------------------------------------------------------------------------------------------------


async def _said_unsigned(
    right: Callable[[Issuer, str, str], Awaitable[Claims]], issuer: Issuer, media_type: str, text: str
) -> Claims:
    said: Claims = jose.parse_json(text) if media_type != SIGNED else await right(issuer, media_type, text)
    return said


async def _claims_put_right(
    right: Callable[[Issuer, str], Awaitable[Claims]], issuer: Issuer, token: str
) -> Claims:
    """Make a response say what it has to, so that nothing comes of what it says."""
    good = {"exp": float("inf"), "nbf": 0, "iss": issuer.issuer, "aud": issuer.audience}
    return {**await right(issuer, token), **good}


async def _asked_once(
    right: Callable[[Issuer, str], Awaitable[Claims]], issuer: Issuer, token: str
) -> Claims:
    said = kept().setdefault("introspected", {})
    if token not in said:
        said[token] = await right(issuer, token)
    answer: Claims = said[token]
    return answer


def _good_for_ever(*, opaque: bool) -> Instead:
    """Keep a token that was good once."""

    async def body(right: Read, issuer: Issuer, token: str) -> AccessToken | None:
        good: dict[str, AccessToken] = kept().setdefault("good", {})
        found = good.get(token) or await right(issuer, token)
        if found and found.opaque == opaque:
            good[token] = found
        return found

    return replace(read, body)


async def _called_bearer(right: Read, issuer: Issuer, token: str) -> AccessToken | None:
    found = await right(issuer, token)
    if found and found.claims.get("token_type") == "Bearer":
        found.cnf.pop("jkt", None)
    return found


# --- claims --------------------------------------------------------------------------------------------------------


def _has_exp(claims: Claims) -> bool:
    return is_number(claims.get("exp"))


def _begins_right(wanted: str, given: Any) -> bool:
    return str(given).startswith(wanted)


def _unbound_where(when: Callable[[Any], bool]) -> tuple[Instead, ...]:
    """Take a token as bound to nothing where `when` holds of its cnf, and let it be used under either scheme."""
    return (
        replace(binding, lambda right, cnf: {} if when(cnf) else right(cnf)),
        leave_out(token_is_bound_to_key, lambda visit: not has_key(visit)),
    )


def _names_nothing(cnf: Any) -> bool:
    return not isinstance(cnf, dict) or not cnf.keys() & set(BINDINGS)


def _has_odd_binding(cnf: Any) -> bool:
    return isinstance(cnf, dict) and any(
        not isinstance(cnf[name], str) or not cnf[name] for name in BINDINGS if name in cnf
    )


def _without_padding(right: Callable[[Any], dict[str, str]], cnf: Any) -> dict[str, str]:
    if not isinstance(cnf, dict):
        return right(cnf)
    return right(
        {name: value.rstrip("=") if isinstance(value, str) else value for name, value in cnf.items()}
    )


FAULTS: tuple[Fault, ...] = (
    _alone("signature-not-verified", "the signature of a token is not verified", _unverified(lambda _: True)),
    _alone(
        "empty-signature-ok",
        "an empty signature counts as verified",
        _unverified(lambda jws: not jws.signature),
    ),
    _alone("unknown-kid-ok", "a token whose kid is unknown is not verified", _verified_by(_has_unknown_kid)),
    _alone("alg-none-ok", "an unsigned token is taken", _verified_by(_has_alg_none)),
    _alone(
        "hmac-ok",
        "HS256 with the issuer's public key as the secret is taken",
        _verified_by(_has_mac_of_public_key),
    ),
    _alone("jku-ok", "the key is fetched from where the token's jku says", _key_from(_at_url)),
    _alone("header-jwk-ok", "the key in the token's own header verifies it", _key_from(_in_header)),
    _alone("header-x5c-ok", "the key of the certificate in x5c verifies a token", _key_from(_in_certificate)),
    _alone("kid-ignored", "any key of the set may verify, whatever kid says", _key_from(_any_of_issuer)),
    _alone("typ-not-compared", "any JWT of the issuer is an access token", leave_out(typ_is_at_jwt)),
    _alone(
        "long-typ-refused",
        "typ application/at+jwt is refused",
        refuse(
            typ_is_at_jwt,
            ValueError("not an access token"),
            lambda header: str(header.get("typ")).lower().startswith("application/"),
        ),
    ),
    _alone("iss-not-compared", "iss may be anything", leave_out(is_of_issuer)),
    _alone(
        "iss-prefix-ok",
        "iss needs only to begin right",
        leave_out(is_of_issuer, lambda issuer, claims: _begins_right(issuer.issuer, claims.get("iss"))),
    ),
    _alone("aud-not-compared", "aud may be anything", leave_out(is_for_us)),
    _alone(
        "aud-prefix-ok",
        "aud needs only to begin right",
        leave_out(
            is_for_us,
            lambda issuer, claims: any(_begins_right(issuer.audience, each) for each in audiences_of(claims)),
        ),
    ),
    _alone(
        "aud-array-refused",
        "aud as an array is refused",
        refuse(
            is_for_us,
            ValueError("more than one audience"),
            lambda issuer, claims: isinstance(claims.get("aud"), list),
        ),
    ),
    _alone("exp-not-checked", "an expired token is taken", leave_out(has_not_expired, _has_exp)),
    _alone(
        "exp-optional",
        "a token without exp is good forever",
        leave_out(has_not_expired, lambda claims: not _has_exp(claims)),
    ),
    _alone(
        "fraction-refused",
        "an exp with a fraction is refused",
        refuse(
            has_not_expired,
            ValueError("no exp"),
            lambda claims: isinstance(claims.get("exp"), float),
        ),
    ),
    _alone(
        "nbf-ignored",
        "a token is taken before its time",
        leave_out(has_begun, lambda claims: is_number(claims.get("nbf"))),
    ),
    _alone("jwt-cached-too-long", "a verified token is remembered beyond exp", _good_for_ever(opaque=False)),
    _alone("cached-too-long", "an introspection response is kept beyond exp", _good_for_ever(opaque=True)),
    _alone(
        "revocation-unnoticed",
        "an active token is active for ten minutes",
        replace(introspected, _asked_once),
    ),
    _alone("active-ignored", "active in an introspection response is not read", leave_out(is_active)),
    _alone(
        "active-truthy-ok",
        'active = "false" counts as true',
        leave_out(is_active, lambda said: bool(said.get("active"))),
    ),
    _alone(
        "introspected-claims-ignored",
        "exp, nbf, iss and aud of a response are not read",
        replace(introspected, _claims_put_right),
    ),
    _alone(
        "introspected-type-believed",
        "what introspection calls Bearer is not bound",
        replace(read, _called_bearer),
    ),
    _alone(
        "introspected-type-wanted",
        "a response without token_type is refused",
        refuse(is_active, ValueError("no token_type"), lambda said: "token_type" not in said),
    ),
    _alone(
        "response-not-verified",
        "the signature of an introspection response is not verified",
        replace(response_verifies, _nothing),
    ),
    _alone(
        "response-unsigned-ok",
        "plain JSON is taken for a signed response",
        replace(response_in, _said_unsigned),
    ),
    _alone(
        "response-typ-ignored",
        "any JWT of the issuer is an introspection response",
        leave_out(response_typ_is_right),
    ),
    _alone(
        "response-issuer-ignored",
        "an introspection response may be anybody's",
        leave_out(response_is_of_issuer),
    ),
    _alone(
        "response-audience-ignored",
        "an introspection response may be for another resource server",
        leave_out(response_is_for_us),
    ),
    _alone("unbound-ok", "a token that is bound to nothing is taken", *_unbound_where(_names_nothing)),
    _alone(
        "odd-cnf-ok",
        "a cnf that is no object counts as no binding",
        *_unbound_where(lambda cnf: cnf is not None and not isinstance(cnf, dict)),
    ),
    _alone(
        "odd-binding-ok",
        "a jkt or x5t#S256 that is no text counts as no binding",
        *_unbound_where(_has_odd_binding),
    ),
    _alone("padded-binding-ok", "padding in jkt and x5t#S256 is dropped", replace(binding, _without_padding)),
    _alone(
        "unknown-cnf-member-refused",
        "cnf with an unknown member is refused",
        refuse(
            binding,
            ValueError("cnf has unknown members"),
            lambda cnf: isinstance(cnf, dict) and bool(cnf.keys() - set(BINDINGS)),
        ),
    ),
)
