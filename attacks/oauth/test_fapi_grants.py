"""What FAPI 2.0 adds for codes and refresh tokens (sections 5.3.2.1 and 5.3.2.2); other targets are not held to it."""

import time

from keybound.cases import Case, cases
from keybound.errors import Inconclusive, NotApplicable
from keybound.judge.answer import Outcome

STAYS = Case("as.refresh.no-rotation", "a refresh token of a confidential client works a second time", ("FAPI2SP-5.3.2.1-no-rotation",),
             ("as-refresh-rotates-all",), "a client that missed one answer is locked out", place="refresh")


@cases(STAYS)
def test_refresh_token_stays_usable(case, target):
    session, lane = target.session, target.place(case.place).lane
    form = {"refresh_token": session.refresh_token(lane)}
    session.issue(lane, form, label="the first refresh")
    try:
        session.issue(lane, form, label="the same refresh token again")
    except Inconclusive as error:
        target.expect(False, "a token", str(error))
    else:
        target.expect(True, "a token", "a token")


PUSHED = Case("as.par.required", "an authorization request through the browser, not pushed", ("FAPI2SP-5.3.2.2-par-required",),
              ("as-par-optional",), "whoever can change the link changes the request", place="code.signed")


@cases(PUSHED)
def test_requests_have_to_be_pushed(case, target):
    session, place = target.session, target.place(case.place)
    target.bench.require(place)
    form, _ = session.authorization_form(place.lane.client, {})
    try:
        answer = session.authorization(place.lane.client, form)
    except Inconclusive as error:
        target.expect(True, "no code", f"refused: {error}")
        return
    if "code" in answer:
        session.secrets(answer["code"], "code")
    target.expect("code" not in answer, "no code", "a code" if "code" in answer else f"error {answer.get('error')}")


MARGIN = 5
SHORT = Case("as.code.after-a-minute", "a code redeemed more than a minute after it was given", ("FAPI2SP-5.3.2.1-code-60s",),
             ("as-code-lives-on",), "a code that was read on the way is good for long", place="code", slow=True)


@cases(SHORT)
def test_code_ends_after_a_minute(case, target):
    session, place = target.session, target.place(case.place)
    limits = session.profile.limits
    if limits.longest_wait < limits.code_lifetime + MARGIN:
        raise NotApplicable("this run does not wait for a minute (limits.longest_wait)")
    form = session.code_form(place.lane, session.code(place.lane))
    time.sleep(limits.code_lifetime + MARGIN)
    answer = place.attempt(lambda draft: draft.form.update(form), "hostile: the code, a minute later")
    target.bench.require(place)
    target.expect(answer.outcome is not Outcome.EFFECT, f"refused after {limits.code_lifetime:g} s", answer.seen)
