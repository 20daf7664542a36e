"""Finding the authorization server's metadata (RFC 8414, OpenID Connect Discovery) and its endpoints."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from keybound.errors import TargetError, UsageError
from keybound.profile.target_profile import Endpoints, Profile, require_authorized
from keybound.profile.values import http_url
from keybound.wire.client import Wire
from keybound.wire.exchange import Exchange, Request, Trouble

_ADVICE = {
    Trouble.REFUSED: "is the server running, and are host and port right?",
    Trouble.UNRESOLVED: "is the host name right?",
    Trouble.UNTRUSTED: "set `ca` in the profile to the CA that signed the server's certificate, or use the name and "
    "renew the dates that it is good for",
    Trouble.TLS: "does the server speak TLS 1.2 or 1.3 on this port?",
    Trouble.TLS_ALERT: "the server ended the TLS handshake: does it insist on a client certificate?",
    Trouble.TIMEOUT: "is it overloaded or behind a firewall? `limits.timeout` in the profile sets the seconds to wait",
    Trouble.RESET: "is there an HTTPS server on this port?",
    Trouble.CUT: "does something between here and the server end connections?",
    Trouble.UNSENDABLE: "is the URL right?",
    Trouble.GARBAGE: "is there an HTTPS server on this port?",
}


@dataclass(frozen=True)
class Metadata:
    """What the authorization server publishes of itself, and from where. Empty for a server without metadata."""

    values: dict[str, Any] = field(default_factory=dict)
    url: str | None = None

    def strings(self, name: str) -> list[str]:
        """Return the strings of an array member; empty when it is absent or no array."""
        value = self.values.get(name)
        return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []

    def endpoint(self, name: str, *, mtls: bool = False) -> str | None:
        """Return the URL of `name`_endpoint, its mTLS alias first if `mtls` (RFC 8705 section 5)."""
        aliases = self.values.get("mtls_endpoint_aliases")
        places = [aliases] if mtls and isinstance(aliases, dict) else []
        for place in [*places, self.values]:
            url = place.get(f"{name}_endpoint")
            if isinstance(url, str):
                return url
        return None


def explain(exchange: Exchange) -> str:
    """Return one line on why `exchange` got no answer, and what to change."""
    parts = urlsplit(exchange.request.url)
    trouble = exchange.trouble or Trouble.GARBAGE
    detail = f" ({exchange.detail})" if exchange.detail else ""
    return f"{parts.scheme}://{parts.netloc}: {trouble}{detail}; {_ADVICE[trouble]}"


def _locations(issuer: str) -> list[str]:
    parts = urlsplit(issuer)
    origin, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    return [
        f"{origin}/.well-known/oauth-authorization-server{path}",
        f"{origin}{path}/.well-known/openid-configuration",
        f"{origin}/.well-known/openid-configuration{path}",
    ]


def _checked(metadata: Metadata, profile: Profile) -> Metadata:
    """Return `metadata` if keybound may use it for the profile's issuer; raises UsageError or TargetError."""
    found = metadata.values.get("issuer")
    if found != profile.issuer:
        raise UsageError(
            f"the profile says issuer = {profile.issuer!r}, but {metadata.url} says {str(found)[:200]!r}: "
            "write that one"
        )
    for name in Endpoints.model_fields:
        for url in {metadata.endpoint(name), metadata.endpoint(name, mtls=True)} - {None}:
            try:
                require_authorized(profile, [http_url(str(url))])
            except ValueError:
                raise TargetError(
                    f"{metadata.url}: {name}_endpoint is {str(url)[:200]!r}, which is no URL"
                ) from None
    return metadata


def discover(profile: Profile, wire: Wire) -> Metadata:
    """Return the metadata of the profile's issuer.

    Raises TargetError when it cannot be had and the profile names no token endpoint, UsageError when its `issuer`
    is another (RFC 8414 section 3.3) or an endpoint lies on a host the profile does not authorise.
    """
    if profile.issuer is None:
        return Metadata()
    seen = []
    for url in dict.fromkeys(_locations(profile.issuer)):
        exchange = wire.send(Request("GET", url, (("Accept", "application/json"),)), label="discovery")
        response = exchange.response
        if response is None:
            raise TargetError(explain(exchange))
        if response.status == 200 and response.object:
            return _checked(Metadata(response.object, url), profile)
        kind = (response.first("Content-Type") or "no content type")[:80]
        cut = ", cut off" if response.truncated else ""
        seen.append(f"{urlsplit(url).path} answered {response.status} with {kind}{cut}")
    if profile.endpoints.token is not None:
        return Metadata()
    raise TargetError(
        f"no metadata at the issuer ({'; '.join(seen)}): "
        "check `issuer`, or name the endpoints yourself under [endpoints]"
    )
