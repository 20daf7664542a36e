"""One worker's view of the target: who the actors are, what time it is there, and how tokens are obtained."""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from keybound.craft.certificates import self_signed
from keybound.craft.jose import SUPPORTED_ALGS, Key, sha256_b64url
from keybound.craft.proof import new_proof
from keybound.craft.request import NO_CERTIFICATE, Actor, Change, Draft, Identity
from keybound.errors import Inconclusive, NotApplicable
from keybound.flows import grants
from keybound.flows.client_auth import authenticate
from keybound.flows.login import authorize
from keybound.flows.nonces import Nonces
from keybound.flows.related_certificates import related_certificates
from keybound.issuer import minting
from keybound.judge.answer import Answer, Effect, Outcome, par_effect, read, token_effect
from keybound.profile.clients import Client, Grant, Mechanism
from keybound.profile.discovery import Metadata
from keybound.profile.target_profile import Profile
from keybound.profile.tokens import Source
from keybound.wire.client import Wire
from keybound.wire.exchange import Request, Response

_IAT_MARGIN = 1.0  # some servers refuse an iat even one second ahead of their clock
_EXPIRY_MARGIN = 30.0
_LIFETIME = 60.0  # seconds, of a token that does not say
_GIVE_REFRESH: tuple[Grant, ...] = ("authorization_code", "device_code", "ciba")
ACCESS: tuple[Grant | Source, ...] = ("minted", "command", "client_credentials", "authorization_code")
"""The ways to an access token that need no other token first."""


@dataclass(frozen=True)
class Lane:
    """One way of getting tokens: a client, a grant, and how the token is bound."""

    name: str
    client: Client = field(compare=False)
    grant: Grant | Source
    mechanism: Mechanism
    opaque: bool = False  # of minted tokens

    def __str__(self) -> str:
        """Return it as reports show it."""
        return f"{self.name}/{self.grant}/{self.mechanism}"


@dataclass(frozen=True)
class Token:
    """A token response: the token, what it is bound to on our side, and the answer it came in."""

    value: str
    lane: Lane
    key: Key
    identity: Identity
    refresh: str | None
    response: Response = field(repr=False)
    got: float = field(default_factory=time.time, repr=False)

    @property
    def lifetime(self) -> float | None:
        """The `expires_in` of the response in seconds (RFC 6749 section 5.1), or None without a number there."""
        said = self.response.object.get("expires_in")
        return said if isinstance(said, int | float) and not isinstance(said, bool) else None

    @property
    def stale(self) -> bool:
        """True when so little of its lifetime is left that the next request had better use another one."""
        lifetime = self.lifetime or _LIFETIME
        return time.time() > self.got + max(lifetime - _EXPIRY_MARGIN, lifetime / 2)


@dataclass(frozen=True)
class Code:
    """An authorization code and what its redemption needs."""

    value: str
    verifier: str


def proof_algs(metadata: Metadata) -> list[str]:
    """Return the proof algorithms to try, best first: what the target advertises, or else common ones."""
    advertised = metadata.strings("dpop_signing_alg_values_supported")
    return [alg for alg in SUPPORTED_ALGS if alg in advertised] or ["ES256", "EdDSA", "PS256", "RS256"]


