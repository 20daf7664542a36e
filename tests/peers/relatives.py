"""Certificates like a client's that are not the client's, under the names a profile gives them."""

import datetime as dt

from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from peers import tls


def make(client, attacker, authority):
    """By name: PEM chain and PEM key."""
    own, name = client.identity, client.id
    key, day = own.key, dt.timedelta(days=1)
    stranger = tls.make("peer clients", authority=True)
    middle = tls.make("peer clients below", authority, authority=True)
    below = tls.make(name, middle)
    single = {
        "client": own,
        "other": attacker,
        "twin": tls.make(name, authority),
        "reissued": tls.make(name, authority, key=key),
        "reissued-by-itself": tls.make(name, key=key),
        "expired": tls.make(name, authority, key=key, start=-9 * day, end=-day),
        "not-yet-valid": tls.make(name, authority, key=key, start=7 * day, end=9 * day),
        "server-only": tls.make(name, authority, key=key, usage=ExtendedKeyUsageOID.SERVER_AUTH),
        "untrusted": tls.make(name, stranger),
        "self-issued": tls.make(name),
        "intermediate-alone": below,
        "reversed": tls.make(name, authority, order=(NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)),
        "nul": tls.make(f"{name}\0.attacker.example", authority),
    }
    kept = {kind: (identity.pem, identity.key_pem) for kind, identity in single.items()}
    kept["intermediate"] = (below.pem + middle.pem, below.key_pem)
    kept["appended"] = (attacker.pem + own.pem, attacker.key_pem)
    return {kind: {"certificate": pem, "certificate_key": secret} for kind, (pem, secret) in kept.items()}
