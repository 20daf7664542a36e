"""A token bound to a key and to a certificate needs both: whatever `cnf` says is enforced whole (RFC 7800 section 3.1)."""

from keybound.cases.declare import Case, cases
from keybound.craft.changes.certificate import attackers_certificate, no_certificate
from keybound.craft.changes.proof import by_attacker, no_proof
from keybound.craft.changes.request import stolen_as_bearer
from keybound.errors import NotApplicable

HALF = "one of two bindings is enough, so half of the theft is enough"
CERTIFICATE, PROOF = ("rs-both-only-proof-checked",), ("rs-both-only-certificate-checked",)


def row(name, title, requirement, faults, change):
    return Case(f"rs.both.{name}", title, requirements=(requirement,), faults=faults, threat=HALF, change=change, place="both.api", mechanism="mtls", known_as=("BM-02", "BM-04"))


HALVES = (
    row("no-certificate", "the right proof, no certificate", "RFC8705-3-no-cert", CERTIFICATE, no_certificate),
    row("attacker-certificate", "the right proof, the attacker's certificate", "RFC8705-3-cert-match", CERTIFICATE,
        attackers_certificate),
    row("no-proof", "the right certificate, no proof", "RFC9449-7.1-proof-present", PROOF, no_proof),
    row("attacker-key", "the right certificate, a proof of the attacker's key", "RFC9449-4.3-key-match", PROOF, by_attacker),
    row("as-bearer", "the right certificate, under the Bearer scheme", "RFC9449-7.2-bearer-downgrade", PROOF, stolen_as_bearer),
)


@cases(*HALVES)
def test_every_binding_counts(case, target):
    lane = target.place(case.place).lane
    cnf = target.read(target.session.token(lane)).cnf
    if not {"jkt", "x5t#S256"} <= cnf.keys():
        raise NotApplicable(f"a proof and a certificate together do not give a token with both bindings: {sorted(cnf)}")
    target.refuses(case)
