"""A defect that needs two things at once: one algorithm with one token format, one method at one endpoint (RFC 9449 section 4.3)."""

from keybound.cases.declare import Case, cases
from keybound.craft.changes.jose import flipped_signature
from keybound.craft.changes.proof import claim, with_key
from keybound.craft.changes.values import HOUR, later
from keybound.judge.rules import Exact
from keybound.places.pairs import ROWS, name_of
from keybound.places.place import BAD_TOKEN

CHECKED = {"token": "RFC9449-5-invalid-proof-no-token", "par": "RFC9449-10.1-par-proof-checked"}
NONCE = {"as": ("RFC9449-4.3-nonce", "RFC9449-8-nonce-mismatch"), "rs": ("RFC9449-4.3-nonce",)}
ASKED = {"as": Exact((400,), ("use_dpop_nonce",)), "rs": Exact((401,), ("use_dpop_nonce",))}
SEAM = "each part is checked in most combinations, and not in this one"


def killers(row, side):
    """Return the faults that must turn a row about the signature red; one is of a pair alone, which the reference can serve."""
    common = f"{side}-signature-not-verified"
    pair = side == "rs" and (row["alg"], row["format"]) == ("PS256", "opaque") and row["endpoint"] != "userinfo"
    return (common, "rs-signature-unchecked-for-ps256-opaque") if pair else (common,)


def rows():
    for row in ROWS:
        side = "as" if row["endpoint"] in CHECKED else "rs"
        checked = CHECKED.get(row["endpoint"], "RFC9449-7.1-proof-checked")
        name, place = f"{side}.pair.{name_of(row)}", f"pair.{name_of(row)}"
        said = f"{row['method']} {row['endpoint']}, {row['alg']}, {row['format']} token"
        yield Case(f"{name}.flipped-signature", f"{said}: one bit of the signature flipped", requirements=("RFC9449-4.3-signature", checked),
                   faults=killers(row, side), threat=SEAM, change=flipped_signature, place=place, data=row)
        yield Case(f"{name}.stale", f"{said}: iat one hour ago", requirements=("RFC9449-4.3-iat-window", checked), faults=(f"{side}-iat-no-past-limit",),
                   threat=SEAM, change=claim("iat", later(-HOUR)), place=place, data=row)
        yield Case(f"{name}.random-nonce", f"{said}: a nonce that nobody gave", requirements=NONCE[side], faults=(f"{side}-nonce-any",), threat=SEAM,
                   change=claim("nonce", "keybound-made-this-up-0123456789abcdef"), place=place, names_the_reason=ASKED[side], data=row)
        if side == "rs":
            yield Case(f"{name}.attacker-key", f"{said}: a proof by the attacker's key of that algorithm", requirements=("RFC9449-4.3-key-match",),
                       faults=("rs-any-key",), threat=SEAM, says=f"a proof by the attacker's key of {row['alg']}", place=place, names_the_reason=BAD_TOKEN, data=row)


@cases(*rows())
def test_defect_of_a_pair(case, target):
    if case.id.endswith(".stale"):
        target.needs_dates()
    if case.id.endswith(".random-nonce"):
        case = target.about_nonces(case)
    target.refuses(case, case.change or with_key(target.session.key("attacker", case.data["alg"])))
