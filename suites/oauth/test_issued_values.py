"""What is in the tokens and codes that are issued (RFC 9700 sections 2.3 and 4.10)."""

from keybound.cases.declare import Case, cases
from keybound.check.guessing import bits_of_chance, sampled
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


@cases(*VALUES)
def test_value_is_long_enough(case, target):
    samples = sampled(target, case.data, SAMPLES)
    if any("." in sample for sample in samples):
        raise NotApplicable("the values are signed or have parts: their length says nothing of chance")
    found = bits_of_chance(samples)
    target.expect(found >= ENOUGH, f"{ENOUGH} bits of chance", f"at most {found:.0f} bits in what differs between {SAMPLES} of them")
