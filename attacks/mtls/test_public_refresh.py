"""A stolen refresh token: of a public client it is bound or good once (RFC 9700 section 2.2.2), and never another client's."""

from keybound.cases.declare import Case, cases
from keybound.check.issuing import token_or_refusal
from keybound.craft.changes.certificate import attackers_certificate
from keybound.errors import NotApplicable
from keybound.flows.client_auth import by_client

NEITHER = Case("as.mtls.refresh.public.bound-or-rotated", "a public client's refresh token, used by a thief and then by its owner",
               requirements=("RFC9700-2.2.2-public-refresh",), faults=("as-mtls-refresh-neither",),
               says="the refresh token with the attacker's certificate, then with the owner's", threat="whoever finds the refresh token has it for ever, and nobody notices", mechanism="mtls", known_as=("BCP-AS-01", "CB-05"))

EITHER = "refused with another certificate, or good once"


@cases(NEITHER)
def test_refresh_token_is_bound_or_rotated(case, target):
    session, lane = target.session, target.lane("mtls", "refresh_token", auth="none")
    form = {"refresh_token": session.refresh_token(lane)}
    stolen, seen = token_or_refusal(target, lane, form, change=attackers_certificate, label="hostile: another certificate")
    if stolen is None:
        session.issue(lane, {"refresh_token": session.refresh_token(lane)}, label="control after")
        target.expect(True, EITHER, seen)
        return
    target.note("the refresh token is not bound to the certificate: rotation has to do")
    again, seen = token_or_refusal(target, lane, form, label="hostile: the same refresh token again")
    target.expect(again is None, EITHER, "two new tokens for one refresh token" if again else seen)


OTHER = Case("as.mtls.refresh.other-client", "a client's refresh token, used by another client with its own certificate",
             requirements=("RFC8705-7.1-refresh-confidential",), faults=("as-refresh-any-client",), says="the credentials of another client with this grant", threat="any client can use a stolen refresh token",
             place="mtls.refresh", mechanism="mtls", known_as=("CB-06", "RT-10"))


@cases(OTHER)
def test_refresh_token_is_of_one_client(case, target):
    place, session = target.place(case.place), target.session
    other = next((lane.client for lane in session.lanes("mtls", "refresh_token", "client_credentials")
                  if lane.client.id != place.lane.client.id and lane.client.auth in {"none", "tls_client_auth"}
                  and "refresh_token" in lane.client.grants), None)
    if other is None:
        raise NotApplicable("the profile names no second client with a certificate and the grant refresh_token")
    target.refuses(case, by_client(session, other))
