"""A row of the tables of defects: a name, a line, the roles in which it shows, a hint of what should be red, rules.

`bug` in the rules is the defect's name without the place.
"""

from dataclasses import dataclass

from peers.rules import AS, RS


@dataclass(frozen=True)
class Defect:
    """One seeded bug."""

    name: str
    line: str
    roles: str  # AS | RS | both
    hint: str
    rules: dict
    mechanism: str  # dpop | mtls: the cases of the other need not run


def at(place, roles, hint, bugs, **more):
    """Defects of proof checking at some places; `bugs` maps a bug to its line."""
    where = {
        "as": AS,
        "rs": RS,
        "token": {"token"},
        "par": {"par"},
        "userinfo": {"userinfo"},
        "both": AS | RS,
    }
    return [
        Defect(
            f"{place}-{bug}",
            line,
            roles,
            hint,
            {"bug": bug, "places": frozenset(where[place]), **more},
            "dpop",
        )
        for bug, line in bugs.items()
    ]


def plain(roles, hint, bugs, *, mechanism="dpop", **more):
    return [Defect(bug, line, roles, hint, {"bug": bug, **more}, mechanism) for bug, line in bugs.items()]
