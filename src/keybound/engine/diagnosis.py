"""What the doctor found of a target, and the session that starts from it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from keybound.flows.grants import FORMS
from keybound.flows.session import Session
from keybound.issuer.minting import Minting
from keybound.profile.discovery import Metadata
from keybound.profile.target_profile import Profile
from keybound.wire.client import Wire


@dataclass
class Diagnosis:
    """What the doctor found. `facts` are strings by name, `checks` one (name, message) for each thing that is well.

    `failed` are the clients that get no token although others do, each way to one with the reason.
    """

    metadata: Metadata = field(default_factory=Metadata)
    resource: Metadata = field(default_factory=Metadata)
    clock_offset: float = 0.0
    facts: dict[str, str] = field(default_factory=dict)
    checks: list[tuple[str, str]] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def open_session(
    profile: Profile, wire: Wire, found: Diagnosis, secret: Callable[[str, str], None]
) -> Session:
    """Return a session with every way to tokens; `secret` is told every secret it sends or gets, and its kind.

    Raises UsageError when the key of keybound's own issuer cannot be used.
    """
    session = Session(
        profile,
        wire,
        found.metadata,
        found.clock_offset,
        found.facts["proof_alg"],
        forms=FORMS,
        minting=Minting(profile) if profile.tokens is not None else None,
    )
    session.secrets = secret
    session.resource_metadata = found.resource
    session.failed = frozenset(found.failed)
    return session


def as_json(found: Diagnosis) -> dict[str, Any]:
    """Return a diagnosis as plain data, for workers."""
    return {
        "metadata": found.metadata.values,
        "metadata_url": found.metadata.url,
        "resource": found.resource.values,
        "clock_offset": found.clock_offset,
        "facts": found.facts,
        "failed": found.failed,
    }


def from_json(data: dict[str, Any]) -> Diagnosis:
    """Return the diagnosis that `as_json` wrote."""
    metadata, resource = Metadata(data["metadata"], data["metadata_url"]), Metadata(data["resource"])
    return Diagnosis(
        metadata, resource, data["clock_offset"], dict(data["facts"]), failed=dict(data["failed"])
    )
