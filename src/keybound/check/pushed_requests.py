"""What a pushed authorization request is good for (RFC 9126), also one whose contents are signed (RFC 9101)."""

from keybound.check.issuing import authorization_or_refusal
from keybound.check.target import Target
from keybound.craft.jose import Key, jwt
from keybound.errors import Inconclusive, NotApplicable
from keybound.flows.lanes import Code, Lane
from keybound.profile.clients import Client

_LIFE = 60  # seconds


def pushed(target: Target, client: Client) -> str:
    """Push a valid authorization request of `client` and return its request_uri; raises Inconclusive."""
    form, _ = target.session.authorization_form(client, {})
    return target.session.push(client, form, target.session.key())


def code_for(target: Target, uri: str, client: Client, used_by: Client) -> tuple[str | None, str]:
    """Use the request_uri of `client` in the name of a client; return the code, or None, and what was seen."""
    answer, seen = authorization_or_refusal(target, client, {"client_id": used_by.id, "request_uri": uri})
    return answer.get("code"), seen


def another_client(target: Target, client: Client) -> Client:
    """Return another client for authorization codes, if possible one that pushes and has the same redirect URI.

    Raises NotApplicable when the profile names none.
    """
    others = [lane.client for lane in target.session.lanes("dpop", "authorization_code")]
    others = [other for other in others if other.id != client.id]
    if not others:
        raise NotApplicable("the profile names no second client with the grant authorization_code")
    return min(others, key=lambda other: (not other.par, other.redirect_uri != client.redirect_uri))


def code_of_request_object(target: Target, lane: Lane, extra: dict[str, str], **beside: str) -> Code:
    """Return a code for a pushed request that is signed, with `extra` in it and `beside` not.

    Raises Inconclusive when the target gives none.
    """
    session, client = target.session, lane.client
    form, verifier = session.authorization_form(client, extra)
    uri = session.push(client, _request_object(target, client, form) | beside, None)
    code, seen = code_for(target, uri, client, client)
    if code is None:
        raise Inconclusive(f"no code for a request object: {seen}")
    return Code(code, verifier)


def needs_request_objects(target: Target, lane: Lane, extra: dict[str, str]) -> None:
    """Raise NotApplicable unless a request object with `extra` in it, and nothing beside it, leads to a token."""
    session, client = target.session, lane.client
    if _key(client).alg not in session.metadata.strings("request_object_signing_alg_values_supported"):
        raise NotApplicable("the metadata does not say that request objects of the client's key are read")
    try:
        code = code_of_request_object(target, lane, extra)
        session.issue(lane, session.code_form(lane, code), label="control: a request object alone")
    except Inconclusive as error:
        raise NotApplicable(f"a request object is not accepted: {error}") from None


def _request_object(target: Target, client: Client, form: dict[str, str]) -> dict[str, str]:
    """Return the parameters of a pushed request whose contents are signed (RFC 9101 section 4)."""
    key, now = _key(client), int(target.session.now())
    header = {"alg": key.alg, "typ": "oauth-authz-req+jwt"} | (
        {"kid": client.key_id} if client.key_id else {}
    )
    dates = {"iat": now, "nbf": now, "exp": now + _LIFE}
    claims = {"iss": client.id, "aud": target.session.profile.issuer} | dates | form
    return {"client_id": client.id, "request": jwt(header, claims, key)}


def _key(client: Client) -> Key:
    if client.key is None:
        raise NotApplicable("the client has no key to sign requests with")
    return Key.from_pem(client.key.get_secret_value(), client.key_alg)
