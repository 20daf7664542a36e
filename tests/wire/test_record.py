"""Exchanges as reports hold them."""

import json

import pytest

from keybound.craft.jose import b64url
from keybound.wire.exchange import Exchange, Request
from keybound.wire.record import describe
from keybound.wire.redact import Redactor


def nested(levels):
    return "[" * levels + "]" * levels


@pytest.mark.parametrize(
    ("claim", "shown"),
    [(nested(50), {"x": json.loads(nested(50))}), (nested(900), None), (nested(50_000), None)],
)
def test_claims_in_each_other_are_shown_as_far_as_a_report_can(claim, shown):
    proof = ".".join([b64url(b"{}"), b64url(b'{"x": ' + claim.encode() + b"}"), ""])
    sent = Request("GET", "https://localhost/", (("DPoP", proof),), b"")
    exchange = Exchange("hostile", sent, None, None, "", "victim", None, None, 0.0, 0.0)
    assert describe(exchange, Redactor(b"k" * 32))["proofs"] == [{"header": {}, "claims": shown}]
