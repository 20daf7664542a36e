"""What goes before the protected request: a JSON-RPC API such as MCP is greeted first and hands out a session."""

from collections.abc import Callable

from keybound.craft.request import Draft
from keybound.flows.lanes import Token
from keybound.flows.session import Session
from keybound.profile.target_profile import Resource
from keybound.wire.exchange import Response


class Conversation:
    """Opens a conversation once for each token and remembers the headers that later requests repeat."""

    def __init__(self, session: Session, resource: Resource, request: Callable[[Token], Draft]) -> None:
        """`request` makes a valid request with a token, without a body."""
        self._session = session
        self._resource = resource
        self._request = request
        self._opened: dict[str, list[tuple[str, str]]] = {}

    def headers(self, token: Token) -> list[tuple[str, str]]:
        """Return the headers of `token`'s conversation; where none opens, the protected request shows it."""
        opening = self._resource.opening
        if opening is None:
            return []
        if token.value not in self._opened:
            carried = self._opened[token.value] = []
            for body in opening.bodies:
                carried += [pair for pair in self._send(token, body, list(carried)) if pair not in carried]
        return self._opened[token.value]

    def _send(self, token: Token, body: str, carried: list[tuple[str, str]]) -> list[tuple[str, str]]:
        def build() -> Draft:
            draft = self._request(token)
            draft.headers += carried
            draft.body = body.encode()
            return draft

        found: list[tuple[str, str]] = []

        def effect(response: Response) -> str | None:
            if self._resource.opening is not None:
                names = {name.lower() for name in self._resource.opening.carry}
                found.extend(pair for pair in response.headers if pair[0].lower() in names)
            return f"{response.status}" if response.ok else None

        self._session.send_with_nonce(build, None, "opening", "rs", effect)
        return found
