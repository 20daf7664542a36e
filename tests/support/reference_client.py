"""A plain OAuth client of the reference target, and the target in a process of its own. It uses nothing of keybound."""

import base64
import contextlib
import hashlib
import json
import secrets
import ssl
import subprocess
import sys
import time
import tomllib
from urllib.parse import parse_qs, urlsplit

import httpx
from bs4 import BeautifulSoup
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey


def b64(data):
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else data.encode()).rstrip(b"=").decode()


class Key:
    """A proof key, and proofs made with it: valid unless told otherwise."""

    def __init__(self, alg="ES256"):
        self.alg = alg
        make = {"ES384": lambda: ECKey.generate_key("P-384"), "EdDSA": lambda: OKPKey.generate_key("Ed25519")}
        make |= {"Ed25519": make["EdDSA"], "PS256": RSAKey.generate_key, "RS256": RSAKey.generate_key}
        self.key = make.get(alg, ECKey.generate_key)()
        self.jwk = self.key.as_dict(private=False)
        self.jkt = self.key.thumbprint()

    def proof(self, method, url, token=None, *, header=None, drop=(), signature=None, payload=None, **claims):
        head = {"typ": "dpop+jwt", "alg": self.alg, "jwk": self.jwk} | (header or {})
        body = {"jti": secrets.token_urlsafe(12), "htm": method, "htu": url, "iat": int(time.time()) - 1}
        if token:
            body["ath"] = b64(hashlib.sha256(token.encode()).digest())
        body |= claims
        for name in drop:
            head.pop(name, None)
            body.pop(name, None)
        text = payload if payload is not None else json.dumps(body)
        signed = f"{b64(json.dumps(head))}.{b64(text)}"
        own = jws.JWSRegistry.algorithms[self.alg].sign(signed.encode(), self.key)
        return f"{signed}.{b64(own if signature is None else signature)}"


