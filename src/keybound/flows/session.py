"""One worker's view of the target: how its tokens and codes are obtained."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urlencode

from keybound.craft.jose import Key, sha256_b64url
from keybound.craft.request import Change, Draft
from keybound.errors import Inconclusive, NotApplicable
from keybound.flows.lanes import Code, Lane, Token, grant_type
from keybound.flows.login import authorize
from keybound.flows.sender import Sender
from keybound.judge.answer import Outcome, par_effect, token_effect
from keybound.profile.clients import Client, Grant, Mechanism
from keybound.profile.discovery import Metadata
from keybound.profile.target_profile import Profile
from keybound.profile.tokens import Source
from keybound.wire.client import Wire
from keybound.wire.exchange import Response

_GIVE_REFRESH: tuple[Grant, ...] = ("authorization_code", "device_code", "ciba")


class OwnTokens(Protocol):
    """Where tokens come from that the target's authorization server does not issue."""

    @property
    def source(self) -> Source:
        """Return the grant of their lanes."""

    def lanes(self, mechanism: Mechanism) -> list[Lane]:
        """Return the ways to them."""

    def issue(self, session: "Session", lane: Lane, key: Key) -> Token:
        """Return a new one of `lane`, bound to `key` or to the lane's certificate."""


Forms = Mapping[str, Callable[["Session", Lane], dict[str, str]]]
"""By grant: what makes the parameters of its token request, anew each time."""


class Session(Sender):
    """Everything a case needs to talk to the target. Holds keys, tokens and nonces of one process."""

    def __init__(
        self,
        profile: Profile,
        wire: Wire,
        metadata: Metadata,
        clock_offset: float = 0.0,
        alg: str | None = None,
        *,
        forms: Forms | None = None,
        minting: OwnTokens | None = None,
    ) -> None:
        """`forms` are of grants beyond codes, refresh tokens and client credentials; the rest is as for a Sender."""
        super().__init__(profile, wire, metadata, clock_offset, alg)
        self.failed: frozenset[str] = frozenset()  # ways to tokens that do not work
        self.minting = minting
        self._forms = forms or {}
        self._tokens: dict[tuple[Lane, str], Token] = {}

    def lanes(self, mechanism: Mechanism, *grants: Grant | Source) -> list[Lane]:
        """Return the profile's ways to tokens bound by `mechanism` that work, for the given grants in that order."""
        minted = self.minting is not None and self.minting.source in grants
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

    def token_draft(self, lane: Lane, grant_form: dict[str, str], key: Key | None = None) -> Draft:
        """Return a token request of `lane`; `grant_form` holds the grant's own parameters. DPoP lanes carry a proof."""
        client = lane.client
        form = {"grant_type": grant_type(lane.grant), **grant_form, **client.token_params}
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
        make = self._forms.get(lane.grant)
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
        if self.minting is not None and lane.grant == self.minting.source:
            return self.minting.issue(self, lane, used)
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
        last = self._tokens.get(slot)
        if last is None or fresh or last.stale:
            last = self._tokens[slot] = self.issue(lane, key=key)
        return last

    def forget(self, lane: Lane) -> None:
        """Drop the tokens of `lane`, so that the next one is new."""
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
