"""A proof whose header points to keys elsewhere: no server may fetch what a stranger chose (RFC 8725 section 3.10)."""

from dataclasses import replace

from keybound.cases.declare import PROOF_READERS, Case, cases, spread
from keybound.check.key_urls import listener
from keybound.craft.changes.proof import member, without_member
from keybound.craft.changes.request import all_of

FETCH = ("RFC8725-3.10-no-key-fetch",)
FOLLOWED = ("key-url-followed",)

BESIDE = tuple(
    Case(f"proof.{name}.beside", f"{name} beside jwk", requirements=FETCH, faults=FOLLOWED, threat="a stranger makes the server send requests", says=f"{name}: a URL where keybound listens, https and http", data=name)
    for name in ("jku", "x5u")
)
INSTEAD = tuple(
    Case(f"proof.{name}.instead", f"{name} instead of jwk", requirements=("RFC9449-4.3-jwk-present",), faults=FOLLOWED,
         threat="the server verifies with a key from where the attacker says", says=f"no jwk; {name}: a URL where keybound has the key", data=name)
    for name in ("jku", "x5u")
)


@cases(*spread(BESIDE, [replace(at, requirements=()) for at in PROOF_READERS]))
def test_key_url_is_not_fetched(case, target):
    place = target.place(case.place)
    target.controls.require(place)
    with listener(target) as heard:
        for scheme in ("https", "http"):
            answer = place.attempt(member(case.data, heard.url(scheme)), f"{case.data} of {scheme}")
        target.expect(heard.connections == 0, "no connection to the URL", f"{heard.connections} connections, {answer.seen}")


@cases(*spread(INSTEAD, PROOF_READERS))
def test_key_from_url_is_refused(case, target):
    target.place(case.place)
    with listener(target) as heard:
        target.refuses(case, all_of(without_member("jwk"), member(case.data, heard.url("http"))))
