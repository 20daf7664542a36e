"""Faults of one place where proofs are checked less closely than at the others, and of how a bad one is answered."""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from aiohttp import web

from keybound.reference.clients import CIBA, DEVICE, EXCHANGE, JWT_BEARER, Client
from keybound.reference.errors import OAuthError
from keybound.reference.parts import Instead, leave_out, replace
from keybound.reference.proof import Proof, Received, Shown, signature_verifies
from keybound.reference.proof_requests import proof_of

from .fault import Fault, fault

_GRANTS = {
    "code": ("authorization_code", "authorization_code"),
    "refresh": ("refresh_token", "refresh_token"),
    "device": (DEVICE, "device_code"),
    "exchange": (EXCHANGE, "token exchange"),
    "ciba": (CIBA, "CIBA"),
    "jwt-bearer": (JWT_BEARER, "jwt-bearer"),
}


def _unverified(where: Callable[[Received], bool]) -> Instead:
    return leave_out(signature_verifies, lambda shown: where(shown.request))


def _unverified_for(grant: str) -> Instead:
    return _unverified(lambda request: request.form.get("grant_type") == grant)


def _path(request: Received) -> str:
    return urlsplit(request.uri).path


def _is_ps256_with_opaque(shown: Shown) -> bool:
    return shown.header["alg"] == "PS256" and "." not in (shown.request.token or "")


def _answered(change: Callable[[OAuthError], None]) -> Instead:
    """Let `change` turn the answer to a bad proof into another one."""

    def body(
        right: Callable[[web.Request, Client, Mapping[str, str]], Proof | None],
        request: web.Request,
        client: Client,
        form: Mapping[str, str],
    ) -> Proof | None:
        try:
            return right(request, client, form)
        except OAuthError as error:
            change(error)
            raise

    return replace(proof_of, body)


def _with_server_error(error: OAuthError) -> None:
    if error.code != "use_dpop_nonce":
        error.code = "server_error"


def _with_401(error: OAuthError) -> None:
    if error.code == "use_dpop_nonce":
        error.status = 401


FAULTS: tuple[Fault, ...] = (
    *(
        fault(
            f"as-{name}-proof-unverified",
            f"the signature of a proof is not verified for the grant {called}",
            _unverified_for(grant),
        )
        for name, (grant, called) in _GRANTS.items()
    ),
    fault(
        "as-device-proof-unchecked",
        "the signature of a proof is not verified where a device flow starts",
        _unverified(lambda request: _path(request) == "/device_authorization"),
    ),
    fault(
        "rs-userinfo-post-proof-unverified",
        "the signature of a proof is not verified for a POST to userinfo",
        _unverified(lambda request: (request.method, _path(request)) == ("POST", "/userinfo")),
    ),
    fault(
        "rs-head-proof-unverified",
        "the signature of a proof is not verified for HEAD requests",
        _unverified(lambda request: request.method == "HEAD"),
    ),
    fault(
        "rs-post-proof-unverified",
        "the signature of a proof is not verified for POST requests",
        _unverified(lambda request: (request.method, _path(request)) == ("POST", "/api")),
    ),
    fault(
        "rs-second-url-proof-unverified",
        "the signature of a proof is not verified for the second URL",
        _unverified(lambda request: _path(request) == "/api/other"),
    ),
    fault(
        "rs-signature-unchecked-for-ps256-opaque",
        "the signature of a PS256 proof is not verified with opaque tokens",
        leave_out(signature_verifies, _is_ps256_with_opaque),
    ),
    fault("as-proof-error-code", "a bad proof is answered server_error", _answered(_with_server_error)),
    fault(
        "as-nonce-wrong-status",
        "a missing nonce is answered with the other side's status",
        _answered(_with_401),
    ),
)
