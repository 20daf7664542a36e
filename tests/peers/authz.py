"""The authorization server: metadata, forms, PAR, token, introspection, revocation."""

import html
import secrets
from urllib.parse import urlencode

from peers import jose
from peers.grants import SCOPES, Grants
from peers.httpd import Response, as_json, unique
from peers.proofs import check
from peers.refusal import Refused
from peers.registration import Registration
from peers.world import USER

REDIRECT = "https://localhost/cb"


class Authorization:
    """The endpoints of the AS as a table of path and method."""

    def __init__(self, world):
        self.world, self.rules = world, world.rules
        self.base, grants = world.rules.issuer_path, Grants(world)
        self.routes = {
            ("POST", self.rules.token_path): grants.token,
            ("GET", "/authorize"): self.authorize,
            ("POST", "/authorize"): self.authorize,
            ("POST", "/login"): self.login,
            ("POST", "/consent"): self.consent,
            ("POST", "/revoke"): grants.revoke,
            ("GET", "/keys"): self.jwks,
        }
        if self.rules.registration:
            self.routes["POST", "/register"] = Registration(world).register
        if self.rules.par:
            self.routes["POST", "/par"] = self.par
        if self.rules.introspection:
            self.routes["POST", "/introspect"] = grants.introspect
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
        paths |= {"registration": "/register"} if self.rules.registration else {}
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
            **({"dpop_signing_alg_values_supported": algs} if self.rules.announce else {}),
            **({"acr_values_supported": []} if self.rules.has("metadata-empty") else {}),
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
            theirs = pushed and pushed["client_id"] != form.get("client_id")
            if pushed is None or (theirs and not self.rules.has("request-uri-client")):
                return page("<p>This request is not known any more.</p>", 400)
            names = ("dpop_jkt",) if self.rules.has("request-uri-query") else ()
            names += ("client_id",) if self.rules.has("request-uri-client") else ()
            form = {**pushed, **{name: form[name] for name in names if name in form}}
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
        self.world.codes[code] = {**pending, "code": code, "until": self.rules.now() + 120}
        return self.back(pending, code=code)


def page(body, status=200, headers=()):
    text = f"<!doctype html><html><head><title>Peer</title></head><body>{body}</body></html>"
    kept = [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store"), *headers]
    return Response(status, text.encode(), kept)
