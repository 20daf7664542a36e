"""A client with credentials asks for tokens without them, or with others (RFC 6749 section 4.4.2, FAPI 2.0)."""

from keybound.cases.declare import Case, cases
from keybound.craft.changes.proof import no_proof
from keybound.craft.changes.request import all_of, form_parameters
from keybound.errors import NotApplicable
from keybound.flows.client_auth import unauthenticated
from keybound.judge.rules import Exact
from keybound.places.place import grant

REFUSED = Exact((400, 401), ("invalid_client", "invalid_request", "unauthorized_client"))
SECRETS = ("client_secret_basic", "client_secret_post", "private_key_jwt")


UNPROVED = Case("as.client.unauthenticated", "a client with credentials leaves them out",
         requirements=("RFC6749-4.4.2-client-auth", "FAPI2SP-5.3.2.1-confidential-clients"), faults=("as-client-authentication-optional",),
         says="client_id and no credentials", threat="whoever knows the name of a client is that client", names_the_reason=REFUSED)


@cases(UNPROVED)
def test_client_must_authenticate(case, target):
    lane = target.lane("dpop", "client_credentials")
    client = lane.client
    if client.auth not in SECRETS:
        raise NotApplicable(f"client {client.id} authenticates by {client.auth}")
    target.refuses(case, unauthenticated(client), grant(target.session, lane))


SECRET = Case("as.client.secret-instead-of-key", "a client registered with a key sends a secret", requirements=("FAPI2SP-5.3.2.1-client-auth",),
              faults=("as-secret-instead-of-key",), says="a secret instead of the assertion", threat="the weaker way in stays open beside the stronger one", names_the_reason=REFUSED)


@cases(SECRET)
def test_secret_does_not_replace_a_key(case, target):
    lane = target.lane("dpop", auth="private_key_jwt")
    with_secret = all_of(unauthenticated(lane.client), form_parameters({"client_secret": "a-secret-that-keybound-made-up"}))
    target.refuses(case, with_secret, grant(target.session, lane))


UNBOUND = Case("as.token.unbound", "a token request without a proof, where every token has to be bound",
               requirements=("FAPI2SP-5.3.2.1-constrained-only",), faults=("as-bound-client-proof-optional",), threat="stolen tokens work for the thief",
               change=no_proof, names_the_reason=Exact((400,), ("invalid_request", "invalid_grant", "invalid_dpop_proof")))


@cases(UNBOUND)
def test_no_token_goes_unbound(case, target):
    lanes = target.session.lanes("dpop", "client_credentials", "authorization_code")
    if not lanes:
        raise NotApplicable("the profile names no client that gets dpop tokens")
    lane = next((lane for lane in lanes if lane.client.dpop_bound), lanes[0])
    target.refuses(case, place=grant(target.session, lane))
