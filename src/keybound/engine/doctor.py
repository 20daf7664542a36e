"""The doctor: before any attack, is the target there, is its clock close, and does every control succeed?

What it finds out on the way (which client's token works at which resource) is kept as facts, so that workers need
not find out again.
"""

from collections.abc import Callable
from dataclasses import replace
from email.utils import parsedate_to_datetime

from keybound.craft.changes.certificate import no_certificate
from keybound.craft.changes.forwarded_header import HEADERS, spoofs
from keybound.craft.jose import read_claims
from keybound.engine.diagnosis import Diagnosis, open_session
from keybound.errors import Inconclusive, NotApplicable, TargetError
from keybound.flows.grants import USED_TO
from keybound.flows.lanes import ACCESS, Lane
from keybound.flows.sender import proof_algs
from keybound.flows.session import Session
from keybound.judge.answer import Answer, Outcome
from keybound.places import place as places
from keybound.profile.clients import Mechanism
from keybound.profile.discovery import discover
from keybound.profile.resource_metadata import find
from keybound.profile.target_profile import Profile
from keybound.wire.client import Wire
from keybound.wire.exchange import Exchange

MECHANISMS: tuple[Mechanism, ...] = ("dpop", "mtls")
_TRIED = 3  # clients that get no token, until it is taken for the server's fault


class Clock:
    """Measures how far the target's clock is ahead of ours, in seconds, from the Date headers of its answers."""

    def __init__(self) -> None:
        """Start without a measurement."""
        self._least, self._most = float("-inf"), float("inf")

    def learn(self, exchange: Exchange) -> None:
        """Narrow the offset: the server wrote `Date`, cut to a full second, between sending and receiving."""
        date = exchange.response.first("Date") if exchange.response else None
        if date is None:
            return
        try:
            theirs = parsedate_to_datetime(date).timestamp()
        except (ValueError, OverflowError):
            return
        least, most = theirs - (exchange.started + exchange.duration_ms / 1000), theirs + 1 - exchange.started
        if least <= self._most and most >= self._least:
            self._least, self._most = max(least, self._least), min(most, self._most)

    @property
    def offset(self) -> float:
        """Seconds the target's clock is ahead; 0 where the answers do not show that it is off."""
        if self._least <= 0 <= self._most or self._least == float("-inf"):
            return 0.0
        return (self._least + self._most) / 2


def examine(profile: Profile, wire: Wire, clock: Clock, secret: Callable[[str, str], None]) -> Diagnosis:
    """Return a diagnosis; raises TargetError with one line that says what to change.

    `clock` must have been listening on `wire` from the start; `secret` is told every token that is seen.
    """
    found = Diagnosis(discover(profile, wire))
    if found.metadata.url:
        found.checks.append(("reachable", f"metadata at {found.metadata.url}"))
        found.checks.append(("tls", "the server certificate verifies"))
    found.clock_offset = clock.offset
    if abs(clock.offset) > profile.limits.clock_offset:
        raise TargetError(
            f"the target's clock is {clock.offset:+.0f} s off ours: set one of them right, "
            "or raise `limits.clock_offset` in the profile"
        )
    found.checks.append(("clock", f"{clock.offset:+.1f} s from ours"))
    if profile.resource is not None:
        found.resource = find(profile.resource.url, wire)
        if found.resource.url:
            found.checks.append(("resource metadata", f"at {found.resource.url}"))
    failure = None
    for alg in proof_algs(found.metadata if found.metadata.url else found.resource):
        trial = replace(found, facts={"proof_alg": alg}, checks=list(found.checks), failed={})
        session = open_session(profile, wire, trial, secret)
        try:
            _tokens(session, trial)
            _resources(session, trial)
        except (TargetError, Inconclusive, NotApplicable) as error:
            failure = failure or TargetError(str(error))  # the best algorithm's failure says most
        else:
            return trial
    raise failure or TargetError("the target advertises no proof algorithm that keybound can sign with")


def _first_grants(session: Session) -> list[Lane]:
    return [lane for mechanism in MECHANISMS for lane in session.lanes(mechanism, *ACCESS, *USED_TO)]


def _tokens(session: Session, found: Diagnosis) -> None:
    """Get one token in every way the profile declares; raises TargetError unless each mechanism gives one."""
    lanes = _first_grants(session)
    for lane in lanes:
        try:
            token = session.token(lane)
        except (Inconclusive, NotApplicable) as error:
            if lane.client.certificate is not None and _header_is_believed(session, found, lane):
                continue
            wrong = f"; correct [clients.{lane.name}] in the profile, or remove it"
            found.failed[str(lane)] = f"{error}{'' if lane.grant == 'command' else wrong}"
            _give_up(lanes, found)
            continue
        shape = "JWT" if read_claims(token.value) is not None else "opaque"
        kind = str(token.response.object.get("token_type"))[:20]
        found.facts[f"token.{lane}"] = shape
        found.checks.append((f"token {lane}", f"{shape} access token, token_type {kind}"))
    if not lanes:
        raise TargetError("no client of the profile has a grant that gives tokens: add `grants`")
    session.failed = frozenset(found.failed)


