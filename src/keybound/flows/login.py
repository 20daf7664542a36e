"""The login driver: goes through the authorization endpoint as a person's browser would, filling HTML forms."""

import re
import warnings
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

from bs4 import BeautifulSoup, Tag
from bs4.builder import ParserRejectedMarkup

from keybound.errors import Inconclusive, UsageError
from keybound.profile.target_profile import Login, Profile, require_authorized
from keybound.profile.values import http_url
from keybound.wire.client import Wire
from keybound.wire.exchange import Exchange, Request, Response

_STEPS = 20
_READ = 1 << 16  # characters that are parsed from the first form on, and
_FORMS, _FIELDS = 20, 60  # what is looked at of them: a hostile megabyte would take minutes
_USERNAME_TYPES = {"text", "email", "tel", ""}
_PASSWORD = re.compile(r"type=[\"']?password", re.IGNORECASE)
_CONSENT = (
    "allow",
    "accept",
    "approve",
    "authorize",
    "continue",
    "consent",
    "yes",
    "ok",
    "login",
    "sign",
    "submit",
)
_REFUSAL = ("deny", "cancel", "decline", "reject", "abort", "no")


def _submit_rank(button: Tag) -> int:
    """Rank submit buttons: those that agree first, those that refuse last."""
    words = f"{button.get('name', '')} {button.get('value', '')} {button.get('id', '')} {button.get_text()}".lower()
    if any(word in words.split() or word == words.strip() for word in _REFUSAL):
        return 2
    return 0 if any(word in words for word in _CONSENT) else 1


def fill_form(html: str, login: Login) -> tuple[str, str, list[tuple[str, str]]] | None:
    """Return (method, action, fields) of the form a person would send, or None when the page has no form.

    Hidden fields are kept, the first text field takes the user name, password fields the password; `login.fields`
    overrides any field by name.
    """
    start = html.lower().find("<form")
    if start < 0:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Beautiful Soup guesses aloud what a strange page might be
            forms = BeautifulSoup(html[start : start + _READ], "html.parser").find_all("form", limit=_FORMS)
    except ParserRejectedMarkup:
        return None
    usable = [f for f in forms if f.find("input", {"type": "password"})] or [
        f for f in forms if str(f.get("method", "get")).lower() == "post"
    ]
    form = next(iter(usable or forms), None)
    if form is None:
        return None
    fields: list[tuple[str, str]] = []
    user_given = False
    for element in form.find_all(["input", "select", "textarea"], limit=_FIELDS):
        name, kind = str(element.get("name") or ""), str(element.get("type") or "").lower()
        if not name or kind in {"submit", "button", "image", "reset", "file"}:
            continue
        value = str(element.get("value") or "")
        if name in login.fields:
            value = login.fields[name]
        elif kind == "password":
            value = login.password.get_secret_value()
        elif element.name == "input" and kind in _USERNAME_TYPES and not value and not user_given:
            value, user_given = login.username, True
        elif kind == "checkbox":
            value = value or "on"
        elif kind == "radio" and not element.has_attr("checked"):
            continue
        elif element.name == "select":
            option = element.find("option", selected=True) or element.find("option")
            value = str(option.get("value") or option.get_text()) if option else ""
        fields.append((name, value))
    buttons = form.find_all("button") + form.find_all("input", {"type": "submit"})
    pressed = min(
        (b for b in buttons if str(b.get("type") or "submit").lower() == "submit"),
        key=_submit_rank,
        default=None,
    )
    if pressed is not None and pressed.get("name"):
        fields.append((str(pressed["name"]), str(pressed.get("value") or "")))
    return str(form.get("method") or "get").upper(), str(form.get("action") or ""), fields


class _Cookies:
    """Cookies by host; paths and domains do not matter for one login at one server."""

    def __init__(self) -> None:
        self._jar: dict[tuple[str, str], str] = {}

    def learn(self, url: str, exchange: Exchange) -> None:
        for line in exchange.response.all("Set-Cookie") if exchange.response else []:
            name, _, value = line.partition(";")[0].partition("=")
            self._jar[urlsplit(url).hostname or "", name.strip()] = value.strip()

    def header(self, url: str) -> list[tuple[str, str]]:
        host = urlsplit(url).hostname or ""
        pairs = [f"{name}={value}" for (owner, name), value in self._jar.items() if owner == host and value]
        return [("Cookie", "; ".join(pairs))] if pairs else []


