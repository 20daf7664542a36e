"""The profile of a running reference target, as TOML that needs no other file."""

import json
from typing import Any

from . import foreign_tokens, pki
from .authorize import SHORT_CODE_LIFETIME
from .clients import CIBA, DEVICE, EXCHANGE, GRANTOR, JWT_BEARER, REDIRECT_URI, Client
from .introspection import RESOURCE_SERVER
from .state import USERNAME, Reference

_NAMES = {DEVICE: "device_code", EXCHANGE: "token_exchange", CIBA: "ciba", JWT_BEARER: "jwt_bearer"}


def render(state: Reference) -> str:
    """Return the TOML profile with which a tester can use every client of `state`; it holds secrets."""
    clients = state.registry.clients.values()
    tables: dict[str, dict[str, Any]] = {
        "": {
            "name": "reference",
            "issuer": state.issuer,
            "ca": state.pki.ca.pem,
            "requirements": _requirements(state),
        },
        **{f"clients.{client.id}": _client(client) for client in clients},
        **{f"clients.{client.id}.assertion": _grantor(client) for client in clients if client.grantor},
        "login": {"username": USERNAME, "password": state.password},
        **_resource(state),
        "introspection": {"client": RESOURCE_SERVER},
        "registration": {},
        **_limits(state),
        **_certificates(state),
    }
    return "\n".join(_table(name, values) for name, values in tables.items())


def render_alone(state: Reference) -> str:
    """Return the TOML profile of a resource server alone, whose tokens the tester mints; [tokens] comes last."""
    assert state.trusted is not None  # noqa: S101  # the caller has seen it
    holders = [state.registry.clients[name] for name in ("pki", "selfsigned")]
    tables: dict[str, dict[str, Any]] = {
        "": {
            "name": "reference-rs",
            "ca": state.pki.ca.pem,
            "requirements": _requirements(state),
        },
        # these lend their certificates; nobody asks for a login here
        **{
            f"clients.{client.id}": _client(client) | {"grants": ["client_credentials"]} for client in holders
        },
        **_resource(state),
        **_limits(state),
        **_certificates(state),
        "tokens": {
            "source": "minted",
            "address": state.trusted.issuer,
            "audience": state.trusted.audience,
            "scope": "read",
            "mechanisms": ["dpop", "mtls"],
            "formats": ["jwt", "opaque"],
            "introspection_client": foreign_tokens.CLIENT,
            "introspection_secret": state.trusted.secret,
        },
    }
    return "\n".join(_table(name, values) for name, values in tables.items())


def _resource(state: Reference) -> dict[str, dict[str, Any]]:
    api, notes = f"{state.issuer}/api", f"{state.issuer}/api/notes"
    return {
        "resource": {
            "url": api,
            "canary": state.canary,
            "also": f"{api}/other",
            "methods": ["GET", "HEAD", "POST"],
        },
        "resource.write": {
            "method": "POST",
            "url": notes,
            "body": json.dumps({"note": "{marker}"}),
            "content_type": "application/json",
            "read": notes,
        },
    }


def _certificates(state: Reference) -> dict[str, dict[str, Any]]:
    """Return the port behind the proxy, if any, and who may show which certificates."""
    attacker = state.pki.clients["other"]
    return {
        **({"proxy": {"backend": state.backend}} if state.backend else {}),
        "attacker": {"certificate": attacker.pem, "certificate_key": attacker.key_pem},
        **{
            f"certificates.{name}": {"certificate": made.pem, "certificate_key": made.key_pem}
            for name, made in state.pki.clients.items()
        },
    }


def _requirements(state: Reference) -> str:
    """Return the profile of requirements: each counts, so that each fault is seen (some want nonces on both sides)."""
    return "all" if set(state.nonces) == {"as", "rs"} else "all-without-nonces"


def _limits(state: Reference) -> dict[str, dict[str, Any]]:
    return (
        {
            "limits": {
                "longest_wait": 40.0,
                "nonce_lifetime": 12.0,
                "code_lifetime": SHORT_CODE_LIFETIME,
                "token_leeway": 3.0,
            }
        }
        if state.short_lifetimes
        else {}
    )


def _grantor(client: Client) -> dict[str, Any]:
    assert client.grantor is not None  # noqa: S101  # the caller has seen it
    return {"key": pki.key_pem(client.grantor), "key_alg": "ES256", "issuer": GRANTOR, "subject": USERNAME}


def _client(client: Client) -> dict[str, Any]:
    values: dict[str, Any] = {
        "id": client.id,
        "auth": client.auth,
        "grants": [_NAMES.get(each, each) for each in client.grants],
    }
    if client.grants:
        values |= {"scope": client.scope, "mechanisms": [client.mechanism]}
    if "authorization_code" in client.grants:
        values["redirect_uri"] = REDIRECT_URI
    if EXCHANGE in client.grants:
        values["subject_client"] = "pki" if client.mechanism == "mtls" else "basic"
    if client.secret:
        values["secret"] = client.secret
    if client.key:
        values |= {"key": pki.key_pem(client.key), "key_id": client.id, "key_alg": "ES256"}
    if client.identity:
        values |= {"certificate": client.identity.pem, "certificate_key": client.identity.key_pem}
    flags = {
        "dpop_bound": client.dpop_bound,
        "certificate_bound": client.certificate_bound,
        "par": client.par,
    }
    if client.jwks_uri:
        values["jwks_uri"] = client.jwks_uri
    if client.registered_by != "dn":
        values["registered_by"] = client.registered_by
    return values | {name: True for name, on in flags.items() if on}


def _table(name: str, values: dict[str, Any]) -> str:
    head = [f"[{name}]"] if name else []
    return "\n".join([*head, *(f"{key} = {_value(value)}" for key, value in values.items()), ""])


def _value(value: Any) -> str:
    if isinstance(value, str) and "\n" in value:
        return f"'''\n{value}'''"
    return json.dumps(value)  # strings, booleans and lists of strings are written alike in JSON and TOML
