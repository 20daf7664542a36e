"""Client assertions and the server they were made for (FAPI 2.0 section 5.3.2.1)."""

from keybound.cases.declare import Case, cases
from keybound.flows.client_auth import for_audience
from keybound.judge.rules import Exact
from keybound.places.place import grant

ELSEWHERE = Case("as.client.assertion.other-audience", "a client assertion made for another server",
                 requirements=("FAPI2SP-5.3.2.1-assertion-aud", "RFC6749-4.4.2-client-auth"), faults=("as-assertion-any-audience",),
                 says="an assertion whose aud is another server", threat="a server that a client talks to speaks for it at this one", names_the_reason=Exact((400, 401), ("invalid_client",)),
                 known_as=("ATK-16",))


@cases(ELSEWHERE)
def test_assertion_for_another_server_is_refused(case, target):
    lane = target.lane("dpop", auth="private_key_jwt")
    change = for_audience(target.session, lane.client, "https://other.keybound.example")
    target.refuses(case, change, grant(target.session, lane))
