"""Userinfo by POST, the resource by HEAD and POST, its second URL: as closely looked at as the first (RFC 9449 section 7.1)."""

from keybound.cases import API, At, Case, cases, spread
from keybound.craft.deltas import (
    HOUR,
    ath_of_another_token,
    by_attacker,
    claim,
    flipped_signature,
    htu,
    no_proof,
    private_jwk,
    signed_by_attacker,
    stolen_as_bearer,
    two_proofs,
    unsigned,
    without_claim,
)
from keybound.errors import NotApplicable
from keybound.flows.places import BAD_TOKEN

WEAK = "one endpoint looks less closely than the others, and opens with the same token"
OTHERWISE = "the token is right, and the proof is for another request"
PLACES = {
    "userinfo-post": ("userinfo.post", "rs.userinfo.post"),
    "head": ("api.head", "rs.head"),
    "post": ("api.post", "rs.post"),
    "second-url": ("api.other", "rs.other"),
}


def proofs(name):
    """Return the rows about proofs for one place; a fault of that place alone must show in those about the signature."""
    unverified = f"{name}-proof-unverified"
    return (
        Case("proof.signature.flipped", "one bit of the signature flipped", ("RFC9449-4.3-signature",),
             ("signature-not-verified", unverified), WEAK, flipped_signature, also=("TP-15",)),
        Case("proof.signature.other-key", "the victim's jwk, signed by the attacker", ("RFC9449-4.3-signature",),
             ("signature-not-verified", unverified), WEAK, signed_by_attacker, also=("TP-14",)),
        Case("proof.alg.none", "alg none, no signature", ("RFC9449-4.3-alg-none",), ("alg-none-ok",), WEAK, unsigned, also=("TP-10",)),
        Case("proof.jwk.private", "a jwk with its private member", ("RFC9449-4.3-jwk-private",), ("private-jwk-ok",), WEAK,
             private_jwk, also=("KY-01",)),
        Case("proof.htm.other-method", "htm of another method", ("RFC9449-4.3-htm",), ("htm-not-compared",), OTHERWISE,
             claim("htm", lambda _: "DELETE"), also=("TP-20", "RS-36")),
        Case("proof.htu.other-path", "htu of another path", ("RFC9449-4.3-htu",), ("htu-path-ignored",), OTHERWISE,
             htu(path="/keybound/elsewhere"), also=("TP-22", "RS-10")),
        Case("proof.iat.stale", "iat one hour ago", ("RFC9449-4.3-iat-window",), ("iat-no-past-limit",), OTHERWISE,
             claim("iat", lambda now: now - HOUR), also=("TP-24",)),
        Case("proof.ath.missing", "no ath", ("RFC9449-4.3-ath",), ("ath-optional",), WEAK, without_claim("ath"), also=("RS-07",)),
        Case("proof.ath.other-token", "ath of another token", ("RFC9449-4.3-ath",), ("ath-not-compared",), WEAK,
             ath_of_another_token, also=("RS-08",)),
        Case("proof.twice.two-valid", "two DPoP headers, both valid", ("RFC9449-4.3-one-header",),
             ("first-dpop-header", "last-dpop-header"), WEAK, two_proofs, also=("TP-28", "RS-20")),
    )


THEFTS = (
    Case("stolen.as-bearer", "a bound token as Bearer, no proof", ("RFC9449-7.2-bearer-downgrade", "RFC9449-6-binding-known"),
         ("bound-token-as-bearer",), WEAK, stolen_as_bearer, exact=BAD_TOKEN, also=("BD-01", "RS-03")),
    Case("stolen.without-proof", "a bound token as DPoP, no proof", ("RFC9449-7.1-proof-present", "RFC9449-7.1-no-access"),
         ("proof-optional",), WEAK, no_proof, exact=BAD_TOKEN, also=("RS-02",)),
    Case("stolen.attacker-key", "a bound token with a proof by the attacker's key", ("RFC9449-4.3-key-match", "RFC9449-6-binding-known"),
         ("any-key",), WEAK, by_attacker, exact=BAD_TOKEN, also=("RS-11",)),
)


def everywhere():
    for name, (place, prefix) in PLACES.items():
        yield from spread(proofs(name), [At(place, prefix, ("RFC9449-7.1-proof-checked",))])
        yield from spread(THEFTS, [At(place, prefix, ())])


@cases(*everywhere())
def test_every_endpoint_checks_its_proofs(case, target):
    place = target.place(case.place)
    if "iat" in case.id:
        target.bench.control(place, "to learn of nonces")
        if target.session.nonces.newest(place.server) is not None:
            raise NotApplicable("this server gives nonces, and may judge freshness by them alone (RFC 9449 section 4.3 item 11)")
    target.refuses(case)


CROSSED = (
    Case("rs.other.proof.htu.first-url", "a proof for the resource's first URL at its second", ("RFC9449-4.3-htu",),
         ("rs-htu-path-ignored", "rs-htu-prefix-ok"), OTHERWISE, place="api.other", also=("RS-10",)),
    Case("rs.proof.htu.second-url", "a proof for the resource's second URL at its first", ("RFC9449-4.3-htu",),
         ("rs-htu-path-ignored", "rs-htu-prefix-ok"), OTHERWISE, place=API.place, also=("RS-10",)),
)


@cases(*CROSSED)
def test_proof_opens_one_url_only(case, target):
    place, resource = target.place(case.place), target.session.profile.resource
    if resource.also is None:
        raise NotApplicable("the profile names no second URL of the resource (resource.also)")
    away = resource.url if case.place == "api.other" else resource.also
    target.refuses(case, claim("htu", lambda _: away.partition("?")[0]), place)