class Session:
    """Everything a case needs to talk to the target. Holds keys, tokens and nonces of one process."""

    def __init__(
        self,
        profile: Profile,
        wire: Wire,
        metadata: Metadata,
        clock_offset: float = 0.0,
        alg: str | None = None,
    ) -> None:
        """`clock_offset`: seconds the target's clock is ahead of ours; `alg`: the algorithm of ordinary proofs."""
        self.profile = profile
        self.wire = wire
        self.metadata = metadata
        self.resource_metadata = Metadata()  # RFC 9728
        self.failed: frozenset[str] = frozenset()  # ways to tokens that do not work
        self.nonces = Nonces()
        self.secrets: Callable[[str, str], None] = lambda _value, _kind: None
        self._offset = clock_offset
        self.minting = minting.Minting(profile) if profile.tokens is not None else None
        self.alg = alg or proof_algs(metadata)[0]
        self._keys: dict[tuple[str, str], Key] = {}
        self._tokens: dict[tuple[Lane, str], Token] = {}

    def now(self) -> float:
        """Return the target's time in seconds since the epoch, a little late rather than early."""
        return time.time() + self._offset - _IAT_MARGIN

    @property
    def advertised_algs(self) -> list[str]:
        """Proof algorithms that the metadata of the authorization server or else of the resource lists."""
        name = "dpop_signing_alg_values_supported"
        return self.metadata.strings(name) or self.resource_metadata.strings(name)

    def key(self, actor: str = "victim", alg: str | None = None) -> Key:
        """Return the key of an actor for a proof algorithm, made once (RSA keys are slow to make)."""
        wanted = alg or self.alg
        if (actor, wanted) not in self._keys:
            self._keys[actor, wanted] = Key.generate(wanted)
        return self._keys[actor, wanted]

    def identity(self, client: Client) -> Identity:
        """Return the TLS identity of a client: its certificate, or none."""
        if client.certificate is None or client.certificate_key is None:
            return NO_CERTIFICATE
        return Identity(f"client {client.id}", client.certificate, client.certificate_key.get_secret_value())

    @cached_property
    def attacker(self) -> Actor:
        """The attacker: its own key, and its own certificate (self-signed when the profile gives none)."""
        own = self.profile.attacker
        if own.certificate is not None and own.certificate_key is not None:
            certificate, key = own.certificate, own.certificate_key.get_secret_value()
        else:
            victim = next((c.certificate for c in self.profile.all_clients.values() if c.certificate), None)
            certificate, key = self_signed(victim)
        identity = Identity("attacker", certificate, key)
        return Actor(self.key("attacker"), identity, related_certificates(self.profile, identity))

    def endpoint(self, name: str, *, mtls: bool = False) -> str:
        """Return the URL of an endpoint; raises NotApplicable when the target has none."""
        url = getattr(self.profile.endpoints, name, None) or self.metadata.endpoint(name, mtls=mtls)
        if url is None:
            raise NotApplicable(f"the target has no {name} endpoint")
        return str(url)

    def lanes(self, mechanism: Mechanism, *grants: Grant | Source) -> list[Lane]:
        """Return the profile's ways to tokens bound by `mechanism` that work, for the given grants in that order."""
        minted = self.minting is not None and self.minting.settings.source in grants
        outside = self.minting.lanes(mechanism) if self.minting and minted else []
        if not self.profile.has_as:
            return outside
        clients = self.profile.all_clients.items()
        return outside + [
            Lane(name, client, grant, mechanism)
            for grant in grants
            for name, client in clients
            if grant in client.grants and mechanism in client.mechanisms and client.jwks_uri is None
            if str(Lane(name, client, grant, mechanism)) not in self.failed
        ]

    def send(
        self, draft: Draft, label: str, server: str, effect: Effect, *, certificate_matters: bool = False
    ) -> Answer:
        """Send a draft, adopt the nonce of the answer, and return the answer read."""
        exchange = self.wire.send(self._request(draft), draft.identity, label)
        answer = read(exchange, effect, certificate_matters=certificate_matters)
        self.nonces.learn(server, exchange, success=answer.outcome is Outcome.EFFECT)
        if exchange.response is not None:
            self._remember_secrets(exchange.response)
        return answer

    def _request(self, draft: Draft) -> Request:
        """Return a draft as it is sent; the target may show again what is secret in it."""
        for name, kind in (("client_assertion", "assertion"), ("code_verifier", "code")):
            self.secrets((draft.form or {}).get(name, ""), kind)
        headers, trailers = tuple(draft.all_headers()), tuple(draft.trailers)
        return Request(draft.method, draft.url, headers, draft.content(), trailers, draft.request_target)

    def _remember_secrets(self, response: Response) -> None:
        for name in ("access_token", "refresh_token", "id_token"):
            value = response.object.get(name)
            if isinstance(value, str):
                self.secrets(value, "token")

    def send_with_nonce(
        self,
        build: Callable[[], Draft],
        change: Change | None,
        label: str,
        server: str,
        effect: Effect,
        *,
        certificate_matters: bool = False,
    ) -> Answer:
        """Build, change and send a request; when a nonce is demanded, once more with it (RFC 9449 section 8).

        The same change is applied again to a new proof, so only the second answer says anything about the change.
        """
        for again in ("", ", with nonce"):
            draft = build()
            if change is not None:
                change(draft)
            answer = self.send(draft, label + again, server, effect, certificate_matters=certificate_matters)
            if not answer.wants_nonce:
                break
            if change is None:
                self.nonces.demanded(server)
        return answer

    def burst(self, drafts: Sequence[Draft], label: str, effect: Effect) -> list[Answer]:
        """Send drafts of one identity at the same moment and return the answers."""
        exchanges = self.wire.burst([self._request(each) for each in drafts], drafts[0].identity, label)
        for response in [exchange.response for exchange in exchanges if exchange.response is not None]:
            self._remember_secrets(response)
        return [read(exchange, effect) for exchange in exchanges]

    def draft(self, client: Client, url: str, form: dict[str, str], proof_key: Key | None) -> Draft:
        """Return a POST of `form` by `client` to an AS endpoint, with a proof of `proof_key` unless that is None."""
        draft = Draft(
            "POST", url, self.identity(client), self.attacker, [("Accept", "application/json")], form
        )
        authenticate(client, draft, self.profile.issuer or url, self.now())
        if proof_key is not None:
            draft.proof = new_proof(proof_key, "POST", url, self.now(), nonce=self.nonces.newest("as"))
        return draft

    def token_draft(self, lane: Lane, grant_form: dict[str, str], key: Key | None = None) -> Draft:
        """Return a token request of `lane`; `grant_form` holds the grant's own parameters. DPoP lanes carry a proof."""
        client = lane.client
        form = {"grant_type": grants.grant_type(lane.grant), **grant_form, **client.token_params}
        if client.scope and lane.grant == "client_credentials":
            form["scope"] = client.scope
        proof_key = (key or self.key()) if lane.mechanism == "dpop" else None
        return self.draft(
            client, self.endpoint("token", mtls=client.certificate is not None), form, proof_key
        )

    def authorization_form(self, client: Client, extra: dict[str, str]) -> tuple[dict[str, str], str]:
        """Return (authorization request parameters, PKCE verifier) with S256 (RFC 7636)."""
        verifier = secrets.token_urlsafe(48)
        self.secrets(verifier, "code")
        form = {
            "response_type": "code",
            "client_id": client.id,
            "redirect_uri": str(client.redirect_uri),
            "state": secrets.token_urlsafe(12),
            "code_challenge": sha256_b64url(verifier.encode()),
            "code_challenge_method": "S256",
            **({"scope": client.scope} if client.scope else {}),
            **client.authorize_params,
            **extra,
        }
        return form, verifier

    def push(self, client: Client, form: dict[str, str], proof_key: Key | None) -> str:
        """Push an authorization request (RFC 9126) and return its request_uri; raises Inconclusive."""
        url = self.endpoint("pushed_authorization_request", mtls=client.certificate is not None)
        kept: list[Response] = []

        def effect(response: Response) -> str | None:
            kept.append(response)
            return par_effect(response)

        answer = self.send_with_nonce(
            lambda: self.draft(client, url, dict(form), proof_key), None, "par", "as", effect
        )
        if answer.outcome is not Outcome.EFFECT:
            raise Inconclusive(f"the valid PAR request of client {client.id} failed: {answer.explained}")
        return str(kept[-1].object["request_uri"])

    def authorization(self, client: Client, form: dict[str, str]) -> dict[str, str]:
        """Send the user through an authorization request and return the parameters that come back to the client.

        Raises Inconclusive when none do.
        """
        opened = self.endpoint("authorization")
        url = f"{opened}{'&' if '?' in opened else '?'}{urlencode(form)}"
        return authorize(self.wire, self.profile, url, str(client.redirect_uri))

    def code(
        self,
        lane: Lane,
        extra: dict[str, str] | None = None,
        par_key: Key | None = None,
        beside: dict[str, str] | None = None,
    ) -> Code:
        """Log in and return an authorization code.

        `extra` joins the authorization request, `par_key` proves itself at PAR, `beside` stands in the URL beside a
        request_uri. Raises Inconclusive when the target does not give one.
        """
        client = lane.client
        form, verifier = self.authorization_form(client, extra or {})
        if client.par or par_key is not None:
            form = {"client_id": client.id, "request_uri": self.push(client, form, par_key)} | (beside or {})
        answer = self.authorization(client, form)
        if "code" not in answer:
            raise Inconclusive(
                f"the authorization request of client {client.id} failed: {answer.get('error', 'no code')}"
            )
        self.secrets(answer["code"], "code")
        return Code(answer["code"], verifier)

    def code_form(self, lane: Lane, code: Code) -> dict[str, str]:
        """Return the token request parameters that redeem `code`."""
        return {
            "code": code.value,
            "code_verifier": code.verifier,
            "redirect_uri": str(lane.client.redirect_uri),
        }

    def grant_form(self, lane: Lane) -> dict[str, str]:
        """Return new parameters for one token request of `lane`, logging in where the grant needs it."""
        if lane.grant == "authorization_code":
            return self.code_form(lane, self.code(lane))
        if lane.grant == "refresh_token":
            return {"refresh_token": self.refresh_token(lane)}
        make = grants.FORMS.get(lane.grant)
        return make(self, lane) if make else {}

    def refresh_token(self, lane: Lane, key: Key | None = None) -> str:
        """Return a new refresh token, from a new login; raises NotApplicable when the target gives none."""
        grant = next(each for each in _GIVE_REFRESH if each in lane.client.grants)
        token = self.issue(Lane(lane.name, lane.client, grant, lane.mechanism), key=key)
        if token.refresh is None:
            raise NotApplicable(f"client {lane.name} gets no refresh token from the {grant} grant")
        return token.refresh

    def issue(
        self,
        lane: Lane,
        grant_form: dict[str, str] | None = None,
        *,
        key: Key | None = None,
        change: Change | None = None,
        label: str = "token",
    ) -> Token:
        """Get a new token; raises Inconclusive when the valid request fails."""
        used = key or self.key()
        if lane.grant == "minted":
            return minting.mint(self, lane, used)
        if lane.grant == "command":
            return minting.run_command(self, lane, used)
        form = self.grant_form(lane) if grant_form is None else grant_form
        kept: list[Response] = []

        def effect(response: Response) -> str | None:
            kept.append(response)
            return token_effect(response)

        answer = self.send_with_nonce(
            lambda: self.token_draft(lane, dict(form), used), change, label, "as", effect
        )
        if answer.outcome is not Outcome.EFFECT:
            raise Inconclusive(f"the valid token request {lane} failed: {answer.explained}")
        body = kept[-1].object
        value = body["access_token"]
        if not isinstance(value, str):
            raise Inconclusive(
                f"the token request {lane} was answered with an access_token that is no string"
            )
        return Token(
            value,
            lane,
            used,
            self.identity(lane.client),
            body["refresh_token"] if isinstance(body.get("refresh_token"), str) else None,
            kept[-1],
        )

    def token(self, lane: Lane, *, key: Key | None = None, fresh: bool = False) -> Token:
        """Return a token of `lane`, the last one until it is stale, unless `fresh`."""
        slot = (lane, (key or self.key()).thumbprint)
        held = self._tokens.get(slot)
        if held is None or fresh or held.stale:
            held = self._tokens[slot] = self.issue(lane, key=key)
        return held

    def forget(self, lane: Lane) -> None:
        """Drop the tokens held for `lane`, so that the next one is new."""
        self._tokens = {slot: token for slot, token in self._tokens.items() if slot[0] != lane}

    def introspect(self, token: Token, change: Change | None = None) -> dict[str, Any]:
        """Return the introspection response for a token (RFC 7662); raises NotApplicable or Inconclusive."""
        if self.profile.introspection is None:
            raise NotApplicable("the profile names no client for introspection ([introspection])")
        client = self.profile.all_clients[self.profile.introspection.client]
        url = self.endpoint("introspection", mtls=client.certificate is not None)
        kept: list[Response] = []

        def effect(response: Response) -> str | None:
            kept.append(response)
            return "an answer" if response.ok and "active" in response.object else None

        form = {"token": token.value, "token_type_hint": "access_token"}
        answer = self.send_with_nonce(
            lambda: self.draft(client, url, dict(form), None), change, "introspection", "as", effect
        )
        if answer.outcome is not Outcome.EFFECT:
            raise Inconclusive(f"the introspection request failed: {answer.explained}")
        return kept[-1].object
