"""The faults of the reference target: every defect that can be switched on, by name."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from . import faults_as, faults_flows, faults_mtls, faults_proof, faults_rs, faults_time
from .faults_tokens import TOKENS


@dataclass(frozen=True, slots=True)
class Fault:
    """One defect: its id, what is wrong in one line, and the requirements a run against it turns red."""

    id: str
    wrong: str
    requirements: tuple[str, ...]


# What a bad proof that is taken breaks in any case, beside the rule it breaks.
_TAKEN = {
    "as": "RFC9449-5-invalid-proof-no-token RFC9449-10.1-par-proof-checked",
    "rs": "RFC9449-7.1-proof-checked",
}

# What a fault breaks on one side only.
_ALSO = {
    "rs-jwk-members-hashed": "RFC9449-4.2-extra-members",
    "as-metadata-without-es256": "RFC9449-5.1-signing-algs",
    "as-nonce-cacheable": "RFC6749-5.1-no-store",
    "as-unadvertised-alg-ok": "RFC9449-5.1-signing-algs",
    "as-iat-no-future-limit": "FAPI2SP-5.3.2.1-iat-60s",
    "rs-htu-prefix-ok": "RFC9449-7.1-no-access",
    "as-private-primes-ok": "RFC9449-5-invalid-proof-no-token",
    "rs-private-primes-ok": "RFC9449-7.1-proof-checked",
    "as-signature-es-only": "RFC9449-10.1-par-proof-checked RFC9449-5-invalid-proof-no-token",
    "rs-signature-es-only": "RFC9449-7.1-proof-checked",
    "rs-htm-not-compared": "RFC9449-7.1-no-access",
    "rs-htu-path-ignored": "RFC9449-7.1-no-access",
    "rs-falsy-claims-ok": "RFC9449-4.3-ath MCP-dpop-proof-checks",
    "rs-odd-types-ok": "RFC9449-4.3-ath",
    "rs-unreadable-proof-ignored": "RFC9449-7.1-proof-present",
    "rs-malformed-proof-ignored": "RFC9449-7.1-proof-present",
    "rs-iat-nan-ok": "MCP-dpop-proof-checks",
    "rs-iat-no-past-limit": "MCP-dpop-proof-checks",
    "rs-exp-replaces-iat": "MCP-dpop-proof-checks",
    "rs-iat-milliseconds-ok": "MCP-dpop-proof-checks",
    "rs-iat-no-future-limit": "MCP-dpop-proof-checks",
    "as-rsa-padding-either-ok": "RFC9449-5-invalid-proof-no-token",
    "rs-rsa-padding-either-ok": "RFC9449-7.1-proof-checked",
    "as-rsa-sha1-ok": "RFC9449-5-invalid-proof-no-token",
    "rs-rsa-sha1-ok": "RFC9449-7.1-proof-checked",
    "as-curve-not-compared": "RFC9449-5-invalid-proof-no-token",
    "rs-curve-not-compared": "RFC9449-7.1-proof-checked",
    "rs-refuses-extra-members": "RFC7638-3-required-members",
    "as-signature-not-verified": "RFC9449-5-refresh-checked-public DPOPDEVICE-3.1-proof-checked",
    "as-nonce-any": "RFC9449-8-nonce-mismatch",
    "as-nonce-cut": "RFC9449-8-nonce-mismatch",
    "as-nonce-prefix-compared": "RFC9449-8-nonce-mismatch",
    "as-nonce-withheld": "RFC9449-8-nonce-error",
    "rs-nonce-withheld": "RFC9449-9-rs-nonce-challenge",
    "as-nonce-wrong-status": "RFC9449-8-nonce-error",
    "rs-nonce-wrong-status": "RFC9449-9-rs-nonce-challenge",
}

_ROWS = [
    *(
        (f"{side}-{name}", wrong, f"{rules} {_TAKEN[side]}")
        for side in _TAKEN
        for name, wrong, rules in faults_proof.TAKEN
    ),
    *(
        (f"{side}-{name}", wrong, rules)
        for side in _TAKEN
        for name, wrong, rules in [*faults_proof.OTHER, *faults_time.BOTH]
    ),
    *((f"as-{name}", wrong, rules) for name, wrong, rules in [*faults_as.AS, *faults_time.AS]),
    *((f"rs-{name}", wrong, rules) for name, wrong, rules in [*faults_rs.RS, *faults_time.RS, *TOKENS]),
    *faults_mtls.MTLS,
    *faults_flows.FLOWS,
]
_MORE = (_ALSO, faults_mtls.ALSO, faults_time.ALSO)

FAULTS: dict[str, Fault] = {
    name: Fault(name, wrong, tuple(" ".join([rules, *(more.get(name, "") for more in _MORE)]).split()))
    for name, wrong, rules in _ROWS
}


class Faults:
    """The faults switched on in one server."""

    def __init__(self, ids: Iterable[str] = ()) -> None:
        """Raise ValueError, naming the nearest id, when one of `ids` is not in FAULTS."""
        self._on = frozenset(ids)
        for name in sorted(self._on - FAULTS.keys()):
            near = difflib.get_close_matches(name, FAULTS, n=1)
            raise ValueError(f"unknown fault {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))

    def of(self, side: str, name: str) -> bool:
        """Return whether the fault `name` of one side is on."""
        return self.on(f"{side}-{name}")

    def on(self, name: str) -> bool:
        """Return whether the fault is on; KeyError if no such fault exists, so that a typo cannot hide."""
        return FAULTS[name].id in self._on
