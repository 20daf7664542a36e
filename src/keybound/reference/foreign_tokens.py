"""A resource server alone: the access tokens of an issuer elsewhere (RFC 9068 section 4, RFC 7662, RFC 9701).

What is wrong with a token raises ValueError, or TypeError or KeyError where its JSON is not what it has to be.
"""

import base64
import contextlib
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from . import jose
from .parts import part
from .tokens import AccessToken

CLIENT = "rs"
SIGNED = "application/token-introspection+jwt"
BINDINGS = ("jkt", "x5t#S256")

_METADATA = "/.well-known/oauth-authorization-server"
_TYPES = ("at+jwt", "application/at+jwt")
_REFRESH_SECONDS = 5

Claims = dict[str, Any]
Jwk = dict[str, Any]


@dataclass
class Issuer:
    """The issuer that this resource server trusts, and its keys as far as they were fetched.

    `audience` is what its tokens for us are for; `secret` is ours at its introspection endpoint.
    """

    issuer: str
    audience: str
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    fetched: list[Jwk] = field(default_factory=list)
    _at: float = float("-inf")
    _metadata: dict[str, Any] = field(default_factory=dict)
    _http: aiohttp.ClientSession | None = None

    async def connection(self, _: web.Application) -> AsyncIterator[None]:
        """Keep a connection to the issuer while the server runs."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as self._http:
            yield

    @property
    def http(self) -> aiohttp.ClientSession:
        """The connection."""
        assert self._http is not None  # noqa: S101  # the server runs
        return self._http

    async def get(self, url: str) -> dict[str, Any]:
        """Return the JSON object at a URL."""
        async with self.http.get(url) as response:
            body: dict[str, Any] = await response.json()
            return body

    async def metadata(self) -> dict[str, Any]:
        """Return what the issuer publishes of itself (RFC 8414)."""
        if not self._metadata:
            self._metadata = await self.get(f"{self.issuer}{_METADATA}")
        return self._metadata

    async def keys(self, kid: Any) -> list[Jwk]:
        """Return its keys with this id; an unknown one makes us fetch them, though not too often."""
        if (
            kid not in [jwk.get("kid") for jwk in self.fetched]
            and time.monotonic() - self._at > _REFRESH_SECONDS
        ):
            self.fetched = (await self.get((await self.metadata())["jwks_uri"]))["keys"]
            self._at = time.monotonic()
        return [jwk for jwk in self.fetched if jwk.get("kid") == kid]


@part
async def read(issuer: Issuer, token: str) -> AccessToken | None:
    """Return a token that is good here, whatever it is bound to; None for any other."""
    opaque = token.count(".") != 2
    try:
        claims = await (introspected if opaque else verified)(issuer, token)
        has_not_expired(claims)
        has_begun(claims)
        is_of_issuer(issuer, claims)
        is_for_us(issuer, claims)
        bound = binding(claims.get("cnf"))
    except (ValueError, TypeError, KeyError, aiohttp.ClientError):
        return None
    known = {"client_id": "", "sub": "", **claims, "scope": str(claims.get("scope", "")), "cnf": bound}
    return AccessToken(known, opaque)


# --- a JWT (RFC 9068 section 4) ------------------------------------------------------------------------------------


@part
async def verified(issuer: Issuer, token: str) -> Claims:
    """Return the claims of a JWT access token."""
    jws = parse(token)
    typ_is_at_jwt(jws.header)
    await signature_verifies(issuer, jws)
    return jws.claims


@part
def parse(token: str) -> jose.Jws:
    """Take a token apart."""
    return jose.parse_jws(token)


@part
def typ_is_at_jwt(header: dict[str, Any]) -> None:
    """It is an access token and no other JWT of the issuer."""
    typ = header.get("typ")
    if not isinstance(typ, str) or typ.lower() not in _TYPES:
        raise ValueError("not an access token")


@part
async def signature_verifies(issuer: Issuer, jws: jose.Jws) -> None:
    """A key of the issuer made its signature."""
    for jwk in await keys_of(issuer, jws.header):
        with contextlib.suppress(ValueError):
            return verify(jws, jwk)
    raise ValueError("no key verifies the signature")


@part
async def keys_of(issuer: Issuer, header: dict[str, Any]) -> list[Jwk]:
    """Return the keys that may have made the signature: the issuer's with that kid, whatever else the header says."""
    return await issuer.keys(header.get("kid"))


