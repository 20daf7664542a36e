"""The places where a proof or a certificate is read, each with its valid request and its effects.

A place knows how to build one valid request, from material that an attempt may use up (a code, a refresh token), and
how to tell that a request took effect. Every hostile case is such a valid request with one change.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from keybound.craft.proof import new_proof
from keybound.craft.request import Change, Draft
from keybound.errors import NotApplicable
from keybound.flows.lanes import ACCESS, Lane, Token
from keybound.flows.session import Session
from keybound.judge.answer import Answer, Effect, Outcome, par_effect, resource_effect, token_effect
from keybound.judge.rules import Exact
from keybound.places.conversation import Conversation
from keybound.profile.clients import Client, Grant, Mechanism
from keybound.profile.target_profile import Resource
from keybound.wire.exchange import Response

BAD_PROOF_AS = Exact((400,), ("invalid_dpop_proof",))
BAD_PROOF_RS = Exact((401,), ("invalid_dpop_proof",))
BAD_GRANT = Exact((400,), ("invalid_grant", "invalid_dpop_proof"))
BAD_TOKEN = Exact((401,), ("invalid_token", "invalid_dpop_proof"))
BAD_CLIENT = Exact((400, 401), ("invalid_client",))
BAD_CERTIFICATE = Exact((401,), ("invalid_token",))

Facts = dict[str, str]
"""What a run knows beyond the profile, by name."""

_CHEAP_FIRST: tuple[Grant, ...] = (
    "client_credentials",
    "jwt_bearer",
    "token_exchange",
    "refresh_token",
    "authorization_code",
    "ciba",
    "device_code",
)


@dataclass
class Place:
    """One endpoint as one kind of client uses it.

    `material` gives what one attempt needs, `build` turns it into a valid request, `effect` reads an answer, and
    `aftermath`, if any, looks for an effect that the answer does not show. `renew` makes the next material fresh.
    """

    session: Session
    server: str
    names_the_reason: Exact
    effect: Effect
    material: Callable[[], Any]
    build: Callable[[Any], Draft]
    aftermath: Callable[[Any], str | None] = lambda _: None
    renew: Callable[[], None] = lambda: None
    mechanism: Mechanism = "dpop"
    lane: Lane | None = None
    client: Client | None = None  # who sends forms here

    def attempt(self, change: Change | None, label: str) -> Answer:
        """Send one request with `change` (None: the valid one) and return what came of it."""
        material = self.material()
        answer = self.session.send_with_nonce(
            lambda: self.build(material),
            change,
            label,
            self.server,
            self.effect,
            certificate_matters=self.mechanism == "mtls" and change is not None,
        )
        if answer.outcome is not Outcome.EFFECT and (hidden := self.aftermath(material)) is not None:
            return Answer(Outcome.EFFECT, f"{answer.seen}, and yet {hidden}", answer.status, answer.codes)
        return answer

    def with_material(self, material: object) -> "Place":
        """Return this place with the same material for all its attempts."""
        return replace(self, material=lambda: material)

    def control(self, label: str) -> Answer:
        """Send the valid request; once more with new material when it fails, as servers revoke what looks stolen."""
        answer = self.attempt(None, label)
        if answer.outcome is not Outcome.EFFECT:
            self.renew()
            answer = self.attempt(None, f"{label}, with new material")
        return answer


def _token_lane(
    session: Session, mechanism: Mechanism, *, bound: bool = False, auth: str | None = None
) -> Lane:
    lanes = session.lanes(mechanism, *_CHEAP_FIRST)
    fitting = [
        lane for lane in lanes if (lane.client.dpop_bound or not bound) and auth in {None, lane.client.auth}
    ]
    # a client that may also get Bearer tokens shows more: a broken proof could make it fall back
    fitting.sort(key=lambda lane: (_CHEAP_FIRST.index(lane.grant), lane.client.dpop_bound))
    if not fitting:
        registered = " registered with dpop_bound_access_tokens" if bound else ""
        raise NotApplicable(f"the profile names no client{registered} that gets {mechanism} tokens")
    return fitting[0]


def token(
    session: Session, mechanism: Mechanism = "dpop", *, bound: bool = False, auth: str | None = None
) -> Place:
    """Return the token endpoint with the cheapest grant on offer (RFC 9449 section 5, RFC 8705 section 2)."""
    return grant(session, _token_lane(session, mechanism, bound=bound, auth=auth))


def grant(session: Session, lane: Lane) -> Place:
    """Return the token endpoint as `lane` uses it."""
    exact = BAD_PROOF_AS if lane.mechanism == "dpop" else BAD_CLIENT

    def build(form: dict[str, str]) -> Draft:
        return session.token_draft(lane, dict(form))

    return Place(
        session,
        "as",
        exact,
        token_effect,
        lambda: session.grant_form(lane),
        build,
        mechanism=lane.mechanism,
        lane=lane,
        client=lane.client,
    )


def _public(session: Session, mechanism: Mechanism) -> Lane:
    lanes = [lane for lane in session.lanes(mechanism, "refresh_token") if lane.client.auth == "none"]
    if not lanes:
        raise NotApplicable("the profile names no public client (auth = none) with the grant refresh_token")
    return lanes[0]


def refresh(session: Session, mechanism: Mechanism = "dpop") -> Place:
    """Return the refresh of a public client, whose refresh tokens must be bound (RFC 9449 section 5)."""
    place = grant(session, _public(session, mechanism))
    place.names_the_reason = (
        BAD_GRANT if mechanism == "dpop" else Exact((400, 401), ("invalid_grant", "invalid_client"))
    )
    return place


def rotated_refresh(session: Session) -> Place:
    """Return the refresh of a public client with a refresh token that came from a refresh."""
    place = refresh(session)
    lane = _public(session, "dpop")

    def second_generation() -> dict[str, str]:
        token = session.issue(lane, {"refresh_token": session.refresh_token(lane)})
        if token.refresh is None:
            raise NotApplicable("refresh tokens are not rotated")
        return {"refresh_token": token.refresh}

    place.material = second_generation
    return place


def code(session: Session, *, how: str, second: bool = False) -> Place:
    """Return the redemption of a code that is bound to the victim's key (RFC 9449 section 10).

    `how`: "dpop_jkt" in the authorization request, "par-dpop_jkt" in the PAR body, "par-proof" by a proof at PAR.
    With `second` it is a public client's where otherwise a confidential one's is taken, and the other way round.
    """
    par = how != "dpop_jkt"
    lanes = [lane for lane in session.lanes("dpop", "authorization_code") if not par or lane.client.par]
    lanes.sort(key=lambda lane: lane.client.dpop_bound)
    if not par:
        lanes = [lane for lane in lanes if not lane.client.par]
    if not lanes:
        raise NotApplicable(
            f"the profile names no client with authorization_code {'and' if par else 'without'} par"
        )
    lane = lanes[0]
    if second:
        others = [other for other in lanes if (other.client.auth == "none") != (lane.client.auth == "none")]
        if not others:
            raise NotApplicable(
                f"the profile names no public and confidential client to compare with {lane.name}"
            )
        lane = others[0]
    jkt = {"dpop_jkt": session.key().thumbprint}

    def material() -> dict[str, str]:
        if how == "par-proof":
            return session.code_form(lane, session.code(lane, par_key=session.key()))
        return session.code_form(lane, session.code(lane, jkt))

    place = grant(session, lane)
    place.material, place.names_the_reason = material, Exact((400,), ("invalid_grant", "invalid_dpop_proof"))
    return place


def par(session: Session, fits: Callable[[Lane], bool] = lambda _: True, what: str = "") -> Place:
    """Return the PAR endpoint for the first client that `fits`, with a proof in its header (RFC 9449 section 10.1).

    `what`: the words for what fits, for the reader of the profile.
    """
    url = session.endpoint("pushed_authorization_request")
    lanes = [lane for lane in session.lanes("dpop", "authorization_code") if lane.client.par and fits(lane)]
    if not lanes:
        raise NotApplicable(f"the profile names no {what}client that uses PAR (par = true)")
    client = lanes[0].client

    def build(form: dict[str, str]) -> Draft:
        return session.draft(client, url, dict(form), session.key())

    return Place(
        session,
        "as",
        BAD_PROOF_AS,
        par_effect,
        lambda: session.authorization_form(client, {})[0],
        build,
        client=client,
    )


def _resource(session: Session) -> Resource:
    if session.profile.resource is None:
        raise NotApplicable("the profile names no protected resource ([resource])")
    return session.profile.resource


def resource_request(session: Session, token: Token, method: str, url: str, server: str = "rs") -> Draft:
    """Return a request with `token`: as DPoP with a proof, or as Bearer over the certificate it is bound to."""
    draft = Draft(method, url, token.identity, session.attacker, token=token.value)
    if token.lane.mechanism == "dpop":
        nonce = session.nonces.newest(server)
        draft.proof = new_proof(token.key, method, url, session.now(), token=token.value, nonce=nonce)
    else:
        draft.scheme = "Bearer"
    return draft


def resource_lanes(session: Session, mechanism: Mechanism) -> list[Lane]:
    """Return the lanes whose tokens the profile says, or does not deny, the resource takes."""
    named = _resource(session).clients
    lanes = session.lanes(mechanism, *ACCESS)
    return [lane for lane in lanes if not named or lane.name.removesuffix("-opaque") in named]


def api(session: Session, lane: Lane, method: str | None = None, *, query: str = "") -> Place:
    """Return the protected resource as holders of tokens of `lane` use it."""
    resource = _resource(session)
    used = method or resource.method
    if used not in (resource.method, *resource.methods):
        raise NotApplicable(f"the profile does not say that {used} works at the resource (resource.methods)")
    url = resource.url + (("&" if "?" in resource.url else "?") + query if query else "")

    def plain(token: Token) -> Draft:
        draft = resource_request(session, token, used, url)
        draft.headers += list(resource.headers.items())
        if used == resource.method and resource.body:
            draft.headers += [("Content-Type", resource.content_type)] if resource.content_type else []
        return draft

    conversation = Conversation(session, resource, plain)

    def build(token: Token) -> Draft:
        carried = conversation.headers(token)
        draft = plain(token)
        draft.headers += carried
        if used == resource.method:
            draft.body = resource.body.encode()
        return draft

    return _with_token(session, lane, "rs", resource_effect(resource.status, resource.canary), build)


def _with_token(
    session: Session, lane: Lane, server: str, effect: Effect, build: Callable[[Token], Draft]
) -> Place:
    return Place(
        session,
        server,
        BAD_PROOF_RS if lane.mechanism == "dpop" else BAD_CERTIFICATE,
        effect,
        lambda: session.token(lane),
        build,
        renew=lambda: session.forget(lane),
        mechanism=lane.mechanism,
        lane=lane,
    )


def other(session: Session, lane: Lane) -> Place:
    """Return the second URL of the resource; raises NotApplicable when the profile names none."""
    resource = _resource(session)
    url = resource.second_url
    if url is None:
        raise NotApplicable("the profile names no second URL of the resource (resource.also)")

    def build(token: Token) -> Draft:
        draft = resource_request(session, token, "GET", url)
        draft.headers += list(resource.headers.items())
        return draft

    return _with_token(session, lane, "rs", resource_effect(None, None), build)


def userinfo(session: Session, lane: Lane, method: str = "GET") -> Place:
    """Return the userinfo endpoint: a protected resource of the AS (OpenID Connect Core section 5.3)."""
    url = session.endpoint("userinfo", mtls=lane.mechanism == "mtls")
    return _with_token(
        session,
        lane,
        "userinfo",
        resource_effect(None, None),
        lambda token: resource_request(session, token, method, url, "userinfo"),
    )


def write(session: Session, lane: Lane) -> Place:
    """Return a request to the resource whose effect is looked for afterwards, whatever the answer said."""
    spec = _resource(session).write
    if spec is None:
        raise NotApplicable("the profile names no request with an effect ([resource.write])")

    def material() -> tuple[Token, str]:
        return session.token(lane), f"keybound-{secrets.token_hex(8)}"

    def build(material: tuple[Token, str]) -> Draft:
        token, marker = material
        draft = resource_request(session, token, spec.method, spec.url)
        draft.headers += [*_resource(session).headers.items(), ("Content-Type", spec.content_type)]
        draft.body = spec.body.replace("{marker}", marker).encode()
        return draft

    def aftermath(material: tuple[Token, str]) -> str | None:
        token, marker = material

        def holds_marker(response: Response) -> str | None:
            return "the request was carried out" if marker in response.text else None

        def look() -> Draft:
            return resource_request(session, token, "GET", spec.read)

        found = session.send_with_nonce(look, None, "looking for the effect", "rs", holds_marker)
        return found.seen if found.outcome is Outcome.EFFECT else None

    return Place(
        session,
        "rs",
        BAD_PROOF_RS if lane.mechanism == "dpop" else BAD_CERTIFICATE,
        resource_effect(None, None),
        material,
        build,
        aftermath,
        lambda: session.forget(lane),
        lane.mechanism,
    )


def measured_lane(facts: dict[str, str], place: str, lanes: list[Lane]) -> Lane:
    """Return the lane of which the doctor found that its token works at `place`; raises NotApplicable."""
    found = next((lane for lane in lanes if str(lane) == facts.get(place)), None)
    if found is None:
        raise NotApplicable(
            facts.get(f"{place}.why", f"no token of the profile's clients works there ({place})")
        )
    return found
