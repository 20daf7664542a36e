"""Userinfo by POST, the resource by HEAD and POST, its second URL: as closely looked at as the first (RFC 9449 section 7.1)."""

from keybound.cases import API, Case, cases, spread
from keybound.craft.deltas import by_attacker, claim, no_proof, stolen_as_bearer
from keybound.errors import NotApplicable
from keybound.flows.places import BAD_TOKEN
from keybound.siblings import ENDPOINTS, WEAK

THEFTS = (
    Case("stolen.as-bearer", "a bound token as Bearer, no proof", ("RFC9449-7.2-bearer-downgrade", "RFC9449-6-binding-known"),
         ("bound-token-as-bearer",), WEAK, stolen_as_bearer, exact=BAD_TOKEN, also=("BD-01", "RS-03")),
    Case("stolen.without-proof", "a bound token as DPoP, no proof", ("RFC9449-7.1-proof-present", "RFC9449-7.1-no-access"),
         ("proof-optional",), WEAK, no_proof, exact=BAD_TOKEN, also=("RS-02",)),
    Case("stolen.attacker-key", "a bound token with a proof by the attacker's key", ("RFC9449-4.3-key-match", "RFC9449-6-binding-known"),
         ("any-key",), WEAK, by_attacker, exact=BAD_TOKEN, also=("RS-11",)),
)


@cases(*spread(THEFTS, tuple(ENDPOINTS)))
def test_no_endpoint_opens_to_a_thief(case, target):
    target.refuses(case)


WRONG_URL = "the token is right, and the proof is for another request"
CROSSED = (
    Case("rs.other.proof.htu.first-url", "a proof for the resource's first URL at its second", ("RFC9449-4.3-htu",),
         ("rs-htu-path-ignored", "rs-htu-prefix-ok"), WRONG_URL, place="api.other", also=("RS-10",)),
    Case("rs.proof.htu.second-url", "a proof for the resource's second URL at its first", ("RFC9449-4.3-htu",),
         ("rs-htu-path-ignored", "rs-htu-prefix-ok"), WRONG_URL, place=API.place, also=("RS-10",)),
)


@cases(*CROSSED)
def test_proof_opens_one_url_only(case, target):
    place, resource = target.place(case.place), target.session.profile.resource
    if resource.also is None:
        raise NotApplicable("the profile names no second URL of the resource (resource.also)")
    away = resource.url if case.place == "api.other" else resource.also
    target.refuses(case, claim("htu", lambda _: away.partition("?")[0]), place)
