"""What FAPI 2.0 adds for codes and refresh tokens (sections 5.3.2.1 and 5.3.2.2); other targets are not held to it."""

import time

from keybound.cases.declare import Case, cases
from keybound.check.issuing import authorization_or_refusal, token_or_refusal
from keybound.craft.changes.request import form_parameters
from keybound.errors import NotApplicable
from keybound.flows.client_auth import for_audience

STAYS = Case("as.refresh.no-rotation", "a refresh token of a confidential client works a second time", requirements=("FAPI2SP-5.3.2.1-no-rotation",),
             faults=("as-refresh-rotates-all",), says="the refresh token of the request before", threat="a client that missed one answer is locked out", place="refresh")


@cases(STAYS)
def test_refresh_token_stays_usable(case, target):
    session, lane = target.session, target.place(case.place).lane
    form = {"refresh_token": session.refresh_token(lane)}
    session.issue(lane, form, label="the first refresh")
    token, seen = token_or_refusal(target, lane, form, label="the same refresh token again")
    target.expect(token is not None, "a token", seen)


PUSHED = Case("as.par.required", "an authorization request through the browser, not pushed", requirements=("FAPI2SP-5.3.2.2-par-required",),
              faults=("as-par-optional",), says="the parameters in the URL, with no request_uri", threat="whoever can change the link changes the request", place="code.signed")


@cases(PUSHED)
def test_requests_have_to_be_pushed(case, target):
    session, place = target.session, target.place(case.place)
    target.controls.require(place)
    form, _ = session.authorization_form(place.lane.client, {})
    answer, seen = authorization_or_refusal(target, place.lane.client, form)
    target.expect("code" not in answer, "no code", seen)


MARGIN = 5
SHORT = Case("as.code.after-a-minute", "a code redeemed more than a minute after it was given", requirements=("FAPI2SP-5.3.2.1-code-60s",),
             faults=("as-code-lives-on",), says="a code that is more than a minute old", threat="a code that was read on the way is good for long", place="code", slow=True)


@cases(SHORT)
def test_code_ends_after_a_minute(case, target):
    session, place = target.session, target.place(case.place)
    limits = session.profile.limits
    if limits.longest_wait < limits.code_lifetime + MARGIN:
        raise NotApplicable("this run does not wait for a minute (limits.longest_wait)")
    form = session.code_form(place.lane, session.code(place.lane))
    time.sleep(limits.code_lifetime + MARGIN)
    answer = place.attempt(form_parameters(form), "hostile: the code, a minute later")
    target.controls.require(place)
    target.expect_no_effect(answer, f"refused after {limits.code_lifetime:g} s")


AUDIENCE = tuple(
    Case(f"as.client.assertion-aud.{name}", f"a client assertion whose audience is {what}", requirements=("FAPI2SP-5.3.2.1-assertion-aud",),
         faults=("as-assertion-aud-loose",), says=f"aud: {what}", threat="an assertion made for another server is good here as well", place="token.assertion", data=name)
    for name, what in (
        ("token", "the token endpoint"),
        ("array", "an array that holds the issuer"),
    )
)


@cases(*AUDIENCE)
def test_assertion_is_for_the_issuer_alone(case, target):
    place, session = target.place(case.place), target.session
    audience = session.endpoint("token") if case.data == "token" else [session.profile.issuer]
    target.refuses(case, for_audience(session, place.client, audience))
