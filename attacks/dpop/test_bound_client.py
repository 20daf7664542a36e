"""A client registered with dpop_bound_access_tokens asks for a token without a proof, by every grant (RFC 9449 section 5.2)."""

from keybound.cases.declare import Case, cases
from keybound.craft.changes.proof import no_proof
from keybound.judge.rules import Exact

REFUSED = Exact((400,), ("invalid_request", "invalid_dpop_proof", "invalid_grant"))
UNBOUND = "stolen client credentials give a token bound to nothing"
GRANTS = {
    "": ("token.bound-client", (), ("TP-32", "BD-03")),
    "code.": ("code.bound-client", (), ("TP-32", "BD-03")),
    "refresh.": ("refresh.bound-client", ("as-bound-client-refresh-excused",), ("RT-05", "BD-04")),
    "device.": ("token.device_code.bound-client", ("as-bound-client-extensions-excused",), ("TP-32", "BD-03")),
    "ciba.": ("token.ciba.bound-client", ("as-bound-client-extensions-excused",), ("TP-32", "BD-03")),
    "exchange.": ("token.token_exchange.bound-client", ("as-bound-client-extensions-excused",), ("TP-32", "BD-03")),
    "jwt-bearer.": ("token.jwt_bearer.bound-client", ("as-bound-client-extensions-excused",), ("TP-32", "BD-03")),
}
BOUND_CLIENT = tuple(
    Case(f"as.bound-client.{grant}without-proof", "a bound client's token request without a proof", requirements=("RFC9449-5.2-bound-client",),
         faults=("as-bound-client-proof-optional", *faults), threat=UNBOUND, change=no_proof, place=place, names_the_reason=REFUSED, known_as=labels)
    for grant, (place, faults, labels) in GRANTS.items()
)


@cases(*BOUND_CLIENT)
def test_bound_client_needs_a_proof(case, target):
    target.refuses(case)