class Target:
    """A running reference target and a minimal OAuth client for it."""

    def __init__(self, issuer, profile, folder):
        self.issuer, self.profile, self.folder = issuer, tomllib.loads(profile), folder
        (folder / "ca.pem").write_text(self.profile["ca"])
        self.https = {None: httpx.Client(verify=self.tls(), timeout=5)}
        self.nonces = {}

    def tls(self, identity=None, version=None):
        context = ssl.create_default_context(cafile=self.folder / "ca.pem")
        if version:
            context.minimum_version = context.maximum_version = version
        if identity:
            path = self.folder / "identity.pem"
            path.write_text(identity["certificate"] + identity["certificate_key"])
            context.load_cert_chain(path)
        return context

    def http(self, name=None):
        """An HTTP client; `name` of a client in the profile, or "attacker", whose certificate it shows."""
        if name not in self.https:
            identity = self.profile["attacker"] if name == "attacker" else self.profile["clients"][name]
            self.https[name] = httpx.Client(verify=self.tls(identity), timeout=5)
        return self.https[name]

    def send(self, method, path, *, proof=None, certificate=None, headers=(), **more):
        """Send a request; `proof` makes the header, given a nonce if there is one, again if one is needed."""
        side = "as" if path in ("/token", "/par") else "rs"
        for _ in range(2):
            headers_now = list(headers)
            if proof:
                nonce = self.nonces.get(side)
                made = proof(**({"nonce": nonce} if nonce else {}))
                headers_now += [("DPoP", value) for value in ([made] if isinstance(made, str) else made)]
            response = self.http(certificate).request(method, self.issuer + path, headers=headers_now, **more)
            if "DPoP-Nonce" in response.headers:
                self.nonces[side] = response.headers["DPoP-Nonce"]
            if "use_dpop_nonce" not in response.text:
                return response
        return response

    def form(self, name, data):
        """What a client adds to a form to authenticate: (data, headers, certificate)."""
        client = self.profile["clients"][name]
        data, headers = dict(data), []
        if client["auth"] == "client_secret_basic":
            pair = base64.b64encode(f"{client['id']}:{client['secret']}".encode()).decode()
            headers.append(("Authorization", f"Basic {pair}"))
        elif client["auth"] == "client_secret_post":
            data |= {"client_id": client["id"], "client_secret": client["secret"]}
        elif client["auth"] == "private_key_jwt":
            now = int(time.time())
            claims = {
                "iss": client["id"],
                "sub": client["id"],
                "aud": self.issuer,
                "exp": now + 60,
                "jti": str(now),
            }
            key = ECKey.import_key(client["key"])
            assertion = jws.serialize_compact({"alg": "ES256"}, json.dumps(claims), key)
            data |= {"client_assertion": assertion}
            data["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        else:
            data["client_id"] = client["id"]
        return data, headers, name if "certificate" in client else None

    def post(self, path, name, key=None, *, certificate="own", proof=None, **data):
        data, headers, own = self.form(name, data)
        if key and proof is None:
            proof = lambda **n: key.proof("POST", self.issuer + path, **n)  # noqa: E731
        shown = own if certificate == "own" else certificate
        return self.send("POST", path, data=data, headers=headers, certificate=shown, proof=proof)

    def credentials(self, name, key=None, **more):
        return self.post("/token", name, key, grant_type="client_credentials", **more)

    def code(self, name, *, par_key=None, par=None, **params):
        """Log in; return the code and the PKCE verifier."""
        client, verifier = self.profile["clients"][name], secrets.token_urlsafe(32)
        query = {"response_type": "code", "client_id": client["id"], "redirect_uri": client["redirect_uri"]}
        query |= {"scope": client["scope"], "state": "xyz", "code_challenge_method": "S256", **params}
        query["code_challenge"] = b64(hashlib.sha256(verifier.encode()).digest())
        if client.get("par") if par is None else par:
            pushed = self.post("/par", name, par_key, **query)
            assert pushed.status_code == 201, pushed.text
            query = {"client_id": client["id"], "request_uri": pushed.json()["request_uri"]}
        form = BeautifulSoup(self.send("GET", "/authorize", params=query).text, "html.parser").form
        fields = {i["name"]: i.get("value", "") for i in form.find_all("input")} | self.profile["login"]
        sent = self.send(form["method"].upper(), form["action"], data=fields)
        answer = {k: v[0] for k, v in parse_qs(urlsplit(sent.headers["location"]).query).items()}
        assert (answer["state"], answer["iss"]) == ("xyz", self.issuer)
        return answer["code"], verifier

    def redeem(self, name, key, code, **more):
        uri = self.profile["clients"][name]["redirect_uri"]
        data = {
            "grant_type": "authorization_code",
            "code": code[0],
            "code_verifier": code[1],
            "redirect_uri": uri,
        }
        return self.post("/token", name, key, **(data | more))

    def refresh(self, name, key, token, **more):
        return self.post("/token", name, key, grant_type="refresh_token", refresh_token=token, **more)

    def get(self, token, key=None, *, path="/api", method="GET", scheme="DPoP", proof=None, **more):
        url = self.issuer + path.partition("?")[0]
        if key and proof is None:
            proof = lambda **n: key.proof(method, url, token, **n)  # noqa: E731
        headers = [("Authorization", f"{scheme} {token}")]
        return self.send(method, path, headers=headers, proof=proof, **more)


@contextlib.contextmanager
def started(folder, *options):
    command = [sys.executable, "-W", "error", "-m", "keybound.reference", *options]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(command, text=True, **pipes) as process:
        ready = json.loads(process.stdout.readline())
        target = Target(ready["issuer"], ready["profile"], folder)
        yield target
        for client in target.https.values():
            client.close()
        process.stdin.close()
        assert process.wait(5) == 0
        assert (process.stdout.read(), process.stderr.read()) == ("", "")


def claims_of(token):
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


def challenges(response):
    return response.headers.get_list("WWW-Authenticate")


def error_of(response):
    assert "access_token" not in response.text
    return response.status_code, response.json().get("error")
