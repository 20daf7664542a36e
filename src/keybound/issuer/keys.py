"""The issuer's keys: one private key in a file beside the profile, everything else derived from it."""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keybound.craft.jose import Json, Key, b64url
from keybound.errors import UsageError
from keybound.profile.tokens import Minted


@dataclass(frozen=True)
class IssuerKeys:
    """What an issuer needs: the signing key, and from it a secret for each purpose. The same in every process."""

    signing: Key
    settings: Minted

    @property
    def kid(self) -> str:
        """The id of the signing key."""
        return self.settings.kid or self.signing.thumbprint

    @cached_property
    def seal(self) -> bytes:
        """The key that opaque tokens are sealed with."""
        return self._derived(b"opaque tokens", 32)

    @cached_property
    def introspection_secret(self) -> str:
        """The secret with which the resource server introspects."""
        given = self.settings.introspection_secret
        return given.get_secret_value() if given else b64url(self._derived(b"introspection", 24))

    @cached_property
    def second(self) -> Key:
        """A second published key, which signs nothing: a token that names it in `kid` must not verify."""
        number = 1 + int.from_bytes(self._derived(b"second key", 40)) % ((1 << 255) - 1)
        return Key("ES256", ec.derive_private_key(number, ec.SECP256R1()))

    def jwks(self) -> Json:
        """Return the published key set (RFC 7517)."""
        keys = ((self.signing, self.kid), (self.second, self.second.thumbprint))
        return {"keys": [key.jwk | {"kid": kid, "alg": key.alg, "use": "sig"} for key, kid in keys]}

    def _derived(self, purpose: bytes, length: int) -> bytes:
        secret = self.signing.private.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return HKDF(hashes.SHA256(), length, None, b"keybound issuer: " + purpose).derive(secret)


def pem_of(key: Key) -> str:
    """Return a private key as PEM text, not encrypted."""
    form = serialization.PrivateFormat.PKCS8
    return key.private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def write_private(path: Path, text: str) -> None:
    """Write a new file that only its owner can read; raises UsageError when that fails or it is there already."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None


def load(settings: Minted) -> IssuerKeys:
    """Return the keys of the profile's issuer; a key file that does not exist is made. Raises UsageError."""
    pem = settings.key
    if "-----BEGIN" not in pem:
        path = Path(pem)
        if not path.exists():
            write_private(path, pem_of(Key.generate(settings.alg)))
        try:
            pem = path.read_text()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise UsageError(f"cannot read tokens.key {path}: {reason}") from None
    try:
        return IssuerKeys(Key.from_pem(pem, settings.alg), settings)
    except (ValueError, TypeError) as error:
        inline = pem is settings.key
        where, way_out = (
            ("tokens.key", "") if inline else (settings.key, ". Without that file a fitting key is made")
        )
        raise UsageError(f"{where} does not serve alg {settings.alg}: {error}{way_out}") from None
