"""How large a jti and a proof may be: large ones are taken or refused, and break nothing (RFC 9449 section 11.1)."""

from keybound.cases.declare import Case, cases
from keybound.check.sizes import sizes_taken
from keybound.craft.changes.proof import long_jti, padding

COMMON = 4096  # octets; up to here the header fits the limits of common servers

SIZES = tuple(
    Case(f"{role}.measure.jti-size", "a large jti is taken or refused, and breaks nothing", requirements=("RFC9449-11.1-jti-size",),
         faults=(f"{role}-crashes-on-long-jti",), threat="whoever sends large values fills the store or stops the server", place=place, known_as=("TP-19",))
    for role, place in (("as", "token"), ("rs", "api"))
)


@cases(*SIZES)
def test_large_values_break_nothing(case, target):
    place = target.place(case.place)
    target.controls.require(place)
    where, jti, claims = f"{case.role}.{case.place}", sizes_taken(place, long_jti), sizes_taken(place, padding)
    longest = max(jti.proof, claims.proof)
    target.measure("longest_jti", where, jti.largest, "octets")
    target.measure("longest_proof", where, longest, "octets")
    target.controls.require(place, "after")
    broken = [f"{size} octets: {seen}" for size, seen in jti.crashes + claims.crashes if size <= COMMON]
    target.expect(not broken, "taken, or refused with an answer below 500", broken[0] if broken else f"a proof of {longest} octets taken")
