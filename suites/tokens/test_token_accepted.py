"""Variants of a token that a conformant resource server takes as well (RFC 7800 section 3.1)."""

from keybound.cases import MINTED, MINTED_MTLS, Case, cases, spread
from keybound.craft.token_deltas import cnf

UNKNOWN = ("RFC7800-3.1-unknown-members",)


def row(mechanism):
    return Case("cnf.unknown-member", "cnf holds an unknown member beside the binding", UNKNOWN, ("token-unknown-cnf-member-refused",),
                "issuers cannot add anything to cnf", lenient=True, mechanism=mechanism, also=("RS-14",),
                data=cnf(lambda right: right | {"https://keybound.example/member": "anything"}))


@cases(*spread([row("dpop")], MINTED), *spread([row("mtls")], MINTED_MTLS))
def test_token_variant_is_accepted(case, target):
    target.accepts(case, target.token_with(case.data))
