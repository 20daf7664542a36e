"""The faults of the reference target: every defect that can be switched on, by name."""

import difflib
from collections.abc import Iterable, Mapping

from keybound.reference.parts import InForce, Side

from . import (
    as_answers,
    bound_tokens,
    certificates_at_resources,
    challenges,
    claims,
    client_authentication,
    client_certificates,
    codes,
    credentials,
    foreign_tokens,
    keys,
    nonces_and_replay,
    proof_places,
    reading,
    refreshing,
    target_uri,
    token_binding,
)
from .fault import Fault

_ALL: tuple[Fault, ...] = (
    *reading.FAULTS,
    *keys.FAULTS,
    *claims.FAULTS,
    *nonces_and_replay.FAULTS,
    *target_uri.FAULTS,
    *proof_places.FAULTS,
    *credentials.FAULTS,
    *challenges.FAULTS,
    *bound_tokens.FAULTS,
    *certificates_at_resources.FAULTS,
    *foreign_tokens.FAULTS,
    *client_authentication.FAULTS,
    *client_certificates.FAULTS,
    *codes.FAULTS,
    *refreshing.FAULTS,
    *token_binding.FAULTS,
    *as_answers.FAULTS,
)
FAULTS: Mapping[str, Fault] = {each.id: each for each in _ALL}


def switched_on(ids: Iterable[str]) -> dict[Side, InForce]:
    """Return what is in force on each side of a server with these faults.

    Raises ValueError, naming the nearest id, when there is no such fault.
    """
    sides: dict[Side, InForce] = {"as": InForce({}), "rs": InForce({})}
    for name in sorted(set(ids)):
        if name not in FAULTS:
            near = difflib.get_close_matches(name, FAULTS, n=1)
            raise ValueError(f"unknown fault {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
        found = FAULTS[name]
        for each in found.instead:
            for side in each.sides or (found.side,):
                sides[side].instead.setdefault(each.part, []).append(each.body)
    return sides
