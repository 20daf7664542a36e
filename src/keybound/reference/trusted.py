"""A resource server alone: the access tokens of an issuer elsewhere (RFC 9068 section 4, RFC 7662)."""

import base64
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives import hashes, hmac, serialization

from . import jose
from .faults import Faults
from .store import Expiring
from .tokens import AccessToken

CLIENT = "rs"
_METADATA = "/.well-known/oauth-authorization-server"
_TYPES = ("at+jwt", "application/at+jwt")
_REFRESH_SECONDS = 5
_MEMBERS = ("jkt", "x5t#S256")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass
class Trusted:
    """The issuer that this resource server trusts, and its keys as far as they were fetched."""

    issuer: str
    audience: str
    faults: Faults
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    _http: aiohttp.ClientSession | None = None
    _metadata: dict[str, Any] = field(default_factory=dict)
    _keys: list[dict[str, Any]] = field(default_factory=list)
    _fetched: float = float("-inf")
    _answers: Expiring[dict[str, Any]] = field(default_factory=Expiring)

    def wrong(self, name: str) -> bool:
        """Return whether the fault rs-token-`name` is on."""
        return self.faults.on(f"rs-token-{name}")

    async def connection(self, _: web.Application) -> AsyncIterator[None]:
        """Keep a connection to the issuer while the server runs."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as self._http:
            yield

    async def read(self, token: str) -> AccessToken | None:
        """Return a token that is good here, whatever it is bound to; None for any other."""
        opaque = token.count(".") != 2
        try:
            known = self._answers.get(token) if self.wrong("cached-too-long") else None
            claims = known or await (self._introspect(token) if opaque else self._verified(token))
            if not known and not (opaque and self.wrong("introspected-claims-ignored")):
                self._check_claims(claims)
            bound = self._binding(claims.get("cnf"))
        except (ValueError, TypeError, KeyError, aiohttp.ClientError):
            return None
        if self.wrong("introspected-type-believed") and claims.get("token_type") == "Bearer":
            bound.pop("jkt", None)
        kept = {"client_id": "", "sub": "", "scope": "", **claims, "cnf": bound}
        return AccessToken({**kept, "scope": str(kept["scope"])}, opaque)

    # --- JWT -------------------------------------------------------------------------------------------------------

    async def _verified(self, token: str) -> dict[str, Any]:
        jws = jose.parse_jws(token)
        typ, alg = jws.header.get("typ"), jws.header.get("alg")
        if not (isinstance(typ, str) and typ.lower() in _TYPES) and not self.wrong("typ-not-compared"):
            raise ValueError("not an access token")
        if alg == "none" and self.wrong("alg-none-ok"):
            return jws.claims
        if alg == "HS256" and self.wrong("hmac-ok"):
            await self._check_hmac(jws)
            return jws.claims
        for jwk in await self._candidates(jws.header):
            try:
                key = jose.import_key(jwk, alg)
                unsigned = not jws.signature and self.wrong("empty-signature-ok")
                if not unsigned and not self.wrong("signature-not-verified"):
                    jose.verify(jws, key, str(alg))
            except ValueError:
                continue
            return jws.claims
        if self.wrong("unknown-kid-ok") and not await self._candidates(jws.header):
            return jws.claims
        raise ValueError("no key verifies the signature")

    async def _candidates(self, header: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the keys that may have signed a token with this header."""
        if isinstance(header.get("jwk"), dict) and self.wrong("header-jwk-ok"):
            return [header["jwk"]]
        if isinstance(header.get("jku"), str) and self.wrong("jku-ok"):
            fetched: list[dict[str, Any]] = (await self._get(header["jku"]))["keys"]
            return fetched
        named = [jwk for jwk in self._keys if jwk.get("kid") == header.get("kid")]
        if not named and time.monotonic() - self._fetched > _REFRESH_SECONDS:
            self._keys = (await self._get((await self._about())["jwks_uri"]))["keys"]
            self._fetched = time.monotonic()
            named = [jwk for jwk in self._keys if jwk.get("kid") == header.get("kid")]
        return self._keys if self.wrong("kid-ignored") else named

    async def _check_hmac(self, jws: jose.Jws) -> None:
        await self._candidates({})
        public = jose.import_key(self._keys[0], self._keys[0]["alg"])
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        check = hmac.HMAC(public.public_bytes(serialization.Encoding.PEM, form), hashes.SHA256())
        check.update(jws.signing_input)
        if check.finalize() != jws.signature:
            raise ValueError("signature does not verify")

    # --- introspection ---------------------------------------------------------------------------------------------

    async def _introspect(self, token: str) -> dict[str, Any]:
        assert self._http is not None  # noqa: S101  # the server runs
        url = (await self._about())["introspection_endpoint"]
        login = base64.b64encode(f"{CLIENT}:{self.secret}".encode()).decode()
        async with self._http.post(
            url, data={"token": token}, headers={"Authorization": f"Basic {login}"}
        ) as response:
            answer: dict[str, Any] = await response.json()
        active = answer.get("active")
        truthy = bool(active) and self.wrong("active-truthy-ok")
        if active is not True and not truthy and not self.wrong("active-ignored"):
            raise ValueError("not active")
        self._answers.put(token, answer, 600)
        return answer

    # --- what both have in common ----------------------------------------------------------------------------------

    def _check_claims(self, claims: dict[str, Any]) -> None:
        now = time.time()
        expires: Any = claims.get("exp")
        start: Any = claims.get("nbf", 0)
        if not _is_number(expires):
            if not self.wrong("exp-optional"):
                raise ValueError("no exp")
        elif expires <= now and not self.wrong("exp-not-checked"):
            raise ValueError("expired")
        if not _is_number(start) or (start > now and not self.wrong("nbf-ignored")):
            raise ValueError("not valid yet")
        if claims.get("iss") != self.issuer and not self.wrong("iss-not-compared"):
            raise ValueError("of another issuer")
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if self.audience not in audiences and not self.wrong("aud-not-compared"):
            raise ValueError("for another resource server")

    def _binding(self, cnf: Any) -> dict[str, str]:
        """Return what the token is bound to; here every token has to be bound to something (RFC 7800)."""
        if cnf is None and self.faults.on("rs-metadata-says-dpop-required"):
            return {}
        if not isinstance(cnf, dict):
            if self.wrong("unbound-ok") or (cnf is not None and self.wrong("odd-cnf-ok")):
                return {}
            raise ValueError("cnf is missing or no object")
        if self.wrong("unknown-cnf-member-refused") and cnf.keys() - set(_MEMBERS):
            raise ValueError("cnf has unknown members")
        bound: dict[str, str] = {}
        for name in _MEMBERS:
            value = cnf.get(name)
            if name not in cnf:
                continue
            if self.wrong("padded-binding-ok") and isinstance(value, str):
                value = value.rstrip("=")
            if isinstance(value, str) and value:
                bound[name] = value
            elif self.wrong("odd-binding-ok"):
                return {}
            else:
                raise ValueError("a binding that is no text")
        if not bound and not self.wrong("unbound-ok"):
            raise ValueError("not bound")
        return bound

    async def _about(self) -> dict[str, Any]:
        if not self._metadata:
            self._metadata = await self._get(f"{self.issuer}{_METADATA}")
        return self._metadata

    async def _get(self, url: str) -> dict[str, Any]:
        assert self._http is not None  # noqa: S101  # the server runs
        async with self._http.get(url) as response:
            body: dict[str, Any] = await response.json()
            return body