@part
def verify(jws: jose.Jws, jwk: Jwk) -> None:
    """Verify the signature by one key."""
    alg = jws.header.get("alg")
    jose.verify(jws, jose.import_key(jwk, alg), str(alg))


# --- an opaque token (RFC 7662) ------------------------------------------------------------------------------------


@part
async def introspected(issuer: Issuer, token: str) -> Claims:
    """Ask the issuer about a token, and return what it says of it."""
    url = (await issuer.metadata())["introspection_endpoint"]
    login = base64.b64encode(f"{CLIENT}:{issuer.secret}".encode()).decode()
    headers = {"Authorization": f"Basic {login}", "Accept": SIGNED}
    async with issuer.http.post(url, data={"token": token}, headers=headers) as response:
        said = await response_in(issuer, response.content_type, await response.text())
    is_active(said)
    return said


@part
def is_active(said: Claims) -> None:
    """Section 2.2."""
    if said.get("active") is not True:
        raise ValueError("not active")


@part
async def response_in(issuer: Issuer, media_type: str, text: str) -> Claims:
    """Return the response in an answer, which has to be signed for us (RFC 9701 section 5)."""
    if media_type != SIGNED:
        raise ValueError("the introspection response is not signed")
    jws = jose.parse_jws(text)
    response_typ_is_right(jws.header)
    response_is_of_issuer(issuer, jws.claims)
    response_is_for_us(jws.claims)
    await response_verifies(issuer, jws)
    said: Claims = jws.claims["token_introspection"]
    return said


@part
def response_typ_is_right(header: dict[str, Any]) -> None:
    """It is an introspection response and no other JWT of the issuer."""
    if str(header.get("typ")).lower() != "token-introspection+jwt":
        raise ValueError("not an introspection response")


@part
def response_is_of_issuer(issuer: Issuer, claims: Claims) -> None:
    """It is the issuer's."""
    if claims.get("iss") != issuer.issuer:
        raise ValueError("the introspection response is of somebody else")


@part
def response_is_for_us(claims: Claims) -> None:
    """It is for this resource server."""
    if claims.get("aud") != CLIENT:
        raise ValueError("the introspection response is for another resource server")


@part
async def response_verifies(issuer: Issuer, jws: jose.Jws) -> None:
    """A key of the issuer made its signature."""
    (jwk,) = await issuer.keys(jws.header.get("kid"))
    alg = jws.header.get("alg")
    jose.verify(jws, jose.import_key(jwk, alg), str(alg))


# --- what both have in common --------------------------------------------------------------------------------------


def is_number(value: Any) -> bool:
    """Return whether a JSON value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


@part
def has_not_expired(claims: Claims) -> None:
    """RFC 9068 section 4: a token has an end, and it has not come."""
    if not is_number(claims.get("exp")) or claims["exp"] <= time.time():
        raise ValueError("no exp, or expired")


@part
def has_begun(claims: Claims) -> None:
    """RFC 7519 section 4.1.5: a token that has a beginning is good from then on."""
    if "nbf" in claims and not (is_number(claims["nbf"]) and claims["nbf"] <= time.time()):
        raise ValueError("not valid yet")


@part
def is_of_issuer(issuer: Issuer, claims: Claims) -> None:
    """RFC 9068 section 4: iss is the issuer, to the letter."""
    if claims.get("iss") != issuer.issuer:
        raise ValueError("of another issuer")


@part
def is_for_us(issuer: Issuer, claims: Claims) -> None:
    """RFC 9068 section 4: we are its audience, or one of them."""
    if issuer.audience not in audiences_of(claims):
        raise ValueError("for another resource server")


def audiences_of(claims: Claims) -> list[Any]:
    """Return the audiences of a token, which may be a list (RFC 7519 section 4.1.3)."""
    audience = claims.get("aud")
    return audience if isinstance(audience, list) else [audience]


@part
def binding(cnf: Any) -> dict[str, str]:
    """Return what a token is bound to (RFC 7800 section 3.1); here every token has to be bound to something."""
    if not isinstance(cnf, dict):
        raise ValueError("cnf is missing or no object")  # noqa: TRY004
    bound = {name: cnf[name] for name in BINDINGS if name in cnf}
    if not bound or not all(isinstance(value, str) and value for value in bound.values()):
        raise ValueError("bound to nothing, or to what is no text")
    return bound
