"""A JWT made for something else stands in for a proof, and a proof for a client assertion (RFC 8725 section 3.12)."""

from keybound.cases.declare import PROOF_READERS, Case, cases, spread
from keybound.craft.changes.proof import as_client_assertion, proof_lines
from keybound.craft.jose import read_claims
from keybound.errors import Inconclusive, NotApplicable
from keybound.flows.client_auth import assertion, client_key
from keybound.places import place as places

RULES = ("RFC8725-3.12-exclusive-rules",)
STANDS_IN = "whoever sees another JWT of the client can use it as a proof"


def client_assertion(target):
    client = next((each for each in target.session.profile.all_clients.values() if each.key is not None), None)
    if client is None:
        raise NotApplicable("the profile names no client with a key (private_key_jwt)")
    return assertion(client, target.session.profile.issuer, target.session.now())


def access_token(target):
    token = target.session.token(target.api_lane()).value
    if read_claims(token) is None:
        raise NotApplicable("access tokens are opaque")
    return token


def id_token(target):
    lane = target.lane("dpop", "authorization_code")
    try:
        found = target.session.token(lane).response.object.get("id_token")
    except Inconclusive as error:
        raise NotApplicable(f"there is no ID token: {error}") from None
    if not isinstance(found, str):
        raise NotApplicable("the authorization_code grant gives no ID token")
    return found


OTHERS = (
    Case("proof.other-jwt.assertion", "a client assertion in the DPoP header", requirements=RULES, faults=("other-jwts-ok",), threat=STANDS_IN,
         data=client_assertion, known_as=("TP-05",)),
    Case("proof.other-jwt.access-token", "a JWT access token in the DPoP header", requirements=RULES, faults=("other-jwts-ok",), threat=STANDS_IN,
         data=access_token, known_as=("TP-05",)),
    Case("proof.other-jwt.id-token", "an ID token in the DPoP header", requirements=RULES, faults=("other-jwts-ok",), threat=STANDS_IN,
         data=id_token, known_as=("TP-05",)),
)


@cases(*spread(OTHERS, PROOF_READERS))
def test_other_jwt_is_no_proof(case, target):
    other = case.data(target)
    target.refuses(case, proof_lines(other))


PROOF = Case("as.assertion.proof", "a proof by the client's own key as its client assertion", requirements=RULES, faults=("as-proof-as-assertion-ok",),
             threat="whoever sees a proof can authenticate as the client", names_the_reason=places.BAD_CLIENT)


@cases(PROOF)
def test_proof_is_no_client_assertion(case, target):
    lane = target.lane("dpop", auth="private_key_jwt")
    key = client_key(lane.client)
    target.refuses(case, as_client_assertion(key, target.session.now()), places.grant(target.session, lane))
