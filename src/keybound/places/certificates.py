"""The places where a client certificate is read, beyond the ones that look alike for both mechanisms."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from keybound.craft.changes.request import all_of, at_origin
from keybound.craft.request import Change, Draft
from keybound.errors import NotApplicable
from keybound.flows.lanes import ACCESS, Lane, Token
from keybound.flows.session import Session
from keybound.judge.answer import Answer, Effect, Outcome, par_effect, read
from keybound.judge.rules import Exact
from keybound.places import place as places
from keybound.places.place import BAD_CLIENT, BAD_TOKEN, Facts, Place
from keybound.profile.clients import Grant
from keybound.wire.exchange import Request, Response

_TOKENS: tuple[Grant, ...] = ("client_credentials", "authorization_code")


def _lane(session: Session, fits: Callable[[Lane], bool], what: str, *grants: Grant) -> Lane:
    found = next((lane for lane in session.lanes("mtls", *(grants or _TOKENS)) if fits(lane)), None)
    if found is None:
        raise NotApplicable(f"the profile names no mTLS client {what}")
    return found


def token_by_name(session: Session, kind: str) -> Place:
    """Return the token endpoint for a client that tls_client_auth knows by a name of this kind."""
    lane = _lane(
        session,
        lambda lane: lane.client.auth == "tls_client_auth" and lane.client.registered_by == kind,
        f"with tls_client_auth and registered_by = {kind!r}",
    )
    return places.grant(session, lane)


def jwks_uri_place(session: Session) -> Place:
    """Return the token endpoint for a client whose certificate the server fetches from where keybound serves it."""
    for name, client in session.profile.all_clients.items():
        if client.jwks_uri is not None:
            return places.grant(session, Lane(name, client, "client_credentials", "mtls"))
    raise NotApplicable("the profile names no client with jwks_uri")


def refresh(session: Session) -> Place:
    """Return the refresh of a client that authenticates by certificate (RFC 8705 section 7.1)."""
    lane = _lane(
        session,
        lambda lane: lane.client.auth != "none",
        "that authenticates and has the grant refresh_token",
        "refresh_token",
    )
    place = places.grant(session, lane)
    place.names_the_reason = Exact((400, 401), ("invalid_client", "invalid_grant", "unauthorized_client"))
    return place


def par(session: Session) -> Place:
    """Return the PAR endpoint for a client that authenticates by certificate (RFC 9126 section 2)."""
    url = session.endpoint("pushed_authorization_request", mtls=True)
    lane = _lane(
        session,
        lambda lane: lane.client.auth != "none",
        "that authenticates and has a redirect_uri",
        "authorization_code",
    )

    def build(form: dict[str, str]) -> Draft:
        return session.draft(lane.client, url, dict(form), None)

    def material() -> dict[str, str]:
        return session.authorization_form(lane.client, {})[0]

    return Place(session, "as", BAD_CLIENT, par_effect, material, build, mechanism="mtls")


def form_endpoint(
    session: Session, name: str, effect: Effect, client: str, form: Callable[[], dict[str, str]]
) -> Place:
    """Return an endpoint that takes a form of the profile's client `client`: introspection, revocation."""
    asking = session.profile.all_clients[client]
    url = session.endpoint(name, mtls=asking.certificate is not None)

    def build(values: dict[str, str]) -> Draft:
        return session.draft(asking, url, dict(values), None)

    return Place(session, "as", BAD_CLIENT, effect, form, build, mechanism="mtls")


def introspection(session: Session) -> Place:
    """Return the introspection endpoint as a client without certificate uses it."""
    chosen = session.profile.introspection
    if chosen is None or session.profile.all_clients[chosen.client].certificate is not None:
        raise NotApplicable(
            "the profile names no client without certificate for introspection ([introspection])"
        )
    lane = _lane(session, lambda _: True, "with a grant")

    def effect(response: Response) -> str | None:
        return "an answer" if response.ok and "active" in response.object else None

    return form_endpoint(
        session, "introspection", effect, chosen.client, lambda: {"token": session.token(lane).value}
    )


def revocation(session: Session) -> Place:
    """Return the alias of the revocation endpoint, for a client that authenticates by certificate."""
    aliases = session.metadata.values.get("mtls_endpoint_aliases")
    if not isinstance(aliases, dict) or "revocation_endpoint" not in aliases:
        raise NotApplicable("the metadata names no alias of the revocation endpoint")
    lane = _lane(session, lambda lane: lane.client.auth != "none", "that authenticates")

    def effect(response: Response) -> str | None:
        return str(response.status) if response.ok else None

    return form_endpoint(
        session, "revocation", effect, lane.name, lambda: {"token": session.issue(lane).value}
    )


def _by_certificate(session: Session) -> Lane:
    fits = {"tls_client_auth", "self_signed_tls_client_auth"}
    return _lane(session, lambda lane: lane.client.auth in fits, "that authenticates by certificate")


def own_introspection(session: Session) -> Place:
    """Return the introspection endpoint as a client asks there that authenticates by certificate.

    It asks about a token of its own, unless it is the profile's client for introspection.
    """
    lane = _by_certificate(session)
    chosen = session.profile.introspection
    by_tls = chosen is not None and session.profile.all_clients[chosen.client].auth.endswith(
        "tls_client_auth"
    )
    asking = chosen.client if chosen is not None and by_tls else lane.name

    def effect(response: Response) -> str | None:
        return "the claims of a token" if response.ok and response.object.get("active") is True else None

    return form_endpoint(
        session, "introspection", effect, asking, lambda: {"token": session.token(lane).value}
    )


