"""Reading exchanges: effect, refusal, crash, or nothing."""

import json

import pytest

from keybound.judge.answer import Outcome, par_effect, read, resource_effect, token_effect
from keybound.wire.exchange import Exchange, Request, Response, Trouble

API = resource_effect(None, "canary")


def exchange(status=200, body=b"", headers=(), trouble=None):
    response = None if trouble else Response(status, tuple(headers), body)
    return Exchange("x", Request("GET", "https://t/"), response, trouble, "", "victim", None, None, 0.0, 1.0)


def body(**members):
    return json.dumps(members).encode()


@pytest.mark.parametrize(
    ("effect", "status", "content", "outcome"),
    [
        (token_effect, 200, body(access_token="x", token_type="Bearer"), Outcome.EFFECT),
        (token_effect, 400, body(access_token="x"), Outcome.EFFECT),
        (token_effect, 200, body(error="invalid_dpop_proof"), Outcome.REFUSED),
        (token_effect, 200, b"<html>", Outcome.REFUSED),
        (token_effect, 503, b"", Outcome.CRASHED),
        (par_effect, 201, body(request_uri="urn:x"), Outcome.EFFECT),
        (par_effect, 400, body(error="invalid_request"), Outcome.REFUSED),
        (API, 204, b"", Outcome.EFFECT),
        (API, 401, b"the canary leaks", Outcome.EFFECT),
        (API, 302, b"", Outcome.REFUSED),
        (API, 500, b"", Outcome.CRASHED),
        (API, 500, b"canary", Outcome.EFFECT),
    ],
)
def test_outcome(effect, status, content, outcome):
    assert read(exchange(status, content), effect).outcome is outcome


@pytest.mark.parametrize(
    ("trouble", "certificate_matters", "outcome"),
    [
        (Trouble.TIMEOUT, False, Outcome.CRASHED),
        (Trouble.RESET, False, Outcome.CRASHED),
        (Trouble.RESET, True, Outcome.REFUSED),
        (Trouble.TLS_ALERT, False, Outcome.REFUSED),
        (Trouble.REFUSED, False, Outcome.UNREACHABLE),
        (Trouble.REFUSED, True, Outcome.UNREACHABLE),
    ],
)
def test_trouble(trouble, certificate_matters, outcome):
    answer = read(exchange(trouble=trouble), API, certificate_matters=certificate_matters)

    assert answer.outcome is outcome


def test_codes_come_from_the_body_and_from_every_challenge():
    headers = [
        ("WWW-Authenticate", 'Bearer realm="x", DPoP error="invalid_token", algs="ES256"'),
        ("DPoP-Nonce", "n"),
    ]
    answer = read(exchange(401, body(error="use_dpop_nonce"), headers), API)

    assert answer.codes == {"use_dpop_nonce", "invalid_token"}
    assert answer.schemes == {"bearer", "dpop"}
    assert answer.parameter("dpop", "algs") == "ES256"
    assert answer.wants_nonce


def test_a_demand_without_a_nonce_is_no_demand():
    assert not read(exchange(401, body(error="use_dpop_nonce")), API).wants_nonce
