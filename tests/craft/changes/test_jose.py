"""Odd keys and signatures are odd in exactly one way."""

import json

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from keybound.craft.changes.jose import (
    ExponentOne,
    claim_again,
    leading_zero_key,
    rsa_key,
    stripped_signature,
)
from keybound.craft.changes.values import off_curve
from keybound.craft.jose import Key, unb64url
from keybound.craft.proof import new_proof
from keybound.craft.request import NO_CERTIFICATE, Actor, Draft


def draft(key):
    made = Draft("GET", "https://localhost/api", NO_CERTIFICATE, Actor(Key.generate(), NO_CERTIFICATE))
    made.proof = new_proof(key, "GET", made.url, 0)
    return made


def test_stripped_signature_verifies_once_its_zero_is_back():
    made = draft(key := Key.generate())
    stripped_signature(made)
    signed, _, signature = made.proof.encode().rpartition(".")
    octets = unb64url(signature)
    assert len(octets) == 63
    der = encode_dss_signature(int.from_bytes(octets[:32], "big"), int.from_bytes(octets[32:], "big"))
    key.private.public_key().verify(der, signed.encode(), ec.ECDSA(hashes.SHA256()))


def test_second_member_comes_last():
    made = draft(Key.generate())
    claim_again("htm", lambda _: "PUT")(made)
    claims = unb64url(made.proof.encode().split(".")[1])
    assert claims.count(b'"htm"') == 2
    assert json.loads(claims)["htm"] == "PUT"


def test_keys():
    assert unb64url(leading_zero_key().jwk["x"])[0] == 0
    assert len(unb64url(leading_zero_key().jwk["x"])) == 32
    odd = off_curve(Key.generate().jwk)
    with pytest.raises(ValueError, match="not on the curve"):
        ec.EllipticCurvePublicNumbers(
            *(int.from_bytes(unb64url(odd[name]), "big") for name in ("x", "y")), ec.SECP256R1()
        ).public_key()
    one = ExponentOne("RS256", rsa_key(2048).private)
    signature = int.from_bytes(one.sign(b"x"), "big")
    assert one.jwk["e"] == "AQ"
    assert signature < int.from_bytes(unb64url(one.jwk["n"]), "big")
