"""Changes of a request as a whole: its header lines, and where and under which scheme a bound token travels."""

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from keybound.craft.named import Named, Subject, named
from keybound.craft.proof import ath
from keybound.craft.request import Draft


@named
def token_in_query(draft: Draft) -> None:
    """Send the token as a query parameter, and neither Authorization nor proof (RFC 6750 section 2.3)."""
    draft.url += ("&" if "?" in draft.url else "?") + urlencode({"access_token": str(draft.token)})
    draft.token = draft.proof = None


@named
def token_in_form(draft: Draft) -> None:
    """Send the token as a form parameter of a POST, and neither Authorization nor proof (RFC 6750 section 2.2)."""
    draft.method, draft.form = "POST", {"access_token": str(draft.token)}
    draft.token = draft.proof = None


@named
def token_in_cookie(draft: Draft) -> None:
    """Send the token as a cookie called access_token, and neither Authorization nor proof."""
    draft.headers.append(("Cookie", f"access_token={draft.token}"))
    draft.token = draft.proof = None


@named
def as_proxy_authorization(draft: Draft) -> None:
    """Send the token in Proxy-Authorization (RFC 9449 section 7.1 forbids it)."""
    draft.headers.append(("Proxy-Authorization", f"DPoP {draft.token}"))
    draft.token = None


@named
def with_token(draft: Draft, token: str | Callable[[], str]) -> None:
    """Present another token, or the one that a function gives; the proof hashes it."""
    draft.token = token() if callable(token) else token
    if draft.proof is not None:
        draft.proof.claims["ath"] = ath(draft.token)


@named
def no_token(draft: Draft) -> None:
    """Send the proof alone."""
    draft.token = None


@named
def unchanged(_: Draft) -> None:
    """Change nothing."""


@named
def at_origin(draft: Draft, origin: str) -> None:
    """Send the request to another origin, with the path and the query that it has."""
    draft.url = origin.rstrip("/") + "/" + draft.url.split("/", 3)[3]


@named
def with_header(draft: Draft, name: str, value: str) -> None:
    """Send one more header line; {scheme} and {host} in `value` are those of the request's URL."""
    url = urlsplit(draft.url)
    draft.headers.append((name, value.replace("{scheme}", url.scheme).replace("{host}", url.netloc)))


@named
def as_bearer(draft: Draft) -> None:
    """Present the token as Bearer, with the proof still there."""
    draft.scheme = "Bearer"


@named
def dpop_in_lower_case(draft: Draft) -> None:
    """Present the token under the scheme `dpop`, with no proof."""
    draft.scheme, draft.proof = "dpop", None


@named
def stolen_as_bearer(draft: Draft) -> None:
    """Present the token as Bearer, with no proof."""
    draft.scheme, draft.proof = "Bearer", None


@named
def all_of(
    subject: Subject, first: Named[Subject, None], second: Named[Subject, None], *more: Named[Subject, None]
) -> None:
    """Apply several changes that together make up one defect."""
    for each in (first, second, *more):
        each(subject)
