"""The certificates at a client's jwks_uri (RFC 8705 section 2.2.2), fetched for each request that needs them."""

import base64
from typing import Any

import aiohttp
from cryptography import x509

from .clients import Client
from .parts import part

_KNOWN = ("EC", "RSA", "OKP")


@part
async def certificates_of(client: Client) -> list[x509.Certificate]:
    """Return the certificates at the jwks_uri of `client`, if it has one; none when they cannot be had."""
    if client.jwks_uri is None:
        return []
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(5)) as http,
            http.get(client.jwks_uri) as response,
        ):
            keys = (await response.json())["keys"]
        chains = [key["x5c"] for key in keys if has_certificate(key)]
        return [x509.load_der_x509_certificate(base64.b64decode(chain[0])) for chain in chains]
    except (aiohttp.ClientError, TimeoutError, ValueError, TypeError, KeyError, IndexError):
        return []


@part
def has_certificate(key: dict[str, Any]) -> bool:
    """Return whether a JWK brings one; keys of other types are passed over (RFC 7517 section 5)."""
    return "x5c" in key and key.get("kty") in _KNOWN
