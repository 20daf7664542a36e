"""Introspection and revocation in the name of a client that authenticates by certificate (RFC 8705 section 2).

Both endpoints authenticate clients as the token endpoint does (RFC 7662 section 2.1, RFC 7009 section 2.1), and are
easily left out where each endpoint checks certificates for itself.
"""

from keybound.cases.declare import Case, cases
from keybound.craft.changes.certificate import attackers_certificate, no_certificate
from keybound.errors import NotApplicable
from keybound.judge.answer import Outcome

ELSEWHERE = tuple(
    Case(f"as.mtls.{endpoint}.{slug}", f"{endpoint} by an mTLS client {what}", requirements=(requirement,), faults=("as-mtls-tokens-only",),
         threat=threat, change=change, place=f"mtls.{endpoint}.own", mechanism="mtls", known_as=(label,))
    for endpoint, threat in (
        ("introspection", "whoever knows the client_id reads what a stolen token says"),
        ("revocation", "whoever knows the client_id ends its tokens"),
    )
    for slug, what, requirement, change, label in (
        ("no-certificate", "without a certificate", "RFC8705-2-handshake", no_certificate, "MC-02"),
        ("attacker-certificate", "with the attacker's certificate", "RFC8705-2-client-binding", attackers_certificate, "MC-04"),
    )
)


@cases(*ELSEWHERE)
def test_other_endpoints_check_the_certificate_too(case, target):
    if target.controls.send(target.place(case.place), "before").outcome is not Outcome.EFFECT:
        raise NotApplicable("clients do not do this with their own tokens here")
    target.refuses(case)
