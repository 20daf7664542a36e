"""The types of the values in a profile, each with its check and its one clear line."""

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from pydantic import AfterValidator, Field, SecretStr, ValidationInfo


def _pem(value: str, info: ValidationInfo) -> str:
    """Return PEM text: the value itself, or the contents of the file it names beside the profile.

    An error does not repeat the value: it may be a key whose first line was lost.
    """
    if "-----BEGIN" in value:
        return value
    folder = Path(info.context["folder"] if info.context else ".")
    try:
        text = (folder / Path(value).expanduser()).read_text("utf-8")
    except (OSError, ValueError, RuntimeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "it is not text"
        hint = "write its path, from the profile's folder, or the PEM text itself"
        raise ValueError(f"cannot read the PEM file: {reason}; {hint}") from None
    if "-----BEGIN" not in text:
        raise ValueError("the file is not PEM: it has no -----BEGIN line")
    return text


def _certificate(value: str, info: ValidationInfo) -> str:
    text = _pem(value, info)
    try:
        for certificate in x509.load_pem_x509_certificates(text.encode()):
            certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("this is not a PEM certificate") from None
    return text


def _private_key(value: SecretStr, info: ValidationInfo) -> SecretStr:
    text = _pem(value.get_secret_value(), info)
    try:
        serialization.load_pem_private_key(text.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("this is not an unencrypted PEM private key") from None
    return SecretStr(text)


def http_url(value: str) -> str:
    """Return `value` if it is an absolute http(s) URL without credentials; raises ValueError."""
    parts = urlsplit(value)
    if parts.scheme not in {"https", "http"} or not parts.hostname or not value.isprintable() or " " in value:
        raise ValueError("write an absolute https:// URL")
    if parts.username is not None:
        raise ValueError("write the URL without user name and password")
    if parts.port == 0:
        raise ValueError("0 is no port")
    return value


def _method(value: str) -> str:
    if not re.fullmatch(r"[A-Z]+(-[A-Z]+)*", value):
        raise ValueError("write an HTTP method in capital letters, such as GET")
    return value


def _headers(values: dict[str, str]) -> dict[str, str]:
    for name, value in values.items():
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
            raise ValueError(f"{name!r} is no name of a header")
        if value != value.strip() or any((not c.isprintable() and c != "\t") or c > "\xff" for c in value):
            raise ValueError(f"the value of {name} holds characters that a header cannot")
    return values


Certificate = Annotated[str, AfterValidator(_certificate)]
PrivateKey = Annotated[SecretStr, AfterValidator(_private_key)]
Url = Annotated[str, AfterValidator(http_url)]
Method = Annotated[str, AfterValidator(_method)]
Headers = Annotated[dict[str, str], AfterValidator(_headers)]
Text = Annotated[str, Field(min_length=1)]
Secret = Annotated[SecretStr, Field(min_length=1)]
