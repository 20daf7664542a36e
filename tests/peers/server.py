"""An AS and an RS on loopback that know nothing of keybound.

`python -m peers.server --variant NAME [--defect NAME]` prints one JSON line {"issuer", "profile"} when it is ready
(`profile` is TOML for `keybound run`) and stops when its standard input closes.
"""

import argparse
import json
import secrets
import sys

from peers import relatives, tls
from peers.api import CANARY, Resources
from peers.authz import REDIRECT, Authorization
from peers.httpd import Response, Server, as_json
from peers.nonces import Nonces
from peers.refusal import Crash, Refused
from peers.variants import DEFECTS, VARIANTS, rules_for
from peers.world import USER, Client, World

ALL_CODE = ("authorization_code", "refresh_token")


class Application:
    """Routes a request to the AS or the RS and puts every refusal into words."""

    def __init__(self, world):
        self.world, self.rules = world, world.rules
        self.authorization, self.resources = Authorization(world), Resources(world)
        self.as_places = {self.authorization.base + self.rules.token_path: "token"}
        self.as_places[f"{self.authorization.base}/par"] = "par"

    def __call__(self, request):
        routes = self.authorization.routes | self.resources.routes
        if request.method == "OPTIONS" and self.rules.cors:
            return self.add_cors(Response(204))
        call = routes.get((request.method, request.path)) if self.here(request) else None
        if call is None:
            allowed = [method for method, path in routes if path == request.path and self.here(request)]
            headers = [("Allow", ", ".join(allowed))] if allowed else []
            return as_json({"error": "not found"}, 405 if allowed else 404, headers)
        try:
            response = call(request)
        except Refused as refused:
            response = self.refuse(request, refused)
        except Crash:
            return Response(0, drop=True)
        except (UnicodeDecodeError, ValueError):
            response = as_json({"error": "invalid_request"}, 400)
        self.add_nonce(request, response)
        self.add_cache(response)
        if self.rules.cors:
            self.add_cors(response)
        if self.rules.extra and response.body.startswith(b"{"):
            more = {"x_peer": {"list": [1, None]}, "x_flag": True}
            response.body = json.dumps({**json.loads(response.body), **more}).encode()
        return response

    def here(self, request):
        """True if the listener serves this path: with two ports the API is on the second."""
        if self.rules.layout == "one":
            return True
        first = request.origin == self.world.issuer.removesuffix(self.rules.issuer_path)
        if request.path.startswith(("/api", "/.well-known/oauth-protected-resource")):
            return not first
        return first or self.rules.layout == "aliases"

    def refuse(self, request, refused):
        if request.path in self.resources.places:
            response = self.resources.refuse(request, refused)
        else:
            status, error = refused.status or 400, refused.error
            if error == "proof":
                status, error = self.rules.as_status, self.rules.as_error
            headers = []
            if status == 401:
                scheme = {"proof": "DPoP", "invalid_token": "Bearer"}.get(refused.error, "Basic")
                known = 'realm="peer"' if scheme == "Basic" else f'error="{error}"'
                headers = [("WWW-Authenticate", f"{scheme} {known}")]
            response = as_json({"error": error, "error_description": refused.why}, status, headers)
        if refused.nonce:
            response.headers.append(("DPoP-Nonce", refused.nonce.fresh()))
        return response

    def add_nonce(self, request, response):
        place = self.resources.places.get(request.path) or self.as_places.get(request.path)
        told = any(name == "DPoP-Nonce" for name, _ in response.headers)
        if place and self.rules.nonce in {"always", "single", "newest"}:
            if not told:
                alone = Nonces(self.rules) if self.rules.has("nonce-success-useless") else None
                response.headers.append(("DPoP-Nonce", (alone or self.world.nonces[place]).fresh()))
            if self.rules.has("nonce-twice"):
                response.headers.append(("DPoP-Nonce", self.world.nonces[place].fresh()))

    def add_cache(self, response):
        told = any(name == "DPoP-Nonce" for name, _ in response.headers)
        words = "public, max-age=60" if told and self.rules.has("nonce-cacheable") else self.rules.cache
        response.headers = [
            (name, words if value == "no-store" else value) for name, value in response.headers
        ]

    def add_cors(self, response):
        response.headers += [("Access-Control-Allow-Origin", "*")]
        if response.status == 204:
            response.headers += [
                ("Access-Control-Allow-Methods", "GET, HEAD, POST"),
                ("Access-Control-Allow-Headers", "Authorization, Content-Type, DPoP"),
            ]
        elif self.rules.cors == "full":
            response.headers += [("Access-Control-Expose-Headers", "DPoP-Nonce, WWW-Authenticate")]
        return response


