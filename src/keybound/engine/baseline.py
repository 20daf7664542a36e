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
import difflib
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
        bad = [
            finding for finding in case["findings"] if finding["verdict"] in {"fail", "warn", "inconclusive"}
        ]
        same = all(
            finding["verdict"] in {self.verdict, "warn"} and self.seen in finding["seen"] for finding in bad
        )
        return self.case == case["id"] and today <= self.expires and same and case["verdict"] == self.verdict

    def complaint(self, today: dt.date) -> str:
        """Return what is wrong with an entry that `stale` returned."""
        if today > self.expires:
            return (
                f"the acceptance of {self.case} expired on {self.expires}: fix the target, or renew the entry"
            )
        return f"{self.case} no longer shows the accepted {self.verdict} ({self.seen!r}): remove the entry"


def _entry(entry: Any, known_cases: Collection[str]) -> Accepted:
    if not isinstance(entry, dict):
        raise UsageError("write a table [[accepted]]")
    for name, kind in _TYPES.items():
        if type(entry.get(name)) is not kind or not entry[name]:  # a datetime is a date to isinstance
            raise UsageError(
                f"{name} must be given as {'a date such as 2027-03-31' if kind is dt.date else 'a text'}"
            )
    if unknown := sorted(set(entry) - set(_TYPES)):
        raise UsageError(f"unknown key {unknown[0]!r}; known are {', '.join(_TYPES)}")
    if entry["verdict"] not in _ACCEPTABLE:
        raise UsageError(f"verdict must be fail or warn, not {entry['verdict']!r}")
    if entry["case"] not in known_cases:
        near = difflib.get_close_matches(entry["case"], known_cases, 1)
        hint = f"did you mean {near[0]!r}?" if near else "`keybound list` shows them all"
        raise UsageError(f"there is no case {entry['case']!r}; {hint}")
    return Accepted(**entry)


def load(path: Path, known_cases: Collection[str]) -> list[Accepted]:
    """Return the entries of a baseline file; raises UsageError with one line."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read the baseline {path.name}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"the baseline {path.name} is not valid TOML: {error}") from None
    entries = data.get("accepted", [])
    if set(data) - {"accepted"} or not isinstance(entries, list):
        raise UsageError(f"the baseline {path.name} holds [[accepted]] tables and nothing else")
    found: dict[str, Accepted] = {}
    for number, raw in enumerate(entries, 1):
        try:
            entry = _entry(raw, known_cases)
            if found.setdefault(entry.case, entry) is not entry:
                raise UsageError(f"there is an entry for {entry.case} already")
        except UsageError as error:
            raise UsageError(f"{path.name}, entry {number}: {error}") from None
    return list(found.values())


def stale(entries: list[Accepted], cases: list[dict[str, Any]]) -> list[Accepted]:
    """Return the entries whose case was run and judged, and did not show the accepted finding."""
    by_id = {case["id"]: case for case in cases}
    judged = [
        entry for entry in entries if by_id.get(entry.case, {}).get("verdict") in {"pass", "fail", "warn"}
    ]
    return [entry for entry in judged if not by_id[entry.case]["accepted"]]
