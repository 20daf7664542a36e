"""A thief has a code or a refresh token, and another client or none (RFC 6749 sections 4.1.3, 6, 10.4 and 10.5)."""

from keybound.cases.declare import Case, cases
from keybound.check.other_clients import other_client
from keybound.flows.client_auth import by_client, unauthenticated, with_wrong_credentials
from keybound.places.place import BAD_CLIENT

ANOTHER = "the credentials of another client with this grant"
STOLEN = "whoever has a client of its own redeems what was issued to another"

BY_ANOTHER = (
    Case("as.code.other-client", "a code redeemed by another client", requirements=("RFC6749-10.5-code-client",), faults=("as-code-any-client",),
         threat=STOLEN, place="code", says=ANOTHER),
    Case("as.code.confidential.other-client", "a confidential client's code redeemed by another client",
         requirements=("RFC6749-10.5-code-client",), faults=("as-code-any-client",), threat=STOLEN, place="code.confidential", says=ANOTHER),
    Case("as.refresh.other-client", "a confidential client's refresh token used by another client",
         requirements=("RFC6749-6-refresh-client",), faults=("as-refresh-any-client",), threat=STOLEN, place="refresh", says=ANOTHER, known_as=("RT-10",)),
    Case("as.refresh.public.other-client", "a public client's refresh token used by another client, with the right key",
         requirements=("RFC6749-6-refresh-client",), faults=("as-refresh-any-client",), threat=STOLEN, place="refresh.held.public", says=ANOTHER, known_as=("RT-10",)),
)


@cases(*BY_ANOTHER)
def test_another_client_gets_nothing(case, target):
    lane = target.place(case.place).lane
    target.refuses(case, by_client(target.session, other_client(target, lane.client, lane.grant)))


IMPOSTOR = "the proof's key is taken for the client's credentials"
UNAUTHENTICATED = (
    Case("as.code.without-client-auth", "a confidential client's code redeemed without client authentication",
         requirements=("RFC6749-10.5-code-client",), faults=("as-code-unauthenticated",), threat=IMPOSTOR, place="code.confidential", says="client_id and no credentials", names_the_reason=BAD_CLIENT),
    Case("as.refresh.without-client-auth", "a confidential client's refresh without client authentication",
         requirements=("RFC6749-6-refresh-client-auth",), faults=("as-refresh-unauthenticated",), threat=IMPOSTOR, place="refresh", says="client_id and no credentials", names_the_reason=BAD_CLIENT),
    Case("as.par.without-client-auth", "a pushed request of a confidential client without client authentication",
         requirements=("RFC9126-2.1-client-auth",), faults=("as-par-unauthenticated",), threat="anybody pushes requests in the client's name",
         place="par.confidential", says="client_id and no credentials", names_the_reason=BAD_CLIENT),
)
FORGED = (
    Case("as.refresh.wrong-client-auth", "a confidential client's refresh with wrong credentials",
         requirements=("RFC6749-6-refresh-client-auth",), faults=("as-refresh-any-secret",), threat=IMPOSTOR, place="refresh", says="a wrong secret, or a wrong signature of the assertion", names_the_reason=BAD_CLIENT),
    Case("as.par.wrong-client-auth", "a pushed request of a confidential client with wrong credentials",
         requirements=("RFC9126-2.1-client-auth",), faults=("as-par-any-secret",), threat="anybody pushes requests in the client's name",
         place="par.confidential", says="a wrong secret, or a wrong signature of the assertion", names_the_reason=BAD_CLIENT),
)


@cases(*UNAUTHENTICATED)
def test_client_authenticates(case, target):
    target.refuses(case, unauthenticated(target.place(case.place).client))


@cases(*FORGED)
def test_client_authenticates_rightly(case, target):
    target.refuses(case, with_wrong_credentials(target.place(case.place).client))
