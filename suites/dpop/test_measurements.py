"""What RFC 9449 leaves open, measured: how old and how early a proof may be, and what follows (section 11)."""

from keybound.cases.declare import Case, cases
from keybound.check.ages import both_edges, window
from keybound.craft.changes.proof import claim, kept_proof, proof_lines, with_key
from keybound.craft.changes.request import all_of
from keybound.craft.changes.values import later
from keybound.craft.jose import SUPPORTED_ALGS
from keybound.errors import Inconclusive, NotApplicable
from keybound.judge.answer import Outcome

WINDOWS = tuple(
    Case(f"{prefix}.measure.iat-{name}", f"how {word} a proof may be", requirements=("RFC9449-4.3-iat-window",), faults=(f"{prefix}-iat-no-{name}-limit",),
         threat="the longer a proof lives, the longer it can be used by whoever reads it", place=place, data=sign)
    for prefix, place in (("as", "token"), ("rs", "api"))
    for name, word, sign in (("past", "old", -1), ("future", "early", 1))
)


@cases(*WINDOWS)
def test_window_ends_within_the_hour(case, target):
    place = target.place(case.place)
    target.controls.require(place)
    if target.session.nonces.active(place.server):
        raise NotApplicable("this server gives nonces, and may judge freshness by them alone")

    inside = window(place, case.data)
    if inside is None:
        target.expect(False, "refused an hour away", "accepted")
        return
    target.measure(f"iat_window_{case.id.rpartition('-')[2]}", f"{case.role}.{case.place}", inside, "s")
    target.expect(True, "refused an hour away", f"accepted up to {inside} s")


EXPOSURES = tuple(
    Case(f"{prefix}.measure.replay-exposure", "how long a proof that was read on the way is worth something",
         requirements=("RFC9449-11.1-jti-replay",), faults=(f"{prefix}-no-replay-store",), threat="a proof is used again for as long as it is fresh",
         place=place, lenient=True)
    for prefix, place in (("as", "token"), ("rs", "api"))
)


@cases(*EXPOSURES)
def test_used_proof_is_worth_nothing(case, target):
    """Without a memory a proof from the far edge of the window is good for the whole of it; --slow measures a memory."""
    place = target.place(case.place)
    past, ahead = both_edges(target, place)
    kept = []
    first = place.attempt(all_of(claim("iat", later(max(ahead - 1, 0))), kept_proof(kept)), "control before: first use")
    if first.outcome is not Outcome.EFFECT:
        raise Inconclusive(f"a proof dated at the edge of the window: {first.seen}")
    again = place.attempt(proof_lines(kept[-1]), "hostile: the same proof again")
    if again.outcome is Outcome.EFFECT:
        target.measure("replay_exposure", f"{case.role}.{case.place}", past + ahead, "s")
    target.expect(again.outcome is not Outcome.EFFECT, "a used proof is refused", f"{again.seen}; proofs are good for {past + ahead} s")


ALGS = Case("as.measure.unadvertised-algs", "the algorithms that proofs may have, against those advertised", requirements=("RFC9449-5.1-signing-algs",),
            faults=("as-metadata-algs-partial",), threat="an algorithm that nobody knows of is taken, and may be a weak one", place="token",
            lenient=True)
ED25519 = {"EdDSA", "Ed25519"}  # two names for the same


@cases(ALGS)
def test_accepted_algorithms_are_advertised(case, target):
    advertised = target.session.advertised_algs
    if not advertised:
        raise NotApplicable("no metadata lists dpop_signing_alg_values_supported")
    place = target.place(case.place)
    target.controls.require(place)
    taken = [alg for alg in SUPPORTED_ALGS
             if place.attempt(with_key(target.session.key("victim", alg)), f"hostile: {alg}").outcome is Outcome.EFFECT]
    target.measure("algs_accepted", f"{case.role}.{case.place}", ", ".join(taken), "")
    target.measure("algs_advertised", f"{case.role}.{case.place}", ", ".join(advertised), "")
    named = {*advertised, *(ED25519 if ED25519 & {*advertised} else ())}
    target.expect(set(taken) <= named, f"of {', '.join(advertised)} only", ", ".join(taken))


LIFETIME = Case("as.measure.token-lifetime", "how long a bound token is good", requirements=("RFC9449-11.2-token-lifetime",),
                faults=("as-long-lived-tokens",), threat="proofs made in advance open the resource for as long as the token lives", lenient=True)
LONG = 3600


@cases(LIFETIME)
def test_bound_token_is_short_lived(case, target):
    """No number is given; an hour is what most servers issue, and more is worth a warning."""
    lane = target.lane("dpop")
    seconds = target.session.issue(lane).response.object.get("expires_in")
    if not isinstance(seconds, int | float):
        raise NotApplicable("the token response does not say how long the token is good (expires_in)")
    target.measure("token_lifetime", str(lane), seconds, "s")
    if target.session.nonces.active("as") or target.session.nonces.active("rs"):
        raise NotApplicable("this server gives nonces, so proofs cannot be made long in advance")
    target.expect(seconds <= LONG, f"{LONG} s at most", f"{seconds} s")
