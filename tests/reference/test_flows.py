"""The honest reference target: every client and mechanism works, and refusals are exact."""

import hashlib
import ssl
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from support.reference_client import Key, b64, challenges, claims_of, error_of, started


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    with started(tmp_path_factory.mktemp("reference")) as running:
        yield running


@pytest.mark.parametrize("name", ["basic", "post", "assertion"])
def test_client_credentials_with_dpop(target, name):
    key = Key()
    answer = target.credentials(name, key)
    body = answer.json()
    assert (answer.status_code, body["token_type"], body["expires_in"]) == (200, "DPoP", 600)
    assert answer.headers["Cache-Control"] == "no-store"
    token = body["access_token"]
    for method in ("GET", "HEAD", "POST"):
        assert target.get(token, key, method=method).status_code == 200
    assert target.profile["resource"]["canary"] in target.get(token, key, scheme="dPOP").text
    told = target.post("/introspect", "rs", token=token).json()
    assert (told["active"], told["token_type"], told["cnf"]) == (True, "DPoP", {"jkt": key.jkt})
    if name != "post":
        assert claims_of(token)["cnf"] == {"jkt": key.jkt}


@pytest.mark.parametrize("alg", ["ES256", "ES384", "EdDSA", "Ed25519", "PS256", "RS256"])
def test_every_advertised_algorithm_works(target, alg):
    key = Key(alg)
    token = target.credentials("basic", key).json()["access_token"]
    assert target.get(token, key).status_code == 200
    assert (
        alg
        in target.send("GET", "/.well-known/openid-configuration").json()["dpop_signing_alg_values_supported"]
    )


@pytest.mark.parametrize("name", ["app", "public", "public_par"])
def test_code_and_refresh_with_dpop(target, name):
    key, other = Key(), Key()
    answer = target.redeem(name, key, target.code(name)).json()
    assert answer["token_type"] == "DPoP"
    assert target.get(answer["access_token"], key, path="/userinfo").json()["sub"] == "alice"
    public = name != "app"
    first = target.refresh(name, other, answer["refresh_token"])
    assert (first.status_code == 200) is not public
    second = target.refresh(name, key, answer["refresh_token"]).json()
    assert claims_of(second["access_token"])["cnf"]["jkt"] == key.jkt
    assert ("refresh_token" in second) is public
    if public:
        assert error_of(target.refresh(name, other, second["refresh_token"])) == (400, "invalid_grant")
        third = target.refresh(name, key, second["refresh_token"])
        assert third.status_code == 200
        # the second use of a replaced one ends the family (RFC 9700 section 4.14.2)
        assert error_of(target.refresh(name, key, answer["refresh_token"])) == (400, "invalid_grant")
        assert error_of(target.refresh(name, key, third.json()["refresh_token"])) == (400, "invalid_grant")


@pytest.mark.parametrize("name", ["pki", "selfsigned"])
def test_client_credentials_with_mtls(target, name):
    answer = target.credentials(name).json()
    token = answer["access_token"]
    assert answer["token_type"] == "Bearer"
    told = target.post("/introspect", "rs", token=token).json()
    pem = target.profile["clients"][name]["certificate"]
    assert told["cnf"] == {"x5t#S256": b64(hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).digest())}
    assert told["token_type"] == "Bearer"
    assert target.get(token, scheme="Bearer", certificate=name).status_code == 200
    for certificate in (None, "attacker"):
        refused = target.get(token, scheme="Bearer", certificate=certificate)
        assert error_of(refused) == (401, "invalid_token")
        assert any(c.startswith('Bearer error="invalid_token"') for c in challenges(refused))


@pytest.mark.parametrize("name", ["pki", "selfsigned"])
@pytest.mark.parametrize("certificate", [None, "attacker", "public_mtls"])
def test_mtls_client_without_its_certificate(target, name, certificate):
    refused = target.credentials(name, certificate=certificate)
    assert error_of(refused) == (401, "invalid_client")


