"""What FAPI 2.0 asks of codes, pushed requests, client assertions and refresh tokens beyond the RFCs (section 5.3.2)."""

import time
from dataclasses import replace

from keybound.cases import Case, cases
from keybound.errors import Inconclusive, NotApplicable
from keybound.flows.client_auth import for_audience
from keybound.flows.places import grant
from keybound.judge.answer import Outcome
from keybound.judge.rules import Exact

ELSEWHERE = Case("as.client.assertion.other-audience", "a client assertion made for another server",
                 ("FAPI2SP-5.3.2.1-assertion-aud", "RFC6749-4.4.2-client-auth"), ("as-assertion-any-audience",),
                 "a server that a client talks to speaks for it at this one", exact=Exact((400, 401), ("invalid_client",)),
                 also=("ATK-16",))


@cases(ELSEWHERE)
def test_assertion_for_another_server_is_refused(case, target):
    lane = target.lane("dpop", auth="private_key_jwt")
    delta = for_audience(target.session, lane.client, "https://other.keybound.example")
    target.refuses(case, delta, grant(target.session, lane))


PUSHED = Case("as.authorize.without-par", "an authorization request in the browser from a client that pushes",
              ("FAPI2SP-5.3.2.2-par-required",), ("as-par-optional",), "whoever sends the user here writes the client's request")


@cases(PUSHED)
def test_request_has_to_be_pushed(case, target):
    lanes = [lane for lane in target.session.lanes("dpop", "authorization_code") if lane.client.par]
    if not lanes:
        raise NotApplicable("the profile names no client that uses PAR (par = true)")
    lane = max(lanes, key=lambda each: each.client.dpop_bound)
    target.session.code(lane)
    try:
        target.session.code(replace(lane, client=lane.client.model_copy(update={"par": False})))
    except Inconclusive as error:
        target.expect(True, "no code", error)
    else:
        target.expect(False, "no code", "a code")


KEPT = Case("as.refresh.confidential.kept", "a confidential client uses its refresh token twice", ("FAPI2SP-5.3.2.1-no-rotation",),
            ("as-refresh-rotates",), "a client that loses an answer loses the user's consent")


@cases(KEPT)
def test_refresh_token_stays_usable(case, target):
    lane = target.lane("dpop", "refresh_token", confidential=True)
    place, form = grant(target.session, lane), {"refresh_token": target.session.refresh_token(lane)}
    same = replace(place, material=lambda: dict(form))
    first = same.attempt(None, "control: the first use")
    if first.outcome is not Outcome.EFFECT:
        raise Inconclusive(f"control: the first use: {first.seen}")
    again = same.attempt(None, "variant: the second use")
    target.expect(again.outcome is Outcome.EFFECT, "a token again", again.seen)


AGE = 70.0  # seconds; the text says 60, and clocks and networks take some
OLD = Case("as.code.old", f"a code that is {AGE:.0f} s old", ("FAPI2SP-5.3.2.1-code-60s",), ("as-codes-live-long",),
           "a code found in a log still works", slow=True)


@cases(OLD)
def test_old_code_is_refused(case, target):
    lane = target.lane("dpop", "authorization_code")
    if target.session.profile.limits.longest_wait < AGE:
        raise NotApplicable(f"this run waits no longer than {target.session.profile.limits.longest_wait:.0f} s")
    place = grant(target.session, lane)
    form = target.session.grant_form(lane)
    target.bench.require(place)
    time.sleep(AGE)
    answer = replace(place, material=lambda: form).attempt(None, f"hostile: a code that is {AGE:.0f} s old")
    target.bench.require(place)
    target.expect(answer.outcome is not Outcome.EFFECT, "400 invalid_grant", answer.seen)
