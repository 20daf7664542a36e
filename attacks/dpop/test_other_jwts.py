"""A JWT made for something else stands in for a proof, and a proof for a client assertion (RFC 8725 section 3.12)."""

from keybound.cases.declare import PROOF_READERS, Case, cases, spread
from keybound.check.other_jwts import OTHER_JWTS
from keybound.craft.changes.proof import as_client_assertion, proof_lines
from keybound.flows.client_auth import client_key
from keybound.places import place as places

RULES = ("RFC8725-3.12-exclusive-rules",)
STANDS_IN = "whoever sees another JWT of the client can use it as a proof"


OTHERS = tuple(
    Case(f"proof.other-jwt.{slug}", f"{what} in the DPoP header", requirements=RULES, faults=("other-jwts-ok",), threat=STANDS_IN,
         says=f"the DPoP header holds {what}", data=what, known_as=("TP-05",))
    for slug, what in (("assertion", "a client assertion"), ("access-token", "a JWT access token"), ("id-token", "an ID token"))
)


@cases(*spread(OTHERS, PROOF_READERS))
def test_other_jwt_is_no_proof(case, target):
    target.refuses(case, proof_lines(OTHER_JWTS[case.data](target)))


PROOF = Case("as.assertion.proof", "a proof by the client's own key as its client assertion", requirements=RULES, faults=("as-proof-as-assertion-ok",),
             threat="whoever sees a proof can authenticate as the client", says="client_assertion: a proof by the client's key", names_the_reason=places.BAD_CLIENT)


@cases(PROOF)
def test_proof_is_no_client_assertion(case, target):
    lane = target.lane("dpop", auth="private_key_jwt")
    key = client_key(lane.client)
    target.refuses(case, as_client_assertion(key, target.session.now()), places.grant(target.session, lane))
