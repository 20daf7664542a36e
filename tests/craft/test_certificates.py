"""The certificate set, its folder, and the headers that quote certificates."""

import hashlib
import json
import ssl
import subprocess
import sys
from base64 import b64decode, urlsafe_b64encode

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

from keybound.craft.certificates import MEANINGS, leaf_der, make_set, x5t_s256
from keybound.craft.changes.forwarded_header import ENCODINGS
from keybound.profile.target_profile import parse
from keybound.reference import pki
from keybound.reference.shown_certificates import from_header


@pytest.fixture(scope="module")
def made():
    return make_set()


@pytest.fixture(scope="module", params=["to register at a target", "of the reference target"])
def either(request, made):
    """The two sets, which are made by code of their own and have to be alike."""
    its = pki.make()
    return made if request.param == "to register at a target" else (its.ca, its.clients)


def der(certified):
    return certified.certificate.public_bytes(Encoding.DER)


def test_the_set_is_whole_and_each_certificate_is_another(either):
    assert either[1].keys() == MEANINGS.keys()
    leaves = {
        name: der(each) for name, each in either[1].items() if name not in {"intermediate-alone", "appended"}
    }
    assert len(set(leaves.values())) == len(leaves)


def test_relatives_differ_in_what_their_name_says(either):
    ca, each = either
    client = each["client"].certificate
    assert each["twin"].certificate.subject == client.subject
    assert each["twin"].certificate.public_key() != client.public_key()
    assert each["reissued"].certificate.public_key() == client.public_key()
    assert each["untrusted"].certificate.issuer == client.issuer
    with pytest.raises(InvalidSignature):
        each["untrusted"].certificate.verify_directly_issued_by(ca.certificate)
    assert each["printable"].certificate.subject == client.subject
    assert each["printable"].certificate.subject.public_bytes() != client.subject.public_bytes()
    assert each["reversed"].certificate.subject.rdns == client.subject.rdns[::-1]
    assert [c.subject for c in each["appended"].rest] == [client.subject]
    assert each["expired"].certificate.not_valid_after_utc < client.not_valid_after_utc
    assert (
        "\0" in each["nul"].certificate.subject.rfc4514_string()
        or "\\00" in each["nul"].certificate.subject.rfc4514_string()
    )


def test_thumbprint_is_that_of_the_der(made):
    pem = made[1]["client"].pem
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).digest()
    assert x5t_s256(pem) == urlsafe_b64encode(digest).rstrip(b"=").decode()


def test_jwks_holds_the_certificate_and_its_key(made):
    [key] = json.loads(made[1]["self-signed"].jwks)["keys"]
    assert b64decode(key["x5c"][0]) == der(made[1]["self-signed"])
    assert "d" not in key


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", ["client", "appended", "intermediate"])
def test_every_encoding_is_read_back(made, encoding, name):
    pem = made[1][name].pem
    assert from_header([ENCODINGS[encoding](pem)]) == leaf_der(pem)


@pytest.mark.parametrize("values", [[], [""], ["-"], ["(null)"], ["not base64!"], ["AAAA"], ["a", "a"]])
def test_what_is_no_certificate_is_none(values):
    assert from_header(values) is None


def test_repeated_header_is_none(made):
    value = ENCODINGS["base64"](made[1]["client"].pem)
    assert from_header([value, value]) is None


def keybound(*arguments):
    command = [sys.executable, "-m", "keybound", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_certs_writes_a_folder_that_a_profile_takes(tmp_path):
    folder = tmp_path / "certs"
    done = keybound("certs", folder)

    assert done.returncode == 0, done.stderr
    for name in MEANINGS:
        x509.load_pem_x509_certificates((folder / f"{name}.crt").read_bytes())
        assert (folder / f"{name}.key").stat().st_mode & 0o077 == 0
        assert f"`{name}.crt`" in (folder / "README.md").read_text()
    text = """
        issuer = "https://localhost"
        certificates = "certs"
        [client]
        id = "c"
        certificate = "certs/client.crt"
        certificate_key = "certs/client.key"
        """
    assert parse(text, "test", tmp_path).certificates.keys() == MEANINGS.keys()


def test_certs_keeps_what_is_there(tmp_path):
    (tmp_path / "mine").write_text("")
    done = keybound("certs", tmp_path)

    assert done.returncode == 2
    assert "not empty" in done.stderr
