"""Reading an exchange: did the request take effect, was it refused, or did the target break?"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from keybound.judge.challenge import Challenge, parse
from keybound.wire.exchange import Exchange, Response, Trouble

_BY_TLS = {Trouble.TLS_ALERT}
_CRASH = {Trouble.TIMEOUT, Trouble.RESET, Trouble.CUT, Trouble.GARBAGE}


class Outcome(StrEnum):
    """What came of a request."""

    EFFECT = "took effect"
    REFUSED = "refused"
    CRASHED = "broke the target"
    UNREACHABLE = "did not reach the target"


@dataclass(frozen=True)
class Answer:
    """An exchange, read: the outcome, the error codes it names, and one line for people.

    `token_type` is that of a token in the answer, in lower case; `description` what the server says of its refusal.
    """

    outcome: Outcome
    seen: str
    status: int | None = None
    codes: frozenset[str] = frozenset()
    challenges: tuple[Challenge, ...] = ()
    by_tls: bool = False
    wants_nonce: bool = False
    limited: bool = False
    token_type: str | None = None
    description: str = ""

    @property
    def explained(self) -> str:
        """`seen` and the server's own words, where somebody has to find out why a valid request does not work."""
        return f"{self.seen} ({self.description})" if self.description else self.seen

    @property
    def schemes(self) -> frozenset[str]:
        """The authentication schemes of the challenges, in lower case."""
        return frozenset(challenge.scheme for challenge in self.challenges)

    def parameter(self, scheme: str, name: str) -> str | None:
        """Return a parameter of the first challenge of `scheme` that has it, or None."""
        values = (challenge.get(name) for challenge in self.challenges if challenge.scheme == scheme)
        return next((value for value in values if value is not None), None)


Effect = Callable[[Response], str | None]
"""Says what effect a response shows ("a DPoP token"), or None when it shows none."""


def token_effect(response: Response) -> str | None:
    """Token endpoint: any access token is an effect, whatever the status (RFC 6749 section 5.1)."""
    body = response.object
    if not body.get("access_token"):
        return None
    return f"{response.status} and an access token of type {str(body.get('token_type', '(none)'))[:20]}"


def par_effect(response: Response) -> str | None:
    """PAR endpoint: a request_uri is an effect (RFC 9126 section 2.2)."""
    return f"{response.status} and a request_uri" if response.object.get("request_uri") else None


def resource_effect(status: int | None, canary: str | None) -> Effect:
    """Protected resource: a success status, or the protected text in any answer. `status` None means any 2xx."""

    def effect(response: Response) -> str | None:
        if canary is not None and canary in response.text:
            return f"{response.status} and the protected content"
        if response.ok or response.status == status:
            return f"{response.status}"
        return None

    return effect


def error_codes(response: Response, challenges: tuple[Challenge, ...]) -> frozenset[str]:
    """Return every OAuth error code in a JSON body or in the challenges."""
    return frozenset(code[:60] for code in _said("error", response, challenges))


def _said(name: str, response: Response, challenges: tuple[Challenge, ...]) -> list[str]:
    """Return the texts that a JSON body and the challenges have under `name`, in that order."""
    body = response.object
    nested = body.get("detail")  # some frameworks wrap the OAuth error once
    found = [body.get(name), nested.get(name) if isinstance(nested, dict) else None]
    found += [challenge.get(name) for challenge in challenges]
    return [text for text in found if isinstance(text, str) and text]


def read(exchange: Exchange, effect: Effect, *, certificate_matters: bool = False) -> Answer:
    """Return what `exchange` means at an endpoint whose effects `effect` recognises.

    `certificate_matters`: the client certificate is what was changed, so a connection that ends in or right after
    the handshake is a refusal too (TLS 1.3 shows it on the first read, some servers without an alert).
    """
    response = exchange.response
    if response is None:
        trouble = exchange.trouble or Trouble.GARBAGE
        if trouble in (_BY_TLS | {Trouble.RESET, Trouble.TLS} if certificate_matters else _BY_TLS):
            return Answer(Outcome.REFUSED, f"{trouble}: {exchange.detail}", by_tls=True)
        outcome = Outcome.CRASHED if trouble in _CRASH else Outcome.UNREACHABLE
        return Answer(outcome, f"{trouble}: {exchange.detail}"[:200])
    challenges = tuple(parse(response.all("WWW-Authenticate")))
    codes = error_codes(response, challenges)
    schemes = dict.fromkeys(challenge.scheme for challenge in challenges)
    named = f"{response.status} {' '.join(sorted(codes)) or '(no error code)'}"
    if schemes:
        named += f", challenge {' '.join(schemes)}"
    shown = effect(response)
    if shown is not None:
        kind = response.object.get("token_type")
        token_type = kind.lower() if isinstance(kind, str) else None
        return Answer(Outcome.EFFECT, shown, response.status, codes, challenges, token_type=token_type)
    outcome = Outcome.CRASHED if response.status >= 500 else Outcome.REFUSED
    wants_nonce = "use_dpop_nonce" in codes and bool(response.first("DPoP-Nonce"))
    return Answer(
        outcome,
        named,
        response.status,
        codes,
        challenges,
        wants_nonce=wants_nonce,
        limited=response.status == 429,
        description=next(iter(_said("error_description", response, challenges)), "")[:120],
    )
