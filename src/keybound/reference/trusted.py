"""A resource server alone: the access tokens of an issuer elsewhere (RFC 9068 section 4, RFC 7662)."""

import base64
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from . import jose
from .parts import part
from .store import Expiring
from .tokens import AccessToken
from .wrong import Faults

CLIENT = "rs"
_METADATA = "/.well-known/oauth-authorization-server"
_TYPES = ("at+jwt", "application/at+jwt")
_SIGNED = "application/token-introspection+jwt"
_REFRESH_SECONDS = 5
_MEMBERS = ("jkt", "x5t#S256")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _jwk_of(encoded: str) -> dict[str, Any]:
    """Return the P-256 key of a certificate in `x5c`; only a fault looks there."""
    public = x509.load_der_x509_certificate(base64.b64decode(encoded)).public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)  # noqa: S101  # the issuer's alg is ES256 here
    numbers = public.public_numbers()
    x, y = (jose.b64u_encode(number.to_bytes(32)) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


@part
def parse(token: str) -> jose.Jws:
    """Take a token apart."""
    return jose.parse_jws(token)


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
            cached = self.wrong("cached-too-long" if opaque else "jwt-cached-too-long") or (
                opaque and self.wrong("revocation-unnoticed")
            )
            known = self._answers.get(token) if cached else None
            claims = known or await (self._introspect(token) if opaque else self._verified(token))
            unchecked = known and not self.wrong("revocation-unnoticed")
            if not unchecked and not (opaque and self.wrong("introspected-claims-ignored")):
                self._check_claims(claims)
            bound = self._binding(claims.get("cnf"))
        except (ValueError, TypeError, KeyError, aiohttp.ClientError):
            return None
        if cached:
            self._answers.put(token, claims, 600)
        if self.wrong("introspected-type-believed") and claims.get("token_type") == "Bearer":
            bound.pop("jkt", None)
        kept = {"client_id": "", "sub": "", "scope": "", **claims, "cnf": bound}
        return AccessToken({**kept, "scope": str(kept["scope"])}, opaque)

    # --- JWT -------------------------------------------------------------------------------------------------------

    async def _verified(self, token: str) -> dict[str, Any]:
        jws = parse(token)
        typ, alg = jws.header.get("typ"), jws.header.get("alg")
        types = _TYPES[:1] if self.wrong("long-typ-refused") else _TYPES
        if not (isinstance(typ, str) and typ.lower() in types) and not self.wrong("typ-not-compared"):
            raise ValueError("not an access token")
        if str(alg).lower() == "none" and self.wrong("alg-none-ok"):
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
        if isinstance(header.get("x5c"), list) and self.wrong("header-x5c-ok"):
            return [_jwk_of(header["x5c"][0])]
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
        headers = {"Authorization": f"Basic {login}", "Accept": _SIGNED}
        async with self._http.post(url, data={"token": token}, headers=headers) as response:
            answer = await self._said(response.content_type, await response.text())
        active = answer.get("active")
        truthy = bool(active) and self.wrong("active-truthy-ok")
        if "token_type" not in answer and self.wrong("introspected-type-wanted"):
            raise ValueError("no token_type")
        if active is not True and not truthy and not self.wrong("active-ignored"):
            raise ValueError("not active")
        return answer

    async def _said(self, media_type: str, text: str) -> dict[str, Any]:
        """Return the introspection response in an answer, which has to be signed for us (RFC 9701 section 5)."""
        said: dict[str, Any]
        if media_type != _SIGNED:
            if not self.wrong("response-unsigned-ok"):
                raise ValueError("the introspection response is not signed")
            said = jose.parse_json(text)
            return said
        jws = jose.parse_jws(text)
        right = {
            "response-typ-ignored": str(jws.header.get("typ")).lower() == "token-introspection+jwt",
            "response-issuer-ignored": jws.claims.get("iss") == self.issuer,
            "response-audience-ignored": jws.claims.get("aud") == CLIENT,
        }
        if not all(holds or self.wrong(fault) for fault, holds in right.items()):
            raise ValueError("the introspection response is not for us")
        if not self.wrong("response-not-verified"):
            (jwk,) = await self._candidates({"kid": jws.header.get("kid")})
            jose.verify(jws, jose.import_key(jwk, jws.header.get("alg")), str(jws.header.get("alg")))
        said = jws.claims["token_introspection"]
        return said

    # --- what both have in common ----------------------------------------------------------------------------------

    def _check_claims(self, claims: dict[str, Any]) -> None:
        now = time.time()
        expires: Any = claims.get("exp")
        start: Any = claims.get("nbf", 0)
        if not _is_number(expires) or (isinstance(expires, float) and self.wrong("fraction-refused")):
            if not self.wrong("exp-optional"):
                raise ValueError("no exp")
        elif expires <= now and not self.wrong("exp-not-checked"):
            raise ValueError("expired")
        if not _is_number(start) or (start > now and not self.wrong("nbf-ignored")):
            raise ValueError("not valid yet")
        begins = str(claims.get("iss")).startswith(self.issuer) and self.wrong("iss-prefix-ok")
        if claims.get("iss") != self.issuer and not begins and not self.wrong("iss-not-compared"):
            raise ValueError("of another issuer")
        audience = claims.get("aud")
        if isinstance(audience, list) and self.wrong("aud-array-refused"):
            raise ValueError("more than one audience")
        audiences = audience if isinstance(audience, list) else [audience]
        begins = any(str(each).startswith(self.audience) for each in audiences) and self.wrong(
            "aud-prefix-ok"
        )
        if self.audience not in audiences and not begins and not self.wrong("aud-not-compared"):
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
