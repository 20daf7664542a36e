"""Checking DPoP proofs: RFC 9449 section 4.3, item by item."""

import contextlib
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from . import dates, jose, lax, uri
from .errors import Crash, ProofError
from .nonces import Nonces
from .store import Expiring
from .wrong import Faults

MAX_AGE = 300
MAX_AHEAD = 60
MAX_JTI_BYTES = 1024
PROOF_ALGS = tuple(jose.ALGS)

_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_ENDPOINTS = {"token", "par", "api", "userinfo"}
_LATE_STORE = 0.15  # seconds
_SMALL_STORE = 1000
_KNOWN_HEADER = {"typ", "alg", "jwk"}
_KNOWN_CLAIMS = {"jti", "htm", "htu", "iat", "ath", "nonce"}


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that holds: its public key as sent, and the key's SHA-256 thumbprint."""

    jwk: dict[str, Any]
    jkt: str


@dataclass(frozen=True, slots=True)
class Received:
    """The request a proof came with: its URI without query, the query, the sender, the access token if any.

    `who` tells senders apart: a client id at the authorization server, a token's hash at the resource server.
    """

    method: str
    uri: str
    query: str
    who: str
    token: str | None = None


def _by_address(url: str) -> str:
    """Return a URL with the one name of this machine in place of the other, as only a fault does."""
    return url.replace("//localhost", "//127.0.0.1")


