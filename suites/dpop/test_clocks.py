"""Proofs from the near future and the near past, as the profiles of FAPI and MCP want them read.

RFC 9449 leaves the window to the server, so a server that follows another profile, or none, gets a warning at most.
"""

from keybound.cases.declare import API, PAR, TOKEN, Case, cases, spread, without_requirements
from keybound.craft.changes.proof import claim
from keybound.craft.changes.values import later

AS_PLACES = without_requirements(TOKEN, PAR)
RS_PLACES = without_requirements(API)


AHEAD = Case("proof.iat.ten-seconds-ahead", "a proof from a clock that is ten seconds fast", requirements=("FAPI2SP-5.3.2.1-iat-10s",),
             faults=("iat-nothing-ahead",), threat="clients whose clock is a little fast are locked out", change=claim("iat", later(10)), lenient=True, known_as=("TP-26",))
FAR_AHEAD = Case("proof.iat.over-a-minute-ahead", "a proof from more than a minute ahead", requirements=("FAPI2SP-5.3.2.1-iat-60s",),
                 faults=("iat-two-minutes-ahead",), threat="proofs made in advance are good later", change=claim("iat", later(75)), lenient=True, known_as=("TP-26",))
FIVE_MINUTES = tuple(
    Case(f"proof.iat.over-five-minutes-{word}", f"a proof from more than five minutes {where}", requirements=("MCP-dpop-proof-checks",),
         faults=("iat-ten-minutes",), threat="a captured proof is good for long", change=claim("iat", later(seconds)), lenient=True)
    for word, where, seconds in (("old", "ago", -330), ("ahead", "ahead", 330))
)


@cases(*spread([AHEAD], AS_PLACES))
def test_clock_may_be_a_little_off(case, target):
    target.accepts(case)


@cases(*spread([FAR_AHEAD], AS_PLACES), *spread(FIVE_MINUTES, RS_PLACES))
def test_date_far_off_is_refused(case, target):
    target.refuses(case)
