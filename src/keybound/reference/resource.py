"""The protected resources, and who may have them (RFC 9449 section 7, RFC 8705 section 3, RFC 6750)."""

import json
import re
from collections import deque

from aiohttp import web

from . import jose
from .binding import certificate_fits, loosely_same
from .errors import Crash, ProofError, Refusal
from .proof import PROOF_ALGS, check
from .proof_requests import proof_fields, received
from .state import REFERENCE, USERNAME, Reference, parameters
from .tokens import AccessToken, jkt_of

METADATA = "/.well-known/oauth-protected-resource/api"
MAX_NOTES = 50
MAX_NOTE_LENGTH = 1024
_UNBOUND_OK = ("as-cnf-missing", "rs-token-unbound-ok", "rs-token-odd-cnf-ok", "rs-token-odd-binding-ok")
_SCHEMES = {"dpop": "DPoP", "bearer": "Bearer"}
_TOKEN68 = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_FORM = "application/x-www-form-urlencoded"


def challenges(state: Reference, refusal: Refusal) -> list[str]:
    """Return the WWW-Authenticate values of a refusal; both schemes are offered (RFC 9449 section 7.2)."""
    error = []
    if refusal.code and not state.faults.on("rs-challenge-without-error"):
        error = [f'error="{refusal.code}"', f'error_description="{refusal}"']
        error += error[:1] if state.faults.on("rs-challenge-attributes-twice") else []
    algs = [*PROOF_ALGS, *(["none"] if state.faults.on("rs-challenge-lists-none") else [])]
    dpop = [] if state.faults.on("rs-challenge-without-algs") else [f'algs="{" ".join(algs)}"']
    if state.trusted is not None:
        where = METADATA + ("/other" if state.faults.on("rs-challenge-other-metadata") else "")
        dpop.append(f'resource_metadata="{state.issuer}{where}"')
    told = refusal.schemes
    if state.faults.on("rs-error-in-other-challenge"):
        told = tuple({"DPoP": "Bearer", "Bearer": "DPoP"}.get(scheme, scheme) for scheme in told)
    own = {"DPoP": dpop or ['realm="reference"'], "Bearer": ['realm="reference"']}
    return [
        f"{scheme} " + ", ".join([*(error if scheme in told else []), *parameters])
        for scheme, parameters in own.items()
    ]


_NO_PROOF = "a DPoP proof is needed"


def refuse(state: Reference, refusal: Refusal) -> web.Response:
    """Return the answer to a request that does not get the resource."""
    body = {"error": refusal.code} if refusal.code else {}
    if str(refusal) == _NO_PROOF and state.faults.on("rs-body-in-refusal"):
        body["message"] = state.canary
    response = web.json_response(body, status=refusal.status)
    if refusal.status == 401 and state.faults.on("rs-no-challenge"):
        return response
    if refusal.code == "invalid_token" and refusal.status == 403:
        return response  # the fault rs-mtls-wrong-error
    for value in challenges(state, refusal):
        response.headers.add("WWW-Authenticate", value)
    return response


