"""The profile of a target: a TOML file that says what keybound cannot discover or measure.

A minimal one is four lines: issuer, client id, client secret, resource. Everything is validated before the first
request; every error is one line that names the key and says what to write instead.
"""

import base64
import difflib
import os
import re
import tomllib
import typing
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import quote, urlsplit

from pydantic import (
    BaseModel,
    Field,
    ValidationError,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from keybound.craft.certificates import MEANINGS
from keybound.errors import UsageError
from keybound.profile.clients import Client, Model, WithCertificate
from keybound.profile.tokens import BY_SOURCE, Minted, Tokens
from keybound.profile.values import Certificate, Headers, Method, Secret, Text, Url
from keybound.tree import fixtures

_ENV = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Login(Model):
    """How the login driver fills the HTML forms of the authorization endpoint."""

    username: Text
    password: Secret
    fields: dict[str, str] = Field({}, description="values of further form fields, by name")


class Write(Model):
    """A request with an effect, and where the effect can be seen."""

    url: Url
    method: Method = "POST"
    body: str = Field(description="the body; {marker} is replaced by a unique text")
    content_type: str = "application/json"
    read: Url = Field(description="GET with a good token; the effect took place if the body holds the marker")

    @field_validator("body")
    @classmethod
    def _has_marker(cls, value: str) -> str:
        if "{marker}" not in value:
            raise ValueError("write {marker} where the unique text belongs")
        return value


class Opening(Model):
    """Requests that open a conversation before the protected one, as JSON-RPC APIs want it (MCP: initialize)."""

    bodies: tuple[str, ...] = Field(
        min_length=1, description="bodies, sent in this order like the protected request"
    )
    carry: tuple[str, ...] = Field(
        ("Mcp-Session-Id",), description="response headers that later requests repeat"
    )


class Resource(Model):
    """The protected resource and the request that reads it."""

    url: Url
    method: Method = "GET"
    headers: Headers = Field({})
    body: str = ""
    content_type: str | None = None
    status: int | None = Field(None, description="status of a success; default: any 2xx")
    canary: Text | None = Field(None, description="text that only the protected body holds")
    second_url: Url | None = Field(
        None, alias="also", description="another URL of the same server that GET reads with the same tokens"
    )
    methods: tuple[Method, ...] = Field((), description="methods that work at url; default: method alone")
    clients: tuple[str, ...] = Field(
        (), description="names of the clients whose tokens work here; default: tried out"
    )
    opening: Opening | None = None
    write: Write | None = None


class Introspection(Model):
    """Who may introspect tokens (RFC 7662)."""

    client: str = Field(description="name of a client under [clients]")


class Registration(Model):
    """Lets keybound register clients (RFC 7591). Each case may leave one behind."""

    initial_access_token: Secret | None = Field(
        None, description="where registration is not open; use ${ENV}"
    )
    redirect_uri: str = "https://localhost/cb"
    metadata: dict[str, Any] = Field({}, description="more client metadata, or other values")


class Endpoints(Model):
    """Endpoint URLs that replace what discovery finds."""

    token: Url | None = None
    authorization: Url | None = None
    pushed_authorization_request: Url | None = None
    introspection: Url | None = None
    revocation: Url | None = None
    userinfo: Url | None = None
    registration: Url | None = None
    device_authorization: Url | None = None
    backchannel_authentication: Url | None = None
    jwks: Url | None = None


class Attacker(WithCertificate):
    """What the attacker has of its own; by default a self-signed certificate made by keybound."""


class Relative(WithCertificate):
    """A certificate of the set that `keybound certs` makes."""


class Proxy(Model):
    """The server behind the TLS terminator, where it can be reached without it."""

    backend: Url = Field(description="origin of the server behind the terminator, e.g. http://10.0.0.7:8080")


class Limits(Model):
    """How keybound treats the target."""

    timeout: float = Field(10.0, gt=0, le=3600, description="seconds for one exchange")
    rate: float | None = Field(None, ge=0.01, le=1e6, description="requests per second of each worker")
    max_wait: float = Field(
        30.0, ge=0, le=3600, description="seconds to wait in all for a target that answers 429"
    )
    clock_offset: float = Field(
        300.0, gt=0, le=1e9, description="seconds the target's clock may differ from ours"
    )
    code_lifetime: float = Field(
        60.0, gt=0, le=3600, description="seconds that an authorization code may be good for, by FAPI 2.0"
    )
    longest_wait: float = Field(
        390.0, gt=0, le=86400, description="seconds that a case of --slow may wait in all"
    )
    nonce_lifetime: float = Field(
        300.0, gt=0, le=86400, description="seconds after which the target's nonces must be worth nothing"
    )
    token_leeway: float = Field(
        300.0, gt=0, le=86400, description="seconds that the target may take a token after its end"
    )


class Profile(Model):
    """Everything keybound is told about a target."""

    name: str = "target"
    issuer: Url | None = None
    ca: Certificate | None = Field(
        None, description="PEM of the CA of the target's server certificate: path or text"
    )
    authorized: bool = Field(
        False, description="true: I may attack this target; needed for hosts beyond loopback"
    )
    baseline: str | None = Field(None, description="file of accepted findings, beside the profile")
    requirements: Text = Field(
        "rfc", description="which requirements count: rfc, fapi2, atproto, ... or a file beside the profile"
    )
    client: Client | None = None
    clients: dict[str, Client] = Field({})
    login: Login | None = None
    resource: Resource | None = None
    introspection: Introspection | None = None
    registration: Registration | None = None
    tokens: Tokens | None = Field(None, description="tokens that no authorization server of the target gives")
    endpoints: Endpoints = Endpoints()
    attacker: Attacker = Attacker()
    certificates: Annotated[dict[str, Relative], WithJsonSchema({"type": ["string", "object"]})] = Field(
        {}, description="the folder that `keybound certs` wrote, or its certificates as tables by name"
    )
    proxy: Proxy | None = None
    limits: Limits = Limits()

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("resource"), str):
            data = data | {"resource": {"url": data["resource"]}}
        if isinstance(data, dict) and isinstance(folder := data.get("certificates"), str):
            related = {
                name: {"certificate": f"{folder}/{name}.crt", "certificate_key": f"{folder}/{name}.key"}
                for name in MEANINGS
            }
            data = data | {"certificates": related}
        return data

    @field_validator("certificates")
    @classmethod
    def _of_the_set(cls, value: dict[str, Relative]) -> dict[str, Relative]:
        for name in value:
            if name not in MEANINGS:
                raise ValueError(f"no certificate is called {name!r}; there are {', '.join(MEANINGS)}")
        return value

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.client is not None and self.clients:
            raise ValueError("write either [client] or [clients.NAME], not both")
        if not self.all_clients and self.tokens is None:
            raise ValueError("name at least one client: [client] with id and secret")
        if self.tokens is None and not self.has_as:
            raise ValueError("give issuer, or endpoints.token for a server without metadata")
        for client in self.all_clients.values():
            needing: list[str] = [
                grant for grant in ("authorization_code", "device_code") if grant in client.grants
            ]
            if "ciba" in client.grants and client.login_hint is None:
                needing.append("ciba")
            if self.login is None and needing:
                raise ValueError(f"the grant {needing[0]} needs [login] with username and password")
        named = [*(self.resource.clients if self.resource else ())]
        named += [self.introspection.client] if self.introspection else []
        named += [c.subject_client for c in self.all_clients.values() if c.subject_client is not None]
        for name in named:
            if name not in self.all_clients:
                raise ValueError(
                    f"no client is called {name!r}; there are {', '.join(sorted(self.all_clients))}"
                )
        return self

    @property
    def urls(self) -> list[str]:
        """Every URL in the profile."""
        write = self.resource.write if self.resource else None
        named = [self.issuer, self.resource and self.resource.url, write and write.url, write and write.read]
        named.append(self.proxy.backend if self.proxy else None)
        named.append(self.resource.second_url if self.resource else None)
        return [url for url in (*named, *self.endpoints.model_dump().values()) if url]

    @property
    def all_clients(self) -> dict[str, Client]:
        """Every client by name; a single [client] is called "client"."""
        return self.clients if self.client is None else {"client": self.client}

    @property
    def has_as(self) -> bool:
        """Whether the target has an authorization server."""
        return self.issuer is not None or self.endpoints.token is not None

    def secrets(self) -> list[tuple[str, str]]:
        """Return (value, kind) of every secret in the profile, for redaction."""
        found = [(self.login.password.get_secret_value(), "password")] if self.login else []
        for client in self.all_clients.values():
            if client.secret:
                secret = client.secret.get_secret_value()
                # what HTTP Basic makes of it may itself be encoded once more where a server shows the request
                pair = f"{quote(client.id, safe='')}:{quote(secret, safe='')}"
                found += [(secret, "secret"), (base64.b64encode(pair.encode()).decode(), "secret")]
            keys = (client.key, client.certificate_key, client.assertion and client.assertion.key)
            found += [(k.get_secret_value(), "key") for k in keys if k]
        if isinstance(self.tokens, Minted) and self.tokens.introspection_secret:
            found.append((self.tokens.introspection_secret.get_secret_value(), "secret"))
        if self.registration and self.registration.initial_access_token:
            found.append((self.registration.initial_access_token.get_secret_value(), "secret"))
        others = (self.attacker, *self.certificates.values())
        found += [
            (other.certificate_key.get_secret_value(), "key") for other in others if other.certificate_key
        ]
        return found


