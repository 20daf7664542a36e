"""An ES256 signature of another length, or of numbers that are no numbers of the curve (RFC 7518 section 3.4)."""

from keybound.cases.declare import PROOF_READERS, Case, cases, spread
from keybound.craft.changes.jose import signature, stripped_signature
from keybound.craft.changes.values import orders, widened, with_tail
from keybound.errors import NotApplicable

OCTETS = ("RFC7518-3.4-es256-64-octets", "RFC9449-4.3-signature")
LAX = ("signature-length-lax",)
ONE = "one signature in several spellings, and parsers that read it in several ways"

LENGTHS = (
    Case("proof.signature.orders", "r and s are the order of the curve", requirements=OCTETS, faults=("zero-signature-ok",),
         threat="numbers that count as zero verify under a broken ECDSA", change=signature(orders)),
    Case("proof.signature.widened", "r and s with a zero octet before each", requirements=OCTETS, faults=LAX, threat=ONE, change=signature(widened)),
    Case("proof.signature.tail", "an octet behind the signature", requirements=OCTETS, faults=LAX, threat=ONE, change=signature(with_tail)),
    Case("proof.signature.stripped", "s without the zero octet it begins with", requirements=OCTETS, faults=LAX, threat=ONE, change=stripped_signature),
)


@cases(*spread(LENGTHS, PROOF_READERS))
def test_signature_has_64_octets(case, target):
    if target.session.alg != "ES256":
        raise NotApplicable("ES256 does not work here")
    target.refuses(case)
