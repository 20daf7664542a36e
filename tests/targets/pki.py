"""Certificates for a real server and its clients, all made here and good for loopback only.

`make(folder)` writes, each as PEM:

    ca.crt                              the authority; its key is thrown away
    server.crt, server.key              localhost and 127.0.0.1
    NAME.crt, NAME.key                  the set of `keybound certs`: client, other, self-signed and their relatives
    assertion.key                       signs client assertions (private_key_jwt), ES256
"""

import datetime as dt
import ipaddress
from pathlib import Path

from cryptography import x509

from keybound.craft.certificates import certify, make_set, name

RENEWAL = dt.timedelta(days=1)
SERVER_NAMES = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]


def make(folder: Path) -> Path:
    """Fill `folder` and return it; a set that is whole and good for another day is left as it is."""
    if _current(folder):
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    # ca.crt goes first and comes last: its presence says that the set is whole.
    (folder / "ca.crt").unlink(missing_ok=True)
    ca, made = make_set()
    server = certify(name("localhost"), ca, names=SERVER_NAMES, server=True)
    for each, certified in {**made, "server": server}.items():
        _write_key(folder / f"{each}.key", certified.key_pem)
        (folder / f"{each}.crt").write_text(certified.pem)
    _write_key(folder / "assertion.key", certify(name("assertion"), None).key_pem)
    (folder / "ca.crt").write_text(ca.pem)
    return folder


def _current(folder: Path) -> bool:
    try:
        ca = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
    except FileNotFoundError:
        return False
    return ca.not_valid_after_utc - dt.datetime.now(dt.UTC) > RENEWAL


def _write_key(path: Path, pem: str) -> None:
    path.touch(mode=0o600)
    path.write_text(pem)
