"""The six verdicts and how several become one."""

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """What a case, or a requirement, came to. Listed from worst to best."""

    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    WARN = "warn"
    PASS = "pass"
    NOT_APPLICABLE = "not applicable"
    NOT_RUN = "not run"


_ORDER = {verdict: rank for rank, verdict in enumerate(Verdict)}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of `verdicts`; NOT_RUN when there are none."""
    return min(verdicts, key=_ORDER.__getitem__, default=Verdict.NOT_RUN)
