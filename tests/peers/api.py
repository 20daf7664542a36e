"""The protected resources: an API that takes DPoP, certificate-bound and plain tokens, and userinfo."""

import json
from urllib.parse import parse_qs

from peers.certificates import bound_to, shown
from peers.httpd import Response, as_json
from peers.proofs import check
from peers.refusal import Refused
from peers.world import USER

CANARY = "the-owl-keeps-the-seventh-key"


class Resources:
    """Protected resources as a table of path and method."""

    def __init__(self, world):
        self.world, self.rules = world, world.rules
        userinfo = f"{self.rules.issuer_path}/userinfo"
        self.places = {"/api": "rs", "/api/notes": "rs", userinfo: "userinfo"}
        self.routes = {
            ("GET", "/api"): self.api,
            ("HEAD", "/api"): self.api,
            ("POST", "/api"): self.api,
            ("GET", "/api/notes"): self.notes,
            ("POST", "/api/notes"): self.notes,
            ("GET", userinfo): self.userinfo,
            ("POST", userinfo): self.userinfo,
            ("GET", "/.well-known/oauth-protected-resource/api"): self.metadata,
        }

    def metadata(self, _request):
        other = "/other" if self.rules.has("resource-other") else ""
        return as_json(
            {
                "resource": self.world.resource + other,
                "authorization_servers": [self.world.issuer],
                "bearer_methods_supported": ["header"],
                **(
                    {"dpop_signing_alg_values_supported": list(self.rules.algs)}
                    if self.rules.announce
                    else {}
                ),
                "tls_client_certificate_bound_access_tokens": True,
            }
        )

    # the resources

    def api(self, request):
        wanted = parse_qs(self.rules.resource_query)
        if any(parse_qs(request.query).get(name) != value for name, value in wanted.items()):
            return as_json({"error": "no such view"}, 404)
        try:
            record = self.admit(request, "rs")
        except Refused as refused:
            if self.rules.has("body-leaks"):
                return self.refuse(request, refused, {"data": CANARY})
            raise
        return as_json({"data": CANARY, "for": record["sub"]})

    def notes(self, request):
        if request.method == "POST" and self.rules.has("effect-first"):
            self.keep(request)
        self.admit(request, "rs")
        if request.method == "POST" and not self.rules.has("effect-first"):
            self.keep(request)
        return as_json({"notes": self.world.notes[-100:]}, 201 if request.method == "POST" else 200)

    def keep(self, request):
        value = json.loads(request.body or b"{}")
        self.world.notes.append(str(value.get("note") if isinstance(value, dict) else value)[:200])

    def userinfo(self, request):
        record = self.admit(request, "userinfo")
        if "openid" not in record["scope"].split():
            raise Refused("insufficient_scope", "openid is needed", 403)
        return as_json(
            {"sub": record["sub"], "name": USER["username"].title(), "email": "alice@peer.example"}
        )

    # who gets in

    def admit(self, request, place):
        """The record of the request's access token; raises Refused."""
        lines = request.lines("Authorization")
        if len(lines) > 1 and not self.rules.has("authorization-mixed"):
            raise Refused("invalid_request", "more than one Authorization header field", 400)
        scheme, text = self.credentials(request, lines)
        if scheme not in {"dpop", "bearer"} or not text:
            raise Refused("none")
        record = self.world.read(text)
        if record is None:
            raise Refused("invalid_token", "unknown, expired or revoked")
        bound = record.get("cnf", {})
        if place == "userinfo" and not self.rules.userinfo_dpop:
            if scheme != "bearer" or bound:
                raise Refused("invalid_token", "only unbound tokens here")
            return record
        if request.path.endswith("/notes") and self.rules.has("second-path"):
            return record
        if scheme == "dpop":
            self.admit_dpop(request, place, record, bound)
        elif "jkt" in bound and not ("x5t#S256" in bound and self.rules.has("both-certificate-only")):
            self.admit_downgrade(request, place, record)
        if "x5t#S256" in bound and not (scheme == "dpop" and self.rules.has("both-proof-only")):
            self.admit_certificate(request, place, bound["x5t#S256"])
        return record

    def credentials(self, request, lines):
        """Scheme in lower case and token."""
        if not lines and self.rules.has("query-token") and "access_token" in parse_qs(request.query):
            return "bearer", parse_qs(request.query)["access_token"][0]
        if not lines and self.rules.has("form-token") and request.method == "POST":
            return "bearer", parse_qs(request.body.decode("latin-1")).get("access_token", [""])[0]
        if not lines and self.rules.has("proxy-authorization"):
            return "bearer", (request.lines("Proxy-Authorization") or [""])[0].partition(" ")[2].strip()
        if not lines and self.rules.has("cookie-token"):
            return "bearer", request.cookie("access_token") or ""
        scheme, _, text = (lines[0] if lines else "").partition(" ")
        if len(lines) > 1:  # the scheme is of one, the token of the other
            text = lines[-1].partition(" ")[2]
        return scheme.lower(), text.strip()

    def admit_dpop(self, request, place, record, bound):
        written = request.headers.get("Authorization", "").partition(" ")[0]
        if self.rules.has("scheme-case") and written not in {"DPoP", "Bearer"}:
            return
        if "jkt" not in bound and not self.rules.has("no-cnf") and not self.rules.has("unbound-dpop"):
            raise Refused("invalid_token", "the token is not bound to a key")
        if check(request, place, self.rules, self.world, token=record) is None and not (
            self.rules.has("no-proof", place)
        ):
            raise Refused("proof", "a proof is needed")

    def admit_downgrade(self, request, place, record):
        if self.rules.has("bearer", place) or len(request.lines("Authorization")) != 1:
            return  # a token without that header, or with two, gets here only by the bugs of `credentials`
        proven = request.lines("DPoP") and self.rules.has("bearer-with-proof", place)
        if not proven:
            raise Refused("invalid_token", "the token is bound to a key: use DPoP")
        check(request, place, self.rules, self.world, token=record)

    def admit_certificate(self, request, place, x5t):
        chain = shown(request, self.rules, place)
        if self.rules.has("certificate-reading") and request.method != "GET":
            return
        if self.rules.has("userinfo-certificate") and place == "userinfo":
            return
        if not chain:
            if self.rules.has("certificate-missing"):
                return
            raise Refused("invalid_token", "the token is bound to a certificate")
        if not bound_to(chain, x5t, self.world):
            raise Refused("invalid_token", "the token is bound to another certificate")

    # how it refuses

    def refuse(self, request, refused, value=None):
        error = refused.error
        status = refused.status or 401
        if error == "proof":
            error, status = self.rules.rs_error, self.rules.rs_status
        if error == "none":
            error = "invalid_token" if self.rules.has("challenge-uninvited") else None
        scheme = request.headers.get("Authorization", "").partition(" ")[0].lower()
        bearer_only = self.places[request.path] == "userinfo" and not self.rules.userinfo_dpop
        lines = self.challenges(scheme, error, refused.why, bearer_only=bearer_only)
        headers = [("WWW-Authenticate", line) for line in lines if not self.rules.has("challenge-missing")]
        if self.rules.rs_text:
            kept = [("Content-Type", "text/plain"), ("Cache-Control", "no-store"), *headers]
            return Response(status, b"No.\n", kept)
        body = {"error": error or "unauthorized", **(value or {})}
        return as_json(body, status, headers)

    def challenges(self, scheme, error, why, *, bearer_only):
        """Values of WWW-Authenticate; the error goes to the scheme that was tried."""
        told = f'error="{error}"' if error else ""
        if self.rules.challenge == "bare":
            return [f"{'Bearer' if scheme == 'bearer' else 'DPoP'} {told}".strip()]
        why = f'{told}, error_description="{why}"' if error else ""
        algs = f'algs="{" ".join(self.rules.algs)}"' if self.rules.announce else ""
        comma = " " if self.rules.has("challenge-syntax") else ", "
        dpop = comma.join(part for part in (algs, why if scheme != "bearer" else "") if part)
        bearer = ", ".join(part for part in ('realm="peer"', why if scheme == "bearer" else "") if part)
        if bearer_only or self.rules.has("challenge-other-scheme"):
            return [f"Bearer {bearer}"]
        lines = [f"DPoP {dpop}".strip(), f"Bearer {bearer}"]
        return [", ".join(lines)] if self.rules.challenge == "one-line" else lines
