"""Keys that a case may use only where ordinary keys of their kind work."""

from keybound.check.target import Target
from keybound.craft.changes.jose import leading_zero_key
from keybound.craft.jose import Key
from keybound.errors import NotApplicable
from keybound.judge.answer import Outcome


def leading_zero_key_where_others_work(target: Target, place: str) -> Key:
    """Return a P-256 key whose x begins with a zero octet; NotApplicable where other keys for ES256 do not work."""
    target.taken_alg("ES256")
    ordinary = target.holding(target.session.key("second", "ES256"))
    answer = target.place(place).attempt(ordinary, "an ordinary ES256 key")
    if answer.outcome is not Outcome.EFFECT:
        raise NotApplicable(f"ES256 does not work here: {answer.seen}")
    return leading_zero_key()
