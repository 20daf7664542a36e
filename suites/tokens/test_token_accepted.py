"""Variants of a token that a conformant resource server takes as well (RFC 7800 section 3.1, RFC 7519, RFC 9068)."""

from dataclasses import replace

from keybound.cases.declare import MINTED, MINTED_MTLS, Case, cases, spread
from keybound.craft.changes.access_token import cnf, token_claim, token_header

OTHER = "https://other.example/"


def row(slug, title, rule, fault, threat, change, known_as=()):
    return Case(slug, title, requirements=(rule,), faults=(f"token-{fault}",), threat=threat, lenient=True, known_as=known_as, data=change)


def among_others(right):
    """Return an array of audiences in which the right ones come last."""
    return [OTHER, *([right] if isinstance(right, str) else right)]


EVERYWHERE = (
    row("cnf.unknown-member", "cnf holds an unknown member beside the binding", "RFC7800-3.1-unknown-members",
        "unknown-cnf-member-refused", "issuers cannot add anything to cnf",
        cnf(lambda right: right | {"https://keybound.example/member": "anything"}), known_as=("RS-14",)),
    row("aud.among-others", "aud is an array with this resource in it", "RFC9068-4-aud", "aud-array-refused",
        "one token cannot serve two resources", token_claim("aud", among_others)),
    row("exp.fraction", "exp has a fraction of a second", "RFC7519-4.1.4-exp-nbf", "fraction-refused",
        "issuers with finer clocks are locked out", token_claim("exp", lambda right: right + 0.5)),
)
SIGNED = (
    row("typ.long", "typ is application/at+jwt", "RFC9068-4-typ", "long-typ-refused", "the long form of the type is as good",
        token_header("typ", lambda _: "application/at+jwt")),
)


def mtls(rows):
    return [replace(each, mechanism="mtls") for each in rows]


@cases(*spread(EVERYWHERE, MINTED), *spread(mtls(EVERYWHERE), MINTED_MTLS), *spread(SIGNED, MINTED[:1]),
       *spread(mtls(SIGNED), MINTED_MTLS[:1]))
def test_token_variant_is_accepted(case, target):
    target.accepts(case, target.token_with(case.data))
