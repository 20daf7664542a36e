"""The authorization server: metadata, forms, PAR, token, introspection, revocation."""

import hashlib
import html
import secrets
from urllib.parse import urlencode

from peers import jose
from peers.httpd import Response, as_json, unique
from peers.proofs import Refused, check
from peers.world import USER

REDIRECT = "https://localhost/cb"
SCOPES = ("openid", "read", "write")


class Authorization:
    """The endpoints of the AS as a table of path and method."""

    def __init__(self, world):
        self.world, self.rules = world, world.rules
        self.base = world.rules.issuer_path
        self.routes = {
            ("POST", self.rules.token_path): self.token,
            ("GET", "/authorize"): self.authorize,
            ("POST", "/authorize"): self.authorize,
            ("POST", "/login"): self.login,
            ("POST", "/consent"): self.consent,
            ("POST", "/revoke"): self.revoke,
            ("GET", "/keys"): self.jwks,
        }
        if self.rules.par:
            self.routes["POST", "/par"] = self.par
        if self.rules.introspection:
            self.routes["POST", "/introspect"] = self.introspect
        self.routes = {(method, self.base + path): call for (method, path), call in self.routes.items()}
        wells = {
            "oauth": f"/.well-known/oauth-authorization-server{self.base}",
            "openid": f"{self.base}/.well-known/openid-configuration",
        }
        for kind, path in wells.items():
            if self.rules.metadata in {kind, "both"}:
                self.routes["GET", path] = self.metadata

    # what the AS says about itself

    def endpoints(self, origin):
        paths = {"token": self.rules.token_path, "revocation": "/revoke"}
        paths |= {"introspection": "/introspect"} if self.rules.introspection else {}
        paths |= {"pushed_authorization_request": "/par"} if self.rules.par else {}
        return {f"{name}_endpoint": origin + self.base + path for name, path in paths.items()}

    def metadata(self, _request):
        origin = self.world.issuer.removesuffix(self.base)
        methods = ["client_secret_basic", "client_secret_post", "private_key_jwt", "tls_client_auth"]
        algs = list(self.rules.algs) + (["HS256", "none"] if self.rules.has("metadata-algs") else [])
        value = {
            "issuer": self.world.issuer,
            **self.endpoints(origin),
            "authorization_endpoint": f"{self.world.issuer}/authorize",
            "jwks_uri": f"{self.world.issuer}/keys",
            "userinfo_endpoint": f"{self.world.issuer}/userinfo",
            "scopes_supported": list(SCOPES),
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
            "code_challenge_methods_supported": ["S256"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": [*methods, "self_signed_tls_client_auth", "none"],
            "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
            "dpop_signing_alg_values_supported": algs,
            "tls_client_certificate_bound_access_tokens": True,
            "authorization_response_iss_parameter_supported": True,
        }
        if self.world.alias:
            userinfo = {"userinfo_endpoint": f"{self.world.alias}{self.base}/userinfo"}
            value["mtls_endpoint_aliases"] = self.endpoints(self.world.alias) | userinfo
        return as_json(value)

    def jwks(self, _request):
        key = {
            **jose.public_jwk(self.world.key.public_key()),
            "kid": self.world.kid,
            "use": "sig",
            "alg": "ES256",
        }
        return as_json({"keys": [key]})

    # authorization request

    def par(self, request):
        form = request.form()
        client = self.world.authenticate(request, form)
        if self.rules.has("par-unchecked") and request.lines("DPoP"):
            jkt = jose.thumbprint(jose.json_object(jose.unb64(request.lines("DPoP")[0].split(".")[0]))["jwk"])
        else:
            jkt = check(request, "par", self.rules, self.world)
        if "request_uri" in form:
            raise Refused("invalid_request", "request_uri cannot be pushed")
        self.validate(client, form)
        given = form.get("dpop_jkt")
        if jkt and given and given != jkt and not self.rules.has("par-mismatch"):
            raise Refused("invalid_request", "dpop_jkt is not the key of the proof")
        if jkt and not given and not self.rules.has("par-forgets"):
            form["dpop_jkt"] = jkt
        uri = f"urn:ietf:params:oauth:request_uri:{secrets.token_urlsafe(16)}"
        self.world.pushed[uri] = {**form, "client_id": client.id, "pushed": "1"}
        return as_json({"request_uri": uri, "expires_in": 90}, 201)

    def validate(self, client, form):
        if "authorization_code" not in client.grants:
            raise Refused("unauthorized_client", "no authorization requests for this client")
        if form.get("redirect_uri") != REDIRECT:
            raise Refused("invalid_request", "redirect_uri")
        if form.get("response_type") != "code":
            raise Refused("unsupported_response_type", "only code")
        if form.get("code_challenge_method") != "S256" or len(form.get("code_challenge", "")) != 43:
            raise Refused("invalid_request", "PKCE with S256 is needed")
        if not set(form.get("scope", "read").split()) <= set(SCOPES):
            raise Refused("invalid_scope")
        if "dpop_jkt" in form and not jose.re.fullmatch(r"[A-Za-z0-9_-]{43}", form["dpop_jkt"]):
            raise Refused("invalid_request", "dpop_jkt")

    def authorize(self, request):
        form = unique(request.query) if request.method == "GET" else request.form()
        if "request_uri" in form:
            pushed = self.world.pushed.pop(form["request_uri"], None)
            if pushed is None or pushed["client_id"] != form.get("client_id"):
                return page("<p>This request is not known any more.</p>", 400)
            form = pushed
        client = self.world.clients.get(form.get("client_id"))
        if client is None or form.get("redirect_uri") != REDIRECT:
            return page("<p>Unknown client or redirect_uri.</p>", 400)
        try:
            self.validate(client, form)
        except Refused as refused:
            return self.back(form, error=refused.error, error_description=refused.why)
        name = secrets.token_urlsafe(12)
        self.world.pending[name] = {**form, "csrf": secrets.token_urlsafe(12)}
        if request.cookie("peer_session") in self.world.sessions:
            return self.ask(name)
        return self.login_form(name)

    def back(self, form, **parameters):
        """Redirect to the client."""
        if "state" in form:
            parameters["state"] = form["state"]
        query = urlencode({**parameters, "iss": self.world.issuer})
        return Response(302, b"", [("Location", f"{REDIRECT}?{query}"), ("Cache-Control", "no-store")])

    def login_form(self, name, message=""):
        token = self.world.pending[name]["csrf"]
        return page(f"""<h1>Sign in</h1><p>{html.escape(message)}</p>
<form method="post" action="{self.base}/login">
<input type="hidden" name="txn" value="{name}"><input type="hidden" name="csrf" value="{token}">
<label>Name <input name="username" autocomplete="username"></label>
<label>Password <input type="password" name="password"></label>
<button type="submit">Sign in</button></form>""")

    def ask(self, name, cookies=()):
        request = self.world.pending[name]
        shown = html.escape(f"{request['client_id']} wants: {request.get('scope', 'read')}")
        return page(
            f"""<h1>Allow access?</h1><p>{shown}</p>
<form method="post" action="{self.base}/consent">
<input type="hidden" name="txn" value="{name}"><input type="hidden" name="csrf" value="{request["csrf"]}">
<button type="submit" name="decision" value="allow">Allow</button>
<button type="submit" name="decision" value="deny">Deny</button></form>""",
            headers=cookies,
        )

    def form_of(self, request):
        form = request.form()
        pending = self.world.pending.get(form.get("txn"))
        if pending is None or not secrets.compare_digest(
            form.get("csrf", "").encode(), pending["csrf"].encode()
        ):
            raise Refused("invalid_request", "this form is out of date")
        return form, pending

    def login(self, request):
        form, _ = self.form_of(request)
        if (form.get("username"), form.get("password")) != (USER["username"], USER["password"]):
            return self.login_form(form["txn"], "Name or password is wrong.")
        session = secrets.token_urlsafe(16)
        self.world.sessions[session] = USER["sub"]
        cookie = f"peer_session={session}; Path=/; Secure; HttpOnly; SameSite=Lax"
        return self.ask(form["txn"], [("Set-Cookie", cookie)])

    def consent(self, request):
        form, pending = self.form_of(request)
        if request.cookie("peer_session") not in self.world.sessions:
            return self.login_form(form["txn"])
        del self.world.pending[form["txn"]]
        if form.get("decision") != "allow":
            return self.back(pending, error="access_denied")
        code = secrets.token_urlsafe(24)
        self.world.codes[code] = {**pending, "until": self.rules.now() + 120}
        return self.back(pending, code=code)

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
        jkt = check(request, "token", self.rules, self.world)
        if client.dpop_bound and jkt is None and not self.rules.has("bound-flag"):
            raise Refused("invalid_request", "this client's tokens are bound: a proof is needed")
        x5t = self.world.x5t(request.certificate) if client.mtls and request.certificate else None
        if client.certificate_bound and x5t is None:
            raise Refused("invalid_request", "this client's tokens are bound: a certificate is needed")
        return grant(client, form, jkt, x5t)

    def by_credentials(self, client, form, jkt, x5t):
        scope = form.get("scope", "read")
        if not set(scope.split()) <= set(SCOPES) - {"openid"}:
            raise Refused("invalid_scope")
        return self.answer(client, client.id, scope, jkt, x5t)

    def by_code(self, client, form, jkt, x5t):
        grant = form.get("spent") or self.world.codes.get(form.get("code"))
        if (
            grant is None
            or grant["client_id"] != client.id
            or grant["until"] < self.rules.now()
            or grant["redirect_uri"] != form.get("redirect_uri")
        ):
            raise Refused("invalid_grant", "code")
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if jose.b64(verifier) != grant["code_challenge"]:
            raise Refused("invalid_grant", "code_verifier")
        if grant.get("dpop_jkt", jkt) != jkt and not self.jkt_excused(grant, jkt):
            raise Refused("invalid_grant", "the code is bound to another key")
        self.world.codes.pop(form["code"], None)
        scope = grant.get("scope", "read")
        return self.answer(client, USER["sub"], scope, jkt, x5t, grant=grant)

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
        if grant is None or grant["client_id"] != client.id:
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
            "expires_in": 600,
            "scope": scope,
        }
        if self.rules.has("token-type"):
            value["token_type"] = "Bearer"
        if "openid" in scope.split():
            nonce = {"nonce": grant["nonce"]} if grant and "nonce" in grant else {}
            now = int(self.rules.now())
            claims = {"iss": self.world.issuer, "sub": sub, "aud": client.id, "iat": now, "exp": now + 300}
            value["id_token"] = jose.sign_es256(self.world.key, {"kid": self.world.kid}, {**claims, **nonce})
        if (grant or refresh) and "refresh_token" in client.grants:
            new = self.refresh_token(client, sub, scope, jkt=jkt, x5t=x5t, used=refresh)
            if new:
                value["refresh_token"] = new
        return as_json(value)

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


def page(body, status=200, headers=()):
    text = f"<!doctype html><html><head><title>Peer</title></head><body>{body}</body></html>"
    kept = [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store"), *headers]
    return Response(status, text.encode(), kept)
