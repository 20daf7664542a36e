"""Faults of taking a proof apart (RFC 9449 section 4.3, items 1 and 2): its field, its segments, its JSON."""

import base64
import contextlib
import dataclasses
import json
import re
import time
from collections.abc import Callable, Sequence
from typing import Any

from keybound.reference import foreign_tokens, jose
from keybound.reference.errors import Crash
from keybound.reference.parts import Instead, Part, prepare, refuse, replace
from keybound.reference.proof import Shown, alg_is_ours, identity_of, parse, single
from keybound.reference.proof_requests import proof_fields

from .fault import Fault, both, fault

Change = Callable[[Any], Any]

# --- a part of a JWT, read as something else -----------------------------------------------------------------------


def loosely_decoded(segment: str) -> bytes:
    """Return the bytes of base64url without padding, canonical or not."""
    if not re.fullmatch(r"[A-Za-z0-9_-]*", segment):
        raise ValueError("not base64url")
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def read_as(
    part: Part[[str], jose.Jws], header: Change | None = None, claims: Change | None = None
) -> Instead:
    """Let `part` take a JWT apart as if its header, or its claims, were others; what was signed stays as it was.

    `header` and `claims` get the JSON as bytes; where they fail, it is read as it is.
    """

    def body(right: Callable[[str], jose.Jws], value: str) -> jose.Jws:
        segments = value.split(".")
        for index, change in ((0, header), (1, claims)):
            with contextlib.suppress(ValueError, RecursionError, TypeError, LookupError, AttributeError):
                if change is not None:
                    read = json.dumps(change(jose.b64u_decode(segments[index])))
                    segments[index] = jose.b64u_encode(read.encode())
        jws = right(".".join(segments))
        return dataclasses.replace(jws, signing_input=value.rpartition(".")[0].encode())

    return Instead(part, body)


def read_header(change: Change) -> Instead:
    """Let the header of a proof be read as what `change` makes of it."""
    return read_as(parse, header=lambda data: change(jose.parse_json(data)))


def read_claims(change: Change) -> Instead:
    """Let the claims of a proof be read as what `change` makes of them."""
    return read_as(parse, claims=lambda data: change(jose.parse_json(data)))


def without(*names: str) -> Change:
    """Return a change that leaves members out."""
    return lambda members: {name: value for name, value in members.items() if name not in names}


# --- the field -----------------------------------------------------------------------------------------------------


def _first(_: object, values: Sequence[str]) -> str | None:
    return ",".join(values).split(",")[0].strip() if values else None


def _last(_: object, values: Sequence[str]) -> str | None:
    return ",".join(values).split(",")[-1].strip() if values else None


def _bare(value: str) -> str:
    return value.strip('"').partition(";")[0].split(" ")[-1]


def _unless(ignored: Callable[[str], bool]) -> Instead:
    """Take no notice of a field with such a value."""

    def body(right: Callable[[Sequence[str]], str | None], values: Sequence[str]) -> str | None:
        value = right(values)
        return None if value is None or ignored(value) else value

    return replace(single, body)


def _unreadable(value: str) -> bool:
    try:
        parts = [json.loads(loosely_decoded(part)) for part in value.split(".")[:2]]
    except (ValueError, RecursionError):
        return True
    return len(parts) != 2 or not all(isinstance(part, dict | list) for part in parts)


# --- segments ------------------------------------------------------------------------------------------------------


def _compact(value: str) -> str:
    """Return a JWS in flattened JSON serialization (RFC 7515 section 7.2.2) in compact form."""
    try:
        whole = json.loads(value)
        return ".".join([whole["protected"], whole["payload"], whole["signature"]])
    except (ValueError, TypeError, LookupError):
        return value


def _canonical(value: str) -> str:
    """Return a proof with the one canonical spelling of its signature."""
    signed, _, signature = value.rpartition(".")
    return f"{signed}.{jose.b64u_encode(loosely_decoded(signature))}"


# --- JSON ----------------------------------------------------------------------------------------------------------


def first_of_two(data: bytes) -> Any:
    """Read JSON; of two members with one name the first counts."""
    return json.loads(data, object_pairs_hook=lambda pairs: dict(reversed(pairs)))


def last_of_two(data: bytes) -> Any:
    """Read JSON; of two members with one name the last counts."""
    return json.loads(data)


def _nan_is_now(data: bytes) -> Any:
    return json.loads(data, parse_constant=lambda name: time.time() if name == "NaN" else float(name))


def _idle_crit_cut(header: dict[str, Any]) -> dict[str, Any]:
    """Leave `crit` out where it names no member of the header."""
    crit = header["crit"]
    names = crit if isinstance(crit, list) else ()
    found = any(name in header for name in names if isinstance(name, str))
    return header if found else without("crit")(header)


