"""Faults of nonces (RFC 9449 sections 8 and 9) and of the memory for used proofs (section 11.1)."""

import contextlib
import dataclasses
import json
import secrets
import time
from collections.abc import Callable

from aiohttp import web

from keybound.reference.app import allow_origin, hand_out
from keybound.reference.nonces import Nonces, newest, nonce_of, recent
from keybound.reference.parts import Instead, alter, first, kept, leave_out, move, replace
from keybound.reference.proof import (
    PROOF,
    Shown,
    identity_of,
    jkt_of_key,
    nonce_is_ours,
    remembered_for,
    typ_is_dpop_jwt,
    was_not_used,
)

from .fault import Fault, both, fault

_FOREVER = 100  # slots
_FIRST = 1000  # of a counter: its beginning is no nonce
_LATE_STORE = 0.15  # seconds
_SMALL_STORE = 1000

# --- which nonces are good -----------------------------------------------------------------------------------------


def _nonce_is(close: Callable[[str, list[str], Nonces], bool]) -> Instead:
    """Take a nonce that is `close` to those that are good."""

    def when(shown: Shown) -> bool:
        nonce, nonces = shown.claims.get("nonce"), shown.state.nonces
        return isinstance(nonce, str) and nonces is not None and close(nonce, recent(nonces), nonces)

    return leave_out(nonce_is_ours, when)


def _asked_before(shown: Shown) -> bool:
    if "nonce" in shown.claims:
        return False
    asked: bool = kept().get("asked for a nonce", False)
    kept()["asked for a nonce"] = True
    return asked


def _as_far_as_both_go(nonce: str, good: list[str], _: Nonces) -> bool:
    return bool(nonce) and any(each.startswith(nonce) or nonce.startswith(each) for each in good)


def _is_the_others(nonce: str, _: list[str], nonces: Nonces) -> bool:
    other = {"as": "rs", "rs": "as"}[nonces.server]
    return nonce in recent(dataclasses.replace(nonces, server=other))


def _counted(prefix: Callable[[], str]) -> tuple[Instead, Instead]:
    """Hand out the numbers of a counter behind `prefix`, and take any of them."""

    def count(*_: object) -> str:
        kept()["nonces"] = kept().get("nonces", _FIRST) + 1
        return f"{prefix()}{kept()['nonces']}"

    def was_counted(nonce: str, *_: object) -> bool:
        number = nonce.removeprefix(prefix())
        return (
            nonce == prefix() + number
            and number.isdecimal()
            and _FIRST <= int(number) <= kept().get("nonces", 0)
        )

    return replace(newest, count), _nonce_is(was_counted)


def _text() -> str:
    text: str = kept().setdefault("text before numbers", secrets.token_urlsafe(16))
    return text


# --- how nonces are handed out -------------------------------------------------------------------------------------

HandOut = Callable[[Nonces, web.StreamResponse], None]


def _note_wrong_one(shown: Shown) -> None:
    nonces, claims = shown.state.nonces, shown.claims
    kept()["withheld"] = nonces is not None and "nonce" in claims and claims["nonce"] not in recent(nonces)


def _unless_withheld(right: HandOut, nonces: Nonces, response: web.StreamResponse) -> None:
    if not kept().pop("withheld", False):
        right(nonces, response)


def _with_errors(right: HandOut, nonces: Nonces, response: web.StreamResponse) -> None:
    if response.status >= 400:
        right(nonces, response)


def _twice(right: HandOut, nonces: Nonces, response: web.StreamResponse) -> None:
    right(nonces, response)
    response.headers.add("DPoP-Nonce", newest(nonces))


def _cacheable(right: HandOut, nonces: Nonces, response: web.StreamResponse) -> None:
    right(nonces, response)
    del response.headers["Cache-Control"], response.headers["Pragma"]


def _unknown_with_success(right: HandOut, nonces: Nonces, response: web.StreamResponse) -> None:
    right(nonces, response)
    if response.status < 400:
        response.headers["DPoP-Nonce"] = nonce_of(nonces, nonces.slot + 100)  # the clock of another node


def _hide(right: Callable[[web.StreamResponse], None], response: web.StreamResponse) -> None:
    right(response)
    response.headers["Access-Control-Expose-Headers"] = "Date"


# --- used proofs ---------------------------------------------------------------------------------------------------


def _late(right: Callable[[Shown], None], shown: Shown) -> None:
    now = time.monotonic()
    since = kept().setdefault("since", {}).setdefault(identity_of(shown), now)
    with contextlib.suppress(*[ValueError] if now < since + _LATE_STORE else []):
        right(shown)


