"""Every fault of the reference target shows when it is on, and only then; honest requests still work."""

import asyncio
import contextlib
import hashlib
import hmac
import importlib.util
import json
import threading
import time
from pathlib import Path

import pytest

from keybound.reference.faults import FAULTS
from keybound.reference.faults_mtls import MTLS
from keybound.reference.server import Settings, running

_spec = importlib.util.spec_from_file_location("flows", Path(__file__).with_name("test_reference_flows.py"))
flows = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(flows)
Key, b64, claims_of = flows.Key, flows.b64, flows.claims_of


@contextlib.contextmanager
def serving(folder, *faults):
    """The reference target in a thread of this process: no start-up to wait for."""
    loop, ready, box = asyncio.new_event_loop(), threading.Event(), {}

    async def main():
        box["stop"] = asyncio.Event()
        async with running(Settings(faults=faults)) as server:
            box["server"] = server
            ready.set()
            await box["stop"].wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(main(),))
    thread.start()
    ready.wait(5)
    target = flows.Target(box["server"].issuer, box["server"].profile, folder)
    try:
        yield target
    finally:
        for client in target.https.values():
            client.close()
        loop.call_soon_threadsafe(box["stop"].set)
        thread.join()
        loop.close()


def unsigned(key, method, url, token):
    return key.proof(method, url, token, header={"alg": "none"}, signature=b"")


def hmac_with_public_key(key, method, url, token):
    head, body, _ = key.proof(method, url, token, header={"alg": "HS256"}).split(".")
    return f"{head}.{body}.{b64(hmac.digest(key.key.as_pem(), f'{head}.{body}'.encode(), hashlib.sha256))}"


def claim(**claims):
    return lambda key, *where: key.proof(*where, **claims)


def header(**members):
    return lambda key, *where: key.proof(*where, header=members)


def without(name):
    return lambda key, *where: key.proof(*where, drop=[name])


def other_url(change):
    return lambda key, method, url, token: key.proof(method, change(url), token)


LONG_AGO, FAR_AHEAD = 10**9, 4 * 10**9
# fault -> a proof it takes though it should not
TAKES = {
    "jti-optional": without("jti"),
    "jti-any-type": claim(jti=7),
    "htm-optional": without("htm"),
    "htm-not-compared": claim(htm="PUT"),
    "htm-list-ok": lambda key, method, *rest: key.proof(method, *rest, htm=[method]),
    "htu-optional": without("htu"),
    "htu-list-ok": lambda key, method, url, token: key.proof(method, url, token, htu=[url]),
    "htu-path-ignored": other_url(lambda url: url + "/x"),
    "htu-host-ignored": other_url(lambda url: url.replace("localhost", "other.example")),
    "htu-scheme-ignored": other_url(lambda url: url.replace("https", "http")),
    "htu-port-ignored": other_url(lambda url: f"https://localhost:1/{url.split('/')[3]}"),
    "iat-optional": without("iat"),
    "iat-string-ok": lambda key, *where: key.proof(*where, iat=str(int(time.time()))),
    "iat-no-past-limit": claim(iat=LONG_AGO),
    "iat-no-future-limit": claim(iat=FAR_AHEAD),
    "typ-optional": without("typ"),
    "typ-not-compared": header(typ="JWT"),
    "typ-list-ok": header(typ=["dpop+jwt"]),
    "alg-none-ok": unsigned,
    "alg-hmac-ok": hmac_with_public_key,
    "alg-guessed": without("alg"),
    "jwk-string-ok": lambda key, *where: key.proof(*where, header={"jwk": json.dumps(key.jwk)}),
    "private-jwk-ok": lambda key, *where: key.proof(*where, header={"jwk": key.key.as_dict(private=True)}),
    "signature-not-verified": lambda key, *where: key.proof(*where, signature=b"x" * 64),
    "first-dpop-header": lambda key, *where: [key.proof(*where), "x"],
    "last-dpop-header": lambda key, *where: ["x", key.proof(*where)],
    "malformed-proof-ignored": lambda *_: "x",
    "ath-optional": without("ath"),
    "ath-not-compared": claim(ath="x"),
    "ath-list-ok": lambda key, method, url, token: key.proof(
        method, url, ath=[b64(hashlib.sha256(token.encode()).digest())]
    ),
    "any-key": lambda _, *where: Key().proof(*where),
}
# fault -> a proof it refuses though it should not
REFUSES = {
    "htu-not-normalised": (Key, other_url(lambda url: url + "?x")),
    "refuses-extra-members": (Key, claim(x=1)),
    "refuses-eddsa": (lambda: Key("Ed25519"), claim()),
    "refuses-rsa": (lambda: Key("PS256"), claim()),
}


