"""A public client's refresh token is bound to its certificate, or good once only (RFC 9700 section 2.2.2, RFC 8705 section 4)."""

from keybound.cases import Case, cases
from keybound.craft.deltas import attackers_certificate
from keybound.errors import Inconclusive

NEITHER = Case("as.mtls.refresh.public.bound-or-rotated", "a public client's refresh token, used by a thief and then by its owner",
               ("RFC9700-2.2.2-public-refresh",), ("as-mtls-refresh-neither",),
               "whoever finds the refresh token has it for ever, and nobody notices", mechanism="mtls", also=("BCP-AS-01", "CB-05"))


@cases(NEITHER)
def test_refresh_token_is_bound_or_rotated(case, target):
    session, lane = target.session, target.lane("mtls", "refresh_token", auth="none")
    form = {"refresh_token": session.refresh_token(lane)}
    try:
        session.issue(lane, form, delta=attackers_certificate, label="hostile: another certificate")
    except Inconclusive as refusal:
        session.issue(lane, {"refresh_token": session.refresh_token(lane)}, label="control after")
        target.expect(True, "refused with another certificate, or good once", refusal)
        return
    target.note("the refresh token is not bound to the certificate: rotation has to do")
    try:
        session.issue(lane, form, label="hostile: the same refresh token again")
    except Inconclusive as refusal:
        target.expect(True, "refused with another certificate, or good once", refusal)
        return
    target.expect(False, "refused with another certificate, or good once", "two new tokens for one refresh token")
