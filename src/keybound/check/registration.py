"""What a server makes of a client that registers itself (RFC 7591 section 3.2.1)."""

from typing import Any

from keybound.check.target import Target
from keybound.places.registration import client_metadata


def registered(target: Target, **metadata: Any) -> dict[str, Any]:
    """Return what was registered for a client that asks for `metadata`, or an empty object when it was refused."""
    response = target.response_to(target.place("registration"), client_metadata(metadata))
    return response.object if response.object.get("client_id") else {}


def expect_not_both(target: Target, client: dict[str, Any], asked: dict[str, Any]) -> None:
    """Expect that not all of `asked`, which exclude each other, were registered."""
    both = asked.keys() <= client.keys()
    seen = "both are registered" if both else "one is kept" if client else "refused"
    target.expect(not both, "400 invalid_client_metadata, or one of them kept", seen)
