"""How large a part of a proof may be, by doubling and then halving."""

from collections.abc import Callable
from dataclasses import dataclass, field

from keybound.craft.changes.proof import kept_proof
from keybound.craft.changes.request import all_of
from keybound.craft.request import Change
from keybound.errors import Inconclusive
from keybound.judge.answer import Outcome
from keybound.places.place import Place

_SMALLEST, _LARGEST = 256, 1 << 17  # octets


@dataclass
class Sizes:
    """What sizes in octets were taken, and at which the target broke.

    `largest` is exact to an eighth, and 0 where not even the smallest was taken; `proof` is the length of the longest
    proof that was taken; `crashes` are (size, what was seen).
    """

    largest: int = 0
    proof: int = 0
    crashes: list[tuple[int, str]] = field(default_factory=list)


def sizes_taken(place: Place, change: Callable[[int], Change]) -> Sizes:
    """Return what became of proofs that `change(size)` made longer; raises Inconclusive after too many requests."""
    found, refused = Sizes(), _SMALLEST
    while refused <= _LARGEST and _is_taken(place, change(refused), refused, found):
        refused *= 2
    while found.largest and refused <= _LARGEST and refused - found.largest > found.largest // 8:
        middle = (found.largest + refused) // 2
        if not _is_taken(place, change(middle), middle, found):
            refused = middle
    return found


def _is_taken(place: Place, change: Change, size: int, found: Sizes) -> bool:
    sent: list[str] = []
    answer = place.attempt(all_of(change, kept_proof(sent)), f"{size} octets more")
    if answer.limited:
        raise Inconclusive(answer.seen)
    if answer.outcome is Outcome.CRASHED:
        found.crashes.append((size, answer.seen))
    if answer.outcome is not Outcome.EFFECT:
        return False
    found.largest, found.proof = size, max(found.proof, len(sent[-1]))
    return True
