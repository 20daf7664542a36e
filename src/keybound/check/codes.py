"""Codes, and the pushed requests that lead to them: used, mixed up, or asked for with another key."""

from keybound.check.issuing import authorization_or_refusal
from keybound.check.target import Target
from keybound.craft.jose import Json, jwt
from keybound.errors import Inconclusive, NotApplicable
from keybound.flows.client_auth import client_key
from keybound.flows.lanes import Code, Lane, Token
from keybound.profile.clients import Client


def used_code(target: Target, lane: Lane) -> tuple[Token, dict[str, str]]:
    """Redeem a new code, and return its token and the form that was sent; raises Inconclusive."""
    form = target.session.code_form(lane, target.session.code(lane))
    return target.session.issue(lane, form, label="the code's first use"), form


def is_redeemable_with_conflicting_jkt(target: Target) -> bool:
    """Return whether a code, pushed with one key's proof and another's dpop_jkt, is good with either key."""
    session = target.session
    lane = next(lane for lane in session.lanes("dpop", "authorization_code") if lane.client.par)
    conflict = {"dpop_jkt": session.attacker.key.thumbprint}
    for key in (session.key(), session.attacker.key):
        try:
            code = session.code(lane, conflict, par_key=session.key())
            session.issue(lane, session.code_form(lane, code), key=key)
        except Inconclusive:
            continue
        return True
    return False


def pushed(target: Target, client: Client) -> str:
    """Push a valid request of `client` and return its request_uri; raises Inconclusive."""
    form, _ = target.session.authorization_form(client, {})
    return target.session.push(client, form, target.session.key())


def gives_code(target: Target, client: Client, sender_id: str, uri: str) -> tuple[bool, str]:
    """Return whether the request_uri of `client` gives a code when `sender_id` uses it, and what was seen."""
    answer, seen = authorization_or_refusal(target, client, {"client_id": sender_id, "request_uri": uri})
    return "code" in answer, seen


def needs_request_objects(target: Target, lane: Lane) -> None:
    """Raise NotApplicable unless the server reads request objects that the client of `lane` can sign."""
    known = target.session.metadata.strings("request_object_signing_alg_values_supported")
    if client_key(lane.client).alg not in known:
        raise NotApplicable("the metadata does not say that request objects of the client's key are read")
    try:
        plain = code_of_request_object(target, lane)
        form = target.session.code_form(lane, plain)
        target.session.issue(lane, form, label="control: a request object alone")
    except Inconclusive as error:
        raise NotApplicable(f"a request object is not accepted: {error}") from None


def code_of_request_object(target: Target, lane: Lane, **beside: str) -> Code:
    """Push a request object with the dpop_jkt of our key, `beside` outside of it, and return the code.

    Raises Inconclusive where there is none.
    """
    session, client = target.session, lane.client
    form, verifier = session.authorization_form(client, {"dpop_jkt": session.key().thumbprint})
    uri = session.push(client, _request_object(target, client, form) | beside, None)
    answer = session.authorization(client, {"client_id": client.id, "request_uri": uri})
    if "code" not in answer:
        raise Inconclusive(f"no code for a request object: {answer.get('error')}")
    session.secrets(answer["code"], "code")
    return Code(answer["code"], verifier)


def _request_object(target: Target, client: Client, form: dict[str, str]) -> dict[str, str]:
    key, now = client_key(client), int(target.session.now())
    header: Json = {"alg": key.alg, "typ": "oauth-authz-req+jwt"}  # RFC 9101 section 4
    if client.key_id:
        header["kid"] = client.key_id
    claims = {"iss": client.id, "aud": target.session.profile.issuer, "iat": now, "nbf": now, "exp": now + 60}
    return {"client_id": client.id, "request": jwt(header, claims | form, key)}
