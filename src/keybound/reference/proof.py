"""Checking DPoP proofs: RFC 9449 section 4.3, item by item. What is wrong with a proof raises ValueError."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from . import jose, uri
from .errors import ProofError
from .nonces import Nonces, recent
from .parts import Steps, part
from .store import Expiring

MAX_AGE = 300
MAX_AHEAD = 60
MAX_JTI_BYTES = 1024
PROOF_ALGS = tuple(jose.ALGS)


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that holds: its public key as sent, and the key's SHA-256 thumbprint."""

    jwk: dict[str, Any]
    jkt: str


@dataclass(frozen=True, slots=True)
class Received:
    """The request a proof came with: its URI without query, the query, the sender, the access token or the form if any.

    `who` tells senders apart: a client id at the authorization server, a token's hash at the resource server.
    """

    method: str
    uri: str
    query: str
    who: str
    token: str | None = None
    form: Mapping[str, str] = field(default_factory=dict)


@dataclass
class ProofState:
    """What one server keeps for its proofs: nonces if it demands them, which proofs were used; all times in seconds."""

    nonces: Nonces | None
    used: Expiring[bool] = field(default_factory=Expiring)
    max_age: int = MAX_AGE
    max_ahead: int = MAX_AHEAD


@dataclass(frozen=True)
class Shown:
    """A proof to be checked: the value of the field, taken apart; what it came with, and to which server."""

    value: str
    jws: jose.Jws
    request: Received
    state: ProofState

    @property
    def header(self) -> dict[str, Any]:
        """The JOSE header."""
        return self.jws.header

    @property
    def claims(self) -> dict[str, Any]:
        """The payload."""
        return self.jws.claims

    @cached_property
    def jwk(self) -> dict[str, Any]:
        """The public key; ValueError if there is none."""
        return jwk_of(self)


def check(values: Sequence[str], request: Received, state: ProofState) -> Proof | None:
    """Return the proof in the DPoP fields `values`, None if there is none; raise ProofError if it does not hold."""
    try:
        value = single(values)
        return None if value is None else verified(Shown(value, parse(value), request, state))
    except ValueError as error:
        raise ProofError(str(error)) from error


@part
def single(values: Sequence[str]) -> str | None:
    """Item 1: there is not more than one DPoP field."""
    if len(values) > 1:
        raise ValueError("more than one DPoP header field")
    return values[0] if values else None


@part
def parse(value: str) -> jose.Jws:
    """Item 2: its value is a single, well-formed JWT."""
    return jose.parse_jws(value)


@part
def verified(shown: Shown) -> Proof:
    """Items 3 to 12."""
    PROOF(shown)
    return Proof(shown.jwk, jkt_of_key(shown.jwk))


@part
def jwk_of(shown: Shown) -> dict[str, Any]:
    """Return the header member `jwk` (section 4.2)."""
    jwk = shown.header.get("jwk")
    if not isinstance(jwk, dict):
        raise ValueError("jwk is missing or not an object")  # noqa: TRY004
    return jwk


@part
def jkt_of_key(jwk: dict[str, Any]) -> str:
    """Return the thumbprint that tokens are bound to (section 6.1)."""
    return jose.thumbprint(jwk)


@part
def typ_is_dpop_jwt(shown: Shown) -> None:
    """Item 4. Media types have no case and may leave out `application/` (RFC 7515 section 4.1.9)."""
    typ = shown.header.get("typ")
    if not isinstance(typ, str) or typ.lower().removeprefix("application/") != "dpop+jwt":
        raise ValueError("typ is not dpop+jwt")


@part
def alg_is_ours(shown: Shown) -> None:
    """Item 5: a digital signature algorithm, asymmetric, and one of those we announce."""
    if shown.header.get("alg") not in PROOF_ALGS:
        raise ValueError("alg is missing or not supported")


@part
def jwk_is_public(shown: Shown) -> None:
    """Item 7."""
    if jose.PRIVATE_MEMBERS & shown.jwk.keys():
        raise ValueError("jwk contains a private key")


@part
def jwk_goes_with_alg(shown: Shown) -> None:
    """Item 5: the key is whole, and of the kind that the algorithm is made for (RFC 8725 section 3.1)."""
    jose.import_key(shown.jwk, shown.header.get("alg"))


