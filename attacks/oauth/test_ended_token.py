"""A bound token after the end of its lifetime, as its issuer has it: a cache may hold it longer than it lives (RFC 6749 section 7)."""

import time

from keybound.cases.declare import Case, cases
from keybound.check.ages import refused_within, with_one_token
from keybound.check.controls import must_work
from keybound.errors import NotApplicable

RULES = ("RFC6749-7-token-valid", "FAPI2SP-5.3.4-token-validity")
ENDED = tuple(
    Case(f"{prefix}.token.ended", "a bound token after the end of its lifetime", requirements=RULES, faults=("rs-ended-token-ok",),
         says="a token whose end has come", threat="a token found in an old log still works", place=place, mechanism=mechanism, known_as=("IN-04",), slow=True)
    for prefix, place, mechanism in (("rs", "api", "dpop"), ("rs.mtls", "mtls.api", "mtls"))
)


@cases(*ENDED)
def test_ended_token_is_refused(case, target):
    limits, place = target.session.profile.limits, with_one_token(target.place(case.place))
    token = place.material()
    if token.lifetime is None:
        raise NotApplicable("the token response does not say how long the token is good for (expires_in)")
    if token.lifetime + limits.token_leeway > limits.longest_wait:
        raise NotApplicable(f"tokens are good for {token.lifetime:.0f} s, {limits.token_leeway:.0f} s more may pass by clocks that"
                            f" differ (limits.token_leeway), and limits.longest_wait is {limits.longest_wait:.0f}")
    must_work(place, "control before: the token is good")
    time.sleep(max(0.0, token.got + token.lifetime - time.time()))
    last = refused_within(place, limits.token_leeway, "hostile: the token after its end")
    target.controls.require(target.place(case.place))
    target.expect_no_effect(last, f"refused {limits.token_leeway:.0f} s after its end at the latest")