class Visit:
    """One request for a protected resource."""

    def __init__(self, request: web.Request) -> None:
        self.request = request
        self.state = request.app[REFERENCE]
        self.values = request.headers.getall("Authorization", [])
        if not self.values and self.wrong("proxy-authorization-ok"):
            self.values = request.headers.getall("Proxy-Authorization", [])
        for fault, one in (
            ("first-authorization", self.values[:1]),
            ("last-authorization", self.values[-1:]),
        ):
            self.values = one if self.wrong(fault) else self.values
        scheme, _, credentials = (self.values or [""])[0].partition(" ")
        named = scheme if self.wrong("scheme-case-sensitive") else _SCHEMES.get(scheme.lower())
        if self.wrong("any-scheme-ok") and credentials and scheme.lower() not in _SCHEMES:
            named = "DPoP"
        self.scheme = named if named in _SCHEMES.values() else None
        self.credentials = credentials.strip(" ")
        if self.wrong("credentials-cut"):
            self.credentials = self.credentials.partition(" ")[0]

    def wrong(self, name: str) -> bool:
        """Return whether the fault rs-`name` is on."""
        return self.state.faults.on(f"rs-{name}")

    async def token(self) -> AccessToken | None:
        """Return the valid access token of the request, whatever it is bound to, or None."""
        if not _TOKEN68.fullmatch(self.credentials):
            if self.wrong("crashes-on-odd-token"):
                raise Crash
            return None
        return await self._read(self.credentials)

    async def _read(self, value: str) -> AccessToken | None:
        """Return the token `value` of our own issuer, or of the one elsewhere that is trusted; None for any other."""
        if self.state.trusted is not None:
            return await self.state.trusted.read(value)
        return self.state.tokens.read(
            value,
            even_revoked=self.wrong("revoked-token-ok"),
            even_expired=self.wrong("ended-token-ok"),
        )

    async def authorize(self, scope: str) -> AccessToken:
        """Return the access token of a request that may have the resource; raise Refusal for any other."""
        if not self.values and self.wrong("query-token-unbound") and (found := await self._query_token()):
            return found
        if not self.values and self.wrong("form-token-unbound") and (found := await self._form_token()):
            return found
        if len(self.values) > 1 or (self.values and await self._token_elsewhere()):
            raise Refusal("more than one way to send a token", "invalid_request", 400, ("DPoP", "Bearer"))
        if self.scheme is None and (loose := await self._loose_token()):
            return loose
        if self.scheme is None:
            if self.wrong("error-without-credentials"):
                raise Refusal("no credentials", "invalid_token", schemes=("DPoP", "Bearer"))
            raise Refusal("no credentials", None)
        token = await self.token()
        if token is None:
            raise self._bad_token()
        if self.scheme == "Bearer" and not token.cnf and self.wrong("bearer-refused"):
            raise self._refusal("tokens have to be bound")
        cnf = {} if token.opaque and self.wrong("opaque-cnf-ignored") else token.cnf
        if not (self.scheme == "DPoP" and "jkt" in cnf and self.wrong("token-one-binding-checked")):
            self._check_certificate(token)
        if self._certificate_is_enough(cnf):
            pass
        elif self.scheme == "DPoP":
            self._check_dpop(token, cnf.get("jkt"))
        elif "jkt" in cnf and not self.wrong("bound-token-as-bearer"):
            if "x5t#S256" in cnf and self.wrong("token-one-binding-checked"):
                return token
            if not self.wrong("bearer-with-proof-ok"):
                raise self._refusal("the token is bound to a DPoP key")
            self._check_dpop(token, cnf["jkt"])
        if scope not in token.claims["scope"].split() and not self.wrong("scope-ignored"):
            status = 401 if self.wrong("scope-wrong-status") else 403
            raise self._refusal("the token does not cover this resource", "insufficient_scope", status)
        return token

    def _bad_token(self) -> Refusal:
        status = 403 if self.wrong("token-wrong-error") else 401
        if self.scheme == "Bearer" and self.wrong("bearer-wrong-status"):
            status = 400
        blamed = self.scheme == "DPoP" and self.wrong("bad-token-blamed-on-proof")
        return self._refusal(
            "the token is not valid", "invalid_dpop_proof" if blamed else "invalid_token", status
        )

    async def _loose_token(self) -> AccessToken | None:
        """Return what a fault takes for authorization though there is no Authorization field."""
        if self.wrong("query-token-ok") and "access_token" in self.request.query:
            return await self._read(self.request.query["access_token"])
        if self.wrong("form-token-ok") and self.request.content_type == _FORM:
            return await self._read(str((await self.request.post()).get("access_token", "")))
        if self.wrong("cookie-token-ok") and "access_token" in self.request.cookies:
            return await self._read(self.request.cookies["access_token"])
        if self.wrong("proof-alone-ok") and "DPoP" in self.request.headers:
            return AccessToken({"scope": "read openid", "client_id": "", "sub": ""}, opaque=False)
        return None

    async def _token_elsewhere(self) -> bool:
        """RFC 6750 section 2: a token in the query or in a form besides the header."""
        if self.wrong("token-elsewhere-ignored"):
            return False
        if "access_token" in self.request.query:
            return True
        return self.request.content_type == _FORM and b"access_token=" in await self.request.read()

    async def _query_token(self) -> AccessToken | None:
        """Return the token of the query (RFC 6750 section 2.3), unless it is bound to a proof's key."""
        token = await self._read(self.request.query.get("access_token", ""))
        return token if token and "jkt" not in token.cnf else None

    async def _form_token(self) -> AccessToken | None:
        """Return the token of a form (RFC 6750 section 2.2), unless it is bound to a proof's key."""
        if self.request.content_type != _FORM:
            return None
        token = await self._read(parameters((await self.request.read()).decode()).get("access_token", ""))
        return token if token and "jkt" not in token.cnf else None

    def _refusal(self, description: str, code: str = "invalid_token", status: int = 401) -> Refusal:
        return Refusal(description, code, status, (self.scheme or "",))

    def _check_certificate(self, token: AccessToken) -> None:
        """RFC 8705 section 3: the certificate of this connection is the one the token is bound to."""
        if self.wrong("token-x5t-not-compared"):
            return
        if not certificate_fits(self.request, token, self.scheme):
            status = 403 if self.wrong("mtls-wrong-error") else 401
            raise self._refusal("the token is bound to another certificate", status=status)

    def _certificate_is_enough(self, cnf: dict[str, str]) -> bool:
        """Return whether a fault leaves a proof out of account because there is a certificate as well."""
        if "x5t#S256" not in cnf:
            return False
        return self.wrong("both-only-certificate-checked" if "jkt" in cnf else "mtls-unchecked-under-dpop")

    def _check_dpop(self, token: AccessToken, jkt: str | None) -> None:
        """RFC 9449 section 7.1: a proof is there, holds, and is made with the key the token is bound to."""
        values = proof_fields(self.request)
        if not values:
            if self.wrong("proof-optional") and self.scheme == "DPoP":
                return
            if self.wrong("lower-case-scheme-unchecked") and self.values[0].startswith("dpop"):
                return
            raise self._refusal(_NO_PROOF, "invalid_dpop_proof")
        try:
            where = received(self.request, jose.digest(self.credentials), self.credentials)
            proof = check(values, where, self.state.proofs["rs"])
        except ProofError as error:
            wrong_status = error.code == "use_dpop_nonce" and self.wrong("nonce-wrong-status")
            raise self._refusal(str(error), error.code, 400 if wrong_status else 401) from error
        if proof is None or self.wrong("any-key") or (token.opaque and self.wrong("opaque-cnf-ignored")):
            return
        if proof.jwk.get("kty") == "oct":  # only the fault rs-alg-hmac-ok lets such a key come this far
            return
        if jkt is None and any(map(self.state.faults.on, _UNBOUND_OK)):
            return
        if self.wrong("token-jkt-not-compared"):
            return
        if self.wrong("token-binding-loosely-compared") and loosely_same(proof.jkt, jkt):
            return
        if self.wrong("unbound-token-ok") and jkt is None:
            return
        if self.wrong("kid-as-thumbprint") and jkt is not None and proof.jwk.get("kid") == jkt:
            return
        if jkt_of(proof) != jkt:
            raise self._refusal("the token is bound to another key")


