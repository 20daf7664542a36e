"""The token endpoint for grants that begin with a user: codes and refresh tokens, kept until they are used."""

from collections.abc import Callable, Mapping
from typing import Any

from keybound.errors import NotApplicable
from keybound.flows import grants
from keybound.flows.lanes import Lane
from keybound.flows.session import Session
from keybound.places import place as places
from keybound.places.place import BAD_GRANT, Facts, Place
from keybound.profile.clients import Client, Grant
from keybound.wire.exchange import Response

Fits = Callable[[Client], bool]


def lane_of(session: Session, grant: Grant, fits: Fits = lambda _: True, what: str = "") -> Lane:
    """Return the first DPoP lane of `grant` whose client `fits`; raises NotApplicable, which calls it `what`.

    A client that may also get Bearer tokens comes first: a broken proof could make it fall back.
    """
    lanes = [lane for lane in session.lanes("dpop", grant) if fits(lane.client)]
    if not lanes:
        raise NotApplicable(f"the profile names no {what}client with the grant {grant}")
    return min(lanes, key=lambda lane: lane.client.dpop_bound)


def confidential(client: Client) -> bool:
    """Return whether the client has credentials."""
    return client.auth != "none"


def bound_and_confidential(client: Client) -> bool:
    """Return whether the client is registered with dpop_bound_access_tokens, and has credentials."""
    return client.dpop_bound and client.auth != "none"


def _bound(client: Client) -> bool:
    return client.dpop_bound


def kept_until_used(place: Place) -> Place:
    """Keep the material of `place` until a request with it takes effect: one that is refused need cost no login."""
    kept: list[Any] = []
    make, effect = place.material, place.effect

    def material() -> Any:
        if not kept:
            kept.append(make())
        return kept[0]

    def used(response: Response) -> str | None:
        shown = effect(response)
        if shown is not None:
            kept.clear()
        return shown

    place.material, place.effect, place.renew = material, used, kept.clear
    return place


def code(session: Session, lane: Lane) -> Place:
    """Return the redemption of a code of `lane`."""
    place = kept_until_used(places.grant(session, lane))
    place.names_the_reason = BAD_GRANT
    return place


def refresh(session: Session, lane: Lane) -> Place:
    """Return the refresh of `lane`: with one refresh token, or with the one that replaced it, as long as it works."""
    place = places.grant(session, lane)
    kept: list[str] = []
    effect = place.effect

    def material() -> dict[str, str]:
        if not kept:
            kept.append(session.refresh_token(lane))
        return {"refresh_token": kept[0]}

    def used(response: Response) -> str | None:
        shown, new = effect(response), response.object.get("refresh_token")
        if shown is not None and isinstance(new, str):
            kept[:] = [new]
        return shown

    place.material, place.effect, place.renew, place.names_the_reason = material, used, kept.clear, BAD_GRANT
    return place


def refreshed(session: Session) -> Place:
    """Return a refresh, of a confidential client before others: only its proof can be wrong then."""
    lanes = sorted(session.lanes("dpop", "refresh_token"), key=lambda lane: lane.client.auth == "none")
    if not lanes:
        raise NotApplicable("the profile names no client with the grant refresh_token")
    place = refresh(session, lanes[0])
    place.names_the_reason = places.BAD_PROOF_AS
    return place


def _public(client: Client) -> bool:
    return client.auth == "none"


def signed_code(session: Session) -> Place:
    """Return the redemption of a code by a client whose key can sign request objects (RFC 9101), through PAR."""

    def fits(client: Client) -> bool:
        return client.key is not None and client.par

    return code(session, lane_of(session, "authorization_code", fits, "keyed and pushing "))


def users_code(session: Session, facts: Facts) -> Place:
    """Return the redemption of a code that gives tokens for the userinfo endpoint."""
    lanes = session.lanes("dpop", "authorization_code")
    return code(session, places.measured_lane(facts, "userinfo.dpop", lanes))


def by_assertion(session: Session) -> Place:
    """Return the token endpoint for a client that authenticates by an assertion, with its cheapest grant."""
    for grant in ("client_credentials", "authorization_code"):
        lanes = [each for each in session.lanes("dpop", grant) if each.client.auth == "private_key_jwt"]
        if lanes:
            place = kept_until_used(places.grant(session, lanes[0]))
            place.names_the_reason = places.BAD_CLIENT
            return place
    raise NotApplicable("the profile names no client with private_key_jwt")


def device_with_proof(session: Session) -> Place:
    """Return the poll of a device flow that began with a proof."""
    lane = lane_of(session, "device_code")
    place = places.grant(session, lane)
    place.material = lambda: grants.device(session, lane, session.key())
    return kept_until_used(place)


def any_grant(session: Session, grant: Grant, fits: Fits = lambda _: True, what: str = "") -> Place:
    """Return the token endpoint for one grant. What is good once is kept until it is used."""
    return kept_until_used(places.grant(session, lane_of(session, grant, fits, what)))


_EXTENSIONS: tuple[Grant, ...] = ("device_code", "ciba", "token_exchange", "jwt_bearer")


GRANT_PLACES: Mapping[str, Callable[[Session, Facts], Place]] = {
    "code": lambda s, _: code(s, lane_of(s, "authorization_code")),
    "code.confidential": lambda s, _: code(
        s, lane_of(s, "authorization_code", confidential, "confidential ")
    ),
    "code.bound-client": lambda s, _: code(
        s, lane_of(s, "authorization_code", bound_and_confidential, "bound confidential ")
    ),
    **{f"token.{grant}": lambda s, _, g=grant: any_grant(s, g) for grant in _EXTENSIONS},  # type: ignore[misc]
    **{
        f"token.{grant}.bound-client": lambda s, _, g=grant: any_grant(s, g, _bound, "bound ")  # type: ignore[misc]
        for grant in _EXTENSIONS
    },
    "token.authorization_code": lambda s, _: any_grant(s, "authorization_code"),
    "token.refresh_token": lambda s, _: refreshed(s),
    "device.bound": lambda s, _: device_with_proof(s),
    "code.signed": lambda s, _: signed_code(s),
    "code.user": users_code,
    "par.confidential": lambda s, _: places.par(s, lambda lane: confidential(lane.client), "confidential "),
    "token.assertion": lambda s, _: by_assertion(s),
    "par.assertion": lambda s, _: places.par(
        s, lambda lane: lane.client.auth == "private_key_jwt", "private_key_jwt "
    ),
    "refresh": lambda s, _: refresh(s, lane_of(s, "refresh_token", confidential, "confidential ")),
    "refresh.public.kept": lambda s, _: refresh(s, lane_of(s, "refresh_token", _public, "public ")),
    "refresh.bound-client": lambda s, _: refresh(
        s, lane_of(s, "refresh_token", bound_and_confidential, "bound confidential ")
    ),
}
