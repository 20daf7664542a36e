"""A change prints itself, and its arguments."""

import pytest

from keybound.craft.changes.jose import hmac_of_public_key
from keybound.craft.changes.proof import claim, htu, no_proof
from keybound.craft.changes.request import all_of, as_bearer
from keybound.craft.changes.values import in_list, later, public_jwk, written
from keybound.craft.jose import Key


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (no_proof, "no_proof"),
        (claim("jti", True), 'claim("jti", true)'),
        (claim("iat", later(-60)), 'claim("iat", later(-60))'),
        (htu("path", written("{}/more")), 'htu("path", written("{}/more"))'),
        (all_of(no_proof, as_bearer), "all_of(no_proof, as_bearer)"),
        (hmac_of_public_key(public_jwk), "hmac_of_public_key(public_jwk)"),
        (hmac_of_public_key(Key.public_pem), "hmac_of_public_key(public_pem)"),
    ],
)
def test_change_prints_as_it_is_written(change, text):
    assert str(change) == text


def test_change_is_data():
    assert claim("jti", in_list).data() == {"name": "claim", "args": ["jti", {"name": "in_list"}]}
    assert no_proof.data() == {"name": "no_proof"}
    assert no_proof.says() == "Send no DPoP header."


def test_equal_by_name_and_arguments():
    assert claim("jti", 1) == claim("jti", 1)
    assert claim("jti", 1) != claim("jti", 2)
    assert {claim("aud", ["a"]): 1}[claim("aud", ["a"])] == 1
