"""A bound token after its revocation (RFC 7009): its holder is gone, its key may be stolen.

A resource server may go on for as long as a cache holds, and one that reads self-contained tokens may never hear of it, so
a token that still works is a warning.
"""

from keybound.cases.declare import Case, cases
from keybound.check.ages import refused_within, revoke, with_one_token
from keybound.check.controls import must_work
from keybound.errors import NotApplicable

REVOKED = tuple(
    Case(f"{prefix}.token.revoked", "a bound token half a minute after its revocation", requirements=("FAPI2SP-5.3.4-token-validity",),
         faults=("rs-revoked-token-ok",), says="a token that was revoked half a minute ago", threat="a token that was reported stolen goes on working", place=place, lenient=True,
         mechanism=mechanism, known_as=("IN-04",), slow=True)
    for prefix, place, mechanism in (("rs", "api", "dpop"), ("rs.mtls", "mtls.api", "mtls"))
)
CACHE = 30


@cases(*REVOKED)
def test_revoked_token_ends(case, target):
    place = with_one_token(target.place(case.place))
    token = place.material()
    if token.lane.grant in {"minted", "command"}:
        raise NotApplicable("the tokens come from elsewhere, and there is no place to revoke them")
    must_work(place, "control before: the token is good")
    revoke(target, token)
    longest = min(CACHE, target.session.profile.limits.longest_wait)
    last = refused_within(place, longest, "hostile: the revoked token")
    place.renew()
    target.controls.require(target.place(case.place))
    target.expect_no_effect(last, f"refused after {CACHE} s at the latest")
