"""Device flows that begin with a proof."""

from keybound.check.target import Target
from keybound.craft.changes.jose import flipped_signature
from keybound.craft.request import Change
from keybound.errors import NotApplicable
from keybound.flows.grants import start
from keybound.judge.answer import Answer, Outcome


def started(target: Target, change: Change, label: str) -> Answer:
    """Start a device flow with a proof that `change` changes, and return the answer."""
    session, lane = target.session, target.place("device.bound").lane
    assert lane is not None  # noqa: S101 - a place of a grant has a lane
    endpoint, wanted = "device_authorization", "device_code"
    return start(session, lane, endpoint, {}, wanted, key=session.key(), change=change, label=label)[0]


def needs_proofs_read(target: Target) -> None:
    """Raise NotApplicable unless the device authorization endpoint refuses a broken proof: then it knows of them."""
    if started(target, flipped_signature, "does it read proofs?").outcome is not Outcome.REFUSED:
        raise NotApplicable("the device authorization endpoint does not read proofs, as it need not")
