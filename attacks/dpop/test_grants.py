"""Every grant reads its proofs as closely as the others: a few hostile proofs for each (RFC 9449 section 5)."""

from keybound.cases import At, Case, cases, spread
from keybound.craft.deltas import (
    HOUR,
    claim,
    flipped_signature,
    garbage,
    htu,
    member,
    private_jwk,
    signed_by_attacker,
    two_proofs,
    unsigned,
)
from keybound.errors import NotApplicable

WEAK = "one grant looks less closely than the others, and its tokens are as good"
HERE = {
    At("token.authorization_code", "as.code", ()): "code",
    At("token.refresh_token", "as.refresh", ()): "refresh",
    At("token.device_code", "as.device", ()): "device",
    At("token.ciba", "as.ciba", ()): "ciba",
    At("token.token_exchange", "as.exchange", ()): "exchange",
    At("token.jwt_bearer", "as.jwt-bearer", ()): "jwt-bearer",
}


def proofs(name):
    """Return the rows for one grant; a fault of that grant alone must show in those about the signature."""
    unverified = f"{name}-proof-unverified"
    return (
        Case("proof.signature.flipped", "one bit of the signature flipped", ("RFC9449-4.3-signature",),
             ("signature-not-verified", unverified), WEAK, flipped_signature, also=("TP-15",)),
        Case("proof.signature.other-key", "the victim's jwk, signed by the attacker", ("RFC9449-4.3-signature",),
             ("signature-not-verified", unverified), WEAK, signed_by_attacker, also=("TP-14",)),
        Case("proof.alg.none", "alg none, no signature", ("RFC9449-4.3-alg-none",), ("alg-none-ok",), WEAK, unsigned, also=("TP-10",)),
        Case("proof.jwk.private", "a jwk with its private member", ("RFC9449-4.3-jwk-private",), ("private-jwk-ok",), WEAK,
             private_jwk, also=("KY-01",)),
        Case("proof.typ.other", "typ is JWT", ("RFC9449-4.3-typ",), ("typ-not-compared",), WEAK, member("typ", lambda _: "JWT"),
             also=("TP-05",)),
        Case("proof.htm.other-method", "htm of another method", ("RFC9449-4.3-htm",), ("htm-not-compared",), WEAK,
             claim("htm", lambda _: "DELETE"), also=("TP-20",)),
        Case("proof.htu.other-path", "htu of another path", ("RFC9449-4.3-htu",), ("htu-path-ignored",), WEAK,
             htu(path=lambda right: f"{right}/keybound"), also=("TP-22",)),
        Case("proof.iat.stale", "iat one hour ago", ("RFC9449-4.3-iat-window",), ("iat-no-past-limit",), WEAK,
             claim("iat", lambda now: now - HOUR), also=("TP-24",)),
        Case("proof.twice.two-valid", "two DPoP headers, both valid", ("RFC9449-4.3-one-header",),
             ("first-dpop-header", "last-dpop-header"), WEAK, two_proofs, also=("TP-28",)),
        Case("proof.not-a-jwt", "a DPoP header that is no JWT", ("RFC9449-4.3-well-formed-jwt",), ("malformed-proof-ignored",),
             "a proof that cannot be read counts as none, and the token comes unbound", garbage, also=("TP-02",)),
    )


def everywhere():
    for at, name in HERE.items():
        yield from spread(proofs(name), [At(at.place, at.prefix, ("RFC9449-5-invalid-proof-no-token",))])


@cases(*everywhere())
def test_every_grant_checks_its_proofs(case, target):
    place = target.place(case.place)
    if "iat" in case.id:
        target.bench.control(place, "to learn of nonces")
        if target.session.nonces.newest(place.server) is not None:
            raise NotApplicable("this server gives nonces, and may judge freshness by them alone (RFC 9449 section 4.3 item 11)")
    target.refuses(case)
