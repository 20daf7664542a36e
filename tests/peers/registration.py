"""Dynamic client registration (RFC 7591)."""

import json
import secrets

from peers.httpd import as_json
from peers.refusal import Refused

METHODS = ("none", "client_secret_basic", "client_secret_post")
GRANTS = {"client_credentials", "authorization_code", "refresh_token"}


class Registration:
    """An endpoint that anybody may use, or only those with a token nobody has."""

    def __init__(self, world):
        self.world, self.rules = world, world.rules

    def register(self, request):
        if self.rules.registration == "closed":
            raise Refused("invalid_token", "an initial access token is needed", 401)
        asked = json.loads(request.body)
        if not isinstance(asked, dict):
            raise Refused("invalid_client_metadata")
        method = asked.get("token_endpoint_auth_method", "client_secret_basic")
        grants = asked.get("grant_types", ["authorization_code"])
        bound = asked.get("dpop_bound_access_tokens", False)
        if method not in METHODS or not set(grants) <= GRANTS or not isinstance(bound, bool):
            raise Refused("invalid_client_metadata")
        if method == "none" and "client_credentials" in grants:
            raise Refused("invalid_client_metadata")
        name, secret = f"r-{secrets.token_hex(4)}", secrets.token_urlsafe(24)
        if self.rules.has("registration-drops"):
            bound = False
        client = type(self.world.clients["rs"])(name, method, tuple(grants), secret, dpop_bound=bound)
        self.world.clients[name] = client
        value = {
            "client_id": name,
            "client_id_issued_at": int(self.rules.now()),
            "token_endpoint_auth_method": method,
            "grant_types": grants,
            "response_types": ["code"] if "authorization_code" in grants else [],
            "dpop_bound_access_tokens": bound,
        }
        if "redirect_uris" in asked:
            value["redirect_uris"] = asked["redirect_uris"]
        if method != "none":
            value |= {"client_secret": secret, "client_secret_expires_at": 0}
        return as_json(value, 201)
