"""A thief has a code or a refresh token, and another client or none (RFC 6749 sections 4.1.3, 6, 10.4 and 10.5)."""

from keybound.cases import Case, cases
from keybound.errors import NotApplicable
from keybound.flows.client_auth import by_client, unauthenticated, with_wrong_credentials
from keybound.flows.places import BAD_CLIENT

STOLEN = "whoever has a client of its own redeems what was issued to another"

BY_ANOTHER = (
    Case("as.code.other-client", "a code redeemed by another client", ("RFC6749-10.5-code-client",), ("as-code-any-client",),
         STOLEN, place="code"),
    Case("as.code.confidential.other-client", "a confidential client's code redeemed by another client",
         ("RFC6749-10.5-code-client",), ("as-code-any-client",), STOLEN, place="code.confidential"),
    Case("as.refresh.other-client", "a confidential client's refresh token used by another client",
         ("RFC6749-6-refresh-client",), ("as-refresh-any-client",), STOLEN, place="refresh", also=("RT-10",)),
    Case("as.refresh.public.other-client", "a public client's refresh token used by another client, with the right key",
         ("RFC6749-6-refresh-client",), ("as-refresh-any-client",), STOLEN, place="refresh.held.public", also=("RT-10",)),
)


def another(target, lane):
    """Return a client with the same grant, one with credentials before others: what it may do is not in question."""
    clients = [each.client for each in target.session.lanes("dpop", lane.grant) if each.client.id != lane.client.id]
    if not clients:
        raise NotApplicable(f"the profile names no second client with the grant {lane.grant}")
    return min(clients, key=lambda client: client.auth == "none")


@cases(*BY_ANOTHER)
def test_another_client_gets_nothing(case, target):
    lane = target.place(case.place).lane
    target.refuses(case, by_client(target.session, another(target, lane)))


IMPOSTOR = "the proof's key is taken for the client's credentials"
UNAUTHENTICATED = (
    Case("as.code.without-client-auth", "a confidential client's code redeemed without client authentication",
         ("RFC6749-10.5-code-client",), ("as-code-unauthenticated",), IMPOSTOR, place="code.confidential", exact=BAD_CLIENT),
    Case("as.refresh.without-client-auth", "a confidential client's refresh without client authentication",
         ("RFC6749-6-refresh-client-auth",), ("as-refresh-unauthenticated",), IMPOSTOR, place="refresh", exact=BAD_CLIENT),
    Case("as.par.without-client-auth", "a pushed request of a confidential client without client authentication",
         ("RFC9126-2.1-client-auth",), ("as-par-unauthenticated",), "anybody pushes requests in the client's name",
         place="par.confidential", exact=BAD_CLIENT),
)
FORGED = (
    Case("as.refresh.wrong-client-auth", "a confidential client's refresh with wrong credentials",
         ("RFC6749-6-refresh-client-auth",), ("as-refresh-any-secret",), IMPOSTOR, place="refresh", exact=BAD_CLIENT),
    Case("as.par.wrong-client-auth", "a pushed request of a confidential client with wrong credentials",
         ("RFC9126-2.1-client-auth",), ("as-par-any-secret",), "anybody pushes requests in the client's name",
         place="par.confidential", exact=BAD_CLIENT),
)


@cases(*UNAUTHENTICATED)
def test_client_authenticates(case, target):
    target.refuses(case, unauthenticated(target.place(case.place).client))


@cases(*FORGED)
def test_client_authenticates_rightly(case, target):
    delta = with_wrong_credentials(target.place(case.place).client)
    if delta is None:
        raise NotApplicable("the client authenticates by certificate: that is for other cases")
    target.refuses(case, delta)
