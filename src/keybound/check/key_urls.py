"""An address from where keys could be fetched, for who follows what a stranger wrote."""

from keybound.check.target import Target
from keybound.errors import NotApplicable
from keybound.profile.target_profile import is_loopback
from keybound.wire.listener import Listener


def listener(target: Target) -> Listener:
    """Return a listener that offers the victim's key; raises NotApplicable where the target could not reach it."""
    profile = target.session.profile
    if not all(
        is_loopback(url) for url in (profile.issuer, profile.resource and profile.resource.url) if url
    ):
        raise NotApplicable("the target is not on this machine, so it cannot reach a listener here")
    return Listener({"keys": [target.session.key().jwk]})
