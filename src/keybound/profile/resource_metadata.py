"""What a protected resource publishes of itself (RFC 9728)."""

from urllib.parse import urlsplit

from keybound.profile.discovery import Metadata
from keybound.wire.client import Wire
from keybound.wire.exchange import Exchange, Request


def location(resource: str) -> str:
    """Return where the metadata of a resource lies: a well-known path between host and path (RFC 9728 section 3.1)."""
    parts = urlsplit(resource)
    query = f"?{parts.query}" if parts.query else ""
    return (
        f"{parts.scheme}://{parts.netloc}/.well-known/oauth-protected-resource{parts.path.rstrip('/')}{query}"
    )


def fetch(resource: str, wire: Wire) -> Exchange:
    """Ask for the metadata of a resource, without any token."""
    return wire.send(
        Request("GET", location(resource), (("Accept", "application/json"),)), label="resource metadata"
    )


def find(resource: str, wire: Wire) -> Metadata:
    """Return the metadata of a resource; empty when there is none, as nobody has to publish it."""
    response = fetch(resource, wire).response
    if response is None or response.status != 200 or not response.object:
        return Metadata()
    return Metadata(response.object, location(resource))
