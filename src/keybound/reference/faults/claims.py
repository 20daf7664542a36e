"""Faults of a proof's type and claims (RFC 9449 section 4.3, items 3, 4, 8, 9, 11 and 12)."""

import dataclasses
import hashlib
import json
import time
from collections.abc import Callable
from typing import Any

from keybound.reference import jose, uri
from keybound.reference.errors import Crash
from keybound.reference.parts import Instead, kept, leave_out, refuse, replace
from keybound.reference.proof import (
    MAX_JTI_BYTES,
    Shown,
    ath_is_of_the_token,
    exp_and_nbf_hold,
    htm_is_the_method,
    htu_is_the_uri,
    iat_is_recent,
    instant,
    jti_is_an_id,
    typ_is_dpop_jwt,
    was_not_used,
    window,
)

from .fault import Fault, both, fault
from .reading import read_claims

_CHECKS = {
    "jti": jti_is_an_id,
    "htm": htm_is_the_method,
    "htu": htu_is_the_uri,
    "iat": iat_is_recent,
    "ath": ath_is_of_the_token,
}
_ENDPOINTS = {"token", "par", "api", "userinfo"}
_LATE = 10**11  # seconds since 1970 that only milliseconds reach


def _optional(name: str) -> Instead:
    return leave_out(_CHECKS[name], lambda shown: name not in shown.claims)


def _not_compared(odd: Callable[[str, Any], bool]) -> tuple[Instead, ...]:
    """Leave out the check of each claim that is there and whose value is `odd`."""

    def of(name: str) -> Callable[..., bool]:
        return lambda shown: name in shown.claims and odd(name, shown.claims[name])

    return tuple(leave_out(check, of(name)) for name, check in _CHECKS.items())


def _of_wrong_type(name: str, value: Any) -> bool:
    return isinstance(value, bool) or not isinstance(value, (int, float) if name == "iat" else str)


def _typ_is(close: Callable[[str], bool]) -> Instead:
    def when(shown: Shown) -> bool:
        typ = shown.header.get("typ")
        return isinstance(typ, str) and close(typ.lower().removeprefix("application/"))

    return leave_out(typ_is_dpop_jwt, when)


def _too_long(shown: Shown) -> bool:
    return isinstance(shown.claims.get("jti"), str) and len(json.dumps(shown.claims["jti"])) > MAX_JTI_BYTES


# --- htm -----------------------------------------------------------------------------------------------------------


def _htm_is(close: Callable[[str, str], bool]) -> Instead:
    """Take an htm that is `close` to the method."""

    def when(shown: Shown) -> bool:
        htm = shown.claims.get("htm")
        return isinstance(htm, str) and close(htm, shown.request.method)

    return leave_out(htm_is_the_method, when)


def _for_get(right: Callable[[Shown], None], shown: Shown) -> None:
    right(dataclasses.replace(shown, request=dataclasses.replace(shown.request, method="GET")))


# --- htu -----------------------------------------------------------------------------------------------------------


def _htu_is(close: Callable[[str, str], bool]) -> Instead:
    """Take an htu that is `close` to the URI of the request."""

    def when(shown: Shown) -> bool:
        htu = shown.claims.get("htu")
        return isinstance(htu, str) and close(htu, shown.request.uri)

    return leave_out(htu_is_the_uri, when)


def _but_for(part: str) -> Callable[[str, str], bool]:
    """Return whether two URIs are equal but for one part of them."""

    def equal(htu: str, here: str) -> bool:
        there, ours = uri.parse(htu)._asdict(), uri.parse(here)._asdict()
        return all(there[name] == ours[name] for name in ours.keys() - {part})

    return equal


