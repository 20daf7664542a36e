"""What is in the tokens and codes that are issued (RFC 9700 sections 2.3 and 4.10)."""

import math
from itertools import takewhile

from keybound.cases.declare import Case, cases
from keybound.craft.jose import read_claims
from keybound.errors import NotApplicable

AUDIENCE = Case("as.token.audience", "an access token names its audience", requirements=("RFC9700-2.3-audience", "RFC9700-4.10-constrained-tokens"),
                faults=("as-token-without-audience",), threat="a token given to one service opens the others", lenient=True)


@cases(AUDIENCE)
def test_token_names_its_audience(case, target):
    token = target.token("dpop", readable=True)
    claims = read_claims(token.token.value) or target.session.introspect(token.token)
    target.expect(bool(claims.get("aud")), "aud", ", ".join(sorted(claims)))


SAMPLES = 3
GUESS = "whoever guesses well has a token"
ENOUGH = 128
VALUES = tuple(
    Case(f"as.entropy.{kind}", f"{what} cannot be guessed", requirements=("FAPI2SP-5.4.1-entropy",), faults=(f"as-short-{kind}",), threat=GUESS, data=kind)
    for kind, what in (("codes", "authorization codes"), ("refresh-tokens", "refresh tokens"), ("opaque-tokens", "opaque access tokens"))
)


def values(target, kind):
    """Return a few new values of one kind; raises NotApplicable where there are none."""
    session = target.session
    if kind == "opaque-tokens":
        lanes = session.lanes("dpop", "client_credentials", "authorization_code")
        opaque = next((lane for lane in lanes if read_claims(session.token(lane).value) is None), None)
        if opaque is None:
            raise NotApplicable("no access token is opaque")
        return [session.issue(opaque).value for _ in range(SAMPLES)]
    lane = target.lane("dpop", "authorization_code" if kind == "codes" else "refresh_token")
    if kind == "codes":
        return [session.code(lane).value for _ in range(SAMPLES)]
    return [session.refresh_token(lane) for _ in range(SAMPLES)]


def common(samples):
    """Return how many characters the samples begin with that are the same in all of them."""
    return sum(1 for _ in takewhile(lambda letters: len(set(letters)) == 1, zip(*samples, strict=False)))


def bits(samples):
    """Return the most bits of chance there can be in what differs between values of one kind."""
    head, tail = common(samples), common([sample[::-1] for sample in samples])
    constant = sum(length for length in (head, tail) if length > 1)  # one letter may agree by chance
    varying = min(len(sample) for sample in samples) - constant
    letters = len(set("".join(samples)))
    hexadecimal = all(set(sample.lower()) <= set("0123456789abcdef-") for sample in samples)
    return varying * (math.log2(10) if letters <= 10 else 4 if hexadecimal else 6)


@cases(*VALUES)
def test_value_is_long_enough(case, target):
    samples = values(target, case.data)
    if any("." in sample for sample in samples):
        raise NotApplicable("the values are signed or have parts: their length says nothing of chance")
    found = bits(samples)
    target.expect(found >= ENOUGH, f"{ENOUGH} bits of chance", f"at most {found:.0f} bits in what differs between {SAMPLES} of them")