def own_revocation(session: Session) -> Place:
    """Return the revocation endpoint as a client asks there that authenticates by certificate (RFC 7009 section 2.1).

    Its effect is the end of the token, which introspection must show: the answer to an unknown token is 200 as well.
    """
    lane = _by_certificate(session)
    issued: list[Token] = []

    def active() -> bool:
        return session.introspect(issued[-1]).get("active") is True

    def form() -> dict[str, str]:
        issued[:] = [session.issue(lane)]
        if not active():
            raise NotApplicable("introspection does not show the tokens of this client")
        return {"token": issued[-1].value}

    def effect(response: Response) -> str | None:
        return f"{response.status} and the token is revoked" if response.ok and not active() else None

    return form_endpoint(session, "revocation", effect, lane.name, form)


def both(session: Session, what: str) -> Place:
    """Return a resource for a token that is bound to a key and to a certificate; NotApplicable without such a client.

    `what`: "api" or "userinfo".
    """
    lanes = [lane for lane in places.resource_lanes(session, "dpop") if lane.client.certificate is not None]
    if not lanes:
        raise NotApplicable("the profile names no client with a certificate and mechanisms = ['dpop']")
    lanes.sort(key=lambda lane: not lane.client.certificate_bound)
    place = (places.api if what == "api" else places.userinfo)(session, lanes[0])
    place.names_the_reason, place.mechanism = BAD_TOKEN, "mtls"
    return place


def backend(session: Session, place: Place) -> Place:
    """Return `place` with every changed request sent to the server behind the terminator (RFC 9440 section 4)."""
    if session.profile.proxy is None:
        raise NotApplicable("the profile names no server behind a TLS terminator ([proxy] backend)")
    return Behind(**vars(place), origin=session.profile.proxy.backend)


@dataclass
class Behind(Place):
    """A place where whatever is changed goes around the TLS terminator. A server out of reach has refused."""

    origin: str = ""

    def attempt(self, change: Change | None, label: str) -> Answer:
        """Send one request; with a change, to the origin behind."""
        if change is None:
            return super().attempt(None, label)
        answer = super().attempt(all_of(change, at_origin(self.origin)), label)
        if answer.outcome is Outcome.UNREACHABLE:
            return replace(answer, outcome=Outcome.REFUSED, by_tls=True)
        return answer


@dataclass
class Resumed(Place):
    """A place where whatever is changed is tried on a TLS session that was made before and is resumed."""

    version: str = "TLSv1.3"

    def attempt(self, change: Change | None, label: str) -> Answer:
        """Send one request; with a change, on a resumed session. NotApplicable when the server resumes none."""
        if change is None:
            return super().attempt(None, label)
        draft = self.build(self.material())
        change(draft)
        identity = replace(draft.identity, version=self.version)
        request = Request(draft.method, draft.url, tuple(draft.all_headers()), draft.content())
        exchange, reused = self.session.wire.resumed(
            request, identity, f"{label}, {self.version} session resumed"
        )
        answer = read(exchange, self.effect, certificate_matters=True)
        if not reused:
            raise NotApplicable(
                f"the server resumes no {self.version} session here: {exchange.detail or answer.seen}"
            )
        return answer


def resumed(place: Place, version: str) -> Place:
    """Return `place` with every changed request on a resumed session of this TLS version."""
    return Resumed(**vars(place), version=version)


def _api(session: Session, facts: Facts, name: str = "api.mtls") -> Lane:
    return places.measured_lane(facts, name, session.lanes("mtls", *ACCESS))


MTLS_PLACES: Mapping[str, Callable[[Session, Facts], Place]] = {
    **{
        f"mtls.token.{kind}": lambda s, _, kind=kind: token_by_name(s, kind)  # type: ignore[misc]
        for kind in ("dn", "san_dns", "san_uri", "san_ip", "san_email")
    },
    "mtls.refresh": lambda s, _: refresh(s),
    "mtls.par": lambda s, _: par(s),
    "mtls.introspection": lambda s, _: introspection(s),
    "mtls.introspection.own": lambda s, _: own_introspection(s),
    "mtls.revocation.own": lambda s, _: own_revocation(s),
    "mtls.revocation.alias": lambda s, _: revocation(s),
    "mtls.api.opaque": lambda s, f: places.api(s, _api(s, f, "api.mtls.opaque")),
    "mtls.api.head": lambda s, f: places.api(s, _api(s, f), "HEAD"),
    "mtls.api.other": lambda s, f: places.other(s, _api(s, f)),
    "mtls.api.post": lambda s, f: places.api(s, _api(s, f), "POST"),
    "mtls.write": lambda s, f: places.write(s, _api(s, f)),
    "mtls.api.resumed-1-2": lambda s, f: resumed(places.api(s, _api(s, f)), "TLSv1.2"),
    "mtls.api.resumed-1-3": lambda s, f: resumed(places.api(s, _api(s, f)), "TLSv1.3"),
    "mtls.api.backend": lambda s, f: backend(s, places.api(s, _api(s, f))),
    "both.api": lambda s, _: both(s, "api"),
    "both.token": lambda s, _: places.token(s, auth="tls_client_auth"),
    "mtls.userinfo.post": lambda s, f: places.userinfo(s, _api(s, f, "userinfo.mtls"), "POST"),
}
