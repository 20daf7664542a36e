"""The token endpoint, introspection and revocation."""

import hashlib
import secrets

from peers import jose
from peers.certificates import shown
from peers.httpd import Response, as_json
from peers.proofs import check
from peers.refusal import Refused
from peers.world import USER

SCOPES = ("openid", "read", "write")


class Grants:
    """What clients get for a grant, and what becomes of it."""

    def __init__(self, world):
        self.world, self.rules = world, world.rules

    # token request

    def token(self, request):
        form = request.form()
        client = self.world.authenticate(request, form)
        grant = {
            "client_credentials": self.by_credentials,
            "authorization_code": self.by_code,
            "refresh_token": self.by_refresh,
        }.get(form.get("grant_type"))
        if grant is None:
            raise Refused("unsupported_grant_type")
        if form["grant_type"] not in client.grants:
            raise Refused("unauthorized_client")
        if self.rules.burn_code and form.get("code") in self.world.codes:
            form["spent"] = self.world.codes.pop(form["code"])
        try:
            jkt = check(request, "token", self.rules, self.world)
        except Refused as refused:
            if self.rules.has("nonce-burns-code") and refused.error == "use_dpop_nonce":
                self.world.codes.pop(form.get("code"), None)
            raise
        if client.dpop_bound and jkt is None and not self.rules.has("bound-flag"):
            raise Refused("invalid_request", "this client's tokens are bound: a proof is needed")
        chain = shown(request, self.rules, "token") if client.mtls else ()
        x5t = self.world.x5t(chain[0]) if chain else None
        if client.certificate_bound and x5t is None:
            raise Refused("invalid_request", "this client's tokens are bound: a certificate is needed")
        return grant(client, form, jkt, x5t)

    def by_credentials(self, client, form, jkt, x5t):
        scope = form.get("scope", "read")
        if not set(scope.split()) <= set(SCOPES) - {"openid"}:
            raise Refused("invalid_scope")
        if self.rules.has("credentials-unbound"):
            jkt = x5t = None
        return self.answer(client, client.id, scope, jkt, x5t)

    def by_code(self, client, form, jkt, x5t):
        grant = form.get("spent") or self.world.codes.get(form.get("code"))
        if grant is None:
            self.used_before(form.get("code"))
        if (
            grant is None
            or (grant["client_id"] != client.id and not self.rules.has("code-other-client"))
            or grant["until"] < self.rules.now()
            or grant["redirect_uri"] != form.get("redirect_uri")
        ):
            raise Refused("invalid_grant", "code")
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if jose.b64(verifier) != grant["code_challenge"]:
            raise Refused("invalid_grant", "code_verifier")
        if grant.get("dpop_jkt", jkt) != jkt and not self.jkt_excused(grant, jkt):
            raise Refused("invalid_grant", "the code is bound to another key")
        if not self.rules.has("code-twice"):
            self.world.codes.pop(form["code"], None)
        if self.rules.has("code-unbound"):
            jkt = x5t = None
        scope = grant.get("scope", "read")
        return self.answer(client, USER["sub"], scope, jkt, x5t, grant=grant)

    def used_before(self, code):
        """End what was issued for a code that comes again, if this server does that."""
        issued = self.world.redeemed.pop(code, {}) if self.rules.code_reuse_revokes else {}
        if record := self.world.read(issued.get("access_token", "")):
            self.world.revoked.add(record["jti"])
        self.world.refresh.pop(issued.get("refresh_token"), None)

    def jkt_excused(self, grant, jkt):
        has = self.rules.has
        return (
            has("code-jkt")
            or (has("code-jkt-par-only") and "pushed" not in grant)
            or (has("code-jkt-no-proof") and jkt is None)
        )

    def by_refresh(self, client, form, jkt, x5t):
        text = form.get("refresh_token")
        grant = self.world.refresh.get(text)
        strange = grant and grant["client_id"] != client.id and not self.rules.has("refresh-other-client")
        if grant is None or strange:
            raise Refused("invalid_grant", "refresh token")
        if grant["spent"]:
            self.misuse(grant)
            raise Refused("invalid_grant", "refresh token used before")
        for kind, given in (("jkt", jkt), ("x5t", x5t)):
            if grant[kind] and grant[kind] != given and not self.refresh_excused(kind, given):
                self.misuse(grant)
                raise Refused("invalid_grant", "refresh token is bound", self.rules.refresh_status)
        if self.rules.has("refresh-drops-binding"):
            jkt = x5t = None
        return self.answer(client, grant["sub"], grant["scope"], jkt, x5t, refresh=(text, grant))

    def refresh_excused(self, kind, given):
        has = self.rules.has
        if kind == "x5t":
            return has("refresh-other-certificate")
        return (has("refresh-other-key") and given is not None) or (has("refresh-no-proof") and given is None)

    def misuse(self, grant):
        if self.rules.family:
            family = grant["family"]
            self.world.refresh = {k: v for k, v in self.world.refresh.items() if v["family"] != family}

    def answer(self, client, sub, scope, jkt, x5t, *, grant=None, refresh=None):
        """The token response. `refresh` is the used refresh token, `grant` the used code."""
        cnf = self.confirmation(client, jkt, x5t, refreshed=refresh is not None)
        value = {
            "access_token": self.world.issue(client, sub, scope, cnf),
            "token_type": self.rules.token_type if jkt else "Bearer",
            "expires_in": self.rules.token_seconds,
            "scope": scope,
        }
        if self.rules.has("token-type"):
            value["token_type"] = "Bearer"
        if self.rules.has("token-type-missing"):
            del value["token_type"]
        if "openid" in scope.split():
            nonce = {"nonce": grant["nonce"]} if grant and "nonce" in grant else {}
            now = int(self.rules.now())
            claims = {"iss": self.world.issuer, "sub": sub, "aud": client.id, "iat": now, "exp": now + 300}
            value["id_token"] = jose.sign_es256(self.world.key, {"kid": self.world.kid}, {**claims, **nonce})
        if (grant or refresh) and "refresh_token" in client.grants:
            new = self.refresh_token(client, sub, scope, jkt=jkt, x5t=x5t, used=refresh)
            if new:
                value["refresh_token"] = new
        if grant:
            self.world.redeemed[grant["code"]] = value
        response = as_json(value)
        if self.rules.has("token-cacheable"):
            response.headers = [("Content-Type", "application/json")]
        return response

    def confirmation(self, client, jkt, x5t, *, refreshed):
        has = self.rules.has
        if has("no-cnf"):
            jkt = None
        if jkt and refreshed and has("cnf-wrong-key"):
            jkt = jose.thumbprint(jose.public_jwk(self.world.key.public_key()))
        if jkt and has("cnf-stale"):
            jkt = self.world.first_key.setdefault(client.id, jkt)
        return {name: value for name, value in (("jkt", jkt), ("x5t#S256", x5t)) if value}

    def refresh_token(self, client, sub, scope, *, jkt, x5t, used):
        """Text of a new refresh token, None if the used one goes on."""
        bound = client.public or self.rules.refresh_bound
        record = {
            "client_id": client.id,
            "sub": sub,
            "scope": scope,
            "spent": False,
            "family": used[1]["family"] if used else secrets.token_hex(8),
            "jkt": jkt if bound else None,
            "x5t": x5t if bound else None,
        }
        if used:
            unconstrained = client.public and not used[1]["jkt"] and not used[1]["x5t"]
            if not self.rules.rotate and not unconstrained:
                return None
            used[1]["spent"] = True
            if self.rules.has("rotation-unbinds"):
                record["jkt"] = record["x5t"] = None
        text = secrets.token_urlsafe(32)
        self.world.refresh[text] = record
        return text

    # introspection and revocation

    def introspect(self, request):
        form = request.form()
        if self.world.authenticate(request, form).id != "rs":
            raise Refused("invalid_client", "not allowed to introspect", 401)
        text = form.get("token", "")
        record = self.world.read(text)
        if record is None:
            old = self.world.refresh.get(text)
            if old is None or old["spent"]:
                return as_json({"active": False})
            cnf = {key: old[name] for key, name in (("jkt", "jkt"), ("x5t#S256", "x5t")) if old[name]}
            value = {"active": True, "client_id": old["client_id"], "sub": old["sub"], "scope": old["scope"]}
            return as_json({**value, **({"cnf": cnf} if cnf else {})})
        value = {"active": True, **{k: v for k, v in record.items() if k != "text"}}
        value["token_type"] = "DPoP" if "jkt" in value.get("cnf", {}) else "Bearer"
        if self.rules.has("introspection-no-cnf"):
            value.pop("cnf", None)
        if self.rules.has("introspection-no-x5t"):
            value.get("cnf", {}).pop("x5t#S256", None)
        if self.rules.has("introspection-nested"):
            value["confirmation"] = {"cnf": value.pop("cnf", None)}
        return as_json(value)

    def revoke(self, request):
        form = request.form()
        client = self.world.authenticate(request, form)
        record = self.world.read(form.get("token", ""))
        if record and record["client_id"] == client.id:
            self.world.revoked.add(record["jti"])
        elif self.world.refresh.get(form.get("token"), {}).get("client_id") == client.id:
            del self.world.refresh[form["token"]]
        return Response(200, b"", [("Cache-Control", "no-store")])
