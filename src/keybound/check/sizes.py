"""How large a part of a request may be, by doubling and then halving."""

from collections.abc import Callable

from keybound.craft.changes.proof import kept_proof
from keybound.craft.changes.request import all_of
from keybound.craft.request import Change
from keybound.errors import Inconclusive
from keybound.judge.answer import Answer
from keybound.places.place import Place

SMALLEST, LARGEST = 256, 1 << 17  # octets


def largest_taken(is_taken: Callable[[int], bool]) -> int:
    """Return the largest size, to an eighth, of which `is_taken(size)`; 0 if it is not SMALLEST, LARGEST at most."""
    taken, refused = 0, SMALLEST
    while refused <= LARGEST and is_taken(refused):
        taken, refused = refused, refused * 2
    while taken and refused <= LARGEST and refused - taken > taken // 8:
        middle = (taken + refused) // 2
        taken, refused = (middle, refused) if is_taken(middle) else (taken, middle)
    return taken


def answer_to_longer_proof(place: Place, change: Change, size: int) -> tuple[Answer, int]:
    """Return the answer to a proof that `change` makes longer by `size` octets, and the length of that proof.

    Raises Inconclusive when too many requests were sent.
    """
    sent: list[str] = []
    answer = place.attempt(all_of(change, kept_proof(sent)), f"{size} octets more")
    if answer.limited:
        raise Inconclusive(answer.seen)
    return answer, len(sent[-1])
