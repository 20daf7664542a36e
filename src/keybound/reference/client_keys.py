"""The certificates at a client's jwks_uri (RFC 8705 section 2.2.2), fetched for each request that needs them."""

import base64
from dataclasses import dataclass, field

import aiohttp
from cryptography import x509

from .clients import Client
from .wrong import Faults

_KNOWN = ("EC", "RSA", "OKP")


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
        found = await _fetched(str(client.jwks_uri), strict=self.faults.on("as-jwks-uri-odd-key-fatal"))
        seen += [each for each in found if each not in seen]
        return seen if self.faults.on("as-jwks-uri-old-kept") else found


async def _fetched(url: str, *, strict: bool) -> list[x509.Certificate]:
    """Return the certificates in the key set at `url`; keys of other types are passed over, unless `strict`."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(5)) as http,
            http.get(url) as response,
        ):
            keys = (await response.json())["keys"]
        chains = [key["x5c"] for key in keys if "x5c" in key and (strict or key.get("kty") in _KNOWN)]
        return [x509.load_der_x509_certificate(base64.b64decode(chain[0])) for chain in chains]
    except (aiohttp.ClientError, TimeoutError, ValueError, TypeError, KeyError, IndexError):
        return []
