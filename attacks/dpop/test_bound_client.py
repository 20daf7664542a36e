"""A client registered with dpop_bound_access_tokens asks for a token without a proof (RFC 9449 section 5.2)."""

from keybound.cases import Case, cases
from keybound.craft.deltas import no_proof
from keybound.judge.rules import Exact

BOUND_CLIENT = Case(
    "as.bound-client.without-proof", "a bound client's token request without a proof", ("RFC9449-5.2-bound-client",),
    ("as-bound-client-proof-optional",), "stolen client credentials give a token bound to nothing", no_proof,
    "token.bound-client", Exact((400,), ("invalid_request", "invalid_dpop_proof", "invalid_grant")), also=("TP-32", "BD-03"))


@cases(BOUND_CLIENT)
def test_bound_client_needs_a_proof(case, target):
    target.refuses(case)