@dataclass
class Checker:
    """The proof check of one server and its memory; side `as` is token and PAR, `rs` the resources."""

    side: Literal["as", "rs"]
    faults: Faults
    nonces: Nonces | None
    seen: Expiring[float] = field(default_factory=Expiring)
    hashes: set[str] = field(default_factory=set)
    signatures: set[bytes] = field(default_factory=set)
    keys: dict[str, jose.PublicKey] = field(default_factory=dict)
    last_keys: Expiring[dict[str, Any]] = field(default_factory=Expiring)
    max_age: int = MAX_AGE
    max_ahead: int = MAX_AHEAD

    def wrong(self, name: str) -> bool:
        """Return whether this side's fault `name` is on."""
        return self.faults.on(f"{self.side}-{name}")

    def check(self, values: Sequence[str], request: Received) -> Proof | None:
        """Return the proof in the DPoP fields `values`, None if there is none; raise ProofError or Crash."""
        value = self._single(values)
        if value is None or ("." not in value and self.wrong("malformed-proof-ignored")):
            return None
        if not value and self.side == "as" and self.wrong("empty-header-says-dpop"):
            return None
        if self.wrong("unreadable-proof-ignored") and not lax.readable(value):
            return None
        if lax.breaks_on(value, self.wrong):
            raise Crash
        try:
            jws = jose.parse_jws(self._unwrapped(value), self.wrong)
            if self.wrong("jti-stored-early"):
                self._check_jti_alone(jws.claims)
            if (other := self._other_kind(jws.header, request)) is not None:
                return _proof(other)
            proof = self._check_header(jws, request)
            self._check_claims(jws.claims, request)
        except ValueError as error:
            raise ProofError(str(error)) from error
        if self.wrong("jti-burned-by-nonce"):
            self._check_replay(jws.claims, proof, request, value)
        if self.nonces and not self.nonces.accepts(jws.claims):
            raise ProofError("a nonce of this server is needed", "use_dpop_nonce")
        if not self.wrong("jti-burned-by-nonce"):
            self._check_replay(jws.claims, proof, request, value)
        if self.wrong("jwk-optional") or self.wrong("other-jwts-ok"):
            self.last_keys.put(request.who, proof.jwk, self.max_age)
        return proof

    def _other_kind(self, header: dict[str, Any], request: Received) -> dict[str, Any] | None:
        """Return the sender's last key where a fault takes any signed JWT without a jwk for its proof."""
        taken = header.get("typ") != "dpop+jwt" and "jwk" not in header and self.wrong("other-jwts-ok")
        return self.last_keys.get(request.who) if taken else None

    def _single(self, values: Sequence[str]) -> str | None:
        """Item 1: not more than one DPoP header field."""
        if not values:
            return None
        listed = ",".join(values).split(",")
        if self.wrong("first-dpop-header"):
            return listed[0].strip()
        if self.wrong("last-dpop-header"):
            return listed[-1].strip()
        if len(values) > 1:
            raise ProofError("more than one DPoP header field")
        return values[0]

    def _unwrapped(self, value: str) -> str:
        """Return the value of the field, which is one bare token68 (section 4.1); a fault takes more."""
        if not self.wrong("lax-header-value"):
            return value
        return value.strip('"').partition(";")[0].split(" ")[-1]

    def _member(self, members: dict[str, Any], name: str) -> Any:
        """Return a member; a list of one becomes its item where a fault says so."""
        value = members.get(name)
        if isinstance(value, list) and len(value) == 1 and self.wrong(f"{name}-list-ok"):
            return value[0]
        return value

    def _check_header(self, jws: jose.Jws, request: Received) -> Proof:
        """Items 4 to 7: type, algorithm, signature, and a key that is public."""
        header = jws.header
        self._check_typ(header)
        jwk = self._jwk(header, request)
        unknown = (header.keys() - _KNOWN_HEADER) | (jws.claims.keys() - _KNOWN_CLAIMS)
        unknown |= jwk.keys() - {*jose.REQUIRED_MEMBERS.get(str(jwk.get("kty")), ())}
        if unknown and self.wrong("refuses-extra-members"):
            raise ValueError("unknown member")
        if (lax_jwk := lax.accepted(jws, jwk, self.wrong)) is not None:
            return _proof(lax_jwk)
        alg = header.get("alg")
        if self.wrong("alg-unknown-guessed") and alg not in {*jose.ALGS, *lax.HMACS, "none"}:
            alg = jose.alg_for(jwk)
        if self.wrong("alg-mismatch-ok") and alg in jose.ALGS:
            alg = jose.alg_for(jwk) if jwk.get("kty") != jose.ALGS[alg].kty else alg
        if not isinstance(alg, str) and self.wrong("alg-guessed"):
            alg = jose.alg_for(jwk)
        if not isinstance(alg, str):
            raise ValueError("alg is missing or not a string")  # noqa: TRY004
        if alg.lower() == "none" and self.wrong("alg-none-ok"):
            return _proof(jwk)
        if alg in lax.HMACS and self.wrong("alg-hmac-ok"):
            lax.verify_hmac(jws, jwk, alg)
            return _proof(jwk)
        private = {"d", "k"} if self.wrong("private-primes-ok") else jose.PRIVATE_MEMBERS
        if private & jwk.keys() and not self.wrong("private-jwk-ok"):
            raise ValueError("jwk contains a private key")
        if alg in {"EdDSA", "Ed25519"} and self.wrong("refuses-eddsa"):
            raise ValueError("alg is not supported")
        if alg in {"ES256", "ES384"} and self.wrong(f"refuses-{alg.lower()}"):
            raise ValueError("alg is not supported")
        if alg in {"PS256", "RS256"} and self.wrong("refuses-rsa"):
            raise ValueError("alg is not supported")
        try:
            key = jose.import_key(jwk, alg)
        except ValueError as error:
            if "not on" in str(error) and self.wrong("crashes-on-bad-point"):
                raise Crash from error
            raise
        remembered = self.wrong("signature-remembered") and jws.signature in self.signatures
        if not remembered and not self._unverified(jws.signature, alg):
            self._verify(jws, key, alg)
        if self.wrong("signature-remembered"):
            self.signatures.add(jws.signature)
        return _proof(jwk, lax.hashed(jwk, self.side, self.wrong))

    def _verify(self, jws: jose.Jws, key: jose.PublicKey, alg: str) -> None:
        """Item 6; a fault keeps keys by their kid, and verifies with a kept one before the one that was sent."""
        der, kid = self.wrong("der-signature-ok"), jws.header.get("kid")
        if isinstance(kid, str) and self.wrong("keys-kept-by-kid"):
            if (kept := self.keys.get(kid)) is not None:
                with contextlib.suppress(ValueError):
                    return jose.verify(jws, kept, alg, der=der)
            self.keys[kid] = key
        return jose.verify(jws, key, alg, der=der)

    def _unverified(self, signature: bytes, alg: str) -> bool:
        """Return whether a fault lets this signature pass unseen."""
        half = len(signature) // 2
        numbers = int.from_bytes(signature[:half]), int.from_bytes(signature[half:])
        if signature and all(each % _P256_ORDER == 0 for each in numbers) and self.wrong("zero-signature-ok"):
            return True
        if not signature and self.wrong("missing-signature-ok"):
            return True
        rsa_or_eddsa = alg not in {"ES256", "ES384"}
        return self.wrong("signature-not-verified") or (rsa_or_eddsa and self.wrong("signature-es-only"))

    def _check_typ(self, header: dict[str, Any]) -> None:
        """Item 4; media types have no case and may leave out `application/` (RFC 7515 section 4.1.9)."""
        typ = self._member(header, "typ")
        if "typ" not in header and self.wrong("typ-optional"):
            return
        if not isinstance(typ, str):
            raise ValueError("typ is missing or not a string")  # noqa: TRY004
        kind = typ.lower().removeprefix("application/")
        if kind.startswith("dpop+jwt") and self.wrong("typ-prefix-ok"):
            return
        if kind != "dpop+jwt" and not self.wrong("typ-not-compared"):
            raise ValueError("typ is not dpop+jwt")

    def _jwk(self, header: dict[str, Any], request: Received) -> dict[str, Any]:
        """Return the `jwk` header member, which must be there and an object."""
        jwk = header.get("jwk")
        if self.wrong("key-url-followed") and (fetched := lax.fetched(header)) and jwk is None:
            return fetched
        if "jwk" not in header and "x5c" in header and self.wrong("x5c-ok"):
            return jose.jwk_of_x5c(header["x5c"])
        if "jwk" not in header and self.wrong("jwk-optional"):
            jwk = self.last_keys.get(request.who)
        if isinstance(jwk, str) and self.wrong("jwk-string-ok"):
            jwk = jose.parse_json(jwk)
        if not isinstance(jwk, dict):
            if "jwk" in header and self.wrong("crashes-on-odd-jwk"):
                raise Crash
            raise ValueError("jwk is missing or not an object")  # noqa: TRY004
        return jwk

    def _check_claims(self, claims: dict[str, Any], request: Received) -> None:
        """Items 3, 8, 9, 11 and 12a; and exp and nbf, should they be there (RFC 7519 section 4.1)."""
        self._check_jti(claims)
        other = claims.get("htm") != request.method and claims.get("htu") != request.uri
        if not (self.side == "rs" and other and self.wrong("ath-is-enough")):
            self._check_htm(claims, request)
            self._check_htu(claims, request)
        dates.check(claims, self.wrong, self._window())
        if request.token is not None:
            self._check_ath(claims, request.token)

    def _check_jti(self, claims: dict[str, Any]) -> None:
        if ("jti" not in claims and self.wrong("jti-optional")) or lax.skipped(self.wrong, claims, "jti"):
            return
        jti = claims.get("jti")
        if "jti" not in claims or not ((isinstance(jti, str) and jti) or self.wrong("jti-any-type")):
            raise ValueError("jti is missing or not a string")
        if len(json.dumps(jti)) > MAX_JTI_BYTES:
            if self.wrong("crashes-on-long-jti"):
                raise Crash
            raise ValueError("jti is too long")

    def _check_htm(self, claims: dict[str, Any], request: Received) -> None:
        htm = self._member(claims, "htm")
        if ("htm" not in claims and self.wrong("htm-optional")) or lax.skipped(self.wrong, claims, "htm"):
            return
        if "htm" not in claims:
            raise ValueError("htm is missing")
        expected = "GET" if self.side == "rs" and self.wrong("wants-get-as-htm") else request.method
        if isinstance(htm, str):
            if self.wrong("htm-prefix-ok") and (expected.startswith(htm) or htm.startswith(expected)):
                return
            if self.wrong("htm-case-ignored"):
                htm = htm.upper()
        if self.side == "rs" and (expected, htm) == ("HEAD", "GET") and self.wrong("get-proof-for-head"):
            return
        if htm != expected and not self.wrong("htm-not-compared"):
            raise ValueError("htm is not the method of this request")

    def _check_htu(self, claims: dict[str, Any], request: Received) -> None:
        htu = self._member(claims, "htu")
        if ("htu" not in claims and self.wrong("htu-optional")) or lax.skipped(self.wrong, claims, "htu"):
            return
        if not isinstance(htu, str):
            raise ValueError("htu is missing or not a string")  # noqa: TRY004
        if not self._same_uri(htu, request):
            raise ValueError("htu is not the URI of this request")

    def _same_uri(self, htu: str, request: Received) -> bool:
        if self.wrong("htu-not-normalised"):
            return htu == request.uri
        if request.query and self.side == "rs" and self.wrong("htu-query-kept"):
            return htu == f"{request.uri}?{request.query}"
        if self._loosely_same(htu, request.uri):
            return True
        ignored = {part for part in ("scheme", "host", "port", "path") if self.wrong(f"htu-{part}-ignored")}
        given, here = uri.parse(htu)._asdict(), uri.parse(request.uri)._asdict()
        return all(given[part] == here[part] for part in here.keys() - ignored)

    def _loosely_same(self, htu: str, here: str) -> bool:
        """Return whether a fault takes `htu` although it is another URI."""
        there, path = uri.parse(here), "/" + here.split("/", 3)[3]
        return (
            (self.wrong("htu-prefix-ok") and (here.startswith(htu) or htu.startswith(here)))
            or (self.wrong("htu-relative-ok") and htu == path)
            or (
                self.side == "as" and self.wrong("htu-alias-merged") and _by_address(htu) == _by_address(here)
            )
            or (self.wrong("htu-unparseable-ok") and "://" not in htu and not htu.startswith("/"))
            or (self.wrong("htu-substring-ok") and f"{there.host}:{there.port}@" in htu)
            or (self.wrong("htu-path-case-ignored") and htu.lower() == here.lower())
            or (
                self.wrong("htu-slashes-merged")
                and htu.replace("%2F", "/").replace("//", "/").rstrip("/") == here.replace("//", "/")
            )
            or (
                self.wrong("htu-any-endpoint")
                and htu.rpartition("/")[0] == here.rpartition("/")[0]
                and htu.rpartition("/")[2] in _ENDPOINTS
            )
        )

    def _window(self) -> tuple[int, int]:
        """Return how many seconds old and how many ahead a proof may be."""
        if self.side == "rs" and self.wrong("iat-ten-minutes"):
            return 600, 600
        if self.side == "as" and self.wrong("iat-two-minutes-ahead"):
            return self.max_age, 120
        if self.side == "as" and self.wrong("iat-nothing-ahead"):
            return self.max_age, 0
        return self.max_age, self.max_ahead

    def _check_ath(self, claims: dict[str, Any], token: str) -> None:
        ath = self._member(claims, "ath")
        if ("ath" not in claims and self.wrong("ath-optional")) or lax.skipped(self.wrong, claims, "ath"):
            return
        if "ath" not in claims:
            raise ValueError("ath is missing")
        if ath in self._loose_hashes(token):
            return
        if self.side == "rs" and lax.same_hash(ath, jose.digest(token), self.wrong):
            return
        if self.side == "rs" and self.wrong("ath-of-any-token"):
            self.hashes.add(jose.digest(token))
            if isinstance(ath, str) and ath in self.hashes:
                return
        if ath != jose.digest(token) and not self.wrong("ath-not-compared"):
            raise ValueError("ath is not the hash of the access token")

    def _loose_hashes(self, token: str) -> list[str]:
        """Return what a fault takes for the hash of `token`, besides the right value."""
        data = token.encode()
        loose = {
            "ath-hex-ok": hashlib.sha256(data).hexdigest(),
            "ath-empty-ok": "",
            "ath-of-part-ok": jose.digest(token[:-1]),
            "ath-sha512-ok": jose.b64u_encode(hashlib.sha512(data).digest()),
        }
        return [value for name, value in loose.items() if self.side == "rs" and self.wrong(name)]

    def _check_replay(self, claims: dict[str, Any], proof: Proof, request: Received, value: str) -> None:
        """Section 11.1: one jti per key and target URI, for as long as the proof could be used."""
        if "jti" not in claims or self.wrong("no-replay-store"):
            return
        if self.side == "rs" and request.method != "GET" and self.wrong("replay-get-only"):
            return
        key = self._remembered(claims, proof, request, value)
        since = self.seen.get(key)
        late = _LATE_STORE if self.wrong("replay-store-late") else 0
        if since is not None and time.monotonic() >= since + late:
            raise ProofError("this proof was used before")
        short = self.wrong("replay-memory-short")
        kept = self.max_age if short else self.max_age + self.max_ahead + 1
        self.seen.put(key, since or time.monotonic(), kept)
        if self.wrong("replay-store-small"):
            self.seen.keep_newest(_SMALL_STORE)

    def _remembered(self, claims: dict[str, Any], proof: Proof, request: Received, value: str) -> str:
        """Return what is remembered of a proof; faults take too much of it, or too little."""
        if self.wrong("replay-by-bytes"):
            return value
        if self.wrong("replay-by-jti-alone"):
            return json.dumps(claims["jti"])
        where: object = uri.parse(request.uri)
        if self.wrong("replay-by-url"):
            where = [request.uri, request.query]
        if self.wrong("replay-by-htu-text"):
            where = claims.get("htu")
        return json.dumps([proof.jkt, claims["jti"], where])

    def _check_jti_alone(self, claims: dict[str, Any]) -> None:
        """The fault jti-stored-early: a jti is used up before anybody looked at the rest of its proof."""
        key = json.dumps(["early", claims.get("jti")])
        if self.seen.get(key) is not None:
            raise ValueError("this jti was used before")
        self.seen.put(key, time.monotonic(), self.max_age)


def _proof(jwk: dict[str, Any], jkt: str | None = None) -> Proof:
    kty = jwk.get("kty")
    if not isinstance(kty, str) or kty not in jose.REQUIRED_MEMBERS:
        raise ValueError("unsupported key type")
    if not all(isinstance(jwk.get(name), str) for name in jose.REQUIRED_MEMBERS[kty]):
        raise ValueError("jwk lacks a member")
    return Proof(jwk, jkt or jose.thumbprint(jwk))