def _give_up(lanes: list[Lane], found: Diagnosis) -> None:
    """Raise TargetError with the first reason when nothing has worked for a while, or a mechanism is lost."""
    nothing = len(found.failed) >= _TRIED and not any(f"token.{lane}" in found.facts for lane in lanes)
    lost = any(
        all(str(lane) in found.failed for lane in lanes if lane.mechanism == mechanism)
        for mechanism in {lane.mechanism for lane in lanes}
    )
    if nothing or lost:
        raise TargetError(next(iter(found.failed.values())))


def _header_is_believed(session: Session, found: Diagnosis, lane: Lane) -> bool:
    """Return whether a certificate that does not arrive by TLS does so in a header, which anybody can send.

    The proxy in front is misconfigured then, and to say which header it is is worth a run.
    """
    if "certificate" not in found.facts:
        place = places.grant(session, lane)
        tried = (place.attempt(spoof, "doctor: header") for spoof in spoofs(HEADERS, no_certificate))
        believed = any(answer.outcome is Outcome.EFFECT for answer in tried)
        found.facts["certificate"] = (
            "does not arrive by TLS, and a header is believed" if believed else "does not arrive"
        )
    return found.facts["certificate"].endswith("believed")


def _resources(session: Session, found: Diagnosis) -> None:
    """Find out whose tokens the protected resource and the userinfo endpoint take."""
    for mechanism in MECHANISMS:
        lanes = session.lanes(mechanism, *ACCESS)
        if not lanes:
            continue
        if session.profile.resource is not None:
            asked = [
                lane for lane in places.resource_lanes(session, mechanism) if f"token.{lane}" in found.facts
            ]
            tried = {lane: places.api(session, lane).control("doctor: resource") for lane in asked}
            working = [lane for lane, answer in tried.items() if answer.outcome is Outcome.EFFECT]
            if tried and not working:
                seen = "; ".join(f"{lane}: {answer.explained}" for lane, answer in tried.items())
                raise TargetError(
                    f"no {mechanism} token works at {session.profile.resource.url} ({seen[:400]}): {_advice(tried)}"
                )
            _note(found, f"api.{mechanism}", working)
            _second_url(session, working)
        _userinfo(session, found, mechanism, lanes)


def _advice(tried: dict[Lane, Answer]) -> str:
    """Return what to look at when no token of these works at the resource."""
    if all(answer.outcome is Outcome.UNREACHABLE for answer in tried.values()):
        return "start it, or correct resource.url"
    if all(lane.grant == "minted" for lane in tried):
        return (
            "check resource.url and resource.method, and that it trusts issuer, keys and audience of [tokens]"
        )
    return "check resource.url, resource.method, resource.clients and the clients' scopes"


def _second_url(session: Session, working: list[Lane]) -> None:
    """See that the profile's second URL of the resource takes the tokens that work at the first."""
    url = session.profile.resource.second_url if session.profile.resource else None
    if url is None or not working:
        return
    answer = places.other(session, working[0]).control("doctor: second URL")
    if answer.outcome is not Outcome.EFFECT:
        raise TargetError(
            f"{working[0]}: its token does not work at {url} ({answer.explained}): check resource.also"
        )


def _userinfo(session: Session, found: Diagnosis, mechanism: Mechanism, lanes: list[Lane]) -> None:
    for lane in [
        lane for lane in lanes if lane.grant == "authorization_code" and f"token.{lane}" in found.facts
    ]:
        try:
            answer = places.userinfo(session, lane).control("doctor: userinfo")
        except NotApplicable as error:
            found.facts[f"userinfo.{mechanism}.why"] = str(error)
            return
        if answer.outcome is Outcome.EFFECT:
            _note(found, f"userinfo.{mechanism}", [lane])
            posted = places.userinfo(session, lane, "POST").control("doctor: userinfo by POST")
            if posted.outcome is Outcome.EFFECT:
                found.facts[f"userinfo.{mechanism}.post"] = str(lane)
            else:
                found.facts[f"userinfo.{mechanism}.post.why"] = f"userinfo takes no POST here: {posted.seen}"
            return
        found.facts[f"userinfo.{mechanism}.why"] = (
            f"userinfo does not take {mechanism} tokens here: {answer.seen}"
        )


def _note(found: Diagnosis, place: str, working: list[Lane]) -> None:
    if not working:
        return
    found.facts[place] = str(working[0])
    found.facts[f"{place}.all"] = ", ".join(map(str, working))
    found.checks.append((place, f"takes tokens of {', '.join(map(str, working))}"))
    for kind, fits in (("opaque", _is_opaque), ("self-signed", _is_self_signed)):
        special = next((lane for lane in working if fits(found, lane)), None)
        if special is not None:
            found.facts[f"{place}.{kind}"] = str(special)
        else:
            found.facts[f"{place}.{kind}.why"] = f"no client with {kind} tokens or certificate is taken there"


def _is_opaque(found: Diagnosis, lane: Lane) -> bool:
    return found.facts.get(f"token.{lane}") == "opaque"


def _is_self_signed(_: Diagnosis, lane: Lane) -> bool:
    return lane.client.auth == "self_signed_tls_client_auth"
