"""What a target publishes of itself (RFC 8414, RFC 9728), and what has to be so wherever it is published."""

from collections.abc import Mapping
from typing import Any

from keybound.check.target import Target
from keybound.errors import NotApplicable
from keybound.profile.resource_metadata import fetch, location
from keybound.wire.exchange import Response


def server_metadata(target: Target) -> dict[str, Any]:
    """Return the metadata of the authorization server; NotApplicable where the profile names the endpoints by hand."""
    values = target.session.metadata.values
    if not values:
        raise NotApplicable("the profile names the endpoints: there is no metadata")
    return values


def server_metadata_value(target: Target, name: str) -> Any:
    """Return one value of the metadata of the authorization server; NotApplicable without it."""
    return _value(target.session.metadata.values, name)


def token_endpoint_and_alias(target: Target) -> tuple[str, str]:
    """Return the token endpoint and its alias for certificates (RFC 8705 section 5); NotApplicable without an alias."""
    plain, alias = (target.session.metadata.endpoint("token", mtls=mtls) for mtls in (False, True))
    if plain is None or alias is None or alias == plain:
        raise NotApplicable("the metadata names no alias of the token endpoint")
    return plain, alias


def resource_url(target: Target) -> str:
    """Return the URL of the protected resource; NotApplicable where the profile names none."""
    if target.session.profile.resource is None:
        raise NotApplicable("the profile names no protected resource ([resource])")
    return target.session.profile.resource.url


def metadata_location(target: Target) -> str:
    """Return the URL at which the metadata of the protected resource belongs (RFC 9728 section 3.1)."""
    return location(resource_url(target))


def fetched_resource_metadata(target: Target) -> Response | None:
    """Return the response at the well-known place of the resource's metadata, or None without one."""
    return fetch(resource_url(target), target.session.wire).response


def resource_metadata(target: Target) -> Response:
    """Return the response that holds the metadata of the resource; NotApplicable where there is none, as mostly."""
    response = fetched_resource_metadata(target)
    if response is None or response.status != 200:
        raise NotApplicable(f"there is no metadata at {metadata_location(target)}")
    return response


def resource_metadata_value(target: Target, name: str) -> Any:
    """Return one value of the metadata of the resource; NotApplicable without it."""
    return _value(resource_metadata(target).object, name)


def empty_arrays(document: Mapping[str, Any]) -> list[str]:
    """Return the names under which `document` has an array without elements."""
    return [name for name, value in document.items() if value == []]


def are_asymmetric_algs(value: object) -> bool:
    """Return whether `value` is a list of JWS algorithms, none of them "none" or one with a shared secret."""
    return isinstance(value, list) and all(map(_is_asymmetric, value))


def _is_asymmetric(alg: object) -> bool:
    return isinstance(alg, str) and alg != "none" and not alg.startswith("HS")


def _value(document: Mapping[str, Any], name: str) -> Any:
    if name not in document:
        raise NotApplicable(f"the metadata has no {name}, which it need not have")
    return document[name]