def _next_url(profile: Profile, current: str, reference: str) -> str:
    """Return the URL that `reference` means on the page `current`; raises Inconclusive where the login may not go."""
    try:
        following = http_url(urljoin(current, reference).partition("#")[0])
        require_authorized(profile, [following])
    except UsageError as error:
        raise Inconclusive(f"the login leads elsewhere: {error}") from None
    except ValueError:
        raise Inconclusive(f"the login leads to {reference[:200]!r}, which is no URL") from None
    return following


def _bare(url: str) -> str:
    """Return `url` without query and fragment."""
    return url.partition("#")[0].partition("?")[0]


def _query(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    found = parse_qs(parts.query, keep_blank_values=True) | parse_qs(parts.fragment, keep_blank_values=True)
    return {name: values[0] for name, values in found.items()}


def _page(
    wire: Wire, profile: Profile, request: Request, cookies: _Cookies, back: str | None = None
) -> tuple[Request, Response] | str:
    """Send `request`, follow redirects, and return the page they end at with the request for it.

    A redirect to `back`, a URL without a query, is not followed but returned. Raises Inconclusive where no page comes.
    """
    for _ in range(_STEPS):
        exchange = wire.send(request, label="login")
        cookies.learn(request.url, exchange)
        response = exchange.response
        if response is None:
            raise Inconclusive(f"the login did not get an answer: {exchange.trouble}: {exchange.detail}")
        location = response.first("Location")
        if not (300 <= response.status < 400 and location):
            return request, response
        if back is not None and _bare(location) == back:  # perhaps of a scheme only an app understands
            return location
        following = _next_url(profile, request.url, location)
        if following.partition("?")[0] == back:
            return following
        request = Request("GET", following, tuple(cookies.header(following)))
    raise Inconclusive(f"the login did not end after {_STEPS} pages: check [login] in the profile")


def authorize(wire: Wire, profile: Profile, url: str, redirect_uri: str) -> dict[str, str]:
    """Open the authorization URL, log in, agree, and return the parameters of the redirect back to the client.

    Those of a query and of a fragment count alike. Raises Inconclusive when the pages lead nowhere.
    """
    assert profile.login is not None  # noqa: S101 - the profile's validation guarantees it
    cookies, request = _Cookies(), Request("GET", url)
    for _ in range(_STEPS):
        page = _page(wire, profile, request, cookies, _bare(redirect_uri))
        if isinstance(page, str):
            return _query(page)
        shown, response = page
        form = fill_form(response.text, profile.login) if response.status < 500 else None
        if form is None:
            path = urlsplit(shown.url).path
            raise Inconclusive(f"the login met a page without a form (status {response.status}) at {path}")
        request = _submitted(profile, shown.url, form, cookies)
    raise Inconclusive(f"the login did not end after {_STEPS} pages: check [login] in the profile")


def _submitted(
    profile: Profile, page: str, form: tuple[str, str, list[tuple[str, str]]], cookies: _Cookies
) -> Request:
    """Return the request that sends a filled form of the page at the URL `page`."""
    method, action, fields = form
    following, sent = _next_url(profile, page, action), urlencode(fields)
    if method == "GET":
        following = f"{following.partition('?')[0]}?{sent}"
        return Request("GET", following, tuple(cookies.header(following)))
    kind = ("Content-Type", "application/x-www-form-urlencoded")
    return Request("POST", following, (*cookies.header(following), kind), sent.encode())


def approve(wire: Wire, profile: Profile, url: str, user_code: str) -> None:
    """Open the verification page of a device flow, log in and agree (RFC 8628 section 3.3).

    It ends at a page without a form, or at one that was filled in before: the token request will show what came of it.
    Raises Inconclusive when a page does not answer.
    """
    assert profile.login is not None  # noqa: S101 - the profile's validation guarantees it
    with_code = profile.login.model_copy(update={"username": user_code})
    cookies, filled = _Cookies(), set()
    request = Request("GET", _next_url(profile, url, url))
    for _ in range(_STEPS):
        page = _page(wire, profile, request, cookies)
        assert not isinstance(page, str)  # noqa: S101 - no redirect leads back
        shown, response = page
        text = response.text if response.status < 500 else ""
        # on a page without a password field the first text field is for the code that the device shows
        form = fill_form(text, profile.login if _PASSWORD.search(text) else with_code)
        if form is None or (seen := (form[1], *(name for name, _ in form[2]))) in filled:
            return
        filled.add(seen)
        request = _submitted(profile, shown.url, form, cookies)