def _either_begins(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _names_host(htu: str, here: str) -> bool:
    ours = uri.parse(here)
    return f"{ours.host}:{ours.port}@" in htu


def _merged(htu: str, here: str) -> bool:
    slashes = htu.replace("%2F", "/").replace("//", "/").rstrip("/")
    return slashes == here.replace("//", "/")


def _is_endpoint(htu: str, here: str) -> bool:
    return htu.rpartition("/")[0] == here.rpartition("/")[0] and htu.rpartition("/")[2] in _ENDPOINTS


def _by_address(url: str) -> str:
    return url.replace("//localhost", "//127.0.0.1")


def _with_query(right: Callable[[Shown], None], shown: Shown) -> None:
    where = shown.request
    if not where.query:
        right(shown)
    elif shown.claims.get("htu") != f"{where.uri}?{where.query}":
        raise ValueError("htu is not the URI of this request")


def _both_differ(shown: Shown) -> bool:
    where = shown.request
    return shown.claims.get("htm") != where.method and shown.claims.get("htu") != where.uri


# --- dates ---------------------------------------------------------------------------------------------------------


def _iat_read(change: Callable[[Any], Any]) -> Instead:
    return read_claims(lambda claims: {**claims, "iat": change(claims["iat"])})


# --- ath -----------------------------------------------------------------------------------------------------------


def _ath_is(close: Callable[[str, str], bool]) -> Instead:
    """Take an ath that is `close` to what it should be for the token."""

    def when(shown: Shown) -> bool:
        ath, token = shown.claims.get("ath"), shown.request.token
        return isinstance(ath, str) and token is not None and close(ath, token)

    return leave_out(ath_is_of_the_token, when)


def _of_any(ath: str, token: str) -> bool:
    hashes = kept().setdefault("hashes", set())
    hashes.add(jose.digest(token))
    return ath in hashes


FAULTS: tuple[Fault, ...] = (
    *both(
        "typ-optional",
        "a proof without typ is taken",
        leave_out(typ_is_dpop_jwt, lambda shown: "typ" not in shown.header),
    ),
    *both("typ-not-compared", "typ may be any string", _typ_is(lambda _: True)),
    *both(
        "typ-prefix-ok",
        "typ needs only to begin with dpop+jwt",
        _typ_is(lambda typ: typ.startswith("dpop+jwt")),
    ),
    *both(
        "falsy-claims-ok",
        "a claim that is null, false, 0 or empty is not compared",
        *_not_compared(lambda _, value: not value),
    ),
    *both("odd-types-ok", "a claim of the wrong JSON type is not compared", *_not_compared(_of_wrong_type)),
    *both(
        "jti-optional",
        "a proof without jti is taken",
        _optional("jti"),
        leave_out(was_not_used, lambda shown: "jti" not in shown.claims),
    ),
    *both(
        "jti-any-type",
        "a jti that is empty or not a string is taken",
        leave_out(jti_is_an_id, lambda shown: "jti" in shown.claims and not _too_long(shown)),
    ),
    *both("crashes-on-long-jti", "a long jti ends in a 500", refuse(jti_is_an_id, Crash(), _too_long)),
    *both("htm-optional", "a proof without htm is taken", _optional("htm")),
    *both(
        "htm-not-compared",
        "htm is present but may be anything",
        leave_out(htm_is_the_method, lambda shown: "htm" in shown.claims),
    ),
    *both("htm-prefix-ok", "htm may be a part of the method, or more than it", _htm_is(_either_begins)),
    *both(
        "htm-case-ignored",
        "htm is compared without its case",
        _htm_is(lambda htm, method: htm.upper() == method),
    ),
    fault(
        "rs-get-proof-for-head",
        "a proof for GET is taken for HEAD",
        _htm_is(lambda htm, method: (htm, method) == ("GET", "HEAD")),
    ),
    fault(
        "rs-wants-get-as-htm",
        "htm is expected to be GET for every method",
        replace(htm_is_the_method, _for_get),
    ),
    *both("htu-optional", "a proof without htu is taken", _optional("htu")),
    *both("htu-path-ignored", "the path of htu is not compared", _htu_is(_but_for("path"))),
    *both("htu-host-ignored", "the host of htu is not compared", _htu_is(_but_for("host"))),
    *both("htu-scheme-ignored", "the scheme of htu is not compared", _htu_is(_but_for("scheme"))),
    *both("htu-port-ignored", "the port of htu is not compared", _htu_is(_but_for("port"))),
    *both("htu-prefix-ok", "htu may be a part of the URI, or more than it", _htu_is(_either_begins)),
    *both(
        "htu-relative-ok",
        "an htu that is only the path is taken",
        _htu_is(lambda htu, here: htu == "/" + here.split("/", 3)[3]),
    ),
    *both(
        "htu-unparseable-ok",
        "an htu that cannot be parsed is not compared",
        _htu_is(lambda htu, _: "://" not in htu and not htu.startswith("/")),
    ),
    *both("htu-substring-ok", "the host is looked for anywhere in htu", _htu_is(_names_host)),
    *both("htu-any-endpoint", "htu may name any endpoint of the server", _htu_is(_is_endpoint)),
    *both(
        "htu-path-case-ignored",
        "the path of htu is compared without its case",
        _htu_is(lambda htu, here: htu.lower() == here.lower()),
    ),
    *both("htu-slashes-merged", "slashes in htu are merged, decoded and cut", _htu_is(_merged)),
    *both(
        "htu-not-normalised",
        "htu is compared as a string, query and all",
        refuse(
            htu_is_the_uri,
            ValueError("htu is not the URI of this request"),
            lambda shown: shown.claims.get("htu") != shown.request.uri,
        ),
    ),
    fault(
        "rs-htu-query-kept",
        "a request with a query is compared with its query",
        replace(htu_is_the_uri, _with_query),
    ),
    fault(
        "as-htu-alias-merged",
        "htu of the endpoint and of its alias are one",
        _htu_is(lambda htu, here: _by_address(htu) == _by_address(here)),
    ),
    fault(
        "rs-ath-is-enough",
        "with a right ath, method and address are not compared",
        leave_out(htm_is_the_method, _both_differ),
        leave_out(htu_is_the_uri, _both_differ),
    ),
    *both("iat-optional", "a proof without iat is taken", _optional("iat")),
    *both(
        "iat-string-ok",
        "an iat given as a string of digits is taken",
        _iat_read(lambda iat: int(iat) if isinstance(iat, str) and iat.isdecimal() else iat),
    ),
    *both(
        "iat-milliseconds-ok",
        "an iat in milliseconds is taken",
        _iat_read(lambda iat: iat / 1000 if iat > _LATE else iat),
    ),
    *both(
        "iat-no-past-limit",
        "a proof may be of any age",
        leave_out(iat_is_recent, lambda shown: instant(shown.claims.get("iat")) < time.time()),
    ),
    *both(
        "iat-no-future-limit",
        "a proof may come from any time ahead",
        leave_out(iat_is_recent, lambda shown: instant(shown.claims.get("iat")) > time.time()),
    ),
    *both(
        "iat-integer-only",
        "an iat with a fraction is refused",
        refuse(
            iat_is_recent,
            ValueError("iat is not an integer"),
            lambda shown: isinstance(shown.claims.get("iat"), float),
        ),
    ),
    *both(
        "crashes-on-huge-iat",
        "an iat of 1e400 ends in a 500",
        refuse(iat_is_recent, Crash(), lambda shown: shown.claims.get("iat") == float("inf")),
    ),
    fault("rs-iat-ten-minutes", "an iat may be ten minutes off", replace(window, lambda *_: (600, 600))),
    fault(
        "as-iat-two-minutes-ahead",
        "an iat may be two minutes ahead",
        replace(window, lambda _, state: (state.max_age, 120)),
    ),
    fault(
        "as-iat-nothing-ahead",
        "an iat ahead of the server's clock is refused, however little",
        replace(window, lambda _, state: (state.max_age, 0)),
    ),
    *both(
        "exp-replaces-iat",
        "the iat of a proof with exp is not looked at",
        leave_out(iat_is_recent, lambda shown: "exp" in shown.claims),
    ),
    *both("exp-nbf-ignored", "exp and nbf of a proof are not looked at", leave_out(exp_and_nbf_hold)),
    fault("rs-ath-optional", "a proof without ath is taken", _optional("ath")),
    fault(
        "rs-ath-not-compared",
        "ath is present but may be anything",
        leave_out(ath_is_of_the_token, lambda shown: "ath" in shown.claims),
    ),
    fault(
        "rs-ath-hex-ok",
        "ath may be written in hex",
        _ath_is(lambda ath, token: ath == hashlib.sha256(token.encode()).hexdigest()),
    ),
    fault("rs-ath-empty-ok", "an empty ath is taken", _ath_is(lambda ath, _: not ath)),
    fault(
        "rs-ath-of-part-ok",
        "ath may be the hash of a part of the token",
        _ath_is(lambda ath, token: ath == jose.digest(token[:-1])),
    ),
    fault(
        "rs-ath-sha512-ok",
        "ath may be a SHA-512 hash",
        _ath_is(lambda ath, token: ath == jose.b64u_encode(hashlib.sha512(token.encode()).digest())),
    ),
    fault(
        "rs-ath-prefix-ok",
        "ath is compared with the hash as far as both go",
        _ath_is(lambda ath, token: bool(ath) and _either_begins(ath, jose.digest(token))),
    ),
    fault(
        "rs-ath-case-ignored",
        "ath is compared without its case",
        _ath_is(lambda ath, token: ath.lower() == jose.digest(token).lower()),
    ),
    fault("rs-ath-of-any-token", "ath may be the hash of any token seen before", _ath_is(_of_any)),
)
