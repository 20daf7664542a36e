"""`[tokens]` of a profile: where access tokens come from when no authorization server of the target gives them.

Either keybound is the issuer and mints them, or a program of the user's gets each one.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

Source = Literal["minted", "command"]
Format = Literal["jwt", "opaque"]
TokenAlg = Literal["ES256", "RS256", "PS256", "EdDSA"]
_JTI = "{random}"


def _beside_profile(value: str, info: ValidationInfo) -> str:
    """Return PEM text as it is, and a path as seen from the profile's folder."""
    if "-----BEGIN" in value:
        return value
    return str(Path(info.context["folder"] if info.context else ".") / Path(value).expanduser())


class _Tokens(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    mechanisms: tuple[Literal["dpop", "mtls"], ...] = Field(
        ("dpop",), min_length=1, description="how tokens are bound"
    )
    scope: str | None = Field(None, description="scope of the tokens")


class Minted(_Tokens):
    """keybound is the issuer: it signs the tokens, and serves its keys and introspection at `address`."""

    source: Literal["minted"]
    address: str = Field(
        "http://127.0.0.1:9400", description="where keybound listens while a run lasts: http or https"
    )
    listen: str | None = Field(None, description="host:port to listen on, where it is not that of address")
    key: Annotated[str, AfterValidator(_beside_profile)] = Field(
        "keybound-issuer.pem",
        validate_default=True,
        description="PEM private key: text, or a path (made if missing)",
    )
    formats: tuple[Format, ...] = Field(
        ("jwt",), min_length=1, description="jwt, opaque (needs introspection), or both"
    )
    issuer: str | None = Field(None, description="iss; default: address")
    audience: str | tuple[str, ...] = Field(description="aud: a string or an array")
    subject: str = Field("keybound-user", description="sub")
    client_id: str = Field("keybound", description="client_id")
    alg: TokenAlg = "ES256"
    typ: str | None = Field("at+jwt", description='typ; "" for none')
    kid: str | None = Field(None, description="kid; default: the thumbprint of the key")
    claims: dict[str, Any] = Field({}, description="more claims")
    lifetime: int = Field(300, gt=0, description="seconds from iat to exp")
    jti: str = Field(_JTI, description=f"jti; {_JTI} stands for 32 hex digits")
    introspection_client: str = Field(
        "rs", description="client_id with which the resource server introspects"
    )
    introspection_secret: SecretStr | None = Field(
        None, description="its secret; default: derived from the key"
    )

    @field_validator("address")
    @classmethod
    def _absolute(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"https", "http"} or not parts.hostname or parts.port is None:
            raise ValueError("write scheme, host and port, as in http://127.0.0.1:9400")
        return value.rstrip("/")

    @field_validator("listen")
    @classmethod
    def _host_and_port(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[^\s:]+:\d{1,5}", value):
            raise ValueError("write host:port, as in 0.0.0.0:9400")
        return value

    @field_validator("jti")
    @classmethod
    def _unique(cls, value: str) -> str:
        if _JTI not in value:
            raise ValueError(f"write {_JTI} where the unique part belongs")
        return value

    @property
    def iss(self) -> str:
        """The issuer identifier of the tokens."""
        return self.issuer or self.address


class Command(_Tokens):
    """A program of the user's gets each token: it reads KEYBOUND_* variables and prints a token response."""

    source: Literal["command"]
    command: tuple[str, ...] = Field(
        min_length=1, description="the program and its arguments; never through a shell"
    )
    timeout: float = Field(30.0, gt=0, description="seconds it may take")
    folder: Annotated[str, AfterValidator(_beside_profile)] = Field(
        ".", validate_default=True, description="where it runs; default: the profile's folder"
    )


BY_SOURCE: dict[str, type[BaseModel]] = {"minted": Minted, "command": Command}
Tokens = Annotated[Minted | Command, Field(discriminator="source")]