def item_of_list(name: str) -> Change:
    """Return a change that puts the item of a list of one in its place."""

    def change(members: dict[str, Any]) -> dict[str, Any]:
        value = members[name]
        return {**members, name: value[0]} if isinstance(value, list) and len(value) == 1 else members

    return change


def _ends_json(value: str) -> bool:
    """Return whether JSON is nested too deeply, or a number too long, for Python's own reader."""
    try:
        for part in value.split(".")[:2]:
            json.loads(loosely_decoded(part))
    except RecursionError:
        return True
    except ValueError as error:
        return "digits" in str(error)
    return False


def _odd_jti(value: str) -> bool:
    try:
        jti = json.loads(loosely_decoded(value.split(".")[1]))["jti"]
    except (ValueError, RecursionError, TypeError, LookupError):
        return False
    return isinstance(jti, str) and not (jti.isascii() and jti.isprintable())


_KNOWN_HEADER = {"typ", "alg", "jwk"}
_KNOWN_CLAIMS = {"jti", "htm", "htu", "iat", "ath", "nonce"}


def _has_more(shown: Shown) -> bool:
    """Return whether a proof has a member that RFC 9449 does not name."""
    known = jose.REQUIRED_MEMBERS.get(str(shown.jwk.get("kty")), ())
    more = (shown.header.keys() - _KNOWN_HEADER) | (shown.claims.keys() - _KNOWN_CLAIMS)
    return bool(more | (shown.jwk.keys() - {*known}))


FAULTS: tuple[Fault, ...] = (
    *both(
        "header-case-sensitive",
        "the field name is read with its case",
        replace(
            proof_fields,
            lambda _, request: [v.decode("latin-1") for name, v in request.raw_headers if name == b"DPoP"],
        ),
    ),
    *both("first-dpop-header", "of several DPoP headers the first counts", replace(single, _first)),
    *both("last-dpop-header", "of several DPoP headers the last counts", replace(single, _last)),
    *both(
        "malformed-proof-ignored",
        "a header without any dot counts as no proof needed",
        _unless(lambda value: "." not in value),
    ),
    *both(
        "unreadable-proof-ignored",
        "a proof with broken base64url or JSON counts as none",
        _unless(_unreadable),
    ),
    *both(
        "lax-header-value",
        "quotes, a scheme or parameters around the proof are cut off",
        prepare(parse, _bare),
    ),
    *both("json-jws-ok", "a proof in JSON serialization is taken", prepare(parse, _compact)),
    *both(
        "extra-segments-ok",
        "what follows the third segment is left out",
        prepare(parse, lambda value: ".".join(value.split(".")[:3])),
    ),
    *both("padding-ok", "base64 padding is taken", prepare(parse, lambda value: value.replace("=", ""))),
    *both(
        "replay-by-bytes",
        "a used proof is remembered by its bytes, which have several spellings",
        prepare(parse, _canonical),
        replace(identity_of, lambda _, shown: shown.value),
    ),
    *both(
        "claims-list-ok",
        "claims in a list of one are taken",
        read_claims(lambda read: read[0] if isinstance(read, list) and len(read) == 1 else read),
    ),
    *both("typ-list-ok", "a typ list of one is taken like its item", read_header(item_of_list("typ"))),
    *both("htm-list-ok", "an htm list of one is taken like its item", read_claims(item_of_list("htm"))),
    *both("htu-list-ok", "an htu list of one is taken like its item", read_claims(item_of_list("htu"))),
    fault("rs-ath-list-ok", "an ath list of one is taken like its item", read_claims(item_of_list("ath"))),
    *both(
        "duplicates-first-wins",
        "of two members with one name the first counts",
        read_as(parse, first_of_two, first_of_two),
    ),
    *both("iat-nan-ok", "NaN passes every comparison of iat", read_as(parse, claims=_nan_is_now)),
    *both("crit-ignored", "crit is not looked at", read_header(without("crit"))),
    fault(
        "rs-token-crit-ignored",
        "crit in the header of a token is not read",
        read_as(foreign_tokens.parse, header=lambda data: without("crit")(jose.parse_json(data))),
        alone=True,
    ),
    *both(
        "crit-odd-ok", "of crit only the members that are there are looked at", read_header(_idle_crit_cut)
    ),
    *both(
        "refuses-extra-members",
        "unknown claims and header members are refused",
        refuse(alg_is_ours, ValueError("unknown member"), _has_more),
    ),
    *both(
        "crashes-on-odd-json",
        "deeply nested JSON and very long numbers end in a 500",
        refuse(parse, Crash(), _ends_json),
    ),
    *both(
        "crashes-on-odd-text",
        "a jti beyond printable ASCII ends in a 500",
        refuse(parse, Crash(), _odd_jti),
    ),
)
