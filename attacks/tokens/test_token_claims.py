"""A token that is over, not yet good, or for somebody else; one that introspection calls inactive (RFC 9068, RFC 7662)."""

import time

from keybound.cases.declare import MINTED_JWTS, MINTED_OPAQUE, Case, cases, spread
from keybound.craft.changes.access_token import expired, not_yet, token_claim, without_token_claim
from keybound.craft.changes.values import first_followed_by, written
from keybound.errors import NotApplicable
from keybound.judge.answer import Outcome

ELSEWHERE = "a token given to another service opens this one"
LATE = "a token found in an old log still works"
OTHER = "https://other.example/"
ANOTHER = ("RFC9700-2.3-audience-checked", "RFC9700-4.9.3-compromised-rs")
READ = "introspected-claims-ignored"
VALID = "FAPI2SP-5.3.4-token-validity"


def row(slug, title, rule, fault, threat, change, *more, lenient=False):
    return Case(slug, title, requirements=(rule, *more), faults=(f"token-{fault}",), threat=threat, lenient=lenient, minted=change)


CLAIMS = (
    row("exp.past", "expired an hour ago", "RFC9068-4-exp", "exp-not-checked", LATE, expired, VALID),
    row("exp.missing", "no exp", "RFC9068-2.2-exp", "exp-optional", LATE, without_token_claim("exp"), lenient=True),
    row("nbf.future", "nbf one hour ahead", "RFC7519-4.1.4-exp-nbf", "nbf-ignored", "a token meant for later works now", not_yet,
        lenient=True),
    row("aud.other", "aud is another resource", "RFC9068-4-aud", "aud-not-compared", ELSEWHERE, token_claim("aud", OTHER),
        *ANOTHER),
    row("aud.longer", "aud begins like ours", "RFC9068-4-aud", "aud-prefix-ok", ELSEWHERE,
        token_claim("aud", first_followed_by(".other.example"))),
    row("aud.array", "aud is an array of other resources", "RFC9068-4-aud", "aud-not-compared", ELSEWHERE,
        token_claim("aud", [OTHER, "https://third.example/"]), *ANOTHER),
    row("aud.missing", "no aud", "RFC9068-4-aud", "aud-not-compared", ELSEWHERE, without_token_claim("aud"), lenient=True),
    row("iss.other", "iss is another issuer", "RFC9068-4-iss", "iss-not-compared", "one issuer speaks for another",
        token_claim("iss", OTHER)),
    row("iss.longer", "iss begins like the issuer's", "RFC9068-4-iss", "iss-prefix-ok", "one issuer speaks for another",
        token_claim("iss", written("{}.other.example"))),
)
INTROSPECTED = (
    row("inactive", "introspection says active: false", "RFC7662-2.2-active", "active-ignored",
        "a revoked token still works", token_claim("active", False)),
    row("active-missing", "introspection does not say active", "RFC7662-2.2-active", "active-ignored",
        "an error of the issuer opens the resource", without_token_claim("active")),
    row("active-text", 'introspection says active: "false"', "RFC7662-2.2-active", "active-truthy-ok",
        "a revoked token still works", token_claim("active", "false"), lenient=True),
    row("exp.past", "active, and expired an hour ago", "RFC7662-2.2-claims", READ, LATE, expired, lenient=True),
    row("nbf.future", "active, and nbf one hour ahead", "RFC7662-2.2-claims", READ, LATE, not_yet, lenient=True),
    row("aud.other", "active, for another resource", "RFC7662-2.2-claims", READ, ELSEWHERE,
        token_claim("aud", OTHER), lenient=True),
    row("iss.other", "active, of another issuer", "RFC7662-2.2-claims", READ, ELSEWHERE,
        token_claim("iss", OTHER), lenient=True),
)


@cases(*spread(CLAIMS, MINTED_JWTS), *spread(INTROSPECTED, MINTED_OPAQUE))
def test_token_that_is_not_good_here_is_refused(case, target):
    target.refuses(case)


LIFE = 1.0
LEEWAY = 1.5
CACHED = tuple(
    Case(f"rs.{what}.cached", "a token used before its end and again after it", requirements=(rule,), faults=(f"rs-token-{fault}",),
         threat="what was good once stays good in the cache", place=place, says="a token whose end has come since it was used")
    for what, rule, fault, place in (
        ("token", "RFC9068-4-exp", "jwt-cached-too-long", "tokens.jwt"),
        ("introspection", "RFC7662-4-cache", "cached-too-long", "tokens.opaque"),
    )
)


@cases(*CACHED)
def test_token_is_not_cached_beyond_exp(case, target):
    """Compare with a token of the same age that was never shown: if that works too, it is leeway and no cache."""
    clock = target.session.now() - time.time()  # of the target, from ours
    end = int(target.session.now() + LIFE) + 2
    used, unused = (target.short_lived(end) for _ in range(2))
    place = target.place(case.place)
    if place.attempt(used, "control before: the token is good").outcome is not Outcome.EFFECT:
        raise NotApplicable(f"a token of {LIFE:g} seconds is not taken at all")
    time.sleep(max(0.0, end + LEEWAY - time.time() - clock))
    if place.attempt(unused, "a token that was never shown, after its end").outcome is Outcome.EFFECT:
        raise NotApplicable(f"tokens are taken {LEEWAY:g} seconds after their end: leeway, or exp of the answer is not read")
    target.refuses(case, used)


INVALID = Case("rs.token.error", "an expired token is answered invalid_token", requirements=("RFC9068-4-error",), faults=("rs-token-wrong-error",),
               threat="clients cannot tell that they need another token", place="tokens.jwt", minted=expired, lenient=True)


@cases(INVALID)
def test_bad_token_is_named(case, target):
    answer = target.refusal(case)
    target.expect(answer.status == 401 and "invalid_token" in answer.codes, "401 invalid_token", answer.seen)
