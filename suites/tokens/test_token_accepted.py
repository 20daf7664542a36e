"""Variants of a token that a conformant resource server takes as well (RFC 7800 section 3.1, RFC 7519, RFC 9068)."""

from keybound.cases.declare import MINTED, MINTED_MTLS, Case, cases, spread
from keybound.craft.changes.access_token import bound_to, token_claim, token_header
from keybound.craft.changes.values import later, preceded_by


def row(slug, title, rule, fault, threat, minted, known_as=()):
    return Case(slug, title, requirements=(rule,), faults=(f"token-{fault}",), threat=threat, lenient=True, known_as=known_as, minted=minted)


EVERYWHERE = (
    row("cnf.unknown-member", "cnf holds an unknown member beside the binding", "RFC7800-3.1-unknown-members",
        "unknown-cnf-member-refused", "issuers cannot add anything to cnf",
        bound_to("https://keybound.example/member", "anything"), known_as=("RS-14",)),
    row("aud.among-others", "aud is an array with this resource in it", "RFC9068-4-aud", "aud-array-refused",
        "one token cannot serve two resources", token_claim("aud", preceded_by("https://other.example/"))),
    row("exp.fraction", "exp has a fraction of a second", "RFC7519-4.1.4-exp-nbf", "fraction-refused",
        "issuers with finer clocks are locked out", token_claim("exp", later(0.5))),
)
SIGNED = (
    row("typ.long", "typ is application/at+jwt", "RFC9068-4-typ", "long-typ-refused", "the long form of the type is as good",
        token_header("typ", "application/at+jwt")),
)


@cases(*spread(EVERYWHERE, MINTED + MINTED_MTLS), *spread(SIGNED, MINTED[:1] + MINTED_MTLS[:1]))
def test_token_variant_is_accepted(case, target):
    target.accepts(case)
