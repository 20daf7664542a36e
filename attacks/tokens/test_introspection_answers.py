"""What introspection answers is a lie that somebody put in between, or is no longer true (RFC 9701 section 5, RFC 7662).

The issuer signs its answer for a resource server that asks for it; each answer has one thing wrong.
"""

import time

from keybound.cases.declare import Case, cases
from keybound.craft.changes.access_token import active_if_signed, answered, revoked_from, without_token_claim
from keybound.errors import NotApplicable
from keybound.judge.answer import Outcome

BETWEEN = "whoever sits between the resource server and the issuer says what tokens are good for"
VERIFIED, AUDIENCE = "RFC9701-5-verified", "RFC9701-5-audience"


def row(slug, title, rule, fault, response, *, lenient=False):
    return Case(f"rs.introspection.signed.{slug}", title, requirements=(rule,), faults=(f"rs-token-response-{fault}",), threat=BETWEEN, place="tokens.opaque",
                minted=answered(response), lenient=lenient)


SIGNED = (
    row("signature.flipped", "signed response, first bit of the signature flipped", VERIFIED, "not-verified", "signature-flipped"),
    row("signature.other-key", "response signed by a stranger under the issuer's kid", VERIFIED, "not-verified",
        "signed-by-stranger"),
    row("alg.none", "unsigned response, alg none", VERIFIED, "not-verified", "alg-none"),
    row("iss.other", "response of another issuer", VERIFIED, "issuer-ignored", "iss-other", lenient=True),
    row("typ.at-jwt", "typ of the response is at+jwt", VERIFIED, "typ-ignored", "typ-at-jwt", lenient=True),
    row("aud.other", "response for another resource server", AUDIENCE, "audience-ignored", "aud-other", lenient=True),
    row("plain", "plain JSON where a signed response was asked for", VERIFIED, "unsigned-ok", "plain", lenient=True),
)


@cases(*SIGNED)
def test_response_of_somebody_else_counts_for_nothing(case, target):
    place = target.place(case.place)
    target.controls.require(place)
    if place.attempt(target.token_with(active_if_signed), "are signed responses asked for?").outcome is not Outcome.EFFECT:
        raise NotApplicable("the resource server does not ask for signed introspection responses")
    target.refuses(case)


REVOKED = Case("rs.introspection.revoked", "a token used, then revoked, and used again", requirements=("RFC7662-4-revoked",),
               faults=("rs-token-revocation-unnoticed",), says="a token that introspection calls inactive by now", threat="the theft was reported, and the thief goes on", place="tokens.opaque",
               known_as=("IN-04",), lenient=True)
GOOD_FOR = 1.5  # seconds
PATIENCE = 8.0


@cases(REVOKED)
def test_revocation_is_noticed(case, target):
    """Measure how long; a second token that was never shown tells a cache from an introspection that does not happen."""
    place, end = target.place(case.place), time.time() + GOOD_FOR
    used, unused = (target.token_with(revoked_from(end), kept=[]) for _ in range(2))
    target.controls.require(place)
    if place.attempt(used, "control before: the token is good").outcome is not Outcome.EFFECT:
        raise NotApplicable(f"a token that is good for {GOOD_FOR:g} seconds is not taken at all")
    time.sleep(max(0.0, end - time.time()))
    if place.attempt(unused, "a revoked token that was never shown").outcome is Outcome.EFFECT:
        raise NotApplicable("revoked tokens are taken: that is for another case to say")
    answer = place.attempt(used, "hostile: the token, revoked")
    while answer.outcome is Outcome.EFFECT and time.time() < end + PATIENCE:
        time.sleep(1.0)
        answer = place.attempt(used, "hostile: the token, revoked")
    target.controls.require(place)
    late = time.time() - end
    if answer.outcome is not Outcome.EFFECT:
        target.measure("revocation noticed", case.place, round(late, 1), "s")
    target.expect_no_effect(answer, f"refused within {PATIENCE:g} s")


UNTYPED = tuple(
    Case(f"{prefix}.introspection.without-type", "introspection does not say token_type", requirements=("RFC7662-2.2-claims",),
         faults=("rs-token-introspected-type-wanted",), threat="an optional member of the answer locks clients out", place=place,
         mechanism=mechanism, minted=without_token_claim("token_type"), lenient=True)
    for prefix, place, mechanism in (("rs", "tokens.opaque", "dpop"), ("rs.mtls", "tokens.mtls.opaque", "mtls"))
)


@cases(*UNTYPED)
def test_optional_member_may_be_missing(case, target):
    target.accepts(case)