def is_loopback(url: str) -> bool:
    """Return True when the host of `url` is this machine by name or address."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    return (
        host in {"localhost", "::1"}
        or host.endswith(".localhost")
        or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None
    )


def require_authorized(profile: Profile, urls: list[str]) -> None:
    """Raise UsageError when one of `urls` lies beyond loopback and the profile does not say `authorized = true`."""
    for url in urls:
        if not profile.authorized and not is_loopback(url):
            host = urlsplit(url).hostname
            raise UsageError(
                f"{host} is not this machine and keybound attacks its target: "
                "write `authorized = true` in the profile if you may test it"
            )


def _substitute(value: Any, where: str) -> Any:
    if isinstance(value, str):

        def environment(match: re.Match[str]) -> str:
            if match[1] not in os.environ:
                raise UsageError(f"{where}: the environment variable {match[1]} is not set")
            return os.environ[match[1]]

        return _ENV.sub(environment, value)
    if isinstance(value, dict):
        return {key: _substitute(item, f"{where}.{key}".lstrip(".")) for key, item in value.items()}
    if isinstance(value, list):
        return [_substitute(item, where) for item in value]
    return value


def _model_at(path: tuple[int | str, ...]) -> type[BaseModel]:
    """Return the model whose keys the table at `path` takes."""
    model: type[BaseModel] = Profile
    for part in path:
        field = model.model_fields.get(str(part))
        model = BY_SOURCE.get(str(part), model)
        if field is not None:
            pending = [field.annotation]
            while pending:
                annotation = pending.pop()
                if isinstance(annotation, type) and issubclass(annotation, BaseModel):
                    model = annotation
                pending += typing.get_args(annotation)
    return model


def _one_line(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    path = first["loc"]
    where = ".".join(str(part) for part in path if part not in BY_SOURCE)
    if first["type"] == "extra_forbidden":
        fields = _model_at(path[:-1]).model_fields
        known = [field.alias or name for name, field in fields.items()]
        near = difflib.get_close_matches(str(path[-1]), known, 1, 0.5)
        return f"unknown key {where!r}; " + (
            f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
        )
    if first["type"] == "missing":
        return f"the key {where!r} is missing"
    if first["type"] in {"too_short", "string_too_short"}:
        return f"{where} is empty"
    if first["type"] in {"model_type", "model_attributes_type", "dict_type"}:
        return f"{where} must be a table: write [{where}] and its keys below"
    message = first["msg"].removeprefix("Value error, ")
    return f"{where}: {message}" if where else message


def parse(text: str, source: str, folder: Path) -> Profile:
    """Return the profile in `text`. `source` names it in errors, `folder` is where relative paths start.

    Raises UsageError with one line.
    """
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{source} is not valid TOML: {error}") from None
    try:
        profile = Profile.model_validate(_substitute(data, ""), context={"folder": str(folder)})
        require_authorized(profile, profile.urls)
    except ValidationError as error:
        raise UsageError(f"{source}: {_one_line(error)}") from None
    except UsageError as error:
        raise UsageError(f"{source}: {error}") from None
    return profile


def shipped() -> list[str]:
    """Return the names of the profiles that come with keybound, sorted."""
    return sorted(path.stem for path in (fixtures() / "targets").glob("*.toml"))


def find(target: str) -> Path:
    """Return the file of `target`: a path, or the name of a shipped profile. Raises UsageError."""
    try:
        path = Path(target)
        if path.is_file():
            return path
        named = fixtures() / "targets" / f"{target}.toml"
        if named.is_file() and "/" not in target:
            return named
    except OSError:  # a name too long for any file
        pass
    raise UsageError(
        f"there is no profile {target!r}: give a TOML file, or one of {', '.join(shipped()) or '(none)'}"
    )


def load(target: str) -> tuple[str, Path]:
    """Return (text, folder) of the profile called `target`; raises UsageError when it cannot be read."""
    path = find(target)
    try:
        return path.read_text("utf-8"), path.parent
    except OSError as error:
        raise UsageError(f"cannot read {target}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{target} is not valid TOML: it is not UTF-8 text") from None
