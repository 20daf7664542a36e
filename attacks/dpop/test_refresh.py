"""A thief has the refresh token of a public client, but not the key it is bound to (RFC 9449 section 5)."""

from keybound.cases import Case, cases
from keybound.craft.deltas import by_attacker, no_proof, signed_by_attacker

CHECKED = ("RFC9449-5-refresh-checked-public",)
BOUND = ("RFC9449-5-refresh-bound-public", *CHECKED)

REFRESH = (
    Case("as.refresh.stolen.attacker-key", "a public client's refresh token with the attacker's key",
         (*BOUND, "ATPROTO-tokens-session-key"),
         ("as-refresh-any-key",), "the thief gets new access tokens, bound to itself", by_attacker, "refresh.public",
         also=("RT-03", "RT-10")),
    Case("as.refresh.stolen.without-proof", "a public client's refresh token with no proof", CHECKED,
         ("as-refresh-proof-optional",), "the thief gets new access tokens, bound to nothing", no_proof, "refresh.public",
         also=("RT-04",)),
    Case("as.refresh.stolen.bad-signature", "a public client's refresh token with the victim's jwk, signed by the attacker",
         CHECKED, ("as-signature-not-verified",), "the thief shows the right public key and signs with another",
         signed_by_attacker, "refresh.public", also=("RT-03",)),
    Case("as.refresh.rotated.attacker-key", "a rotated refresh token with the attacker's key",
         ("RFC9449-5-refresh-rotation-bound",), ("as-rotated-refresh-unbound", "as-refresh-any-key"),
         "the binding is lost with the first refresh", by_attacker, "refresh.public.rotated", also=("RT-02",)),
)


@cases(*REFRESH)
def test_stolen_refresh_token_is_useless(case, target):
    target.refuses(case)
