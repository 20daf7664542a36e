"""Places for combinations of endpoint, method, proof algorithm and token format: a defect may need two of them.

Whether nonces are in play is the target's choice, so each row is tried as the target has it. The rows are covering
arrays of strength 2: one for the resource alone, which all tokens work at, one for what is like it, one for the AS.
"""

from collections.abc import Callable, Mapping

from keybound.craft.jose import Key
from keybound.craft.request import Draft
from keybound.errors import Inconclusive, NotApplicable
from keybound.flows.lanes import Lane
from keybound.flows.session import Session
from keybound.judge.answer import Outcome, par_effect
from keybound.places import place as places
from keybound.places.covering import Row, covering
from keybound.places.place import Facts, Place
from keybound.profile.clients import Grant

ALGS = ("ES256", "ES384", "EdDSA", "PS256", "RS256")
_FORMATS = ("jwt", "opaque")
_METHODS = {"userinfo": ("GET", "POST"), "other": ("GET",), "token": ("POST",), "par": ("POST",)}


def _possible(row: Row) -> bool:
    return row["method"] in _METHODS.get(row["endpoint"], (row["method"],))


def _rows(*endpoints: str) -> list[Row]:
    methods = ("GET", "HEAD", "POST")
    return covering({"endpoint": endpoints, "method": methods, "alg": ALGS, "format": _FORMATS}, _possible)


ROWS: tuple[Row, ...] = (*_rows("api"), *_rows("other", "userinfo"), *_rows("token", "par"))


def name_of(row: Row) -> str:
    """Return what tells a row apart: `api.head.ps256.opaque`."""
    return ".".join(row[factor].lower() for factor in ("endpoint", "method", "alg", "format"))


def _lane(facts: Facts, lanes: list[Lane], wanted: str, where: str) -> Lane:
    for lane in lanes:
        shape = "opaque" if lane.opaque else facts.get(f"token.{lane}", "").lower()
        if shape == wanted:
            return lane
    raise NotApplicable(f"no {wanted} tokens of the profile's clients for {where}")


def _key(session: Session, alg: str) -> Key:
    if alg not in {*session.advertised_algs, session.alg}:
        raise NotApplicable(f"{alg} is not in dpop_signing_alg_values_supported")
    return session.key("victim", alg)


def _at_resource(session: Session, facts: Facts, row: Row, key: Key) -> Place:
    endpoint, method = row["endpoint"], row["method"]
    fact = "userinfo.dpop" if endpoint == "userinfo" else "api.dpop"
    if method == "POST" and endpoint == "userinfo":
        fact += ".post"
    if fact not in facts:
        raise NotApplicable(
            facts.get(f"{fact}.why", f"no token of the profile's clients works there ({fact})")
        )
    named = facts.get(f"{fact}.all", facts[fact]).split(", ")
    if endpoint != "userinfo":
        lanes = [lane for lane in places.resource_lanes(session, "dpop") if str(lane) in named]
    else:  # of whose clients one was tried
        lanes = session.lanes("dpop", "authorization_code")
    lane = _lane(facts, lanes, row["format"], endpoint)
    if endpoint == "api":
        place = places.api(session, lane, method)
    else:
        place = places.other(session, lane) if endpoint == "other" else places.userinfo(session, lane, method)
    try:
        session.token(lane, key=key)
    except Inconclusive as error:
        raise NotApplicable(f"there is no token for a key of {key.alg}: {error}") from None
    place.material = lambda: session.token(lane, key=key)
    if str(lane) not in named and place.attempt(None, "does it work there?").outcome is not Outcome.EFFECT:
        raise NotApplicable(f"the tokens of {lane} do not work at {endpoint}")
    return place


def _at_as(session: Session, facts: Facts, row: Row, key: Key) -> Place:
    par = row["endpoint"] == "par"
    grant: Grant = "authorization_code" if par else "client_credentials"
    lanes = [lane for lane in session.lanes("dpop", grant) if lane.client.par or not par]
    lane = _lane(facts, lanes, row["format"], row["endpoint"])
    client = lane.client
    if not par:
        place = places.grant(session, lane)
        place.build = lambda form: session.token_draft(lane, dict(form), key)
        return place
    url = session.endpoint("pushed_authorization_request", mtls=client.certificate is not None)

    def build(form: dict[str, str]) -> Draft:
        return session.draft(client, url, dict(form), key)

    def material() -> dict[str, str]:
        return session.authorization_form(client, {})[0]

    return Place(session, "as", places.BAD_PROOF_AS, par_effect, material, build, client=client)


def _place(row: Row) -> Callable[[Session, Facts], Place]:
    make = _at_as if row["endpoint"] in {"token", "par"} else _at_resource
    return lambda session, facts: make(session, facts, row, _key(session, row["alg"]))


PAIR_PLACES: Mapping[str, Callable[[Session, Facts], Place]] = {
    f"pair.{name_of(row)}": _place(row) for row in ROWS
}
