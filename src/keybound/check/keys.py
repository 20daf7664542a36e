"""Keys of other algorithms, and of other people, where the target works with them."""

from dataclasses import replace

from keybound.check.target import Target
from keybound.craft.changes.jose import leading_zero_key
from keybound.craft.jose import Key
from keybound.craft.request import Change
from keybound.errors import NotApplicable
from keybound.judge.answer import Outcome
from keybound.places.place import Place, api


def leading_zero_key_where_others_work(target: Target, place: str) -> Key:
    """Return a P-256 key whose x begins with a zero octet; NotApplicable where other keys for ES256 do not work."""
    target.taken_alg("ES256")
    ordinary = target.holding(target.session.key("second", "ES256"))
    answer = target.place(place).attempt(ordinary, "an ordinary ES256 key")
    if answer.outcome is not Outcome.EFFECT:
        raise NotApplicable(f"ES256 does not work here: {answer.seen}")
    return leading_zero_key()


def holding_key_of(target: Target, alg: str) -> Change:
    """Return a change to the valid request of a victim with a key of `alg`; NotApplicable where that cannot work."""
    if alg not in target.session.advertised_algs:
        raise NotApplicable(f"{alg} is not in dpop_signing_alg_values_supported")
    return target.holding(target.session.key("victim", alg))


def attackers_own(target: Target, place: str) -> Place:
    """Return the token endpoint or the resource as the attacker, a lawful user too, uses it with his own key."""
    key = target.session.attacker.key
    if place == "token":
        found = target.place("token")
        lane = found.lane
        assert lane is not None  # noqa: S101 - the token endpoint has a lane
        return replace(found, build=lambda form: target.session.token_draft(lane, dict(form), key))
    at_resource = target.api_lane()
    return api(target.session, at_resource).with_material(target.session.token(at_resource, key=key))
