"""Somebody quotes the victim's certificate, which is no secret, in a header of proxies (RFC 9440, RFC 9700 section 4.13)."""

from keybound.cases import Case, cases
from keybound.craft.deltas import attackers_certificate, no_certificate
from keybound.craft.forwarding import HEADERS, spoofs

PRESENCES = (
    ("no-certificate", "on a connection without certificate", no_certificate, "RFC9440-2.4-strip"),
    ("attacker-certificate", "on a connection with the attacker's certificate", attackers_certificate, "RFC9440-2.4-overwrite"),
)
SIDES = (
    ("rs", "mtls.api", "RFC8705-3-cert-from-tls", "a bound token"),
    ("as", "mtls.token.dn", "RFC8705-2-handshake", "the client's id"),
)
COMMON = ("escaped", "base64")
SANITIZED = "RFC9700-4.13-sanitize"
THREAT = "whoever knows the certificate is its holder: a TLS terminator lets the header through, or nothing ends TLS here"


def quoted(side, place, requirement, what, name, title, presence, deltas, *more):
    return Case(f"{side}.mtls.header.{name}", f"{what}, {title}", (requirement, SANITIZED, *more),
                (f"{side}-trusts-certificate-header",), THREAT, place=place, mechanism="mtls", delta=presence, data=deltas)


QUOTED = tuple(
    row
    for side, place, requirement, what in SIDES
    for presence, how, delta, standard in PRESENCES
    for row in (
        *(
            quoted(side, place, requirement, what, f"{header.lower().replace('_', '-')}.{presence}", f"{header} {how}",
                   delta, spoofs([header], delta), *([standard] if header.startswith("Client-Cert") else []))
            for header in HEADERS
        ),
        quoted(side, place, requirement, what, f"underscores.{presence}", f"every name in capitals with underscores {how}",
               delta, spoofs([name.upper().replace("-", "_") for name in HEADERS], delta, encodings=COMMON)),
        quoted(side, place, requirement, what, f"twice.{presence}", f"every name twice {how}",
               delta, spoofs(HEADERS, delta, times=2, encodings=COMMON), "RFC9440-2.2-once"),
    )
)


@cases(*QUOTED)
def test_quoted_certificate_counts_for_nothing(case, target):
    target.refuses_each(case, case.data, unless=case.delta)
