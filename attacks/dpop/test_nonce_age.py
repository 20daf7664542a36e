"""Nonces that grow old: how long one is good, and whether the one before the newest still is (RFC 9449 section 8)."""

import time
from dataclasses import replace

from keybound.cases.declare import API, TOKEN, Case, cases, spread, without_requirements
from keybound.check.ages import largest, wait_for
from keybound.check.nonces import asked_nonce, needs_nonces, nonce_ages, once
from keybound.errors import NotApplicable
from keybound.judge.answer import Outcome

PLACES = without_requirements(TOKEN, API)
LIFETIME = Case("nonce.lifetime", "a nonce ends", requirements=("ATPROTO-dpop-nonce-lifetime",), faults=("nonce-forever",),
                says="a nonce, at growing ages", threat="proofs made in advance with one nonce are good for ever", lenient=True, known_as=("NO-08",), slow=True)
PREVIOUS = Case("nonce.previous", "the nonce before the newest", requirements=("ATPROTO-dpop-nonce-stale",), faults=("nonce-newest-only",),
                says="nonce: the one before the newest", threat="requests that are on their way when the nonce changes fail", lenient=True, slow=True)


LIVES = tuple(replace(at, requirements=more) for at, more in zip(PLACES, (("RFC9449-8-nonce-mismatch",), ("RFC9449-4.3-nonce",)), strict=True))


@cases(*spread([LIFETIME], LIVES))
def test_nonce_has_an_end(case, target):
    place = target.place(case.place)
    needs_nonces(target, place)
    limits = target.session.profile.limits
    ages = nonce_ages(min(limits.nonce_lifetime, limits.longest_wait))
    nonces, started, good = [asked_nonce(target, place) for _ in ages], time.monotonic(), []
    for age, nonce in zip(ages, nonces, strict=True):
        time.sleep(max(0.0, started + age - time.monotonic()))
        if once(place, nonce, f"hostile: a nonce that is {age:.0f} s old").outcome is not Outcome.EFFECT:
            break
        good.append(age)
    target.controls.require(place)
    ended = len(good) < len(ages)
    if not ended and limits.longest_wait < limits.nonce_lifetime:
        raise NotApplicable(f"a nonce is good for {largest(good)} s and more, and this run waits no longer")
    target.measure("nonce_lifetime", f"{case.role}.{case.place}", largest(good), "s at least" if good else "s")
    target.expect(ended, f"refused after {limits.nonce_lifetime:.0f} s at the latest", f"taken when {largest(good)} s old")


@cases(*spread([PREVIOUS], PLACES))
def test_previous_nonce_is_still_taken(case, target):
    place = target.place(case.place)
    needs_nonces(target, place)
    first = asked_nonce(target, place)
    if not wait_for(lambda: asked_nonce(target, place) != first, target.session.profile.limits.longest_wait):
        raise NotApplicable("the nonce did not change")
    answer = once(place, first, "variant: the nonce before the newest")
    target.controls.require(place)
    target.expect(answer.outcome is Outcome.EFFECT, "accepted right after the change", answer.seen)
