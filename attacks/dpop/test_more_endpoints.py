"""Userinfo by POST, the resource by HEAD and POST, its second URL: as closely looked at as the first (RFC 9449 section 7.1)."""

from keybound.cases.declare import API, Case, cases, spread
from keybound.cases.every_place import ENDPOINTS, WEAK
from keybound.craft.changes.proof import by_attacker, claim, no_proof
from keybound.craft.changes.request import stolen_as_bearer
from keybound.errors import NotApplicable
from keybound.places.place import BAD_TOKEN

THEFTS = (
    Case("stolen.as-bearer", "a bound token as Bearer, no proof", requirements=("RFC9449-7.2-bearer-downgrade", "RFC9449-6-binding-known"),
         faults=("bound-token-as-bearer",), threat=WEAK, change=stolen_as_bearer, names_the_reason=BAD_TOKEN, known_as=("BD-01", "RS-03")),
    Case("stolen.without-proof", "a bound token as DPoP, no proof", requirements=("RFC9449-7.1-proof-present", "RFC9449-7.1-no-access"),
         faults=("proof-optional",), threat=WEAK, change=no_proof, names_the_reason=BAD_TOKEN, known_as=("RS-02",)),
    Case("stolen.attacker-key", "a bound token with a proof by the attacker's key", requirements=("RFC9449-4.3-key-match", "RFC9449-6-binding-known"),
         faults=("any-key",), threat=WEAK, change=by_attacker, names_the_reason=BAD_TOKEN, known_as=("RS-11",)),
)


@cases(*spread(THEFTS, tuple(ENDPOINTS)))
def test_no_endpoint_opens_to_a_thief(case, target):
    target.refuses(case)


WRONG_URL = "the token is right, and the proof is for another request"
CROSSED = (
    Case("rs.other.proof.htu.first-url", "a proof for the resource's first URL at its second", requirements=("RFC9449-4.3-htu",),
         faults=("rs-htu-path-ignored", "rs-htu-prefix-ok"), threat=WRONG_URL, place="api.other", says="htu: the resource's first URL", known_as=("RS-10",)),
    Case("rs.proof.htu.second-url", "a proof for the resource's second URL at its first", requirements=("RFC9449-4.3-htu",),
         faults=("rs-htu-path-ignored", "rs-htu-prefix-ok"), threat=WRONG_URL, place=API.place, says="htu: the resource's second URL", known_as=("RS-10",)),
)


@cases(*CROSSED)
def test_proof_opens_one_url_only(case, target):
    place, resource = target.place(case.place), target.session.profile.resource
    if resource.second_url is None:
        raise NotApplicable("the profile names no second URL of the resource (resource.also)")
    away = resource.url if case.place == "api.other" else resource.second_url
    target.refuses(case, claim("htu", away.partition("?")[0]), place)
