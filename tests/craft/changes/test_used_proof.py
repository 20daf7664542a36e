"""What is made of a used proof differs from it in one point, and stays good but for its having been used."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from keybound.craft.changes.proof import (
    malleated,
    same_jti,
    same_jti_other_spelling,
    with_another_query,
    with_spare_bits,
    with_used_signature,
)
from keybound.craft.jose import Key, read_claims, unb64url
from keybound.craft.proof import new_proof
from keybound.craft.request import NO_CERTIFICATE, Actor, Draft

KEY = Key.generate()
URL = "https://localhost/api"
USED = new_proof(KEY, "GET", URL, 0).encode()


def sent(change):
    made = Draft("GET", URL, NO_CERTIFICATE, Actor(Key.generate(), NO_CERTIFICATE))
    made.proof = new_proof(KEY, "GET", URL, 0)
    change(made)
    (line,) = made.proof_headers(made.proof.encode())
    return made, line


@pytest.mark.parametrize("change", [with_spare_bits, malleated])
def test_other_spelling_of_the_signature_verifies(change):
    _, proof = sent(change(USED))
    signed, _, signature = proof.rpartition(".")
    octets = unb64url(signature)
    numbers = int.from_bytes(octets[:32], "big"), int.from_bytes(octets[32:], "big")
    assert proof != USED
    assert signed == USED.rpartition(".")[0]
    KEY.private.public_key().verify(
        encode_dss_signature(*numbers), signed.encode(), ec.ECDSA(hashes.SHA256())
    )


@pytest.mark.parametrize(
    ("change", "htu"), [(same_jti, URL), (same_jti_other_spelling, "HTTPS://LOCALHOST/api")]
)
def test_new_proof_has_the_jti_of_the_used_one(change, htu):
    _, proof = sent(change(USED))
    assert proof != USED
    assert read_claims(proof) == read_claims(USED) | {"htu": htu}


def test_query_is_of_the_request_and_not_of_the_proof():
    made, proof = sent(with_another_query(USED))
    assert proof == USED
    assert made.url.startswith(f"{URL}?keybound=")


def test_other_claims_keep_the_signature():
    _, proof = sent(with_used_signature(USED))
    assert proof.rpartition(".")[2] == USED.rpartition(".")[2]
    assert read_claims(proof)["jti"] != read_claims(USED)["jti"]
