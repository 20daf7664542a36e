"""keybound against servers it has never seen: silence for lawful ones, a finding for each seeded bug."""

import tomllib

import pytest

from peers import check
from peers.variants import DEFECTS, joined


@pytest.mark.parametrize("name", ["plain", "mtls-aliases", "refresh-other-key"])
def test_peer_starts_and_describes_itself(name):
    with check.peer(name) as profile:
        target = tomllib.loads(profile)
    assert target["issuer"].startswith("https://localhost:")
    assert {"cc", "spa", "m-pki"} <= set(target["clients"])


@pytest.mark.slow
@pytest.mark.parametrize("name", joined())
def test_lawful_server_has_no_finding(name):
    assert check.wrong(name, check.run(name)) == ""


@pytest.mark.slow
@pytest.mark.parametrize("name", DEFECTS)
def test_seeded_bug_is_found(name):
    assert check.wrong(name, check.run(name)) == ""
