"""The bad proofs that every endpoint and every grant must notice: one that is weak opens what the others guard."""

from collections.abc import Iterator
from dataclasses import replace

from keybound.cases.declare import At, Case, spread
from keybound.craft.changes.jose import (
    flipped_signature,
    private_jwk,
    signed_by_attacker,
    symmetric,
    unsigned,
)
from keybound.craft.changes.proof import (
    ath_of_another_token,
    claim,
    garbage,
    htu,
    member,
    two_proofs,
    without_claim,
    without_member,
)
from keybound.craft.changes.values import HOUR, later, other_host, written
from keybound.craft.request import Change

WEAK = "one place looks less closely than the others, and opens the same"
# Each place, and the fault of the reference target that spares it alone.
GRANTS = {
    At("token.authorization_code", "as.code", ()): "code-proof-unverified",
    At("token.refresh_token", "as.refresh", ()): "refresh-proof-unverified",
    At("token.device_code", "as.device", ()): "device-proof-unverified",
    At("token.ciba", "as.ciba", ()): "ciba-proof-unverified",
    At("token.token_exchange", "as.exchange", ()): "exchange-proof-unverified",
    At("token.jwt_bearer", "as.jwt-bearer", ()): "jwt-bearer-proof-unverified",
}
ENDPOINTS = {
    At("userinfo.post", "rs.userinfo.post", ()): "userinfo-post-proof-unverified",
    At("api.head", "rs.head", ()): "head-proof-unverified",
    At("api.post", "rs.post", ()): "post-proof-unverified",
    At("api.other", "rs.other", ()): "second-url-proof-unverified",
}
_CHECKED = {"as": "RFC9449-5-invalid-proof-no-token", "rs": "RFC9449-7.1-proof-checked"}
_SIGN, _UNVERIFIED = "signature", "signature-not-verified"
_EITHER = "first-dpop-header last-dpop-header"

_elsewhere = htu("path", "/keybound/elsewhere")
_longer = claim("htu", written("{}/more"))


def _row(slug: str, title: str, rule: str, faults: str, change: Change, label: str) -> Case:
    """Return a row: what it is, its rule in RFC 9449 section 4.3, faults, the change, and the scenario."""
    return Case(
        f"proof.{slug}",
        title,
        requirements=(f"RFC9449-4.3-{rule}",),
        faults=tuple(faults.split()),
        threat=WEAK,
        change=change,
        known_as=(label,),
    )


_PROOFS: tuple[Case, ...] = (
    _row("signature.flipped", "one bit of the signature flipped", _SIGN, _UNVERIFIED, flipped_signature, "TP-15"),
    _row("signature.other-key", "the victim's jwk, signed by another", _SIGN, _UNVERIFIED, signed_by_attacker, "TP-14"),
    _row("alg.none", "alg none, no signature", "alg-none", "alg-none-ok", unsigned, "TP-10"),
    _row("alg.hs256", "HS256 with a symmetric jwk", "alg-asymmetric", "alg-hmac-ok", symmetric, "TP-11"),
    _row("jwk.private", "a jwk with its private member", "jwk-private", "private-jwk-ok", private_jwk, "KY-01"),
    _row("jwk.missing", "no jwk", "jwk-present", "jwk-optional", without_member("jwk"), "TP-08"),
    _row("typ.missing", "no typ", "typ", "typ-optional", without_member("typ"), "TP-04"),
    _row("typ.other", "typ is JWT", "typ", "typ-not-compared", member("typ", "JWT"), "TP-05"),
    _row("jti.missing", "no jti", "jti-present", "jti-optional", without_claim("jti"), "TP-17"),
    _row("htm.missing", "no htm", "htm-present", "htm-optional", without_claim("htm"), "TP-17"),
    _row("htm.other-method", "htm of another method", "htm", "htm-not-compared", claim("htm", "DELETE"), "TP-20"),
    _row("htu.missing", "no htu", "htu-present", "htu-optional", without_claim("htu"), "TP-17"),
    _row("htu.other-path", "htu of another path", "htu", "htu-path-ignored", _elsewhere, "TP-22"),
    _row("htu.other-host", "htu of another host", "htu", "htu-host-ignored", htu("netloc", other_host), "TP-22"),
    _row("htu.longer", "htu with more path behind it", "htu", "htu-prefix-ok", _longer, "TP-22"),
    _row("iat.missing", "no iat", "iat-present", "iat-optional", without_claim("iat"), "TP-17"),
    _row("iat.stale", "iat an hour ago", "iat-window", "iat-no-past-limit", claim("iat", later(-HOUR)), "TP-24"),
    _row("iat.future", "iat an hour ahead", "iat-window", "iat-no-future-limit", claim("iat", later(HOUR)), "TP-25"),
    _row("not-a-jwt", "a DPoP header that is no JWT", "well-formed-jwt", "malformed-proof-ignored", garbage, "TP-02"),
    _row("twice.two-valid", "two DPoP headers, both valid", "one-header", _EITHER, two_proofs, "TP-28"),
)  # fmt: skip
_WITH_TOKEN: tuple[Case, ...] = (
    _row("ath.missing", "no ath", "ath", "ath-optional", without_claim("ath"), "RS-07"),
    _row("ath.other-token", "ath of another token", "ath", "ath-not-compared", ath_of_another_token, "RS-08"),
)  # fmt: skip


def bad_proofs() -> Iterator[Case]:
    """Yield the rows at each place; the fault of that place alone must show in those about the signature."""
    for at, unverified in (GRANTS | ENDPOINTS).items():
        for row in _PROOFS + (_WITH_TOKEN if at.side == "rs" else ()):
            more = (unverified,) if row.requirements[0].endswith(_SIGN) else ()
            yield from spread(
                [
                    replace(
                        row,
                        requirements=(*row.requirements, _CHECKED[at.side]),
                        faults=(*row.faults, *more),
                    )
                ],
                [at],
            )
