"""The reference target is switched from fault to fault while it runs."""

import tomllib

import pytest

from keybound.engine.embedded import reference_alone, start_reference
from keybound.errors import KeyboundError
from support.reference_client import Key, Target, error_of


@pytest.fixture
def reference():
    running = start_reference()
    yield running
    running.stop()


def issuer_of(profile):
    return tomllib.loads(profile)["issuer"]


@pytest.fixture
def target(reference, tmp_path):
    """How to talk to the reference target as it is now."""
    made = []

    def now():
        made.append(Target(issuer_of(reference.profile), reference.profile, tmp_path))
        return made[-1]

    yield now
    for client in (client for each in made for client in each.https.values()):
        client.close()


def test_a_switched_server_shows_the_fault_and_nothing_of_before(reference, target):
    key, issuer = Key(), issuer_of(reference.profile)

    def unbound(token):
        return target().get(token, proof=lambda **_: key.proof("GET", f"{issuer}/api")).status_code

    def new_token():
        return target().credentials("basic", key).json()["access_token"]

    first = new_token()
    assert target().get(first, key).status_code == 200
    assert unbound(first) == 401
    ca = tomllib.loads(reference.profile)["ca"]
    changed = tomllib.loads(reference.switch(["rs-ath-optional"]))
    assert (changed["issuer"], changed["ca"]) == (issuer, ca)
    assert target().get(first, key).status_code == 401  # nobody knows the token any more
    second = new_token()
    assert unbound(second) == 200
    reference.switch()
    assert target().get(second, key).status_code == 401
    assert unbound(new_token()) == 401


def test_nonces_and_faults_of_reading_bytes_can_be_switched(reference, target):
    key, issuer = Key(), issuer_of(reference.profile)
    reference.switch(["rs-trailers-merged"], "as")
    assert error_of(
        target().credentials("basic", proof=lambda **_: key.proof("POST", f"{issuer}/token"))
    ) == (400, "use_dpop_nonce")


def test_an_unknown_fault_changes_nothing(reference, target):
    key, before = Key(), reference.profile
    token = target().credentials("basic", key).json()["access_token"]
    with pytest.raises(KeyboundError, match="did you mean 'rs-ath-optional'"):
        reference.switch(["rs-ath-optionel"])
    with pytest.raises(KeyboundError, match="nonce is not one of"):
        reference.switch(nonce="never")
    assert reference.profile == before
    assert target().get(token, key).status_code == 200


def test_a_resource_server_alone_can_be_switched():
    running = start_reference(alone=reference_alone())
    try:
        profile = tomllib.loads(running.switch(["rs-token-alg-none-ok"], short_lifetimes=True))
        assert profile["tokens"]["key"].startswith("-----BEGIN")
    finally:
        running.stop()
