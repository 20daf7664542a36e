"""Another client than the one at hand, of those that the profile names."""

from keybound.check.target import Target
from keybound.errors import NotApplicable
from keybound.profile.clients import Client, Grant


def other_client(target: Target, client: Client, grant: Grant) -> Client:
    """Return another client with `grant`, one with credentials before others: what it may do is not in question.

    Raises NotApplicable when the profile names none.
    """
    return min(_others(target, client, grant), key=lambda other: other.auth == "none")


def other_pushing_client(target: Target, client: Client) -> Client:
    """Return another client that asks for codes, one that pushes and has the same redirect_uri before others.

    Raises NotApplicable when the profile names none.
    """
    others = _others(target, client, "authorization_code")
    return min(others, key=lambda other: (not other.par, other.redirect_uri != client.redirect_uri))


def _others(target: Target, client: Client, grant: Grant) -> list[Client]:
    lanes = target.session.lanes("dpop", grant)
    others = [lane.client for lane in lanes if lane.client.id != client.id]
    if not others:
        raise NotApplicable(f"the profile names no second client with the grant {grant}")
    return others
