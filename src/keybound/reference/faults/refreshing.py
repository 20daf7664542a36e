"""Faults in refreshing, and in what a refreshed token is bound to."""

from collections.abc import Callable
from typing import Any

from keybound.reference.parts import alter, kept, leave_out, replace
from keybound.reference.refresh_grant import (
    came_again,
    certificate_matches,
    is_replaced_for,
    is_the_clients,
    key_matches,
    known,
    retire,
    scope_of,
)
from keybound.reference.token_request import TokenRequest, allowed_scope
from keybound.reference.token_response import confirmation, new_refresh_token, refresh_binding, token_type
from keybound.reference.tokens import Grant, Refresh, Tokens, jkt_of

from .fault import Fault, fault


def _remember_value(value: str, asked: TokenRequest, grant: Grant) -> str:
    kept().setdefault("refresh tokens", []).append(value)
    return value


def _by_its_beginning(found: Refresh | None, tokens: Tokens, value: str) -> Refresh | None:
    """Find the newest token that begins alike."""
    issued = reversed(kept().get("refresh tokens", []))
    alike = (tokens.refresh.get(each) for each in issued if value and each.startswith(value[:8]))
    return found or next(alike, None)


def _remember_key(value: str, asked: TokenRequest, grant: Grant) -> str:
    """Remember the key of the request that got a refresh token, if it had one."""
    kept()[value] = jkt_of(asked.proof) if asked.proof else None
    return value


def _first_key(asked: TokenRequest) -> Any:
    """Return the key that `_remember_key` remembers of the token at hand; None when there is none."""
    return kept().get(asked.form.get("refresh_token", ""))


def _is_refresh(asked: TokenRequest) -> bool:
    return asked.grant_type == "refresh_token"


def _old_key(cnf: dict[str, str], asked: TokenRequest) -> dict[str, str]:
    old = _first_key(asked)
    return {**cnf, "jkt": old} if old and "jkt" in cnf and not asked.client.public else cnf


def _late_proof_unbound(
    right: Callable[[TokenRequest], dict[str, str]], asked: TokenRequest
) -> dict[str, str]:
    cnf = right(asked)
    if _is_refresh(asked) and _first_key(asked) is None:
        cnf.pop("jkt", None)
    return cnf


_NEVER_BOUND = (None, None)

FAULTS: tuple[Fault, ...] = (
    fault(
        "as-refresh-cut",
        "only the beginning of a refresh token is compared",
        alter(new_refresh_token, _remember_value),
        alter(known, _by_its_beginning),
    ),
    fault(
        "as-refresh-reuse-forgiven",
        "the second use of a replaced refresh token has no consequences",
        leave_out(came_again),
    ),
    fault("as-refresh-any-client", "a refresh token works for any client", leave_out(is_the_clients)),
    fault(
        "as-refresh-any-key",
        "a public client's refresh token works with any key",
        leave_out(key_matches, lambda asked, old: asked.proof is not None),
    ),
    fault(
        "as-refresh-proof-optional",
        "a public client's refresh token works without a proof",
        leave_out(key_matches, lambda asked, old: asked.proof is None),
    ),
    fault(
        "as-refresh-public-unprotected",
        "refresh tokens of public clients are neither bound nor replaced",
        leave_out(key_matches, lambda asked, old: asked.proof is not None),
        replace(is_replaced_for, lambda right, client: False),
    ),
    fault(
        "as-refresh-rotates-all",
        "refresh tokens of confidential clients are replaced too",
        replace(is_replaced_for, lambda right, client: True),
    ),
    fault(
        "as-rotated-refresh-unbound",
        "the second refresh token of a public client is not bound",
        alter(refresh_binding, lambda right, asked: _NEVER_BOUND if _is_refresh(asked) else right),
    ),
    fault(
        "as-refresh-widens-scope",
        "a refresh may ask for more scope than was granted",
        replace(scope_of, lambda right, asked, old: allowed_scope(asked.form, asked.client.scope)),
    ),
    fault(
        "as-mtls-refresh-any-certificate",
        "a public client's refresh works with any certificate",
        leave_out(certificate_matches, lambda asked, old: asked.x5t is not None),
    ),
    fault(
        "as-mtls-refresh-neither",
        "a public client's refresh token is neither bound to the certificate nor rotated",
        leave_out(certificate_matches),
        leave_out(retire, lambda asked, old: old.x5t is not None),
    ),
    fault(
        "as-refresh-binds-old-key",
        "a refresh binds to the key of the first token",
        alter(new_refresh_token, _remember_key),
        alter(confirmation, _old_key),
    ),
    fault(
        "as-refresh-remembers-type",
        "a refresh without a proof is answered with an unbound token of type DPoP",
        alter(new_refresh_token, _remember_key),
        alter(token_type, lambda right, asked: "DPoP" if _first_key(asked) else right),
    ),
    fault(
        "as-refresh-late-proof-unbound",
        "a refresh of an unbound grant says DPoP and binds nothing",
        alter(new_refresh_token, _remember_key),
        replace(confirmation, _late_proof_unbound),
    ),
)
