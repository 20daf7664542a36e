"""The built-in issuer: documents, introspection, keys that persist, and what an operator is told."""

import json
import re
import signal
import socket
import ssl
import stat
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from keybound.craft.access_token import ORDER, sealed, unsealed
from keybound.craft.certificates import x5t_s256
from keybound.craft.jose import Key
from keybound.engine.embedded import Alone, start_reference
from keybound.errors import UsageError
from keybound.flows.session import Session
from keybound.issuer import keys, minting
from keybound.issuer.introspection import RESPONSES, answer
from keybound.issuer.server import instructions, serving
from keybound.profile.discovery import Metadata
from keybound.profile.target_profile import Profile, parse
from keybound.wire.client import Wire
from support.command import ENVIRONMENT

RESOURCE = '[resource]\nurl = "https://localhost:1/api"\n'


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def settings(folder: Path, more: str = "", scheme: str = "http"):
    text = f"""{RESOURCE}
[tokens]
source = "minted"
address = "{scheme}://localhost:{free_port()}"
audience = "https://api.example"
{more}"""
    return parse(text, "test", folder).tokens


@pytest.mark.parametrize("alg", ["ES256", "RS256", "PS256", "EdDSA"])
def test_documents(tmp_path: Path, alg: str) -> None:
    chosen = settings(tmp_path, f'alg = "{alg}"\nissuer = "https://issuer.example/"')
    known = keys.load(chosen)
    with serving(known), httpx.Client(base_url=chosen.address) as client:
        documents = [
            client.get(path).json()
            for path in ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration")
        ]
        assert documents[0] == documents[1]
        assert documents[0]["issuer"] == "https://issuer.example/"
        published = client.get("/jwks").json()["keys"]
        assert published[0]["kid"] == known.kid
        assert published[0]["alg"] == alg
        assert not any("d" in key for key in published)
        assert client.get("/other").status_code == 404
        assert client.post("/token").json()["error"] == "unsupported_grant_type"