@part
def signature_verifies(shown: Shown) -> None:
    """Item 6."""
    alg = shown.header["alg"]
    jose.verify(shown.jws, jose.import_key(shown.jwk, alg), alg)


@part
def jti_is_an_id(shown: Shown) -> None:
    """Item 3: it is there, and can be remembered (section 11.1)."""
    jti = shown.claims.get("jti")
    if not isinstance(jti, str) or not jti:
        raise ValueError("jti is missing or not a string")
    if len(json.dumps(jti)) > MAX_JTI_BYTES:
        raise ValueError("jti is too long")


@part
def htm_is_the_method(shown: Shown) -> None:
    """Item 8."""
    if shown.claims.get("htm") != shown.request.method:
        raise ValueError("htm is not the method of this request")


@part
def htu_is_the_uri(shown: Shown) -> None:
    """Item 9: without query and fragment, normalised."""
    htu = shown.claims.get("htu")
    if not isinstance(htu, str) or uri.parse(htu) != uri.parse(shown.request.uri):
        raise ValueError("htu is not the URI of this request")


@part
def window(state: ProofState) -> tuple[float, float]:
    """Return how many seconds old, and how many ahead, a proof may be (section 11.1)."""
    return state.max_age, state.max_ahead


@part
def iat_is_recent(shown: Shown) -> None:
    """Item 11: it was made within the window."""
    iat, now = instant(shown.claims.get("iat")), time.time()
    past, ahead = window(shown.state)
    if not now - past <= iat <= now + ahead:
        raise ValueError("iat is too long ago or in the future")


@part
def exp_and_nbf_hold(shown: Shown) -> None:
    """Should they be there (RFC 7519 section 4.1); clocks may differ as for iat."""
    now, (_, ahead) = time.time(), window(shown.state)
    if "exp" in shown.claims and instant(shown.claims["exp"]) <= now - ahead:
        raise ValueError("the proof has expired")
    if "nbf" in shown.claims and instant(shown.claims["nbf"]) > now + ahead:
        raise ValueError("the proof is not valid yet")


def instant(value: Any) -> float:
    """Return a NumericDate as seconds since 1970; ValueError if it is none (RFC 7519 section 2)."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -(2**53) < value < 2**53:
        raise ValueError("a date is missing or not a number")
    return float(value)


@part
def ath_is_of_the_token(shown: Shown) -> None:
    """Item 12: the hash of the access token it came with. That the key is the token's, the resource server checks."""
    token = shown.request.token
    if token is not None and shown.claims.get("ath") != jose.digest(token):
        raise ValueError("ath is not the hash of the access token")


@part
def nonce_is_ours(shown: Shown) -> None:
    """Item 10, sections 8 and 9; asked for last, so that only a good proof is told to bring one."""
    nonces = shown.state.nonces
    if nonces and shown.claims.get("nonce") not in recent(nonces):
        raise ProofError("a nonce of this server is needed", "use_dpop_nonce")


@part
def was_not_used(shown: Shown) -> None:
    """Section 11.1: each jti once per key and target URI, for as long as the proof could be used."""
    used, what = shown.state.used, identity_of(shown)
    if used.get(what):
        raise ValueError("this proof was used before")
    used.put(what, value=True, seconds=remembered_for(shown.state))


@part
def identity_of(shown: Shown) -> str:
    """Return what tells a proof from all others."""
    where = uri.parse(shown.request.uri)
    return json.dumps([jkt_of_key(shown.jwk), shown.claims.get("jti"), where])


@part
def remembered_for(state: ProofState) -> int:
    """Return for how many seconds a used proof is remembered: from the most ahead to the oldest it may be."""
    return state.max_age + state.max_ahead + 1


PROOF = Steps(
    typ_is_dpop_jwt,
    alg_is_ours,
    jwk_is_public,
    jwk_goes_with_alg,
    signature_verifies,
    jti_is_an_id,
    htm_is_the_method,
    htu_is_the_uri,
    iat_is_recent,
    exp_and_nbf_hold,
    ath_is_of_the_token,
    nonce_is_ours,
    was_not_used,
)