def make_clients(authority, rules):
    def secret():
        return secrets.token_urlsafe(24)

    walled = rules.layout == "walled"
    carried = tls.make("carrier", authority) if rules.walled_dpop else None
    dpop = [
        Client("cc", "client_secret_basic", ("client_credentials",), secret(), carried),
        Client(
            "strict", "private_key_jwt", ("client_credentials",), identity=tls.make("jwt"), dpop_bound=True
        ),
        Client("spa", "none", ALL_CODE, identity=carried),
        Client("web", "client_secret_post", ALL_CODE, secret(), carried, par=rules.par),
        Client("app", "none", ALL_CODE, identity=carried, par=rules.par),
    ]
    mtls = [
        Client("m-pki", "tls_client_auth", ("client_credentials",), identity=tls.make("m-pki", authority)),
        Client("m-web", "tls_client_auth", ALL_CODE, identity=tls.make("m-web", authority)),
        Client("m-dpop", "tls_client_auth", ("client_credentials",), identity=tls.make("m-dpop", authority)),
        Client(
            "m-secret",
            "client_secret_basic",
            ("client_credentials",),
            secret(),
            tls.make("m-secret", authority),
            certificate_bound=True,
        ),
        Client("m-self", "self_signed_tls_client_auth", ("client_credentials",), identity=tls.make("m-self")),
        Client("m-app", "none", ALL_CODE, identity=tls.make("m-app"), certificate_bound=True),
    ]
    rs = [Client("rs", "client_secret_basic", (), secret())] if rules.introspection else []
    if walled and not rules.walled_dpop:
        dpop = []
    if walled and rules.walled_dpop:
        dpop = [client for client in dpop if client.id != "strict"]
    return {client.id: client for client in [*dpop, *mtls, *rs]}


def trusted(authority, clients, attacker):
    own = [client.identity for client in clients.values() if client.identity]
    return [authority, attacker, *own]


# the profile


def client_table(client):
    table = {"id": client.id, "auth": client.auth, "grants": list(client.grants)}
    table["scope"] = "openid read write" if "authorization_code" in client.grants else "read write"
    if client.secret:
        table["secret"] = client.secret
    if client.auth == "private_key_jwt":
        table |= {"key": client.identity.key_pem, "key_id": "1", "key_alg": "ES256"}
    elif client.identity:
        table |= {"certificate": client.identity.pem, "certificate_key": client.identity.key_pem}
    if "authorization_code" in client.grants:
        table["redirect_uri"] = REDIRECT
    if client.grants:
        table["mechanisms"] = ["mtls" if client.mtls and client.id != "m-dpop" else "dpop"]
    flags = {
        "dpop_bound": client.dpop_bound,
        "certificate_bound": client.certificate_bound,
        "par": client.par,
    }
    return table | {name: True for name, value in flags.items() if value}


def profile(world, authority, attacker, name):
    base = world.resource.partition("?")[0]
    value = {
        "name": name,
        "issuer": world.issuer,
        "ca": authority.pem,
        "clients": {client.id: client_table(client) for client in world.clients.values()},
        "login": {"username": USER["username"], "password": USER["password"]},
        "resource": {
            "url": world.resource,
            "canary": CANARY,
            "methods": ["GET", "HEAD", "POST"],
            "write": {
                "method": "POST",
                "url": f"{base}/notes",
                "body": '{"note":"{marker}"}',
                "content_type": "application/json",
                "read": f"{base}/notes",
            },
        },
        "attacker": {"certificate": attacker.pem, "certificate_key": attacker.key_pem},
        "certificates": relatives.make(world.clients["m-pki"], attacker, world.authority),
    }
    if world.rules.introspection:
        value["introspection"] = {"client": "rs"}
    if world.rules.registration == "open":
        value["registration"] = {}
    return "\n".join(toml(value))


def toml(value, name=""):
    """TOML lines of a nested dict; JSON's strings, numbers and lists are TOML too."""
    if name:
        yield f"[{name}]"
    for key, item in value.items():
        if not isinstance(item, dict):
            yield f"{key} = {json.dumps(item)}"
    for key, item in value.items():
        if isinstance(item, dict):
            yield from toml(item, f"{name}.{key}".lstrip("."))


def build(rules, name):
    """Start the listeners; returns issuer and profile."""
    authority, attacker_name = tls.make("peer clients", authority=True), "attacker"
    root = tls.make("peer servers", authority=True)
    server = tls.make("localhost", root, usage=tls.ExtendedKeyUsageOID.SERVER_AUTH, hosts=["localhost"])
    attacker = tls.make(attacker_name, authority)
    world = World(rules, make_clients(authority, rules), authority)
    application = Application(world)
    known = trusted(authority, world.clients, attacker)

    def listen(ask):
        context = tls.context(server, ask, known, tls12=rules.tls12)
        return Server(application, rules, context, world.lock)

    first = listen("never" if rules.layout == "aliases" else rules.tls)
    second = None
    if rules.layout != "one":
        second = listen("required" if rules.layout == "walled" else rules.tls)
        world.alias = second.origin if rules.layout == "aliases" else ""
    world.issuer = first.origin + rules.issuer_path
    world.resource = (second or first).origin + "/api"
    if rules.resource_query:
        world.resource += f"?{rules.resource_query}"
    origins = [listener.origin for listener in (first, second) if listener]
    paths = {path for _, path in [*application.authorization.routes, *application.resources.routes]}
    world.urls = {origin + path for origin in origins for path in paths}
    for listener in (first, second):
        if listener:
            listener.start()
    return world.issuer, profile(world, root, attacker, name)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variant", default="plain", help=f"{', '.join(VARIANTS)}, or several joined by +")
    parser.add_argument("--defect", choices=sorted(DEFECTS))
    options = parser.parse_args()
    issuer, text = build(rules_for(options.variant, options.defect), options.defect or options.variant)
    print(json.dumps({"issuer": issuer, "profile": text}), flush=True)
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
