"""A claim of the wrong JSON type: what a loosely typed comparison skips, casts or takes for absent (RFC 9449 section 4.3).

`jti` and `iat` are a string and a NumericDate by RFC 7519 only, so a breach there is a warning, unless no date is left.
"""

from keybound.cases.declare import API, PAR, PROOF_READERS, RESOURCES, TOKEN, Case, cases, spread
from keybound.craft.changes.proof import claim
from keybound.craft.changes.values import in_list, in_object

FALSY, ODD = "falsy-claims-ok", "odd-types-ok"
VALUES = (
    ("null", "null", None, FALSY),
    ("false", "false", False, FALSY),
    ("number", "a number", 1234567890, ODD),
    ("true", "true", True, ODD),
    ("object", "an object that holds the right value", in_object, ODD),
)
SKIPPED = "what is not a string is not compared"


def of_type(name, requirement, values, *, lenient=False, known_as=()):
    return tuple(
        Case(f"proof.{name}.{slug}", f"{name} is {words}", requirements=(requirement,), faults=(fault,), threat=SKIPPED, change=claim(name, change), lenient=lenient, known_as=known_as)
        for slug, words, change, fault in values
    )


JTI = (
    *of_type("jti", "RFC9449-4.3-jti-present", [row for row in VALUES if row[0] != "number"], lenient=True, known_as=("TP-18",)),
    *of_type("jti", "RFC9449-4.3-jti-present", [("list", "a list that holds a string", in_list, ODD)], lenient=True, known_as=("TP-18",)),
)
REQUEST = (
    *of_type("htm", "RFC9449-4.3-htm", VALUES, known_as=("TP-18",)),
    *of_type("htu", "RFC9449-4.3-htu", VALUES, known_as=("TP-18",)),
)
HASH = of_type("ath", "RFC9449-4.3-ath", VALUES, known_as=("RS-09",))


@cases(*spread(JTI + REQUEST, PROOF_READERS), *spread(HASH, RESOURCES))
def test_claim_of_wrong_type_is_refused(case, target):
    target.refuses(case)


DATE = (
    *of_type("iat", "RFC9449-4.3-iat-present", [row for row in VALUES if row[0] != "number"], known_as=("TP-18",)),
    *of_type("iat", "RFC9449-4.3-iat-present", [("list", "a list that holds the date", in_list, ODD)], lenient=True, known_as=("TP-18",)),
)


@cases(*spread(DATE, (TOKEN, PAR, API)))
def test_date_of_wrong_type_is_refused(case, target):
    target.needs_dates()
    target.refuses(case)
