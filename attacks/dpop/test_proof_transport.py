"""Several DPoP headers, or one that holds no proof (RFC 9449 section 4.3 items 1 and 2)."""

from keybound.cases import PROOF_READERS, Case, cases, spread
from keybound.craft.deltas import garbage, junk_then_proof, proof_then_junk, same_proof_twice, two_proofs

ONE_HEADER = ("RFC9449-4.3-one-header",)
SMUGGLING = "two layers look at two different proofs"

HEADERS = (
    Case("proof.twice.two-valid", "two DPoP headers, both valid", ONE_HEADER, ("first-dpop-header", "last-dpop-header"),
         SMUGGLING, two_proofs, also=("TP-28", "RS-20")),
    Case("proof.twice.valid-then-junk", "two DPoP headers, the first valid", ONE_HEADER, ("first-dpop-header",),
         SMUGGLING, proof_then_junk, also=("TP-28", "RS-20")),
    Case("proof.twice.junk-then-valid", "two DPoP headers, the last valid", ONE_HEADER, ("last-dpop-header",),
         SMUGGLING, junk_then_proof, also=("TP-28", "RS-20")),
    Case("proof.twice.same", "the same proof in two DPoP headers", ONE_HEADER, ("first-dpop-header", "last-dpop-header"),
         SMUGGLING, same_proof_twice, also=("TP-28", "RS-20")),
    Case("proof.not-a-jwt", "a DPoP header that is no JWT", ("RFC9449-4.3-well-formed-jwt",), ("malformed-proof-ignored",),
         "a proof that cannot be read counts as none, and the token comes unbound", garbage, also=("TP-02",)),
)


@cases(*spread(HEADERS, PROOF_READERS))
def test_header_must_be_one_proof(case, target):
    target.refuses(case)
