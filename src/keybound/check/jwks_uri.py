"""A client whose certificate the server fetches from where keybound serves it (RFC 8705 section 2.2)."""

from collections.abc import Iterator
from contextlib import contextmanager

from keybound.check.target import Target
from keybound.places.certificates import jwks_uri_place
from keybound.places.place import Place
from keybound.wire.served_keys import ServedKeys, serving


@contextmanager
def served_client(target: Target) -> Iterator[tuple[Place, ServedKeys]]:
    """Serve the key set of the client with `jwks_uri`; yield its place and the keys, which can change meanwhile.

    Raises NotApplicable where the profile names no such client, Inconclusive where the address cannot be had.
    """
    place = jwks_uri_place(target.session)
    if place.client is None or place.client.jwks_uri is None:
        raise TypeError("the place of a client with jwks_uri has that client")
    keys = ServedKeys(target.session.identity(place.client))
    with serving(place.client.jwks_uri, keys, place.client.jwks_listen):
        yield place, keys
