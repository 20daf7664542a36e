"""Method and URI of a proof against those of the request, with the seeded bugs at their places."""

import re
from urllib.parse import parse_qs, unquote, urlsplit

PORTS = {"https": 443, "http": 80}


def same_method(htm, here):
    method = here.request.method
    if not isinstance(htm, str):
        return False
    if here.has("htm-override"):
        method = here.request.headers.get("X-HTTP-Method-Override", method)
    if here.has("htm-override-query"):
        method = parse_qs(here.request.query).get("_method", [method])[0].upper()
    if (
        here.has("htm")
        or (here.has("htm-shorter") and method.startswith(htm))
        or (here.has("htm-longer") and htm.startswith(method))
        or (here.has("htm-head") and (method, htm) == ("HEAD", "GET"))
    ):
        return True
    return htm == method if here.rules.htm_case else htm.upper() == method


def expected_uri(here):
    """The URI of the request: for a server without bugs its own origin and the path."""
    request, given = here.request, here.request.headers.get
    (scheme, host), path = request.origin.split("://"), request.path
    if here.has("htu-host-header"):
        host = given("Host")
    if here.has("htu-host-checked") and given("Host", "").startswith(host):
        host = given("Host")
    if here.has("htu-forwarded"):
        host = given("X-Forwarded-Host", host)
    if here.has("htu-forwarded-proto"):
        scheme = given("X-Forwarded-Proto", scheme)
    if here.has("htu-forwarded-prefix"):
        path = given("X-Forwarded-Prefix", "").rstrip("/") + path
    if here.has("htu-forwarded-standard"):
        facts = dict(part.strip().partition("=")[::2] for part in given("Forwarded", "").split(";"))
        host, scheme = facts.get("host", host).strip('"'), facts.get("proto", scheme)
    if here.has("htu-original-url"):
        path = urlsplit(given("X-Original-URL", path)).path
    if here.has("htu-absolute-form") and "://" in request.target:
        return request.target
    return f"{scheme}://{host}{path}"


def merged(url, here):
    """What some frameworks do to a path before anybody sees it."""
    *origin, path = url
    if here.has("htu-path-case"):
        path = path.lower()
    if here.has("htu-slash-decoded"):
        path = unquote(path)
    if here.has("htu-slashes"):
        path = re.sub("/+", "/", path)
    return *origin, path


def same_uri(htu, here):
    expected = expected_uri(here)
    if isinstance(htu, list) and here.has("htu-array"):
        return expected in htu
    if not isinstance(htu, str):
        return False
    if here.has("htu"):
        return True
    if here.has("htu-longer") and htu.startswith(expected):
        return True
    if here.has("htu-shorter") and expected.startswith(htu):
        return True
    if here.has("htu-contains") and expected in htu:
        return True
    if here.has("htu-own-endpoint") and htu in here.memory.urls:
        return True
    if here.has("htu-request-query"):
        expected += f"?{here.request.query}" if here.request.query else ""
        return htu == expected
    if here.rules.htu == "exact":
        return htu == expected
    lenient = here.rules.htu == "lenient"
    theirs, ours = (merged(normal(url, lenient=lenient), here) for url in (htu, expected))
    skipped = {"htu-path-only": (0, 1, 2), "htu-host-only": (0, 2, 3), "htu-port": (2,), "htu-scheme": (0, 2)}
    for bug, indexes in skipped.items():
        if here.rules.has(bug, here.place):
            theirs, ours = (
                [part for index, part in enumerate(url) if index not in indexes] for url in (theirs, ours)
            )
    return theirs == ours


def normal(url, *, lenient):
    """Scheme, host, port and path after RFC 3986 sections 6.2.2 and 6.2.3, without query and fragment."""
    if not re.fullmatch(r"[!-\[\]-~]+", url):  # no blanks, no controls, no backslash
        raise ValueError("not a URI")
    parts = urlsplit(url)
    if not parts.scheme or not parts.hostname or (parts.username is not None and not lenient):
        raise ValueError("not an absolute URI")
    path = re.sub(r"%([0-9A-Fa-f]{2})", unescape, parts.path)
    path = dotless(path) or "/"
    if lenient and path != "/":
        path = path.removesuffix("/")
    return parts.scheme.lower(), parts.hostname.lower(), parts.port or PORTS.get(parts.scheme), path


def unescape(match):
    letter = chr(int(match[1], 16))
    return letter if re.fullmatch(r"[A-Za-z0-9._~-]", letter) else match[0].upper()


def dotless(path):
    kept = []
    parts = path.split("/")
    for part in parts[1:]:
        if part == "..":
            kept = kept[:-1]
        elif part != ".":
            kept.append(part)
    if parts[-1] in {".", ".."}:
        kept.append("")
    return "".join(f"/{part}" for part in kept)
