"""Baselines: a target's file of accepted findings, each with a reason, an expiry and the evidence expected.

    [[accepted]]
    case = "rs.proof.jti.missing"
    verdict = "fail"                # fail or warn
    reason = "known; fixed in the next release"
    expires = 2027-03-31
    seen = "200"                    # the finding must still show this text

An entry that no longer matches what the case shows is stale, and a run with stale entries does not hold.
"""

import datetime as dt
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keybound.errors import UsageError
from keybound.judge.verdict import Verdict

_TYPES: dict[str, type] = {"case": str, "verdict": str, "reason": str, "expires": dt.date, "seen": str}
_ACCEPTABLE = {Verdict.FAIL.value, Verdict.WARN.value}


@dataclass(frozen=True)
class Accepted:
    """One accepted finding."""

    case: str
    verdict: str
    reason: str
    expires: dt.date
    seen: str

    def matches(self, case: dict[str, Any], today: dt.date) -> bool:
        """Return True when the entry is in force on `today` and covers every finding of the case event `case`."""
        bad = [finding for finding in case["findings"] if finding["verdict"] in {"fail", "warn", "inconclusive"}]
        same = all(finding["verdict"] in {self.verdict, "warn"} and self.seen in finding["seen"] for finding in bad)
        return self.case == case["id"] and today <= self.expires and bool(bad) and same


def load(path: Path, known_cases: Collection[str]) -> list[Accepted]:
    """Return the entries of a baseline file; raises UsageError with one line."""
    try:
        data = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the baseline {path.name}: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"the baseline {path.name} is not valid TOML: {error}") from None
    entries = data.get("accepted", [])
    if set(data) - {"accepted"} or not isinstance(entries, list):
        raise UsageError(f"the baseline {path.name} holds [[accepted]] tables and nothing else")
    found = []
    for number, entry in enumerate(entries, 1):
        where = f"{path.name}, entry {number}"
        for name, kind in _TYPES.items():
            if not isinstance(entry.get(name), kind):
                raise UsageError(f"{where}: {name} must be given as {'a date' if kind is dt.date else 'a text'}")
        if set(entry) - set(_TYPES):
            raise UsageError(f"{where}: unknown key {sorted(set(entry) - set(_TYPES))[0]!r}")
        if entry["verdict"] not in _ACCEPTABLE:
            raise UsageError(f"{where}: verdict must be fail or warn, not {entry['verdict']!r}")
        if entry["case"] not in known_cases:
            raise UsageError(f"{where}: there is no case {entry['case']!r}")
        found.append(Accepted(**entry))
    return found


def stale(entries: list[Accepted], cases: list[dict[str, Any]]) -> list[Accepted]:
    """Return the entries whose case was run and judged, and did not show the accepted finding."""
    by_id = {case["id"]: case for case in cases}
    judged = [entry for entry in entries if by_id.get(entry.case, {}).get("verdict") in {"pass", "fail", "warn"}]
    return [entry for entry in judged if not by_id[entry.case]["accepted"]]
