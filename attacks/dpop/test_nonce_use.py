"""What can be done with a good nonce, and what a request without one may use up (RFC 9449 sections 8, 8.2 and 9)."""

import re

from keybound.cases.declare import API, PAR, TOKEN, USERINFO, Case, cases, spread, without_requirements
from keybound.check.guessing import varying_parts
from keybound.check.nonces import asked_nonce, needs_nonces, newest_nonce, once, single
from keybound.craft.changes.proof import claim, without_claim
from keybound.craft.changes.request import all_of
from keybound.craft.proof import fresh_jti
from keybound.errors import NotApplicable
from keybound.judge.answer import Outcome

EVERYWHERE = without_requirements(TOKEN, PAR, API, USERINFO)
MAIN = (EVERYWHERE[0], EVERYWHERE[2])
TRIES = 3  # nodes of a cluster may need a moment to learn of each other's nonces
USABLE = Case("nonce.usable", "a nonce just handed out, in the next request", requirements=("RFC9449-8.2-nonce-usable",), faults=("nonce-unusable",),
              says="nonce: the one that the last answer brought", threat="every request is refused once for nothing", known_as=("NO-05", "NO-16"))


@cases(*spread([USABLE], MAIN))
def test_nonce_is_good_at_once(case, target):
    place = target.place(case.place)
    needs_nonces(target, place)
    seen = []
    for _ in range(TRIES):
        asked = asked_nonce(target, place)
        seen = [once(place, asked, "variant: the nonce of a refusal")]
        with_success = newest_nonce(target)
        if with_success is not None:
            seen.append(once(place, with_success, "variant: the nonce of a success"))
        if all(answer.outcome is Outcome.EFFECT for answer in seen):
            break
    again = once(place, asked, "variant: the nonce of the refusal once more")
    target.measure("nonce_single_use", f"{case.role}.{case.place}", "no" if again.outcome is Outcome.EFFECT else "yes", "")
    if with_success is None:
        seen.append(again)  # nothing has replaced it
    target.controls.require(place)
    target.expect(all(answer.outcome is Outcome.EFFECT for answer in seen), "accepted", ", then ".join(each.seen for each in seen))


FOREIGN = Case("nonce.other-server", "the nonce of the other server", requirements=("RFC9449-9-nonce-issuer",), faults=("nonce-of-other-ok",),
               says="nonce: the one that the other server gave", threat="a proof made for one server's nonce is good at another", lenient=True, known_as=("NO-04",))


@cases(*spread([FOREIGN], MAIN))
def test_nonce_of_another_server_is_refused(case, target):
    """Servers of one house may share their nonces; if each takes the other's, that is what they do."""
    place, other = (target.place(name) for name in (("token", "api") if case.place == "token" else ("api", "token")))
    for each in (place, other):
        needs_nonces(target, each)
    here, there = asked_nonce(target, place), asked_nonce(target, other)
    answer = once(place, there, "hostile: the nonce of the other server")
    taken = answer.outcome is Outcome.EFFECT
    shared = taken and once(other, here, "the other way round").outcome is Outcome.EFFECT
    target.controls.require(place)
    if shared:
        target.note("the two servers share their nonces")
    target.expect(not taken or shared, "refused, or the nonces are shared both ways", answer.seen)


GIVEN = Case("nonce.on-success", "a success brings a nonce", requirements=("ATPROTO-dpop-nonce-everywhere",), faults=("nonce-on-errors-only",),
             says="nothing: this looks at the answer", threat="clients that take nonces from every answer cannot use this one", lenient=True, known_as=("NO-06",))


@cases(*spread([GIVEN], EVERYWHERE))
def test_success_brings_a_nonce(case, target):
    place = target.place(case.place)
    needs_nonces(target, place)
    answer = place.attempt(None, "control: a success")
    lines = target.controls.exchanges[-1].response.all("DPoP-Nonce")
    target.expect(bool(lines), "a DPoP-Nonce", f"{answer.seen}, {len(lines)} DPoP-Nonce")


KEPT = Case("nonce.keeps-jti", "a jti that was refused for want of a nonce, with the nonce", requirements=("KEYBOUND-refusal-harmless",),
            faults=("jti-burned-by-nonce",), says="the jti of a proof that had no nonce, now with one", threat="clients that only add the nonce are locked out", lenient=True, known_as=("NO-14",))


@cases(*spread([KEPT], MAIN))
def test_challenge_does_not_use_up_the_jti(case, target):
    place = target.place(case.place)
    needs_nonces(target, place)
    jti = claim("jti", fresh_jti())
    refused = single(place, all_of(jti, without_claim("nonce")), "no nonce")
    if not refused.wants_nonce:
        raise NotApplicable(f"a proof without a nonce is not answered use_dpop_nonce: {refused.seen}")
    answer = single(place, all_of(jti, claim("nonce", newest_nonce(target))), "variant: the same jti with the nonce")
    target.controls.require(place)
    target.expect(answer.outcome is Outcome.EFFECT, "accepted, as nothing was wrong with its jti", answer.seen)


SERIES = Case("nonce.series", "twenty nonces in a row", requirements=("RFC9449-8-nonce-unpredictable",), faults=("nonce-numbered",),
              says="nothing: this looks at the nonces", threat="proofs are made in advance for nonces to come")
COUNT, ENOUGH = 20, 8


@cases(*spread([SERIES], MAIN))
def test_nonces_do_not_follow_from_each_other(case, target):
    """One nonce for all and for a time is lawful; where they change, more than a few characters have to."""
    place = target.place(case.place)
    needs_nonces(target, place)
    nonces = list(dict.fromkeys(asked_nonce(target, place) for _ in range(COUNT)))
    varying = varying_parts(nonces)
    short = max(map(len, varying)) < ENOUGH
    ordered = len(nonces) > 2 and all(re.fullmatch(r"[0-9]+", part) for part in varying) and sorted(varying, key=int) == varying
    target.note(f"{len(nonces)} different nonces in {COUNT} answers, of {min(map(len, nonces))} characters or more")
    target.expect(not short and not ordered, f"{ENOUGH} characters or more that change, in no order", ", ".join(nonces[:4]))