def answer(target, side, make, key=None):
    """Send the proof that `make` builds to the token endpoint or the resource."""
    key = key or Key()
    if side == "as":
        proof = make(key, "POST", f"{target.issuer}/token", None)
        return target.credentials("basic", proof=lambda **_: proof)
    token = target.credentials("basic", key).json()["access_token"]
    proof = make(key, "GET", f"{target.issuer}/api", token)
    return target.get(token, proof=lambda **_: proof)


def twice(target, side):
    key = Key()
    if side == "as":
        proof = key.proof("POST", f"{target.issuer}/token")
        return [target.credentials("basic", proof=lambda **_: proof) for _ in range(2)][1].status_code == 200
    token = target.credentials("basic", key).json()["access_token"]
    proof = key.proof("GET", f"{target.issuer}/api", token)
    return [target.get(token, proof=lambda **_: proof) for _ in range(2)][1].status_code == 200


def last_key(target, side):
    key = Key()
    if side == "as":
        target.credentials("basic", key)
        return answer(target, side, without("jwk"), key).status_code == 200
    token = target.credentials("basic", key).json()["access_token"]
    target.get(token, key)
    proof = key.proof("GET", f"{target.issuer}/api", token, drop=["jwk"])
    return target.get(token, proof=lambda **_: proof).status_code == 200


def bound(target, client="basic"):
    key = Key()
    return key, target.credentials(client, key).json()["access_token"]


def challenge_lacks(text, *, present=False):
    def shown(target):
        _, token = bound(target)
        return (text in "".join(flows.challenges(target.get(token, Key())))) is present

    return shown


def note_after_refusal(target):
    key, token = bound(target)
    target.get(token, Key(), path="/api/notes", method="POST", content='{"note":"x"}')
    return "x" in target.get(token, key, path="/api/notes").json()["notes"]


def mtls(certificate, status=200):
    def shown(target):
        token = target.credentials("pki").json()["access_token"]
        return target.get(token, scheme="Bearer", certificate=certificate).status_code == status

    return shown


def cnf(name, wanted, client="basic"):
    """Whether the cnf member of a fresh token is as `wanted`, a function of the right value."""

    def shown(target):
        key = Key() if client == "basic" else None
        token = target.credentials(client, key).json()["access_token"]
        if key:
            right = key.jkt
        else:
            der = flows.ssl.PEM_cert_to_DER_cert(target.profile["clients"][client]["certificate"])
            right = b64(hashlib.sha256(der).digest())
        return wanted(claims_of(token).get("cnf", {}).get(name), right)

    return shown


def introspected(check, client="basic"):
    def shown(target):
        key = Key() if client == "basic" else None
        token = target.credentials(client, key).json()["access_token"]
        return check(target.post("/introspect", "rs", token=token).json())

    return shown


def codes(name, *, redeem=None, status=200, **par):
    """Whether a code asked for with the victim's key can be redeemed with another key (or with none)."""

    def shown(target):
        key = Key()
        given = {k: (key if v == "key" else key.jkt if v == "jkt" else v) for k, v in par.items()}
        return target.redeem(name, redeem and redeem(), target.code(name, **given)).status_code == status

    return shown


def refreshed(name, key=None, *, again=False):
    """Whether a refresh token works with `key`; `again`: the second one."""

    def shown(target):
        own = Key()
        token = target.redeem(name, own, target.code(name)).json()["refresh_token"]
        if again:
            token = target.refresh(name, own, token).json()["refresh_token"]
        return target.refresh(name, key and key(), token).status_code == 200

    return shown


def refresh_cnf(name, check):
    def shown(target):
        dpop = name != "public_mtls"
        first, second = (Key(), Key()) if dpop else (None, None)
        token = target.redeem(name, first, target.code(name)).json()["refresh_token"]
        renewed = target.refresh(name, second, token).json()["access_token"]
        return check(claims_of(renewed).get("cnf", {}), first)

    return shown