def test_public_client_with_mtls(target):
    answer = target.redeem("public_mtls", None, target.code("public_mtls")).json()
    token, refresh = answer["access_token"], answer["refresh_token"]
    assert target.get(token, scheme="Bearer", certificate="public_mtls", path="/userinfo").status_code == 200
    for certificate in (None, "attacker"):
        refused = target.refresh("public_mtls", None, refresh, certificate=certificate)
        assert error_of(refused) == (400, "invalid_grant")
    again = target.refresh("public_mtls", None, refresh).json()
    assert "x5t#S256" in claims_of(again["access_token"])["cnf"]
    unproven = target.redeem("public_mtls", None, target.code("public_mtls"), certificate=None)
    assert error_of(unproven) == (400, "invalid_request")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("name", ["selfsigned", "pki"])
def test_certificates_work_in_both_tls_versions(target, version, name):
    context = target.tls(target.profile["clients"][name], version)
    with httpx.Client(verify=context) as client:
        data = {"grant_type": "client_credentials", "client_id": name}
        assert client.post(target.issuer + "/token", data=data).status_code == 200


def test_proof_and_certificate_bind_to_both(target):
    key = Key()
    answer = target.credentials("pki", key).json()
    token = answer["access_token"]
    assert answer["token_type"] == "DPoP"
    assert claims_of(token)["cnf"].keys() == {"jkt", "x5t#S256"}
    assert target.get(token, key, certificate="pki").status_code == 200
    assert error_of(target.get(token, key)) == (401, "invalid_token")
    assert error_of(target.get(token, scheme="Bearer", certificate="pki")) == (401, "invalid_token")


def test_without_proof_a_token_is_a_bearer_token(target):
    answer = target.credentials("basic").json()
    assert answer["token_type"] == "Bearer"
    assert target.get(answer["access_token"], scheme="bearer").status_code == 200
    assert error_of(target.get(answer["access_token"], Key())) == (401, "invalid_token")
    assert error_of(target.credentials("assertion")) == (400, "invalid_request")


def test_a_proof_works_once_and_a_failed_one_burns_nothing(target):
    key, other = Key(), Key()
    token_url, api = f"{target.issuer}/token", f"{target.issuer}/api"
    code = target.code("app", dpop_jkt=key.jkt)
    assert error_of(target.redeem("app", None, code)) == (400, "invalid_grant")
    assert error_of(target.redeem("app", other, code)) == (400, "invalid_grant")
    bad = other.proof("POST", token_url, header={"jwk": key.jwk})
    assert error_of(target.redeem("app", None, code, proof=lambda **_: bad)) == (400, "invalid_dpop_proof")
    proof = key.proof("POST", token_url)
    token = target.redeem("app", None, code, proof=lambda **_: proof).json()["access_token"]
    assert error_of(target.credentials("basic", proof=lambda **_: proof)) == (400, "invalid_dpop_proof")
    shown = key.proof("GET", api, token)
    assert target.get(token, proof=lambda **_: shown).status_code == 200
    for path in ("/api", "/api?x", "/%61pi"):
        assert error_of(target.get(token, path=path, proof=lambda **_: shown)) == (401, "invalid_dpop_proof")
    assert error_of(target.get(token, other)) == (401, "invalid_token")
    assert error_of(target.redeem("app", key, code)) == (400, "invalid_grant")
    assert error_of(target.get(token, key)) == (401, "invalid_token")  # the second use of the code revoked it


@pytest.mark.parametrize(("name", "how"), [("app", "proof"), ("public", "jkt"), ("public_par", "proof")])
def test_codes_are_bound_to_the_key_of_the_pushed_request(target, name, how):
    key, other = Key(), Key()
    more = {"par_key": key} if how == "proof" else {"dpop_jkt": key.jkt}
    code = target.code(name, par=True, **more)
    assert error_of(target.redeem(name, other, code)) == (400, "invalid_grant")
    assert target.redeem(name, key, code).status_code == 200
    query = {"response_type": "code", "redirect_uri": "https://localhost/cb", "dpop_jkt": other.jkt}
    assert error_of(target.post("/par", name, key, **query)) == (400, "invalid_request")


