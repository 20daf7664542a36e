"""Every place where cases happen, by name."""

from collections.abc import Callable, Mapping

from keybound.flows.lanes import ACCESS, Lane
from keybound.flows.session import Session
from keybound.issuer import minting
from keybound.places import place as places
from keybound.places.certificates import MTLS_PLACES
from keybound.places.grants import GRANT_PLACES
from keybound.places.pairs import PAIR_PLACES
from keybound.places.place import Facts, Place
from keybound.places.registration import registration
from keybound.profile.clients import Mechanism


def _lane(place: str) -> Callable[[Session, Facts], Lane]:
    mechanism: Mechanism = "mtls" if place.split(".")[1] == "mtls" else "dpop"
    return lambda session, facts: places.measured_lane(facts, place, session.lanes(mechanism, *ACCESS))


def _minted(name: str, mechanism: Mechanism) -> Callable[[Session, Facts], Place]:
    def place(session: Session, facts: Facts) -> Place:
        found = places.api(session, minting.lane_at(session, facts, name, mechanism))
        found.names_the_reason = places.BAD_TOKEN if mechanism == "dpop" else places.BAD_CERTIFICATE
        return found

    return place


API_LANE, _OPAQUE, _USERINFO = _lane("api.dpop"), _lane("api.dpop.opaque"), _lane("userinfo.dpop")
_USERINFO_POST = _lane("userinfo.dpop.post")
_SELF_SIGNED_API = _lane("api.mtls.self-signed")
_MTLS_API, _MTLS_USERINFO = _lane("api.mtls"), _lane("userinfo.mtls")

PLACES: Mapping[str, Callable[[Session, Facts], Place]] = {
    "token": lambda s, _: places.token(s),
    "token.bound-client": lambda s, _: places.token(s, bound=True),
    "refresh.public": lambda s, _: places.refresh(s),
    "refresh.public.rotated": lambda s, _: places.rotated_refresh(s),
    "code.dpop_jkt": lambda s, _: places.code(s, how="dpop_jkt"),
    "code.par-dpop_jkt": lambda s, _: places.code(s, how="par-dpop_jkt"),
    "code.par-proof": lambda s, _: places.code(s, how="par-proof"),
    "code.dpop_jkt.second": lambda s, _: places.code(s, how="dpop_jkt", second=True),
    "code.par-dpop_jkt.second": lambda s, _: places.code(s, how="par-dpop_jkt", second=True),
    "code.par-proof.second": lambda s, _: places.code(s, how="par-proof", second=True),
    "par": lambda s, _: places.par(s),
    "api": lambda s, f: places.api(s, API_LANE(s, f)),
    "api.opaque": lambda s, f: places.api(s, _OPAQUE(s, f)),
    "api.head": lambda s, f: places.api(s, API_LANE(s, f), "HEAD"),
    "api.post": lambda s, f: places.api(s, API_LANE(s, f), "POST"),
    "api.other": lambda s, f: places.other(s, API_LANE(s, f)),
    "userinfo.post": lambda s, f: places.userinfo(s, _USERINFO_POST(s, f), "POST"),
    "registration": lambda s, _: registration(s),
    "write": lambda s, f: places.write(s, API_LANE(s, f)),
    "userinfo": lambda s, f: places.userinfo(s, _USERINFO(s, f)),
    "mtls.token.pki": lambda s, _: places.token(s, "mtls", auth="tls_client_auth"),
    "mtls.token.self-signed": lambda s, _: places.token(s, "mtls", auth="self_signed_tls_client_auth"),
    "mtls.refresh.public": lambda s, _: places.refresh(s, "mtls"),
    "mtls.api.self-signed": lambda s, f: places.api(s, _SELF_SIGNED_API(s, f)),
    "mtls.api": lambda s, f: places.api(s, _MTLS_API(s, f)),
    "mtls.userinfo": lambda s, f: places.userinfo(s, _MTLS_USERINFO(s, f)),
    "tokens.jwt": _minted("tokens.jwt", "dpop"),
    "tokens.opaque": _minted("tokens.opaque", "dpop"),
    "tokens.mtls.jwt": _minted("tokens.mtls.jwt", "mtls"),
    "tokens.mtls.opaque": _minted("tokens.mtls.opaque", "mtls"),
    **MTLS_PLACES,
    **GRANT_PLACES,
    **PAIR_PLACES,
}
