"""What a refresh token must not give: more than was granted, a second family, or anything once it was replaced (RFC 9700 section 4.14)."""

from dataclasses import replace

from keybound.cases.declare import Case, cases
from keybound.check.issuing import expect_type_as_bound, token_or_refusal
from keybound.check.token_facts import scope_of
from keybound.craft.changes.proof import by_attacker, no_proof
from keybound.craft.changes.request import all_of, form_parameter, form_parameters
from keybound.craft.changes.values import altered_token
from keybound.errors import NotApplicable
from keybound.judge.answer import Outcome

FREE = "a copy of the refresh token is as good as the original, for as long as it lives"

REPLAYED = Case("as.refresh.public.protected", "a public client's refresh token is bound to its key, or replaced at each use",
                requirements=("RFC9700-2.2.2-public-refresh", "RFC9700-4.14.2-refresh-replay", "OAUTH21-4.3-refresh-protected",
                 "OAUTH21-4.3.1-refresh-replay"), faults=("as-refresh-public-unprotected",), says="the refresh token with the attacker's key, and with no proof; each twice", threat=FREE, place="refresh.public.kept",
                known_as=("RT-03", "RT-10"))


@cases(REPLAYED)
def test_refresh_of_a_public_client_is_protected(case, target):
    """Binding or rotation will do: the copy works once at most."""
    place = target.place(case.place)
    target.controls.require(place)
    seen = []
    for thief, change in (("attacker's key", by_attacker), ("no proof", no_proof)):
        form = place.material()
        stolen = place.attempt(change, f"hostile: {thief}")
        if stolen.outcome is Outcome.EFFECT:
            again = place.attempt(all_of(form_parameters(form), change), f"hostile: {thief}, again")
            seen.append((again.outcome is Outcome.EFFECT, f"{thief}: {stolen.seen}, again: {again.seen}"))
            place.renew()
    target.expect(not any(works for works, _ in seen), "refused, or good once", "; ".join(text for _, text in seen) or "refused")


REUSE = Case("as.refresh.public.reuse-revokes", "the second use of a replaced refresh token ends the one that replaced it",
             requirements=("RFC9700-4.14.2-refresh-reuse-revokes",), faults=("as-refresh-reuse-forgiven",),
             says="the refresh token that was replaced, then the one that replaced it", threat="the thief was first, and keeps the family of tokens", place="refresh.public.kept")


@cases(REUSE)
def test_reuse_of_a_replaced_refresh_token_ends_its_family(case, target):
    session, place = target.session, target.place(case.place)
    old = session.refresh_token(place.lane)
    new = session.issue(place.lane, {"refresh_token": old}).refresh
    if new in {None, old}:
        raise NotApplicable("refresh tokens are not replaced")
    again = place.attempt(form_parameter("refresh_token", old), "the replaced token again")
    if again.outcome is Outcome.EFFECT:
        raise NotApplicable(f"a replaced refresh token works a little longer, for retries: {again.seen}")
    answer = place.attempt(form_parameter("refresh_token", new), "the one that replaced it")
    target.expect_no_effect(answer, "refused from then on")


CHANGED = tuple(
    Case(f"as.refresh{which}.altered", f"a {what} client's refresh token with one character changed",
         requirements=("RFC9700-4.14.2-refresh-integrity",), faults=("as-refresh-cut",), threat="whoever has one refresh token can write others",
         change=form_parameter("refresh_token", altered_token), place=place)
    for which, what, place in (("", "confidential", "refresh"), (".public", "public", "refresh.public.kept"))
)


@cases(*CHANGED)
def test_altered_refresh_token_is_refused(case, target):
    target.refuses(case)


WIDER = Case("as.refresh.wider-scope", "a refresh that asks for more scope than was granted", requirements=("RFC9700-4.14.2-refresh-scope",),
             faults=("as-refresh-widens-scope",), says="scope: one part more than was granted", threat="what the user did not agree to is got afterwards", place="refresh")


@cases(WIDER)
def test_refresh_gives_no_more_scope(case, target):
    session, lane = target.session, target.place(case.place).lane
    wanted = (lane.client.scope or "").split()
    if len(wanted) < 2:
        raise NotApplicable("the client's scope in the profile has not two parts, so there is no more to ask for")
    less = " ".join(each for each in wanted if each != wanted[-1])
    code_lane = replace(lane, grant="authorization_code")
    first = session.issue(code_lane, session.code_form(code_lane, session.code(code_lane, {"scope": less})))
    if first.refresh is None or wanted[-1] in scope_of(first, less):
        raise NotApplicable("no refresh token for less than the client's scope")
    more = form_parameter("scope", " ".join(wanted))
    token, seen = token_or_refusal(target, lane, {"refresh_token": first.refresh}, change=more, label="hostile: more scope")
    if token is None:
        target.controls.require(target.place(case.place))
        target.expect(True, f"refused, or no more than {less}", f"refused: {seen}")
        return
    given = scope_of(token, " ".join(wanted))
    target.expect(wanted[-1] not in given, f"refused, or no more than {less}", f"scope {' '.join(sorted(given))}")


DOWNGRADE = Case("as.refresh.without-proof", "a confidential client's refresh without a proof is refused, or honestly Bearer",
                 requirements=("RFC9449-5-bearer-option",), faults=("as-refresh-remembers-type",),
                 says="no proof", threat="a token is announced as bound and any holder can use it", place="refresh", known_as=("RT-05", "BD-04"))
LATE = Case("as.refresh.late-proof", "a refresh with the first proof of its family is refused, or binds", requirements=("RFC9449-5-bearer-option",),
            faults=("as-refresh-late-proof-unbound",), says="the first proof of a family whose code was redeemed without one", threat="a token is announced as bound and any holder can use it", place="refresh",
            known_as=("RT-06", "RT-07"))


@cases(DOWNGRADE)
def test_refresh_without_proof_is_honest(case, target):
    place = target.place(case.place)
    target.controls.require(place)
    token, seen = token_or_refusal(target, place.lane, place.material(), change=no_proof, label="refresh without proof")
    place.renew()
    if token is None:
        raise NotApplicable(f"a confidential client's refresh needs a proof here: {seen}")
    expect_type_as_bound(target, token)
    target.note(f"a refresh without a proof gives {target.read(token).facts}")


@cases(LATE)
def test_late_proof_binds(case, target):
    lane = target.place(case.place).lane
    code_lane = replace(lane, grant="authorization_code")
    first, seen = token_or_refusal(target, code_lane, change=no_proof, label="a code without proof")
    if first is None:
        raise NotApplicable(f"there are no unbound tokens: {seen}")
    if first.refresh is None:
        raise NotApplicable("there is no refresh token for an unbound token")
    token, seen = token_or_refusal(target, lane, {"refresh_token": first.refresh}, label="refresh with a first proof")
    if token is None:
        raise NotApplicable(f"DPoP cannot begin at a refresh: {seen}")
    expect_type_as_bound(target, token)
    target.note(f"a refresh with the first proof gives {target.read(token).facts}")


REPEATED = Case("as.refresh.replay.same-proof", "the same proof again, at a refresh", requirements=("RFC9449-11.1-jti-replay",),
                faults=("as-no-replay-store",), says="the proof of the request before, byte for byte", threat="a proof read on the way can be used once more by the reader", place="refresh", lenient=True,
                known_as=("RT-08", "RP-08"))


@cases(REPEATED)
def test_proof_of_a_refresh_is_good_once(case, target):
    target.refuses_again(case)
