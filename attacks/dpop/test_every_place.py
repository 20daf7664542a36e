"""Every grant and every endpoint reads its proofs as closely as the others (RFC 9449 sections 5 and 7.1)."""

from keybound.cases.declare import cases
from keybound.cases.every_place import bad_proofs


@cases(*bad_proofs())
def test_every_place_checks_its_proofs(case, target):
    if "RFC9449-4.3-iat-window" in case.requirements:
        target.needs_dates()
    target.refuses(case)
