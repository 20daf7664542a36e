"""The certificates at a client's jwks_uri (RFC 8705 section 2.2.2), fetched for each request that needs them."""

import base64
from dataclasses import dataclass, field

import aiohttp
from cryptography import x509

from .clients import Client
from .faults import Faults


@dataclass
class ClientKeys:
    """Fetches key sets; only faults remember one."""

    faults: Faults
    _seen: dict[str, list[x509.Certificate]] = field(default_factory=dict)

    async def of(self, client: Client) -> list[x509.Certificate]:
        """Return the certificates at the jwks_uri of `client`; none when they cannot be had."""
        seen = self._seen.setdefault(client.id, [])
        if seen and self.faults.on("as-jwks-uri-kept"):
            return seen
        found = await _fetched(str(client.jwks_uri))
        seen += [each for each in found if each not in seen]
        return seen if self.faults.on("as-jwks-uri-old-kept") else found


async def _fetched(url: str) -> list[x509.Certificate]:
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(5)) as http,
            http.get(url) as response,
        ):
            keys = (await response.json())["keys"]
        return [
            x509.load_der_x509_certificate(base64.b64decode(key["x5c"][0])) for key in keys if "x5c" in key
        ]
    except (aiohttp.ClientError, TimeoutError, ValueError, TypeError, KeyError, IndexError):
        return []
