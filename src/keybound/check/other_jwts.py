"""JWTs of the client that are no proofs, though they are signed."""

from collections.abc import Callable, Mapping

from keybound.check.target import Target
from keybound.craft.jose import read_claims
from keybound.errors import Inconclusive, NotApplicable
from keybound.flows.client_auth import assertion


def client_assertion(target: Target) -> str:
    """Return an assertion of the first client that has a key; raises NotApplicable where none has."""
    session = target.session
    client = next((each for each in session.profile.all_clients.values() if each.key is not None), None)
    if client is None:
        raise NotApplicable("the profile names no client with a key (private_key_jwt)")
    return assertion(client, session.profile.issuer or "", session.now())


def access_token(target: Target) -> str:
    """Return an access token of the resource; raises NotApplicable where it is opaque."""
    token = target.session.token(target.api_lane()).value
    if read_claims(token) is None:
        raise NotApplicable("access tokens are opaque")
    return token


def id_token(target: Target) -> str:
    """Return an ID token; raises NotApplicable where a code gives none."""
    lane = target.lane("dpop", "authorization_code")
    try:
        found = target.session.token(lane).response.object.get("id_token")
    except Inconclusive as error:
        raise NotApplicable(f"there is no ID token: {error}") from None
    if not isinstance(found, str):
        raise NotApplicable("the authorization_code grant gives no ID token")
    return found


OTHER_JWTS: Mapping[str, Callable[[Target], str]] = {
    "a client assertion": client_assertion,
    "a JWT access token": access_token,
    "an ID token": id_token,
}
