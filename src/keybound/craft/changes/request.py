"""Changes of a request as a whole: its parameters and header lines, and the credentials it carries."""

import base64
from collections.abc import Callable, Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit

from keybound.craft.changes.values import value_of
from keybound.craft.named import Named, Subject, named
from keybound.craft.proof import ath
from keybound.craft.request import Draft, proof_of


@named
def token_in_query(draft: Draft) -> None:
    """Send the token as a query parameter, and neither Authorization nor proof (RFC 6750 section 2.3)."""
    token_also_in_query(draft)
    draft.token = draft.proof = None


@named
def token_in_form(draft: Draft) -> None:
    """Send the token as a form parameter of a POST, and neither Authorization nor proof (RFC 6750 section 2.2)."""
    draft.method, draft.form = "POST", {"access_token": str(draft.token)}
    draft.token = draft.proof = None


@named
def token_also_in_query(draft: Draft) -> None:
    """Send the token as a query parameter as well."""
    query_parameter("access_token", str(draft.token))(draft)


@named
def token_also_in_form(draft: Draft) -> None:
    """Send the token as a form parameter of a POST as well."""
    with_method("POST")(draft)
    draft.form = {"access_token": str(draft.token)}


@named
def also_authorized(draft: Draft, scheme: str) -> None:
    """Send one more Authorization line before the request's own, with the same token under `scheme`."""
    draft.headers.append(("Authorization", f"{scheme} {draft.token}"))


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
def token_value(draft: Draft, value: object) -> None:
    """Replace the token by `value`, or by what that makes of the right one, which the proof still hashes."""
    draft.token = value_of(value, draft.token)


@named
def as_bearer_token(draft: Draft, token: str) -> None:
    """Present another token as Bearer, with no proof."""
    draft.scheme, draft.token, draft.proof = "Bearer", token, None


@named
def no_credentials(draft: Draft) -> None:
    """Send neither token nor proof."""
    draft.token = draft.proof = None


@named
def wrong_basic_secret(draft: Draft) -> None:
    """Send HTTP Basic with the right name of the client and a wrong secret (RFC 6749 section 2.3.1)."""
    for number, (name, value) in enumerate(draft.headers):
        if name == "Authorization":
            client = base64.b64decode(value.partition(" ")[2]).decode().partition(":")[0]
            pair = base64.b64encode(f"{client}:not-the-secret".encode()).decode()
            draft.headers[number] = (name, f"Basic {pair}")


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
def absolute_form(draft: Draft, authority: str) -> None:
    """Write the whole URL of another authority where the path of the request stands (RFC 9112 section 3.2.2)."""
    draft.request_target = urlunsplit(urlsplit(draft.url)._replace(netloc=authority))


@named
def with_header(draft: Draft, name: str, value: str) -> None:
    """Send one more header line; {scheme} and {host} in `value` are those of the request's URL."""
    url = urlsplit(draft.url)
    draft.headers.append((name, value.replace("{scheme}", url.scheme).replace("{host}", url.netloc)))


@named
def with_method(draft: Draft, method: str) -> None:
    """Send the request, and make its proof, with another method."""
    draft.method = proof_of(draft).claims["htm"] = method


@named
def query_parameter(draft: Draft, name: str, value: str) -> None:
    """Add a parameter to the query of the request, and leave `htu` as it is."""
    draft.url += ("&" if urlsplit(draft.url).query else "?") + urlencode({name: value})


@named
def form_parameters(draft: Draft, values: Mapping[str, object]) -> None:
    """Set some parameters of the form, each to a value or to what that makes of the right one."""
    form = draft.form or {}
    draft.form = form | {name: value_of(value, form.get(name)) for name, value in values.items()}


@named
def header_name(draft: Draft, name: str) -> None:
    """Write the name of the DPoP header field as `name`."""
    draft.proof_name = name


@named
def scheme(draft: Draft, name: str) -> None:
    """Write the authentication scheme as `name`."""
    draft.scheme = name


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