def _only_the_newest(_: object, shown: Shown) -> None:
    used, what = kept().setdefault("used", {}), identity_of(shown)
    if what in used:
        raise ValueError("this proof was used before")
    used[what] = True
    if len(used) > _SMALL_STORE:
        del used[next(iter(used))]


def _told_apart_by(rest: Callable[[Shown], object]) -> Instead:
    """Tell proofs apart by key, jti and `rest`."""
    return replace(
        identity_of,
        lambda _, shown: json.dumps([jkt_of_key(shown.jwk), shown.claims.get("jti"), rest(shown)]),
    )


FAULTS: tuple[Fault, ...] = (
    *both(
        "nonce-optional",
        "a proof without a nonce is taken once one was given",
        leave_out(nonce_is_ours, _asked_before),
    ),
    *both("nonce-any", "any nonce is taken", leave_out(nonce_is_ours, lambda shown: "nonce" in shown.claims)),
    *both(
        "nonce-cut",
        "the last character of a nonce is not compared",
        _nonce_is(lambda nonce, good, _: nonce[:-1] in [each[:-1] for each in good]),
    ),
    *both("nonce-prefix-compared", "a nonce is compared as far as both go", _nonce_is(_as_far_as_both_go)),
    *both("nonce-of-other-ok", "the nonces of the other server are taken too", _nonce_is(_is_the_others)),
    *both(
        "nonce-forever",
        "a nonce never ends",
        replace(recent, lambda _, nonces: [nonce_of(nonces, nonces.slot - age) for age in range(_FOREVER)]),
    ),
    *both(
        "nonce-newest-only",
        "only the newest nonce counts",
        replace(recent, lambda _, nonces: [newest(nonces)]),
    ),
    *both("nonce-counter", "nonces are a counter", *_counted(str)),
    *both("nonce-numbered", "nonces are a counter behind a fixed text", *_counted(_text)),
    *both(
        "nonce-bad-syntax",
        "nonces contain a quotation mark",
        alter(nonce_of, lambda nonce, *_: nonce + '"'),
    ),
    *both(
        "nonce-withheld",
        "a wrong nonce is refused and no new one is given",
        first(nonce_is_ours, _note_wrong_one),
        replace(hand_out, _unless_withheld),
    ),
    *both("nonce-twice", "an answer carries two nonces", replace(hand_out, _twice)),
    *both("nonce-cacheable", "answers with a nonce may be cached", replace(hand_out, _cacheable)),
    *both(
        "nonce-on-errors-only",
        "a success brings no nonce",
        replace(hand_out, _with_errors),
    ),
    *both(
        "nonce-unusable",
        "the nonce that comes with a success is not known afterwards",
        replace(hand_out, _unknown_with_success),
    ),
    *both(
        "cors-hides-nonce",
        "pages of other origins cannot read the challenge or nonce",
        replace(allow_origin, _hide),
    ),
    *both("no-replay-store", "a proof can be used again", leave_out(was_not_used)),
    *both("replay-store-late", "a used proof is remembered a moment later", replace(was_not_used, _late)),
    *both(
        "replay-store-small",
        "only the last thousand used proofs are remembered",
        replace(was_not_used, _only_the_newest),
    ),
    *both(
        "replay-memory-short",
        "a used proof is remembered for its past, not for its whole life",
        replace(remembered_for, lambda _, state: state.max_age),
    ),
    *both(
        "replay-by-url",
        "a used proof is remembered with the query of its request",
        _told_apart_by(lambda shown: [shown.request.uri, shown.request.query]),
    ),
    *both(
        "replay-by-htu-text",
        "a used jti is remembered with htu as it was written",
        _told_apart_by(lambda shown: shown.claims.get("htu")),
    ),
    *both(
        "replay-by-jti-alone",
        "a used jti is used up for everybody",
        replace(identity_of, lambda _, shown: json.dumps(shown.claims["jti"])),
    ),
    fault(
        "rs-replay-get-only",
        "used proofs are remembered for GET only",
        leave_out(was_not_used, lambda shown: shown.request.method != "GET"),
    ),
    *both(
        "jti-stored-early",
        "a jti is used up before the signature is looked at",
        move(PROOF, was_not_used, before=typ_is_dpop_jwt),
        replace(identity_of, lambda _, shown: json.dumps(shown.claims.get("jti"))),
    ),
    *both(
        "jti-burned-by-nonce",
        "a jti is used up by a request that only lacked a nonce",
        move(PROOF, was_not_used, before=nonce_is_ours),
    ),
)
