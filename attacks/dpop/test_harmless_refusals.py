"""What a refused request may use up: the jti and the code that it named (RFC 9449 section 11.1).

Servers differ here within the text, so what is used up is a warning.
"""

from keybound.cases.declare import API, TOKEN, At, Case, cases, spread
from keybound.check.keys import attackers_own
from keybound.check.nonces import needs_nonces, single
from keybound.craft.changes.jose import flipped_signature
from keybound.craft.changes.proof import claim, htu, without_claim
from keybound.craft.changes.request import all_of, unchanged
from keybound.craft.proof import fresh_jti
from keybound.errors import NotApplicable
from keybound.judge.answer import Outcome
from keybound.places.place import grant

HARMLESS = ("KEYBOUND-refusal-harmless",)
PLACES = tuple(At(at.place, at.prefix, ()) for at in (TOKEN, API))


FORGED = Case("replay.forged-first", "a jti that a proof with a bad signature named before", requirements=HARMLESS, faults=("jti-stored-early",),
              threat="whoever guesses or reads a jti locks its owner out", lenient=True, known_as=("RP-07",), says="the jti of a proof whose signature was refused")


@cases(*spread([FORGED], PLACES))
def test_bad_proof_does_not_use_up_its_jti(case, target):
    place, jti = target.place(case.place), fresh_jti()
    target.controls.require(place)
    forged = place.attempt(all_of(claim("jti", jti), flipped_signature), "a bad signature")
    if forged.outcome is not Outcome.REFUSED:
        raise NotApplicable(f"the bad signature was not refused: {forged.seen}")
    target.accepts(case, claim("jti", jti))


BURNED = Case("replay.burned-first", "a jti that somebody else used before, with a key of his own", requirements=HARMLESS,
              faults=("replay-by-jti-alone",), threat="whoever reads a jti locks its owner out", lenient=True, known_as=("RP-03", "RP-04"), says="the jti of a proof that another key made")


@cases(*spread([BURNED], PLACES))
def test_jti_of_somebody_else_does_not_count(case, target):
    jti = fresh_jti()
    target.controls.require(target.place(case.place))
    first = attackers_own(target, case.place).attempt(claim("jti", jti), "the same jti, by another key")
    if first.outcome is not Outcome.EFFECT:
        raise NotApplicable(f"the request with another key was refused: {first.seen}")
    variant = target.accepts(case, claim("jti", jti))
    target.measure("jti_shared_by_all_keys", f"{case.role}.{case.place}", "no" if variant.outcome is Outcome.EFFECT else "yes", "")


USED_UP = (("code", "code", "authorization_code"), ("refresh", "refresh token", "refresh_token"), ("device", "device code", "device_code"))
KEPT = tuple(
    Case(f"as.{name}.kept-after-bad-proof", f"a {what} that came with a bad proof, now with a good one", requirements=HARMLESS, faults=("as-code-burned",),
         threat=f"whoever sees a {what} in passing spoils it", place="token", lenient=True, says=f"a good proof, with the {what} of a request that was refused for its htu", data=grant, known_as=("TP-33",) if name == "code" else ())
    for name, what, grant in USED_UP
)


@cases(*KEPT)
def test_bad_proof_does_not_use_up_the_code(case, target):
    lane = target.lane("dpop", case.data)
    place, form = grant(target.session, lane), target.session.grant_form(lane)
    target.controls.require(place)
    same_code = place.with_material(form)
    refused = same_code.attempt(htu("path", "/keybound/elsewhere"), "a bad proof with it")
    if refused.outcome is not Outcome.REFUSED:
        raise NotApplicable(f"the bad proof was not refused: {refused.seen}")
    answer = same_code.attempt(None, "variant: a good proof with the same")
    target.expect(answer.outcome is Outcome.EFFECT, "accepted", answer.seen)


ASKED = tuple(
    Case(f"as.{name}.kept-after-nonce", f"a {what} that came without a nonce, now with one", requirements=HARMLESS, faults=("as-nonce-burns-code",),
         threat="every login has to be done twice", place="token", lenient=True, says=f"a nonce, with the {what} of a request that had none", data=grant)
    for name, what, grant in USED_UP
)


@cases(*ASKED)
def test_challenge_does_not_use_up_the_code(case, target):
    lane = target.lane("dpop", case.data)
    needs_nonces(target, target.place("token"))
    place, form = grant(target.session, lane), target.session.grant_form(lane)
    refused = single(place, without_claim("nonce"), "no nonce with it", form)
    if not refused.wants_nonce:
        raise NotApplicable(f"a proof without a nonce is not answered use_dpop_nonce: {refused.seen}")
    answer = single(place, unchanged, "variant: the nonce with the same", form)
    target.expect(answer.outcome is Outcome.EFFECT, "accepted", answer.seen)

