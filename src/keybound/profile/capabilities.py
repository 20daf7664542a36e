"""What the target can do, and how we know: declared in the profile, discovered in metadata, or measured."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from keybound.profile.discovery import Metadata
from keybound.profile.target_profile import Profile

Source = Literal["declared", "discovered", "measured"]


@dataclass(frozen=True)
class Capability:
    """One fact about the target."""

    name: str
    value: Any
    source: Source

    def event(self) -> dict[str, Any]:
        """Return it as an event of the stream."""
        return {"event": "capability", **asdict(self)}


_DISCOVERED = (
    "dpop_signing_alg_values_supported",
    "tls_client_certificate_bound_access_tokens",
    "token_endpoint_auth_methods_supported",
    "grant_types_supported",
    "pushed_authorization_request_endpoint",
    "introspection_endpoint",
    "userinfo_endpoint",
    "mtls_endpoint_aliases",
)


def known(profile: Profile, metadata: Metadata, facts: dict[str, str]) -> Iterator[Capability]:
    """Yield what is known before the first case. `facts` are the doctor's measurements."""
    for name, client in sorted(profile.all_clients.items()):
        yield Capability(
            f"client {name}", f"{client.auth}: {', '.join(client.grants) or 'no grants'}", "declared"
        )
    if profile.tokens is not None:
        yield Capability(
            "tokens", f"{profile.tokens.source}: {', '.join(profile.tokens.mechanisms)}", "declared"
        )
    if profile.resource is not None:
        yield Capability("resource", profile.resource.url, "declared")
    for name in _DISCOVERED:
        if name in metadata.values:
            yield Capability(name, metadata.values[name], "discovered")
    for name, value in sorted(facts.items()):
        yield Capability(name, value, "measured")
