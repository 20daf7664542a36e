"""The protected resources: an API that takes DPoP, certificate-bound and plain tokens, and userinfo."""

import base64
import json
from urllib.parse import parse_qs, unquote

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from peers.httpd import as_json
from peers.proofs import Refused, check
from peers.world import USER

CANARY = "the-owl-keeps-the-seventh-key"
HEADERS = (
    "Client-Cert",
    "X-SSL-CERT",
    "X-SSL-Client-Cert",
    "X-Client-Cert",
    "SSL-Client-Cert",
    "X-Forwarded-Client-Cert",
)


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
        return as_json(
            {
                "resource": self.world.resource,
                "authorization_servers": [self.world.issuer],
                "bearer_methods_supported": ["header"],
                "dpop_signing_alg_values_supported": list(self.rules.algs),
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
        if len(lines) > 1:
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
        if scheme == "dpop":
            self.admit_dpop(request, place, record, bound)
        elif "jkt" in bound:
            self.admit_downgrade(request, place, record)
        if "x5t#S256" in bound:
            self.admit_certificate(request, bound["x5t#S256"])
        return record

    def credentials(self, request, lines):
        """Scheme in lower case and token."""
        if not lines and self.rules.has("query-token") and "access_token" in parse_qs(request.query):
            return "bearer", parse_qs(request.query)["access_token"][0]
        if not lines and self.rules.has("form-token") and request.method == "POST":
            return "bearer", parse_qs(request.body.decode("latin-1")).get("access_token", [""])[0]
        scheme, _, text = (lines[0] if lines else "").partition(" ")
        return scheme.lower(), text.strip()

    def admit_dpop(self, request, place, record, bound):
        if "jkt" not in bound and not self.rules.has("no-cnf"):
            raise Refused("invalid_token", "the token is not bound to a key")
        if check(request, place, self.rules, self.world, token=record) is None and not (
            self.rules.has("no-proof", place)
        ):
            raise Refused("proof", "a proof is needed")

    def admit_downgrade(self, request, place, record):
        if self.rules.has("bearer", place) or not request.lines("Authorization"):
            return  # a token without that header gets here only by the bugs of `credentials`
        proven = request.lines("DPoP") and self.rules.has("bearer-with-proof", place)
        if not proven:
            raise Refused("invalid_token", "the token is bound to a key: use DPoP")
        check(request, place, self.rules, self.world, token=record)

    def admit_certificate(self, request, x5t):
        der = request.certificate
        if self.rules.has("certificate-header"):
            given = next((request.headers[name] for name in HEADERS if name in request.headers), None)
            der = der_of(given) or der
        if der is None:
            if self.rules.has("certificate-missing"):
                return
            raise Refused("invalid_token", "the token is bound to a certificate")
        if self.world.x5t(der) != x5t and not self.rules.has("certificate-any"):
            raise Refused("invalid_token", "the token is bound to another certificate")

    # how it refuses

    def refuse(self, request, refused, value=None):
        error = refused.error
        status = refused.status or 401
        if error == "proof":
            error, status = self.rules.rs_error, self.rules.rs_status
        if error == "none":
            error = None
        scheme = request.headers.get("Authorization", "").partition(" ")[0].lower()
        bearer_only = self.places[request.path] == "userinfo" and not self.rules.userinfo_dpop
        lines = self.challenges(scheme, error, refused.why, bearer_only=bearer_only)
        headers = [("WWW-Authenticate", line) for line in lines]
        body = {"error": error or "unauthorized", **(value or {})}
        return as_json(body, status, headers)

    def challenges(self, scheme, error, why, *, bearer_only):
        """Values of WWW-Authenticate; the error goes to the scheme that was tried."""
        told = f'error="{error}"' if error else ""
        if self.rules.challenge == "bare":
            return [f"{'Bearer' if scheme == 'bearer' else 'DPoP'} {told}".strip()]
        why = f'{told}, error_description="{why}"' if error else ""
        dpop = ", ".join(
            part
            for part in (f'algs="{" ".join(self.rules.algs)}"', why if scheme != "bearer" else "")
            if part
        )
        bearer = ", ".join(part for part in ('realm="peer"', why if scheme == "bearer" else "") if part)
        if bearer_only:
            return [f"Bearer {bearer}"]
        lines = [f"DPoP {dpop}", f"Bearer {bearer}"]
        return [", ".join(lines)] if self.rules.challenge == "one-line" else lines


def der_of(text):
    """DER of a certificate from a header in one of the usual spellings, None if there is none."""
    try:
        text = unquote(text or "")
        text = text.split('Cert="')[-1].split('"')[0] if 'Cert="' in text else text
        if "BEGIN CERTIFICATE" in text:
            text = "".join(part for part in text.split("-----")[2].split())
        raw = base64.b64decode(text.strip(":").replace(" ", ""), validate=True)
        return x509.load_der_x509_certificate(raw).public_bytes(serialization.Encoding.DER)
    except (ValueError, IndexError):
        return None
