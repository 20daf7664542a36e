"""Certificates related to a victim's: from the set of the profile, or made here from what everybody can know."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from keybound.craft.certificates import Certified, PrivateKey, certify
from keybound.craft.request import Identity
from keybound.profile.target_profile import Profile

_OWN = "self-signed"


def related_certificates(
    profile: Profile, attacker: Identity
) -> Callable[[Identity], Mapping[str, Identity]]:
    """Return a function from a victim's identity to related ones by name (see keybound.craft.certificates).

    A victim of the profile's set has those there; any other has those that need no key of its CA. Both have
    "another-client" where the profile names a client with another certificate.
    """
    made = {
        name: Identity(name, each.certificate, each.certificate_key.get_secret_value())
        for name, each in profile.certificates.items()
        if each.certificate_key is not None
    }
    clients = [
        Identity("another client", client.certificate, client.certificate_key.get_secret_value())
        for client in profile.all_clients.values()
        if client.certificate is not None and client.certificate_key is not None
    ]

    @cache
    def related_to(victim: Identity) -> Mapping[str, Identity]:
        other = next((each for each in clients if not each.shows(victim)), None)
        found = {"another-client": other} if other else {}
        for registered in ("client", _OWN):
            if victim.shows(made.get(registered)):
                return found | {n: i for n, i in made.items() if n.startswith(_OWN) == (registered == _OWN)}
        if victim.certificate is None:
            return found
        return found | {
            name: Identity(name, each.pem, each.key_pem) for name, each in _derived(victim, attacker)
        }

    return related_to


def _derived(victim: Identity, attacker: Identity) -> Iterator[tuple[str, Certified]]:
    """Yield what can be made without the CA of the victim."""
    shown = _load(victim)
    certificate = shown.certificate
    try:
        names = list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        names = []
    if certificate.issuer == certificate.subject:
        yield (
            "self-signed-twin",
            certify(certificate.subject, None, serial=certificate.serial_number, names=names),
        )
        yield "self-signed-reissued", certify(certificate.subject, None, key=shown.key, names=names)
        return
    fake = certify(certificate.issuer, None, authority=True)
    yield "untrusted", certify(certificate.subject, fake, serial=certificate.serial_number, names=names)
    yield "self-issued", certify(certificate.subject, None, names=names)
    yield "reissued-by-itself", certify(certificate.subject, None, key=shown.key, names=names)
    own = _load(attacker)
    yield "appended", Certified(own.key, own.certificate, (certificate,))


def _load(identity: Identity) -> Certified:
    chain = x509.load_pem_x509_certificates((identity.certificate or "").encode())
    key = load_pem_private_key((identity.certificate_key or "").encode(), None)
    if not isinstance(key, PrivateKey):
        raise TypeError(f"the key of {identity.name} is of no type that certificates are made with")
    return Certified(key, chain[0], tuple(chain[1:]))