def test_resource_server_answers(target):
    key = Key()
    token = target.credentials("basic", key).json()["access_token"]
    bare = target.send("GET", "/api")
    assert bare.status_code == 401
    assert [c.split()[0] for c in challenges(bare)] == ["DPoP", "Bearer"]
    assert "error" not in "".join(challenges(bare))
    assert error_of(target.get(token)) == (401, "invalid_dpop_proof")
    assert error_of(target.get(token, scheme="Bearer")) == (401, "invalid_token")
    assert error_of(target.get(token, key, scheme="Bearer")) == (401, "invalid_token")
    assert error_of(target.get("x", key)) == (401, "invalid_token")
    assert error_of(target.get(token, key, path="/userinfo")) == (403, "insufficient_scope")
    assert error_of(target.get(token, key, path=f"/api?access_token={token}")) == (400, "invalid_request")
    for both in ((f"DPoP {token}", f"Bearer {token}"), (f"DPoP {token}",) * 2):
        headers = [("Authorization", value) for value in both]
        proof = lambda **n: key.proof("GET", f"{target.issuer}/api", token, **n)  # noqa: E731
        assert error_of(target.send("GET", "/api", headers=headers, proof=proof)) == (400, "invalid_request")


def test_notes_show_effects(target):
    key = Key()
    token = target.credentials("post", key).json()["access_token"]
    write = target.profile["resource"]["write"]
    path = urlsplit(write["url"]).path

    def send(key, marker):
        body = write["body"].replace("{marker}", marker)
        return target.get(token, key, path=path, method="POST", content=body, params=None)

    assert send(key, "one").status_code == 201
    assert send(Key(), "two").status_code == 401
    assert target.get(token, key, path=path).json() == {"notes": ["one"]}
    assert target.get(token, key, path=path, method="POST", content="[").status_code == 400


def test_client_authentication_and_introspection_refusals(target):
    data = {"grant_type": "client_credentials", "client_id": "basic", "client_secret": "x"}
    refused = target.send("POST", "/token", data=data)
    assert error_of(refused) == (401, "invalid_client")
    assert challenges(refused) == ['Basic realm="reference"']
    assert error_of(target.post("/introspect", "app", token="x")) == (403, "access_denied")
    assert target.post("/introspect", "rs", token="x").json() == {"active": False}
    key = Key()
    token = target.credentials("basic", key).json()["access_token"]
    assert error_of(target.post("/revoke", "app", token=token)) == (400, "invalid_grant")
    assert target.post("/revoke", "basic", token=token).status_code == 200
    assert error_of(target.get(token, key)) == (401, "invalid_token")


@pytest.mark.parametrize("mode", ["as", "rs", "both"])
def test_nonces(mode, tmp_path):
    with started(tmp_path, "--nonce", mode) as target:
        key = Key()
        token = target.credentials("basic", key).json()["access_token"]
        assert target.get(token, key).status_code == 200
        assert target.nonces.keys() == ({"as", "rs"} if mode == "both" else {mode})
        assert len(set(target.nonces.values())) == len(target.nonces)
        if mode != "rs":
            for claims in ({}, {"nonce": "x"}, {"nonce": 1}, {"nonce": target.nonces.get("rs", "y")}):
                made = lambda **_: key.proof("POST", f"{target.issuer}/token", **claims)  # noqa: B023, E731
                refused = target.credentials("basic", proof=made)
                assert error_of(refused) == (400, "use_dpop_nonce")
                assert len(refused.headers.get_list("DPoP-Nonce")) == 1
        if mode != "as":
            refused = target.get(token, proof=lambda **_: key.proof("GET", f"{target.issuer}/api", token))
            assert error_of(refused) == (401, "use_dpop_nonce")
            assert challenges(refused)[0].startswith('DPoP error="use_dpop_nonce"')


def test_the_command_refuses_unknown_faults_and_ends_with_its_parent(tmp_path):
    command = [sys.executable, "-m", "keybound.reference", "--fault", "rs-ath-optionel"]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == "unknown fault 'rs-ath-optionel'; did you mean 'rs-ath-optional'?\n"
    before = time.monotonic()
    with started(Path(tmp_path)) as target:
        assert target.send("GET", "/jwks").status_code == 200
    assert time.monotonic() - before < 5
