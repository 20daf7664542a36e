"""Nonces as a target gives and takes them (RFC 9449 sections 8 and 9)."""

from keybound.check.target import Target
from keybound.craft.changes.proof import claim, without_claim
from keybound.craft.request import Change
from keybound.errors import NotApplicable
from keybound.judge.answer import Answer
from keybound.places.place import Place

_AGES = (1, 2, 4, 7, 10, 15, 20, 30, 45, 60, 90, 120, 150, 180, 210, 240, 270, 300)


def asked_nonce(target: Target, place: Place) -> str:
    """Return the nonce with which `place` answers a proof without one; raises NotApplicable when it gives none."""
    exchanges = target.controls.exchanges
    start = len(exchanges)
    material = place.material()
    draft = place.build(material)
    if draft.proof is not None and "nonce" in draft.proof.claims:
        without_claim("nonce")(draft)
    target.session.send(draft, "asking for a nonce", place.server, place.effect)
    response = exchanges[-1].response if len(exchanges) > start else None
    nonce = response.first("DPoP-Nonce") if response else None
    if nonce is None:
        raise NotApplicable("a proof without a nonce is not answered with one")
    return nonce


def needs_nonces(target: Target, place: Place) -> None:
    """Raise NotApplicable unless `place` demands nonces, Inconclusive when its control fails."""
    target.controls.require(place)
    if not target.session.nonces.demands(place.server):
        raise NotApplicable("this server does not ask for nonces")


def newest_nonce(target: Target) -> str | None:
    """Return the nonce that the last answer brought, or None."""
    response = target.controls.exchanges[-1].response
    return response.first("DPoP-Nonce") if response else None


def once(place: Place, nonce: object, label: str) -> Answer:
    """Send one proof with `nonce` and no second one with the nonce that its refusal may bring."""
    return single(place, claim("nonce", nonce), label)


def single(place: Place, change: Change, label: str, material: object = None) -> Answer:
    """Send one request with `change`, whatever its answer asks for; `material` is the place's own unless given."""
    draft = place.build(place.material() if material is None else material)
    change(draft)
    return place.session.send(draft, label, place.server, place.effect)


def nonce_ages(longest: float) -> list[float]:
    """Return the ages in seconds at which a nonce is tried, the last a little beyond `longest`."""
    return [age for age in _AGES if age < longest] + [longest + 1]
