"""Changes of the request around a proof: its method, query, form and headers, and the credentials it carries."""

import base64
from urllib.parse import urlencode, urlsplit

from keybound.craft.changes.proof import no_proof
from keybound.craft.proof import ath
from keybound.craft.request import Change, Draft

# --- the request ---------------------------------------------------------------------------------------------------


def with_method(method: str) -> Change:
    """Send the request, and make its proof, with another method."""

    def change(draft: Draft) -> None:
        draft.method = method
        if draft.proof is not None:
            draft.proof.claims["htm"] = method

    return change


def query_parameter(name: str, value: str) -> Change:
    """Add a parameter to the query of the request, and leave `htu` as it is."""

    def change(draft: Draft) -> None:
        draft.url += ("&" if urlsplit(draft.url).query else "?") + urlencode({name: value})

    return change


def form_parameter(name: str, value: str) -> Change:
    """Set one parameter of the form."""

    def change(draft: Draft) -> None:
        draft.form = (draft.form or {}) | {name: value}

    return change


def header_name(name: str) -> Change:
    """Write the name of the DPoP header field as `name`."""

    def change(draft: Draft) -> None:
        draft.proof_name = name

    return change


# --- its credentials -----------------------------------------------------------------------------------------------


def scheme(name: str) -> Change:
    """Write the authentication scheme as `name`."""

    def change(draft: Draft) -> None:
        draft.scheme = name

    return change


def with_token(token: str) -> Change:
    """Present another token, with an `ath` that fits it."""

    def change(draft: Draft) -> None:
        draft.token = token
        if draft.proof is not None:
            draft.proof.claims["ath"] = ath(token)

    return change


def as_bearer_token(token: str) -> Change:
    """Present another token as Bearer, with no proof."""

    def change(draft: Draft) -> None:
        draft.scheme, draft.token, draft.proof = "Bearer", token, None

    return change


def no_credentials(draft: Draft) -> None:
    """Send neither token nor proof."""
    draft.token = None
    no_proof(draft)


def wrong_basic_secret(draft: Draft) -> None:
    """Send HTTP Basic with the right name of the client and a wrong secret (RFC 6749 section 2.3.1)."""
    for number, (name, value) in enumerate(draft.headers):
        if name == "Authorization":
            client = base64.b64decode(value.partition(" ")[2]).decode().partition(":")[0]
            pair = base64.b64encode(f"{client}:not-the-secret".encode()).decode()
            draft.headers[number] = (name, f"Basic {pair}")
