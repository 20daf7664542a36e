"""Challenges for holders of bearer tokens, at resources that offer that scheme (RFC 6750 section 3, RFC 9110).

Where a resource does not offer Bearer, none of it applies. RFC 6750 wants much of it by SHOULD only.
"""

from collections import Counter

from keybound.cases.declare import Case, cases
from keybound.check.challenges import needs_bearer_scheme, refused_with_401
from keybound.craft.changes.jose import flipped_signature
from keybound.craft.changes.request import as_bearer_token
from keybound.errors import NotApplicable

ONCE = {"realm", "scope", "error", "error_description", "error_uri"}


def row(slug, title, rules, fault, threat, *, lenient=False):
    return Case(f"rs.bearer.{slug}", title, requirements=rules, faults=(f"rs-{fault}",), threat=threat, change=as_bearer_token("not-a-token"), place="api", lenient=lenient)


LOST = "clients cannot tell what went wrong"
CHALLENGE = row("challenge", "a bad bearer token is answered with a challenge", ("RFC6750-3-challenge",), "no-challenge", LOST,
                lenient=True)
ERROR = row("error", "the challenge says what was wrong with a bearer token", ("RFC6750-3-challenge-error",),
            "challenge-without-error", LOST)
STATUS = row("error-status", "invalid_token comes with 401", ("RFC6750-3.1-error-status",), "bearer-wrong-status", LOST)
TWICE = row("attributes-once", "no attribute of a challenge comes twice", ("RFC6750-3-attributes-once",),
            "challenge-attributes-twice", "two readers of one challenge read two errors", lenient=True)


@cases(CHALLENGE)
def test_bad_bearer_token_is_challenged(case, target):
    answer = refused_with_401(target, case)
    target.expect(bool(answer.schemes), "401 with WWW-Authenticate", answer.seen)


@cases(ERROR)
def test_challenge_says_what_is_wrong(case, target):
    needs_bearer_scheme(target, target.place(case.place))
    answer = target.refusal(case)
    if not answer.schemes:
        raise NotApplicable("there is no challenge: that is for another case")
    target.expect(any(it.get("error") for it in answer.challenges), "an error attribute", answer.seen)


@cases(STATUS)
def test_invalid_token_has_its_status(case, target):
    needs_bearer_scheme(target, target.place(case.place))
    answer = target.refusal(case)
    if "invalid_token" not in answer.codes:
        raise NotApplicable(f"there is no invalid_token here: {answer.seen}")
    target.expect(answer.status == 401, "401 invalid_token", answer.seen)


@cases(TWICE)
def test_attributes_come_once(case, target):
    needs_bearer_scheme(target, target.place(case.place))
    answer = target.refusal(case)
    counted = [Counter(name for name, _ in it.parameters if name in ONCE) for it in answer.challenges]
    twice = {name for each in counted for name, number in each.items() if number > 1}
    target.expect(not twice, "each attribute once in a challenge", ", ".join(sorted(twice)) or answer.seen)


ANY = Case("rs.challenge.on-401", "a 401 has a challenge", requirements=("RFC9110-15.5.2-challenge",), faults=("rs-no-challenge",),
           threat="clients cannot learn what is wanted", change=flipped_signature, place="api", lenient=True)


@cases(ANY)
def test_401_has_a_challenge(case, target):
    answer = refused_with_401(target, case)
    target.expect(bool(answer.schemes), "401 with WWW-Authenticate", answer.seen)


HEADER = Case("rs.bearer.header", "a token that the server calls Bearer, at a resource that offers Bearer",
              requirements=("RFC6750-2.1-bearer-header",), faults=("rs-bearer-refused",), threat="holders of the tokens that the server gives out are locked out",
              place="api", lenient=True)


@cases(HEADER)
def test_bearer_token_is_accepted(case, target):
    needs_bearer_scheme(target, target.place(case.place))
    token = target.unbound_token(target.api_lane())
    target.accepts(case, as_bearer_token(token.value))