def par_mismatch(target):
    key, query = Key(), {"response_type": "code", "redirect_uri": "https://localhost/cb"}
    query |= {"code_challenge": "x" * 43, "code_challenge_method": "S256", "dpop_jkt": Key().jkt}
    return target.post("/par", "app", key, **query).status_code == 201


def bad_proof_at_par(target):
    query = {"response_type": "code", "redirect_uri": "https://localhost/cb", "code_challenge": "x" * 43}
    return (
        target.post("/par", "app", proof=lambda **_: "x", code_challenge_method="S256", **query).status_code
        == 201
    )


def refresh_with_certificate(target):
    token = target.redeem("public_mtls", None, target.code("public_mtls")).json()["refresh_token"]
    return target.refresh("public_mtls", None, token, certificate="attacker").status_code == 200


def metadata(name, check):
    return lambda target: check(target.send("GET", "/.well-known/oauth-authorization-server").json()[name])


def credentials(client, check, **more):
    return lambda target: check(target.credentials(client, **more))


def token_type(check):
    return lambda target: check(target.credentials("basic", Key()).json().get("token_type"))


def ok(response):
    return response.status_code == 200


def whole_jwk(target):
    key = Key()
    key.jwk = {**key.jwk, "kid": "x"}
    return claims_of(target.credentials("basic", key).json()["access_token"])["cnf"]["jkt"] != key.jkt


def get_as_htm(target):
    key, token = bound(target)
    return not ok(target.get(token, key, method="POST"))


def queried(target):
    key, token = bound(target)
    return not ok(target.get(token, key, path="/api?x=1"))


def as_bearer(*, with_proof):
    def shown(target):
        key, token = bound(target)
        return ok(target.get(token, key if with_proof else None, scheme="Bearer"))

    return shown


def opaque_any_key(target):
    _, token = bound(target, "post")
    return ok(target.get(token, Key()))


def unbound_code(target):
    return target.redeem("app", Key(), target.code("app")).json()["token_type"] == "Bearer"


def no_proof(target):
    return ok(target.get(bound(target)[1]))


def lower_case(target):
    key, token = bound(target)
    return not ok(target.get(token, key, scheme="dpop"))


def canary(target):
    return target.profile["resource"]["canary"] in target.get(bound(target)[1], Key()).text


def no_challenge(target):
    return not flows.challenges(target.send("GET", "/api"))


def bare_error(target):
    return "error=" in "".join(flows.challenges(target.send("GET", "/api")))


def bad_proof(check):
    return lambda target: check(answer(target, "as", claim(htm="PUT")))


