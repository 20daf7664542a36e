"""The honest reference target refuses every broken proof for the right reason, and never answers 5xx."""

import contextlib
import hashlib
import json
import re
import secrets
import socket
import time

import pytest

from support.reference_client import Key, b64, challenges, error_of, started


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    with started(tmp_path_factory.mktemp("reference")) as running:
        yield running


def defects(key, method, url, token=None):
    """Proofs with one thing wrong: name -> header value(s)."""
    other = Key()
    good = key.proof(method, url, token)
    head, body, _ = good.split(".")

    def with_claims(**claims):
        return key.proof(method, url, token, **claims)

    def with_header(**header):
        return key.proof(method, url, token, header=header)

    def without(name):
        return key.proof(method, url, token, drop=[name])

    made = {f"no {name}": without(name) for name in ("jti", "htm", "htu", "iat", "typ", "alg", "jwk")}
    made |= {f"typ {typ}": with_header(typ=typ) for typ in ("JWT", ["dpop+jwt"], 1, None)}
    made |= {
        f"alg {alg}": with_header(alg=alg) for alg in ("none", "HS256", "ES384", "RS256", "x", 1, {}, [])
    }
    made |= {
        f"jwk {jwk}": with_header(jwk=jwk) for jwk in ("", 1, True, None, [], {}, {"kty": []}, {"kty": "EC"})
    }
    made |= {f"jti {jti!r:.9}": with_claims(jti=jti) for jti in ("", 1, None, [], "x" * 6000)}
    made |= {f"htm {htm}": with_claims(htm=htm) for htm in (method.lower(), "PUT", [method], None, {})}
    wrong_urls = (
        f"{url}/",
        url.replace("https", "http"),
        url.replace("localhost", "127.0.0.1"),
        f"{url}x",
        "",
        "x",
    )
    made |= {
        f"htu {htu}": with_claims(htu=htu) for htu in (*wrong_urls, [url], None, "https://[", url + "\ud800")
    }
    made |= {
        f"iat {iat}": with_claims(iat=iat)
        for iat in (0, -1, "1", None, True, int(time.time()) + 3600, 10**400)
    }
    others = json.dumps({"jti": secrets.token_hex(8), "htm": method, "htu": url}).rstrip("}")
    if token:
        others += f', "ath": "{b64(hashlib.sha256(token.encode()).digest())}"'
    made |= {
        f"iat {iat:.9}": key.proof(method, url, payload=f'{others}, "iat": {iat}}}')
        for iat in ("NaN", "1e400", "9" * 5000)
    }
    made |= {
        "expired": with_claims(exp=int(time.time()) - 3600),
        "later": with_claims(nbf=time.time() + 3600),
    }
    made |= {"crit": with_header(crit=["x"], x=1), "d": with_header(jwk=key.key.as_dict(private=True))}
    made |= {"other key": with_header(jwk=other.jwk), "no signature": f"{head}.{body}.", "two": [good, good]}
    made |= {"x": "x", "empty": "", "comma": f"{good}, {good}", "quoted": f'"{good}"', "padded": f"{good}=="}
    made |= {"four parts": f"{good}.x", "two parts": f"{head}.{body}", "same bits": signature_twin(good)}
    for name, payload in {
        "not utf-8": b"\xff\xfe",
        "deep": "[" * 4000,
        "array": "[]",
        "string": '"x"',
        "twice": f'{others}, "iat": {int(time.time())}, "htm": "{method}"}}',
        "nothing": "",
    }.items():
        made[f"payload {name}"] = key.proof(method, url, payload=payload)
    return made


