"""Keys, signatures and thumbprints, against joserfc and the examples of the RFCs."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, x25519
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from keybound.craft import jose

KINDS = {"EC": ECKey, "OKP": OKPKey, "RSA": RSAKey}

# RFC 7638 section 3.1
RSA_JWK = {
    "kty": "RSA",
    "n": (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj"
        "hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQ"
        "vRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzK"
        "nqDKgw"
    ),
    "e": "AQAB",
    "alg": "RS256",
    "kid": "2011-04-29",
}
# RFC 8037 appendix A
OKP_D = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
OKP_X = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
OKP_SIGNATURE = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")  # EdDSA is on its way out
@pytest.mark.parametrize("alg", jose.SUPPORTED_ALGS)
def test_a_library_verifies_what_is_signed(alg):
    key = jose.Key.generate(alg)
    theirs = KINDS[key.jwk["kty"]].import_key(key.jwk)
    token = jose.jwt({"alg": alg, "typ": "JWT"}, {"sub": "\xe4"}, key)
    assert jws.deserialize_compact(token, theirs, [alg]).payload == '{"sub":"\xe4"}'.encode()
    assert theirs.thumbprint() == key.thumbprint
    assert jose.read_claims(token) == {"sub": "\xe4"}


@pytest.mark.parametrize("alg", ["ES256", "ES384", "ES512", "EdDSA", "PS256"])
def test_a_library_reads_the_private_key(alg):
    key = jose.Key.generate(alg)
    theirs = KINDS[key.jwk["kty"]].import_key(key.private_jwk)
    assert theirs.is_private
    pem = theirs.as_pem(private=True).decode()
    again = jose.Key.from_pem(pem)
    assert (again.alg, again.private_jwk) == (alg, key.private_jwk)


def test_the_thumbprint_of_rfc7638():
    assert jose.thumbprint(RSA_JWK) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_the_thumbprint_and_signature_of_rfc8037():
    key = jose.Key("EdDSA", ed25519.Ed25519PrivateKey.from_private_bytes(jose.unb64url(OKP_D)))
    assert key.private_jwk == {"kty": "OKP", "crv": "Ed25519", "x": OKP_X, "d": OKP_D}
    assert key.thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    signed = jose.b64url(b'{"alg":"EdDSA"}') + "." + jose.b64url(b"Example of Ed25519 signing")
    assert jose.b64url(key.sign(signed.encode())) == OKP_SIGNATURE


def test_the_hmac_of_rfc7515():
    secret = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
    header = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
    payload = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    tag = jose.hs256(jose.unb64url(secret), f"{header}.{payload}".encode())
    assert jose.b64url(tag) == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


def test_base64url_of_rfc7515():
    assert jose.b64url(bytes([3, 236, 255, 224, 193])) == "A-z_4ME"
    assert jose.unb64url("A-z_4ME") == jose.unb64url("A-z_4ME=") == bytes([3, 236, 255, 224, 193])
    assert jose.b64uint(65537) == "AQAB"
    assert jose.b64uint(0) == "AA"
    assert jose.b64uint(1, 4) == "AAAAAQ"


def test_the_size_of_a_coordinate_is_fixed():
    key = next(
        key
        for key in (
            jose.Key("ES256", ec.derive_private_key(number, ec.SECP256R1())) for number in range(1, 9999)
        )
        if key.private.public_key().public_numbers().x >> 248 == 0
    )
    assert len(jose.unb64url(key.jwk["x"])) == 32
    assert ECKey.import_key(key.jwk).thumbprint() == key.thumbprint


def _pem(private) -> str:
    form = serialization.PrivateFormat.PKCS8
    return private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


@pytest.mark.parametrize(
    ("private", "alg", "message"),
    [
        (
            ec.generate_private_key(ec.SECP256R1()),
            "RS256",
            "alg 'RS256' does not fit the key, which signs with ES256",
        ),
        (ec.generate_private_key(ec.SECP256R1()), "HS256", "does not fit"),
        (ed25519.Ed25519PrivateKey.generate(), "ES256", "which signs with EdDSA or Ed25519"),
        (ec.generate_private_key(ec.SECP256K1()), None, "of no type"),
        (x25519.X25519PrivateKey.generate(), None, "of no type"),
        (dsa.generate_private_key(1024), None, "of no type"),
    ],
)
def test_a_key_that_does_not_fit_is_refused(private, alg, message):
    with pytest.raises(ValueError, match=message):
        jose.Key.from_pem(_pem(private), alg)


def test_an_unknown_algorithm_has_no_key():
    with pytest.raises(ValueError, match="cannot sign with 'HS256'"):
        jose.Key.generate("HS256")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b",
        "a.b.c",
        "a.!!.c",
        f"a.{jose.b64url(b'[1]')}.c",
        f"a.{jose.b64url(b'[' * 9999)}.c",
        "\xff.\xff.\xff",
    ],
)
def test_what_is_no_jwt_has_no_claims(token):
    assert jose.read_claims(token) is None
