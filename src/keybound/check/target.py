"""What a test function works with: the target, one case, and the words for what must happen.

def test_broken_proof_is_refused(case, target):
    target.refuses(case)
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from keybound.cases.declare import Case
from keybound.check.controls import Controls
from keybound.check.token_facts import TokenFacts
from keybound.craft.access_token import TokenChange
from keybound.craft.changes.access_token import token_claim
from keybound.craft.changes.proof import kept_proof, no_proof, proof_lines, with_bound_token, with_key
from keybound.craft.changes.request import all_of, unchanged, with_token
from keybound.craft.jose import SUPPORTED_ALGS, Key, read_claims
from keybound.craft.request import Change
from keybound.errors import Inconclusive, NotApplicable
from keybound.flows.lanes import Lane, Token
from keybound.issuer import minting
from keybound.issuer.keys import IssuerKeys
from keybound.judge import rules
from keybound.judge.answer import Answer, Outcome
from keybound.judge.rules import Finding, Judgement, Measurement
from keybound.judge.verdict import Verdict
from keybound.places.place import Place
from keybound.places.table import API_LANE
from keybound.profile.clients import Grant, Mechanism
from keybound.wire.exchange import Response

_STORED_SECONDS = 0.3  # by then even a slow store has written a proof down


class Target:
    """The target as one case sees it. Every method adds to the judgement; none raises on a violation."""

    def __init__(self, controls: Controls, case: Case) -> None:
        """`controls` is the process's, `case` the one at hand."""
        self.controls = controls
        self.session = controls.session
        self.case = case
        self.judgement = Judgement()
        self.requirements = [controls.catalogue[name] for name in case.requirements]

    def place(self, name: str) -> Place:
        """Return a place by name; raises NotApplicable when the target has none."""
        return self.controls.place(name)

    def lane(
        self,
        mechanism: Mechanism,
        grant: Grant | None = None,
        *,
        auth: str | None = None,
        confidential: bool = False,
        jwt: bool = False,
    ) -> Lane:
        """Return the first way to tokens that fits; raises NotApplicable when the profile names none."""
        wanted: tuple[Grant, ...] = (grant,) if grant else ("client_credentials", "authorization_code")
        for lane in self.session.lanes(mechanism, *wanted):
            fits = auth in {None, lane.client.auth} and not (confidential and lane.client.auth == "none")
            if fits and not (jwt and self.controls.facts.get(f"token.{lane}") == "opaque"):
                return lane
        what = " ".join(
            filter(None, (grant, auth, "confidential" if confidential else "", "JWT" if jwt else ""))
        )
        raise NotApplicable(
            f"the profile names no client that gets {mechanism} tokens ({what or 'by any grant'})"
        )

    def read(self, token: Token) -> TokenFacts:
        """Read what can be read of a token: its claims, or else its introspection response."""
        announced = str(token.response.object.get("token_type") or "").lower()
        claims, source = read_claims(token.value), "claims"
        if claims is None:
            try:
                claims, source = self.session.introspect(token), "introspection"
            except (NotApplicable, Inconclusive):
                return TokenFacts(token, announced, {}, None)
        cnf = claims.get("cnf")
        return TokenFacts(token, announced, cnf if isinstance(cnf, dict) else {}, source)

    def token(
        self,
        mechanism: Mechanism,
        grant: Grant | None = None,
        *,
        auth: str | None = None,
        readable: bool = False,
        jwt: bool = False,
        introspectable: bool = False,
        change: Change | None = None,
    ) -> TokenFacts:
        """Get a new token and read it. `readable`: NotApplicable when neither claims nor introspection show a binding;
        `introspectable`: NotApplicable when the profile names nobody to introspect.
        """
        if introspectable and self.session.profile.introspection is None:
            raise NotApplicable("the profile names no client for introspection ([introspection])")
        lane = self.lane(mechanism, grant, auth=auth, jwt=jwt)
        token = self.session.issue(lane, change=change, label="hostile" if change else "token")
        if introspectable:
            return TokenFacts(token, "", {}, None)
        facts = self.read(token)
        if readable and facts.source is None:
            raise NotApplicable("the token is opaque and cannot be introspected")
        return facts

    def tokens(self, mechanism: Mechanism, grant: Grant) -> Iterator[TokenFacts]:
        """Get a new token of every client of the profile by `grant`; raises NotApplicable when there is none."""
        self.lane(mechanism, grant)
        for lane in self.session.lanes(mechanism, grant):
            yield self.read(self.session.issue(lane, label=f"token of {lane.name}"))

    def unbound_token(self, lane: Lane) -> Token:
        """Get a token of `lane` without a proof; raises NotApplicable where that gives none, or a bound one."""
        try:
            token = self.read(self.session.issue(lane, change=no_proof, label="unbound token"))
        except Inconclusive as error:
            raise NotApplicable(f"there is no unbound token: {error}") from None
        if token.type != "bearer":
            raise NotApplicable(f"there is no unbound token: {token.facts}")
        return token.token

    def token_of_key(self, key: Key) -> Change:
        """Return a change that uses another token of the victim, bound to `key`, with a proof of that key."""
        lane = self.api_lane()
        return with_bound_token(self.session.token(lane, key=key).value, key)

    def holding(self, key: Key) -> Change:
        """Return a change to the valid request of a holder of `key`; at a resource its token is bound to that key.

        Raises NotApplicable where there is no such token.
        """
        if self.case.role == "as":
            return with_key(key)
        try:
            return self.token_of_key(key)
        except Inconclusive as error:
            raise NotApplicable(f"there is no token for a key of {key.alg}: {error}") from None

    def taken_alg(self, *algs: str) -> str:
        """Return the first of `algs` that the target says it takes in proofs; raises NotApplicable if it takes none."""
        known = {*self.session.advertised_algs, self.session.alg}
        found = next((alg for alg in algs if alg in known), None)
        if found is None:
            raise NotApplicable(f"the target does not say that it takes {' or '.join(algs)} proofs")
        return found

    def signable(self, algs: object) -> list[str]:
        """Return those of `algs`, a list from some metadata, that keybound can sign proofs with."""
        return [alg for alg in SUPPORTED_ALGS if isinstance(algs, list) and alg in algs]

    def issuer_keys(self) -> IssuerKeys:
        """Return the keys of keybound's own issuer; raises NotApplicable when it mints no tokens here."""
        return minting.keys_of(self.session)

    def short_lived(self, end: int) -> Change:
        """Return a change that presents a token of the case's place that ends at `end` (seconds since the epoch)."""
        return self.token_with(token_claim("exp", end), kept=[])  # one token, however often it is presented

    def token_with(
        self, minted: TokenChange, then: Change | None = None, *, kept: list[str] | None = None
    ) -> Change:
        """Return a change that presents another token of the case's place, minted with `minted`; `then` applies after.

        The token is new each time, unless `kept` is given to hold the first one.
        """
        lane = minting.lane_at(self.session, self.controls.facts, self.case.place, self.case.mechanism)

        def value() -> str:
            if kept:
                return kept[0]
            token = minting.mint(self.session, lane, self.session.key(), minted).value
            if kept is not None:
                kept.append(token)
            return token

        return with_token(value) if then is None else all_of(with_token(value), then)

    def needs_dates(self) -> None:
        """Raise NotApplicable where nonces may stand in for the date of a proof (RFC 9449 section 4.3 item 11)."""
        place = self.place(self.case.place)
        self.controls.send(place, "to learn of nonces")
        if self.session.nonces.newest(place.server) is not None:
            raise NotApplicable(
                "this server gives nonces, and may judge freshness by them alone (RFC 9449 section 4.3 item 11)"
            )

    def about_nonces(self, case: Case) -> Case:
        """Return `case`, lenient where nonces are offered and never asked for: that breaks RFC 9449 section 11.3 only.

        Raises NotApplicable where the place works without nonces.
        """
        place = self.place(case.place)
        self.controls.send(place, "to learn of nonces")
        if not self.session.nonces.active(place.server):
            raise NotApplicable("this server works without nonces")
        return replace(case, lenient=case.lenient or not self.session.nonces.demands(place.server))

    def endpoints(self) -> list[str]:
        """Return the URLs of the endpoints that read proofs; raises NotApplicable when there is only one."""
        names = ("token", "pushed_authorization_request", "userinfo")
        found = [url for name in names if (url := self.session.metadata.endpoint(name))]
        found += [self.session.profile.resource.url] if self.session.profile.resource else []
        if len(set(found)) < 2:
            raise NotApplicable("the target has no second endpoint that reads proofs")
        return found

    def api_lane(self) -> Lane:
        """Return the lane whose tokens the protected resource takes; raises NotApplicable."""
        return API_LANE(self.session, self.controls.facts)

    def refuses(self, case: Case, change: Change | None = None, place: Place | None = None) -> None:
        """Send the valid request of the case's place, then with the case's change, then valid again, and judge."""
        change = change or self._change_of(case)
        if change is None:
            raise ValueError(f"{case.id} has no change")
        where = place or self.place(case.place)
        before = self.controls.send(where, "before")
        attack = where.attempt(change, "hostile") if before.outcome is Outcome.EFFECT else before
        after = self.controls.send(where, "after") if before.outcome is Outcome.EFFECT else before
        self._judge_attack(case, where, before, attack, after)

    def refuses_each(self, case: Case, changes: Iterable[Change], unless: Change | None = None) -> None:
        """Send each change of the valid request between two valid ones; the first that is not refused is judged.

        Raises NotApplicable when the change `unless` alone takes effect: then the others show nothing of their own.
        Where it does not and one of the others does, the contrast is the evidence, and no control is needed.
        """
        where = self.place(case.place)
        if unless is not None and where.attempt(unless, "without the header").outcome is Outcome.EFFECT:
            raise NotApplicable(
                "the request works without the header as well: that is for another case to say"
            )
        before = attack = self.controls.send(where, "before")
        tried = 0
        if before.outcome is Outcome.EFFECT or unless is not None:
            for change in changes:
                attack, tried = where.attempt(change, "hostile"), tried + 1
                if attack.outcome is not Outcome.REFUSED:
                    break
        if unless is not None and attack.outcome is Outcome.EFFECT:
            before = attack
        after = (
            attack
            if before is attack
            else self.controls.send(where, "after")
            if before.outcome is Outcome.EFFECT
            else before
        )
        self._judge_attack(case, where, before, attack, after)
        self.note(f"{tried} variants tried")

    def refuses_again(self, case: Case, place: Place | None = None) -> None:
        """Send a valid request, then another one that carries the same proof, byte for byte (RFC 9449 section 11.1)."""
        where = place or self.place(case.place)
        kept: list[str] = []

        before = where.attempt(kept_proof(kept), "control before: the proof's first use")
        attack = (
            where.attempt(proof_lines(kept[-1]), "hostile: the same proof again")
            if before.outcome is Outcome.EFFECT
            else before
        )
        after = self.controls.send(where, "after")
        self._judge_attack(case, where, before, attack, after)

    def refuses_replay_with(self, case: Case, change: Callable[[str], Change]) -> None:
        """Send a proof, see that the same bytes are refused, send what `change` makes of the used proof, and judge.

        Raises NotApplicable where the same bytes are taken again: without detection there is nothing to bypass.
        """
        where = self.place(case.place)
        kept: list[str] = []

        before = where.attempt(kept_proof(kept), "control before: the proof's first use")
        if before.outcome is Outcome.EFFECT:
            again = where.attempt(proof_lines(kept[-1]), "the same proof again")
            if again.outcome is Outcome.EFFECT:
                raise NotApplicable("replays are not detected here, so there is nothing to bypass")
        attack = where.attempt(change(kept[-1]), "hostile: the used proof, changed")
        after = self.controls.send(where, "after")
        self._judge_attack(case, where, before, attack, after)

    def parallel(self, case: Case, count: int) -> list[Answer]:
        """Send one request with one proof `count` times at once and return the answers.

        Raises NotApplicable where replays are not detected at all, or where one request uses up more than its proof.
        """
        where = self.place(case.place)
        if where.server == "as" and where.lane is not None and where.lane.grant != "client_credentials":
            raise NotApplicable(f"a {where.lane.grant} request is good once for other reasons")
        if self.controls.send(where, "before").outcome is not Outcome.EFFECT:
            raise Inconclusive("the control before failed")
        draft = where.build(where.material())
        proofs = [draft.proof.encode()] if draft.proof else []
        draft.proof_headers = lambda _: proofs
        answers = self.session.burst([draft] * count, "hostile: at once", where.effect)
        if sum(answer.outcome is Outcome.EFFECT for answer in answers) <= 1:
            return answers
        time.sleep(_STORED_SECONDS)
        if where.attempt(proof_lines(proofs[0]), "the same proof later").outcome is Outcome.EFFECT:
            raise NotApplicable("replays are not detected here")
        return answers

    def accepts(self, case: Case, change: Change | None = None, place: Place | None = None) -> Answer:
        """Send the valid request, a variant that is just as valid, and the valid one again, and judge."""
        where = place or self.place(case.place)
        change = change or self._change_of(case)
        before = self.controls.send(where, "before")
        variant = where.attempt(change or unchanged, "variant")
        after = self.controls.send(where, "after")
        self._judged(rules.valid(before, variant, after, self.requirements, lenient=case.lenient))
        return variant

    def refusal(self, case: Case, change: Change | None = None) -> Answer:
        """Return the answer to the case's change, for a look at how it refuses.

        Raises Inconclusive when the control before it fails, NotApplicable when the request is not refused at all:
        that is for another case to say.
        """
        where = self.place(case.place)
        change = change or self._change_of(case)
        before = self.controls.send(where, "before")
        if before.outcome is not Outcome.EFFECT or change is None:
            raise Inconclusive(f"control before: {before.seen}")
        answer = where.attempt(change, "hostile")
        if answer.outcome is not Outcome.REFUSED:
            raise NotApplicable(f"the request was not refused: {answer.seen}")
        return answer

    def response_to(self, place: Place, change: Change | None, label: str = "hostile") -> Response:
        """Return the response to the valid request of `place` with `change`, after a control; raises Inconclusive.

        For a look at header fields of the answer; what came of the request is for other cases to say.
        """
        self.controls.require(place)
        place.attempt(change, label)
        found = [
            exchange.response for exchange in self.controls.exchanges if exchange.label.startswith(label)
        ]
        if not found or found[-1] is None:
            raise Inconclusive("the request got no answer")
        return found[-1]

    def expect(self, holds: bool, expected: str, seen: object, *requirements: str) -> bool:
        """Record for each requirement (default: all of the case) whether it holds; return `holds`."""
        for name in requirements or self.case.requirements:
            requirement = self.controls.catalogue[name]
            verdict = Verdict.PASS if holds else rules.violation(requirement, lenient=self.case.lenient)
            self.judgement.findings.append(Finding(name, verdict, expected, str(seen)[:300]))
        if holds:
            self.judgement.evidence = self.judgement.evidence or "exact"
        return holds

    def expect_effect(self, answer: Answer, expected: str) -> None:
        """Record whether the request took effect."""
        self.expect(answer.outcome is Outcome.EFFECT, expected, answer.seen)

    def expect_no_effect(self, answer: Answer, expected: str) -> None:
        """Record whether the request took no effect."""
        self.expect(answer.outcome is not Outcome.EFFECT, expected, answer.seen)

    def measure(self, name: str, place: str, value: float | str, unit: str) -> None:
        """Record a number that the specifications leave open."""
        self.judgement.measurements.append(Measurement(name, place, value, unit))

    def note(self, text: str) -> None:
        """Record a lawful difference as information."""
        self.judgement.notes.append(text)

    def _change_of(self, case: Case) -> Change | None:
        return case.change if case.minted is None else self.token_with(case.minted, case.change)

    def _judge_attack(self, case: Case, where: Place, before: Answer, attack: Answer, after: Answer) -> None:
        exact = case.names_the_reason or where.names_the_reason
        self._judged(rules.hostile(before, attack, after, self.requirements, exact, lenient=case.lenient))

    def _judged(self, judgement: Judgement) -> None:
        self.judgement.findings += judgement.findings
        self.judgement.evidence = judgement.evidence
        self.judgement.reason = judgement.reason
        self.judgement.notes += judgement.notes


__all__ = ["Controls", "Inconclusive", "NotApplicable", "Target"]
