"""Who sends to the target, and how: keys, certificates, endpoints and nonces; no tokens yet."""

import time
from collections.abc import Callable, Sequence
from functools import cached_property

from keybound.craft.certificates import self_signed
from keybound.craft.jose import SUPPORTED_ALGS, Key
from keybound.craft.proof import new_proof
from keybound.craft.request import NO_CERTIFICATE, Actor, Change, Draft, Identity
from keybound.errors import NotApplicable
from keybound.flows.client_auth import authenticate
from keybound.flows.nonces import Nonces
from keybound.flows.related_certificates import related_certificates
from keybound.judge.answer import Answer, Effect, Outcome, read
from keybound.profile.clients import Client
from keybound.profile.discovery import Metadata
from keybound.profile.target_profile import Profile
from keybound.wire.client import Wire
from keybound.wire.exchange import Request, Response

_IAT_MARGIN = 1.0  # some servers refuse an iat even one second ahead of their clock


def proof_algs(metadata: Metadata) -> list[str]:
    """Return the proof algorithms to try, best first: what the target advertises, or else common ones."""
    advertised = metadata.strings("dpop_signing_alg_values_supported")
    return [alg for alg in SUPPORTED_ALGS if alg in advertised] or ["ES256", "EdDSA", "PS256", "RS256"]


class Sender:
    """Sends as any of a profile's clients. Holds the keys and nonces of one process."""

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
        self.nonces = Nonces()
        self.secrets: Callable[[str, str], None] = lambda _value, _kind: None
        self.alg = alg or proof_algs(metadata)[0]
        self._offset = clock_offset
        self._keys: dict[tuple[str, str], Key] = {}

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
