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
def authorization_before(draft: Draft, first: str, own: str = "DPoP") -> None:
    """Send a line of Authorization with the scheme `first` before the request's own, whose scheme is `own`."""
    draft.headers.append(("Authorization", f"{first} {draft.token}"))
    draft.scheme = own


@named
def token_value(draft: Draft, value: object) -> None:
    """Write `value` as the token, or what that makes of the right one; the proof stays as it is."""
    draft.token = value_of(value, draft.token)


@named
def also_in_form(draft: Draft) -> None:
    """Send the token as a form parameter of a POST too, with a proof for that (RFC 6750 section 2.2)."""
    with_method("POST")(draft)
    draft.form = {"access_token": str(draft.token)}


@named
def also_in_query(draft: Draft) -> None:
    """Send the token as a query parameter too (RFC 6750 section 2.3)."""
    query_parameter("access_token", str(draft.token))(draft)


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
def with_method(draft: Draft, method: str) -> None:
    """Send the request, and make its proof, with another method."""
    draft.method = proof_of(draft).claims["htm"] = method


@named
def sent_by(draft: Draft, method: str) -> None:
    """Send the request with another method than its proof is made for."""
    draft.method = method


@named
def absolute_form(draft: Draft, host: str) -> None:
    """Write the URL, of another host, where the path of the request stands (RFC 9112 section 3.2.2)."""
    draft.request_target = urlunsplit(urlsplit(draft.url)._replace(netloc=host))


@named
def query_parameter(draft: Draft, name: str, value: str) -> None:
    """Add a parameter to the query of the request, and leave `htu` as it is."""
    draft.url += ("&" if urlsplit(draft.url).query else "?") + urlencode({name: value})


@named
def form_parameters(draft: Draft, values: Mapping[str, str]) -> None:
    """Set some parameters of the form."""
    draft.form = {**(draft.form or {}), **values}


@named
def form_parameter(draft: Draft, name: str, value: object) -> None:
    """Replace a parameter of the form by `value`, or by what that makes of the right one."""
    form = draft.form or {}
    draft.form = {**form, name: value_of(value, form.get(name))}


@named
def attackers_jkt(draft: Draft) -> None:
    """Ask for a code that is tied to the attacker's key (RFC 9449 section 10)."""
    form_parameter("dpop_jkt", draft.attacker.key.thumbprint)(draft)


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
