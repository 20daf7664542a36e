"""Proofs from the near future and the near past, as the profiles of FAPI and MCP want them read.

RFC 9449 leaves the window to the server, so a server that follows another profile, or none, gets a warning at most.
"""

from keybound.cases import API, PAR, TOKEN, At, Case, cases, spread
from keybound.craft.deltas import claim

AS_PLACES = tuple(At(at.place, at.prefix, ()) for at in (TOKEN, PAR))
RS_PLACES = (At(API.place, API.prefix, ()),)


def shifted(seconds):
    return claim("iat", lambda now: now + seconds)


AHEAD = Case("proof.iat.ten-seconds-ahead", "a proof from a clock that is ten seconds fast", ("FAPI2SP-5.3.2.1-iat-10s",),
             ("iat-nothing-ahead",), "clients whose clock is a little fast are locked out", shifted(10), lenient=True, also=("TP-26",))
FAR_AHEAD = Case("proof.iat.over-a-minute-ahead", "a proof from more than a minute ahead", ("FAPI2SP-5.3.2.1-iat-60s",),
                 ("iat-two-minutes-ahead",), "proofs made in advance are good later", shifted(75), lenient=True, also=("TP-26",))
FIVE_MINUTES = tuple(
    Case(f"proof.iat.over-five-minutes-{word}", f"a proof from more than five minutes {where}", ("MCP-dpop-proof-checks",),
         ("iat-ten-minutes",), "a captured proof is good for long", shifted(seconds), lenient=True)
    for word, where, seconds in (("old", "ago", -330), ("ahead", "ahead", 330))
)


@cases(*spread([AHEAD], AS_PLACES))
def test_clock_may_be_a_little_off(case, target):
    target.accepts(case)


@cases(*spread([FAR_AHEAD], AS_PLACES), *spread(FIVE_MINUTES, RS_PLACES))
def test_date_far_off_is_refused(case, target):
    target.refuses(case)
