"""The same proof, byte for byte, a second time (RFC 9449 section 11.1).

No RFC 2119 word asks for replay detection, so a server without it is warned about, never failed.
"""

from keybound.cases import API, PAR, TOKEN, USERINFO, At, Case, cases, spread

REPLAY = Case("replay.same-proof", "the same proof again", ("RFC9449-11.1-jti-replay",), ("no-replay-store",),
              "a proof read on the way can be used once more by the reader", lenient=True, also=("RP-01", "RP-02", "RS-15"))
PLACES = tuple(At(at.place, at.prefix, ()) for at in (TOKEN, PAR, API, USERINFO))


@cases(*spread([REPLAY], PLACES))
def test_proof_is_good_once(case, target):
    target.refuses_again(case)
