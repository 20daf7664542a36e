"""A header member or claim that comes twice: the last one counts, or the proof is refused (RFC 7515 and 7519, section 4).

Each row is refused under both lawful readings: where the bad value is last, and where no single reading verifies. A bad
value before a good one may be taken, so nothing is asked of that.
"""

from keybound.cases.declare import API, PAR, PROOF_READERS, RESOURCES, TOKEN, Case, cases, spread
from keybound.craft.changes.jose import (
    attackers_key_again,
    attackers_key_first,
    claim_again,
    member_again,
    none_before_alg,
    victims_key_first,
)
from keybound.craft.changes.values import backwards, other_method, written

NAMES = ("RFC7515-4-duplicate-names",)
TWO = "two layers read two different proofs"
FIRST = ("duplicates-first-wins",)

CLAIMS = (
    Case("proof.duplicate.htm", "htm twice, the last of another method", requirements=NAMES, faults=FIRST, threat=TWO, change=claim_again("htm", other_method)),
    Case("proof.duplicate.htu", "htu twice, the last of another path", requirements=NAMES, faults=FIRST, threat=TWO, change=claim_again("htu", written("{}-other"))),
    Case("proof.duplicate.jti", "jti twice, the last a number", requirements=NAMES, faults=FIRST, threat=TWO, change=claim_again("jti", 1234567890), lenient=True),
)
HEADER = (
    Case("proof.duplicate.typ", "typ twice, the last is JWT", requirements=NAMES, faults=FIRST, threat=TWO, change=member_again("typ", "JWT")),
    Case("proof.duplicate.alg", "alg twice, the last is none", requirements=NAMES, faults=FIRST, threat=TWO, change=member_again("alg", "none"), known_as=("TP-10",)),
    Case("proof.duplicate.alg-none-first", "alg twice, the first is none, no signature", requirements=NAMES, faults=("header-read-twice",), threat=TWO,
         change=none_before_alg, known_as=("TP-10",)),
    Case("proof.duplicate.jwk", "jwk twice, the last is the attacker's, signed by the victim", requirements=NAMES, faults=FIRST, threat=TWO, change=attackers_key_again),
    Case("proof.duplicate.jwk-signed-by-first", "jwk twice, the last is the victim's, signed by the attacker", requirements=NAMES,
         faults=("header-read-twice",), threat="one key verifies, another one is compared with the token", change=attackers_key_first),
)
THEFT = (
    Case("proof.duplicate.jwk-signed-by-last", "jwk twice, the first is the victim's, signed by the attacker", requirements=NAMES,
         faults=("header-read-twice",), threat="one key verifies, another one is compared with the token", change=victims_key_first),
    Case("proof.duplicate.ath", "ath twice, the last of another token", requirements=NAMES, faults=FIRST, threat=TWO, change=claim_again("ath", backwards)),
)
DATE = Case("proof.duplicate.iat", "iat twice, the last is 0", requirements=NAMES, faults=FIRST, threat=TWO, change=claim_again("iat", 0))


@cases(*spread(CLAIMS + HEADER, PROOF_READERS), *spread(THEFT, RESOURCES))
def test_first_of_two_does_not_count(case, target):
    target.refuses(case)


@cases(*spread([DATE], (TOKEN, PAR, API)))
def test_first_of_two_dates_does_not_count(case, target):
    target.needs_dates()
    target.refuses(case)