async def api(request: web.Request) -> web.Response:
    """The protected resource: GET, HEAD and POST give the same text."""
    token = await Visit(request).authorize("read")
    state = request.app[REFERENCE]
    return web.json_response({"message": state.canary, "client": token.claims["client_id"]})


async def notes(request: web.Request) -> web.Response:
    """Notes of the token's subject: GET lists them, POST adds one."""
    visit = Visit(request)
    early = (
        await visit.token() if visit.wrong("executes-before-verifying") and request.method == "POST" else None
    )
    if early:
        await _add_note(visit, early)
    token = await visit.authorize("read")
    if request.method == "POST":
        if not early:
            await _add_note(visit, token)
        return web.json_response({"added": True}, status=201)
    return web.json_response({"notes": list(visit.state.notes.get(_owner(token), ()))})


def _owner(token: AccessToken) -> str:
    return json.dumps([token.claims["client_id"], token.claims["sub"]])


async def _add_note(visit: Visit, token: AccessToken) -> None:
    try:
        body = jose.parse_json(await visit.request.read())
    except ValueError:
        raise web.HTTPBadRequest(text="not JSON") from None
    note = body.get("note") if isinstance(body, dict) else None
    if not isinstance(note, str) or len(note) > MAX_NOTE_LENGTH:
        raise web.HTTPBadRequest(text="note is missing, not a string or too long")
    visit.state.notes.setdefault(_owner(token), deque(maxlen=MAX_NOTES)).append(note)


async def userinfo(request: web.Request) -> web.Response:
    """The user's claims (OpenID Connect Core section 5.3)."""
    token = await Visit(request).authorize("openid")
    return web.json_response({"sub": token.claims["sub"], "preferred_username": USERNAME})
