"""Registering clients (RFC 7591), where the profile says that this may be done."""

import json
from collections.abc import Mapping
from typing import Any

from keybound.craft.named import named
from keybound.craft.request import NO_CERTIFICATE, Draft
from keybound.errors import NotApplicable
from keybound.flows.session import Session
from keybound.judge.rules import Exact
from keybound.places.place import Place
from keybound.wire.exchange import Response

REFUSED = Exact((400,), ("invalid_client_metadata",))


def client_effect(response: Response) -> str | None:
    """Registration endpoint: a client_id is an effect (RFC 7591 section 3.2.1)."""
    return f"{response.status} and a client_id" if response.object.get("client_id") else None


@named
def client_metadata(draft: Draft, changes: Mapping[str, Any]) -> None:
    """Change members of the registration request."""
    draft.body = json.dumps({**json.loads(draft.body), **changes}).encode()


def registration(session: Session) -> Place:
    """Return the registration endpoint with the metadata of a public client that is held to DPoP.

    Raises NotApplicable unless the profile has [registration]: each attempt may leave a client behind.
    """
    settings = session.profile.registration
    if settings is None:
        raise NotApplicable("the profile does not let keybound register clients ([registration])")
    url = session.endpoint("registration")
    token = settings.initial_access_token.get_secret_value() if settings.initial_access_token else None
    asked = {
        "client_name": "keybound",
        "redirect_uris": [settings.redirect_uri],
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "dpop_bound_access_tokens": True,
    } | settings.metadata

    def build(_: None) -> Draft:
        headers = [("Accept", "application/json"), ("Content-Type", "application/json")]
        draft = Draft("POST", url, NO_CERTIFICATE, session.attacker, headers, token=token, scheme="Bearer")
        draft.body = json.dumps(asked).encode()
        return draft

    return Place(session, "as", REFUSED, client_effect, lambda: None, build)
