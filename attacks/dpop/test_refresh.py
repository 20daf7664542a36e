"""A thief has the refresh token of a public client, but not the key it is bound to (RFC 9449 section 5)."""

from keybound.cases.declare import Case, cases
from keybound.craft.changes.jose import signed_by_attacker
from keybound.craft.changes.proof import by_attacker, no_proof

CHECKED = ("RFC9449-5-refresh-checked-public",)
BOUND = ("RFC9449-5-refresh-bound-public", *CHECKED)

REFRESH = (
    Case("as.refresh.stolen.attacker-key", "a public client's refresh token with the attacker's key",
         requirements=(*BOUND, "ATPROTO-tokens-session-key"),
         faults=("as-refresh-any-key",), threat="the thief gets new access tokens, bound to itself", change=by_attacker, place="refresh.public",
         known_as=("RT-03", "RT-10")),
    Case("as.refresh.stolen.without-proof", "a public client's refresh token with no proof", requirements=CHECKED,
         faults=("as-refresh-proof-optional",), threat="the thief gets new access tokens, bound to nothing", change=no_proof, place="refresh.public",
         known_as=("RT-04",)),
    Case("as.refresh.stolen.bad-signature", "a public client's refresh token with the victim's jwk, signed by the attacker",
         requirements=CHECKED, faults=("as-signature-not-verified",), threat="the thief shows the right public key and signs with another",
         change=signed_by_attacker, place="refresh.public", known_as=("RT-03",)),
    Case("as.refresh.rotated.attacker-key", "a rotated refresh token with the attacker's key",
         requirements=("RFC9449-5-refresh-rotation-bound",), faults=("as-rotated-refresh-unbound", "as-refresh-any-key"),
         threat="the binding is lost with the first refresh", change=by_attacker, place="refresh.public.rotated", known_as=("RT-02",)),
)


@cases(*REFRESH)
def test_stolen_refresh_token_is_useless(case, target):
    target.refuses(case)
