"""Faults of a request's method and URI: fields that only a proxy should set, or a Host that names us otherwise."""

import dataclasses
from collections.abc import Callable

from aiohttp import web

from keybound.reference.parts import Instead, alter, replace
from keybound.reference.proof import Received
from keybound.reference.proof_requests import method_of, origin_of, path_of, received

from .fault import Fault, both, fault
from .raw_http import hosts


def _origin_from(name: str, change: Callable[[str, str], str | None]) -> Instead:
    """Let a field change the origin: `change` gets its value and the origin, None leaves it as it is."""

    def body(origin: str, request: web.Request) -> str:
        value = request.headers.get(name)
        return origin if value is None else change(value, origin) or origin

    return alter(origin_of, body)


def _path_from(name: str) -> Instead:
    return alter(path_of, lambda path, request: request.headers.get(name, path))


def _host_of_several(index: int) -> Instead:
    def body(origin: str, request: web.Request) -> str:
        named = hosts(request)
        return f"https://{named[index]}" if len(named) > 1 else origin

    return alter(origin_of, body)


def _with_path(right: Callable[..., Received], request: web.Request, *rest: str) -> Received:
    found, host = right(request, *rest), request.headers.get("Host", "")
    if "/" not in host:
        return found
    return dataclasses.replace(found, uri=f"https://{host.rstrip('?#')}", query="")


def _by_other_overrides(method: str, request: web.Request) -> str:
    fields = (request.headers.get(name) for name in ("X-HTTP-Method", "X-Method-Override"))
    return next(filter(None, (*fields, request.query.get("_method"))), method)


def _of_first_line(origin: str, request: web.Request) -> str:
    raw = request.raw_path
    return "/".join(raw.split("/", 3)[:3]) if "://" in raw else origin


FAULTS: tuple[Fault, ...] = (
    *both(
        "forwarded-trusted",
        "X-Forwarded-Host from anybody replaces the host",
        _origin_from("X-Forwarded-Host", lambda host, _: None if "," in host else f"https://{host}"),
    ),
    *both(
        "forwarded-list-trusted",
        "X-Forwarded-Host is read as a list of names",
        _origin_from(
            "X-Forwarded-Host",
            lambda host, _: f"https://{host.rpartition(',')[2].strip()}" if "," in host else None,
        ),
    ),
    *both(
        "forwarded-field-trusted",
        "Forwarded from anybody replaces the host",
        _origin_from(
            "Forwarded", lambda value, _: f"https://{value.partition('host=')[2].partition(';')[0]}"
        ),
    ),
    *both(
        "forwarded-proto-trusted",
        "X-Forwarded-Proto from anybody replaces the scheme",
        _origin_from("X-Forwarded-Proto", lambda scheme, origin: f"{scheme}://{origin.partition('://')[2]}"),
    ),
    *both(
        "forwarded-port-trusted",
        "X-Forwarded-Port from anybody replaces the port",
        _origin_from("X-Forwarded-Port", lambda port, origin: f"{origin.rpartition(':')[0]}:{port}"),
    ),
    *both(
        "forwarded-prefix-trusted",
        "X-Forwarded-Prefix from anybody is put before the path",
        alter(path_of, lambda path, request: request.headers.get("X-Forwarded-Prefix", "") + path),
    ),
    *both("rewrite-url-trusted", "X-Rewrite-URL from anybody replaces the path", _path_from("X-Rewrite-URL")),
    *both(
        "original-url-trusted", "X-Original-URL from anybody replaces the path", _path_from("X-Original-URL")
    ),
    *both(
        "host-trusted",
        "the Host field replaces the server's own name",
        _origin_from("Host", lambda host, _: f"https://{host}"),
    ),
    *both(
        "first-host-trusted",
        "the first of two Host fields replaces the server's own name",
        _host_of_several(0),
        raw="aiohttp refuses a second Host field",
    ),
    *both(
        "last-host-trusted",
        "the last of two Host fields replaces the server's own name",
        _host_of_several(-1),
        raw="aiohttp refuses a second Host field",
    ),
    *both(
        "host-userinfo-cut",
        "of a Host field what follows an @ replaces the server's own name",
        _origin_from("Host", lambda host, _: f"https://{host.rpartition('@')[2]}" if "@" in host else None),
    ),
    fault(
        "rs-host-with-path-trusted",
        "a Host field with a path in it names the endpoint",
        replace(received, _with_path),
    ),
    *both(
        "absolute-form-trusted",
        "a URL in the first line replaces the server's own name",
        alter(origin_of, _of_first_line),
    ),
    *both(
        "method-override-trusted",
        "X-HTTP-Method-Override replaces the method",
        alter(method_of, lambda method, request: request.headers.get("X-HTTP-Method-Override", method)),
    ),
    *both(
        "other-overrides-trusted",
        "X-HTTP-Method, X-Method-Override or _method replaces the method",
        alter(method_of, _by_other_overrides),
    ),
)