def signature_twin(proof):
    """The proof with the unused bits of its last character changed: the same bytes to a lax decoder."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return proof[:-1] + alphabet[alphabet.index(proof[-1]) + 1]


@pytest.mark.parametrize("path", ["/token", "/par"])
def test_defective_proofs_at_the_authorization_server(target, path):
    key = Key()
    for name, values in defects(key, "POST", target.issuer + path).items():
        name_of_client = "app" if path == "/par" else "basic"
        proof = lambda **_: values  # noqa: B023, E731
        answer = target.post(path, name_of_client, proof=proof, grant_type="client_credentials")
        assert error_of(answer) == (400, "invalid_dpop_proof"), name


def test_defective_proofs_at_the_resource_server(target):
    key = Key()
    token = target.credentials("basic", key).json()["access_token"]
    made = defects(key, "GET", target.issuer + "/api", token)
    made |= {
        f"ath {ath}": key.proof("GET", target.issuer + "/api", ath=ath) for ath in ("", None, [], "x", 1)
    }
    made["no ath"] = key.proof("GET", target.issuer + "/api")
    for name, values in made.items():
        answer = target.get(token, proof=lambda **_: values)  # noqa: B023
        assert error_of(answer) == (401, "invalid_dpop_proof"), name
        assert challenges(answer)[0].startswith('DPoP error="invalid_dpop_proof", error_description="'), name
        assert re.search(r'algs="ES256 [A-Za-z0-9 ]+"$', challenges(answer)[0]), name


def test_harmless_differences_are_accepted(target):
    key = Key()
    url = target.issuer + "/api"
    token = target.credentials("basic", key).json()["access_token"]
    port = target.issuer.rpartition(":")[2]
    for variant in (
        key.proof("GET", url, token, header={"x": 1, "kid": "k"}, y=2, nonce="unsolicited"),
        key.proof("GET", url, token, header={"typ": "application/DPoP+JWT"}),
        key.proof("GET", url, token, header={"jwk": {**key.jwk, "use": "sig", "x": key.jwk["x"]}}),
        key.proof("GET", f"HTTPS://LOCALHOST:{port}/x/.././%61pi?q#f", token),
        key.proof("GET", url, token, iat=time.time()),
    ):
        assert target.get(token, path="/api?x=1", proof=lambda **_: variant).status_code == 200  # noqa: B023


def test_hostile_requests_are_answered_with_4xx(target):
    form = "application/x-www-form-urlencoded"
    for path in ("/token", "/par", "/introspect", "/revoke", "/login"):
        for content in (
            b"",
            b"\xff",
            b"a=%ff",
            b"grant_type=x&grant_type=y",
            b"a=b&" * 5000,
            b"x" * 70000,
            b"=&=;",
        ):
            for kind in (
                form,
                "application/json",
                "",
                "multipart/form-data; boundary=x",
                f"{form}; charset=x",
            ):
                answer = target.send("POST", path, content=content, headers=[("Content-Type", kind)])
                assert 400 <= answer.status_code < 500, (path, content[:20], kind)
        zipped = [("Content-Type", form), ("Content-Encoding", "gzip")]
        assert 400 <= target.send("POST", path, content=b"x", headers=zipped).status_code < 500
    for value in (
        "Basic",
        "Basic =",
        "Basic //8=",
        "Basic " + "x" * 9000,
        "Bearer x",
        "DPoP \x80",
        "DPoP",
        "",
    ):
        for method, path in (("POST", "/token"), ("GET", "/api"), ("POST", "/api/notes")):
            header = [("Authorization", value.encode("latin-1"))]
            answer = target.send(method, path, headers=header, data={"a": "b"} if method == "POST" else None)
            assert 400 <= answer.status_code < 500, (path, value)
    for query in (
        "client_id=%ff",
        "client_id=app&redirect_uri=x",
        "request_uri=x&client_id=app",
        "a=1&a=2",
        "%",
    ):
        assert target.send("GET", f"/authorize?{query}").status_code == 400
    for assertion in ("x", "a.b.c", f"{b64('{}')}.{b64('{}')}.x", f"{b64('[]')}.{b64('{}')}.", "."):
        data = {"client_assertion": assertion, "grant_type": "client_credentials"}
        assert error_of(target.send("POST", "/token", data=data)) == (401, "invalid_client")


def test_broken_http_is_answered(target):
    host, port = "localhost", int(target.issuer.rpartition(":")[2])
    for text in (
        "\r\n\r\n",
        "GET\r\n\r\n",
        "GET /api HTTP/9.9\r\n\r\n",
        "GET /api HTTP/1.1\r\nA B: c\r\n\r\n",
        "\xff\r\n\r\n",
    ):
        plain = socket.create_connection((host, port), timeout=5)
        with target.tls().wrap_socket(plain, server_hostname=host) as tls:
            tls.sendall(text.encode("latin-1"))
            tls.settimeout(0.2)
            with contextlib.suppress(TimeoutError):
                assert not tls.recv(100).startswith(b"HTTP/1.1 5"), text
    assert target.send("GET", "/jwks").status_code == 200