def test_introspection(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    known = keys.load(chosen)
    answer = {"active": True, "sub": "somebody", "cnf": {"jkt": "x"}}
    token = sealed(known.seal, answer)
    login = (chosen.introspection_client, known.introspection_secret)
    with serving(known), httpx.Client(base_url=chosen.address) as client:
        assert client.post("/introspect", data={"token": token}).status_code == 401
        assert client.post("/introspect", data={"token": token}, auth=("rs", "wrong")).status_code == 401
        assert client.post("/introspect", data={"token": token}, auth=login).json() == answer
        for unknown in ("", "nonsense", "é", token[:-4] + "AAAA"):
            assert client.post("/introspect", data={"token": unknown}, auth=login).json() == {"active": False}
        by_post = {"token": token, "client_id": login[0], "client_secret": login[1]}
        assert client.post("/introspect", data=by_post).json() == answer
        signed = client.post(
            "/introspect",
            data={"token": token},
            auth=login,
            headers={"Accept": "application/token-introspection+jwt"},
        )
        assert signed.headers["Content-Type"] == "application/token-introspection+jwt"
        decoded = jwt.decode(
            signed.text, KeySet.import_key_set(client.get("/jwks").json()), algorithms=["ES256"]
        )
        assert decoded.header["typ"] == "token-introspection+jwt"
        assert decoded.claims["token_introspection"] == answer
        assert decoded.claims["aud"] == "rs"


def test_keys_persist_and_are_private(tmp_path: Path) -> None:
    first, second = (keys.load(settings(tmp_path)) for _ in range(2))
    assert first.jwks() == second.jwks()
    assert first.introspection_secret == second.introspection_secret
    assert unsealed(second.seal, sealed(first.seal, {"a": 1})) == {"a": 1}
    assert stat.S_IMODE((tmp_path / "keybound-issuer.pem").stat().st_mode) == 0o600


def test_key_that_does_not_fit(tmp_path: Path) -> None:
    keys.load(settings(tmp_path))
    with pytest.raises(UsageError, match="does not serve alg RS256"):
        keys.load(settings(tmp_path, 'alg = "RS256"'))
    (tmp_path / "keybound-issuer.pem").write_text("nonsense")
    with pytest.raises(UsageError, match="does not serve alg ES256"):
        keys.load(settings(tmp_path))


def test_own_certificate(tmp_path: Path) -> None:
    chosen = settings(tmp_path, scheme="https")
    known = keys.load(chosen)
    with serving(known):
        context = ssl.create_default_context(cafile=str(tmp_path / "keybound-issuer.crt"))
        assert httpx.get(f"{chosen.address}/jwks", verify=context).json() == known.jwks()
        with serving(known):  # a second one at the same address with the same keys is left to the first
            pass
    assert stat.S_IMODE((tmp_path / "keybound-issuer-tls.pem").stat().st_mode) == 0o600
    assert "keybound-issuer.crt" in instructions(known)


def test_address_in_use(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    other = keys.IssuerKeys(Key.generate(), chosen)
    with (
        serving(other),
        pytest.raises(UsageError, match="cannot serve"),
        serving(keys.load(chosen)),
    ):
        pass


TEMPLATE = """
issuer = "https://issuer.example/"
scope = "read write"
subject = "somebody"
client_id = "app"
typ = "JWT"
kid = "key-1"
lifetime = 60
jti = "urn:jti:{random}"
claims = { permissions = ["read"], scope = "more" }
mechanisms = ["dpop", "mtls"]
formats = ["jwt", "opaque"]
"""


def minted(chosen, mechanism: str, opaque: bool):
    """Return an honest token of a profile's template, before it is encoded."""
    profile = Profile.model_validate({"tokens": chosen, "resource": {"url": "https://localhost:1/api"}})
    with Wire(None) as wire:
        session = Session(profile, wire, Metadata(), minting=minting.Minting(profile))
        lane = next(lane for lane in session.lanes(mechanism, "minted") if lane.opaque == opaque)
        return minting.honest(session, lane, session.key()), session, lane


@pytest.mark.parametrize("opaque", [False, True])
def test_every_field_of_the_template_counts(tmp_path: Path, opaque: bool) -> None:
    token, session, _ = minted(settings(tmp_path, TEMPLATE), "dpop", opaque)
    claims = token.claims
    assert {name: claims[name] for name in ("iss", "sub", "aud", "client_id", "scope", "permissions")} == {
        "iss": "https://issuer.example/",
        "sub": "somebody",
        "aud": "https://api.example",
        "client_id": "app",
        "scope": "more",
        "permissions": ["read"],
    }
    assert claims["exp"] - claims["iat"] == 60
    assert re.fullmatch("urn:jti:[0-9a-f]{32}", claims["jti"])
    assert claims["cnf"] == {"jkt": session.key().thumbprint}
    if opaque:
        assert (claims["active"], claims["token_type"], token.header) == (True, "DPoP", {})
    else:
        assert token.header == {"alg": "ES256", "kid": "key-1", "typ": "JWT"}


def test_defaults_of_the_template_are_rfc_9068(tmp_path: Path) -> None:
    token, session, _ = minted(settings(tmp_path), "dpop", opaque=False)
    assert set(token.claims) == {"iss", "sub", "aud", "client_id", "iat", "exp", "jti", "cnf"}
    assert token.header == {"alg": "ES256", "kid": session.minting.keys.signing.thumbprint, "typ": "at+jwt"}


@pytest.mark.parametrize(("audience", "aud"), [('"a"', "a"), ('["a", "b"]', ["a", "b"])])
def test_audience_is_text_or_array(tmp_path: Path, audience: str, aud: object) -> None:
    chosen = settings(tmp_path).model_copy(update={"audience": tomllib.loads(f"a = {audience}")["a"]})
    assert minted(chosen, "dpop", opaque=False)[0].claims["aud"] == aud


def test_no_type_and_a_certificate(tmp_path: Path) -> None:
    token, _, lane = minted(settings(tmp_path, 'typ = ""\nmechanisms = ["mtls"]'), "mtls", opaque=False)
    assert "typ" not in token.header
    assert token.claims["cnf"] == {"x5t#S256": x5t_s256(lane.client.certificate)}


@pytest.mark.parametrize("response", [*RESPONSES, "plain", None])
def test_orders_to_the_issuer_stay_inside(tmp_path: Path, response: str | None) -> None:
    known = keys.load(settings(tmp_path))
    told = {"signed": True} | ({"response": response} if response else {})
    token = sealed(known.seal, {"active": True, ORDER: told})
    assert answer(known, token) == ({"active": False}, None)
    assert answer(known, token, signed=True) == ({"active": True}, response)
    assert answer(known, sealed(known.seal, {"active": True, ORDER: {"until": 1}})) == (
        {"active": False},
        None,
    )


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("lifetim = 3", "unknown key 'tokens.lifetim'; did you mean 'lifetime'"),
        ("lifetime = 0", "tokens.lifetime"),
        ('jti = "always"', "{random}"),
        ('alg = "HS256"', "tokens.alg"),
        ("formats = []", "tokens.formats"),
    ],
)
def test_bad_settings_are_named(tmp_path: Path, more: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        settings(tmp_path, more)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_issuer_command(tmp_path: Path) -> None:
    profile = tmp_path / "rs.toml"
    address = f"http://127.0.0.1:{free_port()}"
    profile.write_text(
        f'{RESOURCE}[tokens]\nsource = "minted"\naddress = "{address}"\naudience = "a"\nformats = ["opaque"]\n'
    )
    command = [sys.executable, "-m", "keybound", "issuer", str(profile)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
        lines = [process.stdout.readline() for _ in range(5)]
        known = {line.split()[0]: line.split()[1] for line in lines}
        assert httpx.get(known["keys"]).json()["keys"]
        login = ("rs", known["secret"])
        assert httpx.post(known["introspection"], data={"token": "x"}, auth=login).json() == {"active": False}
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130


def test_run_alone_with_workers(tmp_path: Path) -> None:
    """Tokens minted by several workers are all known to the one introspection endpoint."""
    command = [
        sys.executable,
        "-m",
        "keybound",
        "run",
        "--rs-only",
        "-n",
        "2",
        "-k",
        "opaque or introspection",
    ]
    result = subprocess.run(
        [*command, "--out", str(tmp_path)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    footer = json.loads((tmp_path / "events.jsonl").read_text().splitlines()[-1])
    assert footer["counts"]["pass"] > 30
    assert footer["counts"]["inconclusive"] == 0


def test_nothing_waits_long(tmp_path: Path) -> None:
    started = time.monotonic()
    with serving(keys.load(settings(tmp_path))):
        pass
    assert time.monotonic() - started < 5


@pytest.mark.slow
@pytest.mark.parametrize("alg", ["RS256", "PS256", "EdDSA"])
def test_a_run_with_every_algorithm(tmp_path: Path, alg: str) -> None:
    alone = Alone(f"http://127.0.0.1:{free_port()}", keys.pem_of(Key.generate(alg)))
    reference = start_reference(alone=alone)
    profile = tmp_path / "rs.toml"
    profile.write_text(f'{reference.profile}alg = "{alg}"\n')
    command = [
        sys.executable,
        "-m",
        "keybound",
        "run",
        str(profile),
        "-k",
        "rs.token",
        "--out",
        str(tmp_path / "report"),
    ]
    try:
        result = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    finally:
        reference.stop()
    assert result.returncode == 0, result.stdout + result.stderr
    footer = json.loads((tmp_path / "report" / "events.jsonl").read_text().splitlines()[-1])
    assert footer["counts"]["pass"] > 30
    assert footer["counts"]["inconclusive"] == footer["counts"]["warn"] == 0


def test_listening_elsewhere(tmp_path: Path) -> None:
    port = free_port()
    known = keys.load(settings(tmp_path, f'listen = "127.0.0.1:{port}"'))
    with serving(known):
        assert httpx.get(f"http://127.0.0.1:{port}/jwks").json() == known.jwks()


def test_resource_that_does_not_trust_the_tokens(tmp_path: Path) -> None:
    reference = start_reference(alone=Alone(f"http://127.0.0.1:{free_port()}", keys.pem_of(Key.generate())))
    profile = tmp_path / "rs.toml"
    profile.write_text(f'{reference.profile}issuer = "https://other.example"\n')
    command = [sys.executable, "-m", "keybound", "run", str(profile), "--out", str(tmp_path / "report")]
    try:
        result = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    finally:
        reference.stop()
    assert result.returncode == 3, result.stderr
    assert "that it trusts issuer, keys and audience of [tokens]" in result.stderr