OTHERS = {
    "rs-bound-token-as-bearer": as_bearer(with_proof=False),
    "rs-bearer-with-proof-ok": as_bearer(with_proof=True),
    "rs-proof-optional": no_proof,
    "rs-executes-before-verifying": note_after_refusal,
    "rs-body-in-refusal": canary,
    "rs-scheme-case-sensitive": lower_case,
    "rs-wants-get-as-htm": get_as_htm,
    "rs-htu-query-kept": queried,
    "rs-no-challenge": no_challenge,
    "rs-challenge-without-error": challenge_lacks("error="),
    "rs-challenge-without-algs": challenge_lacks("algs="),
    "rs-challenge-lists-none": challenge_lacks(" none", present=True),
    "rs-error-without-credentials": bare_error,
    "rs-mtls-certificate-optional": mtls(None),
    "rs-mtls-any-certificate": mtls("attacker"),
    "rs-mtls-wrong-error": mtls("attacker", 403),
    "rs-opaque-cnf-ignored": opaque_any_key,
    "as-says-bearer": token_type(lambda value: value == "Bearer"),
    "as-says-nothing": token_type(lambda value: value is None),
    "as-cnf-missing": cnf("jkt", lambda value, _: value is None),
    "as-jkt-sha1": cnf("jkt", lambda value, _: len(value) == 27),
    "as-jkt-padded": cnf("jkt", lambda value, right: value == right + "="),
    "as-jkt-of-whole-jwk": whole_jwk,
    "as-code-grant-unbound": unbound_code,
    "as-refresh-grant-unbound": refresh_cnf("app", lambda value, _: not value),
    "as-client-credentials-unbound": token_type(lambda value: value == "Bearer"),
    "as-refresh-binds-old-key": refresh_cnf("app", lambda value, old: value == {"jkt": old.jkt}),
    "as-refresh-any-key": refreshed("public", Key),
    "as-refresh-proof-optional": refreshed("public"),
    "as-rotated-refresh-unbound": refreshed("public", Key, again=True),
    "as-ignores-dpop-jkt": codes("public", redeem=Key, dpop_jkt="jkt"),
    "as-ignores-dpop-jkt-in-par": codes("app", redeem=Key, dpop_jkt="jkt"),
    "as-par-proof-not-bound": codes("app", redeem=Key, par_key="key"),
    "as-par-jkt-mismatch-ok": par_mismatch,
    "as-par-proof-not-verified": bad_proof_at_par,
    "as-code-proof-optional": codes("app", dpop_jkt="jkt"),
    "as-bound-client-proof-optional": credentials("assertion", ok),
    "as-proof-error-code": bad_proof(lambda response: response.json()["error"] == "server_error"),
    "as-proof-error-not-json": bad_proof(lambda response: response.text.startswith("<!DOCTYPE")),
    "as-metadata-algs-string": metadata(
        "dpop_signing_alg_values_supported", lambda value: isinstance(value, str)
    ),
    "as-metadata-algs-none": metadata("dpop_signing_alg_values_supported", lambda value: "none" in value),
    "as-introspection-without-cnf": introspected(lambda told: "cnf" not in told),
    "as-introspection-says-bearer": introspected(lambda told: told["token_type"] == "Bearer"),
    "as-introspection-wants-proof": introspected(lambda told: "error" in told),
    "as-introspection-without-x5t": introspected(lambda told: "cnf" not in told, "pki"),
    "as-x5t-missing": cnf("x5t#S256", lambda value, _: value is None, "pki"),
    "as-x5t-hex": cnf("x5t#S256", lambda value, _: len(value) == 64, "pki"),
    "as-x5t-sha1": cnf("x5t#S256", lambda value, _: len(value) == 27, "pki"),
    "as-x5t-padded": cnf("x5t#S256", lambda value, right: value == right + "=", "pki"),
    "as-x5t-of-key": cnf("x5t#S256", lambda value, right: len(value) == 43 and value != right, "pki"),
    "as-mtls-certificate-optional": credentials("pki", ok, certificate=None),
    "as-mtls-any-certificate": credentials("pki", ok, certificate="attacker"),
    "as-self-signed-any-certificate": credentials("selfsigned", ok, certificate="attacker"),
    "as-mtls-wrong-error": credentials(
        "pki", lambda r: r.json()["error"] == "access_denied", certificate="attacker"
    ),
    "as-metadata-mtls-flag-string": metadata(
        "tls_client_certificate_bound_access_tokens", lambda value: value == "true"
    ),
    "as-mtls-refresh-any-certificate": refresh_with_certificate,
    "as-mtls-binding-on-first-token-only": refresh_cnf("public_mtls", lambda value, _: not value),
}


def shows(target, fault):
    """Whether the target behaves as the fault says."""
    side, _, name = fault.partition("-")
    if fault in OTHERS:
        return OTHERS[fault](target)
    if name in TAKES:
        return ok(answer(target, side, TAKES[name]))
    if name in REFUSES:
        make_key, make = REFUSES[name]
        return not ok(answer(target, side, make, make_key()))
    if name == "no-replay-store":
        return twice(target, side)
    if name == "jwk-optional":
        return last_key(target, side)
    assert name == "crashes-on-odd-jwk"
    return answer(target, side, header(jwk=[])).status_code == 500


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("honest")) as target:
        yield target


# The faults of mutual TLS are shown by the kill matrix; a second client for them would say the same again.
@pytest.mark.parametrize("fault", [name for name in FAULTS if name not in {row[0] for row in MTLS}])
def test_a_fault_shows_only_when_it_is_on(fault, honest, tmp_path):
    assert not shows(honest, fault)
    with serving(tmp_path, fault) as target:
        assert shows(target, fault)
        key = Key()
        token = target.credentials("basic", key).json()["access_token"]
        assert ok(target.get(token, key)) or ok(target.get(token, scheme="Bearer"))
        token = target.credentials("pki").json()["access_token"]
        assert ok(target.get(token, scheme="Bearer", certificate="pki"))
