"""The verdict rules: from the answers of one case to findings, one for each requirement the case speaks of."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from keybound.judge.answer import Answer, Outcome
from keybound.judge.requirement import Requirement
from keybound.judge.verdict import Verdict, worst

ROBUSTNESS = "KEYBOUND-robustness"
_FIRM = {"MUST", "MUST NOT"}


@dataclass(frozen=True)
class Exact:
    """The answer that names the reason of a refusal: its status and any one of these error codes, if there are any."""

    statuses: tuple[int, ...]
    codes: tuple[str, ...]

    def __str__(self) -> str:
        """Return it as people write it."""
        return f"{' or '.join(map(str, self.statuses))} {' or '.join(self.codes)}".strip()

    def matches(self, answer: Answer) -> bool:
        """Return True when `answer` has the status and names a code."""
        return answer.status in self.statuses and (not self.codes or bool(answer.codes & set(self.codes)))


@dataclass(frozen=True)
class Finding:
    """What one case says of one requirement."""

    requirement: str
    verdict: Verdict
    expected: str
    seen: str


@dataclass(frozen=True)
class Measurement:
    """A number that the specifications leave open, or a few words in place of one."""

    name: str
    place: str
    value: float | str
    unit: str


@dataclass
class Judgement:
    """Everything a case came to.

    `evidence` is "exact", "generic" or None; `reason` explains what is neither pass nor fail.
    """

    findings: list[Finding] = field(default_factory=list)
    evidence: str | None = None
    reason: str | None = None
    notes: list[str] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        """The worst verdict among the findings."""
        return worst(finding.verdict for finding in self.findings)


def violation(requirement: Requirement, *, lenient: bool = False) -> Verdict:
    """Return the verdict of a breach: fail for a MUST or a critical one, else warn (DESIGN, section 4).

    `lenient` is set where the text leaves conformant servers room; a requirement that a profile of requirements made
    firm has none.
    """
    firm = requirement.level in _FIRM or requirement.severity == "critical"
    return Verdict.FAIL if firm and (requirement.firm or not lenient) else Verdict.WARN


def _why(answer: Answer, when: str) -> str:
    blame = {
        Outcome.REFUSED: "the valid request itself was refused, so a refusal of the changed one says nothing",
        Outcome.CRASHED: "the target did not give a usable answer to the valid request",
        Outcome.UNREACHABLE: "the network did not carry the valid request to the target",
    }[answer.outcome]
    return f"control {when}: {answer.seen}; {blame}"


def hostile(
    before: Answer,
    attack: Answer,
    after: Answer,
    requirements: Sequence[Requirement],
    exact: Exact,
    *,
    lenient: bool = False,
) -> Judgement:
    """Judge a request that must be refused, between two controls that must succeed."""
    expected = f"refused: {exact}"
    judgement = Judgement()

    def all_get(verdict: Verdict | None) -> None:
        for requirement in requirements:
            given = verdict or violation(requirement, lenient=lenient)
            judgement.findings.append(Finding(requirement.id, given, expected, attack.seen))

    if before.outcome is not Outcome.EFFECT:
        judgement.reason = _why(before, "before")
        all_get(Verdict.INCONCLUSIVE)
    elif attack.outcome is Outcome.EFFECT:
        all_get(None)
    elif attack.limited or attack.outcome is Outcome.UNREACHABLE:
        judgement.reason = f"the changed request was not judged by the target: {attack.seen}"
        all_get(Verdict.INCONCLUSIVE)
    elif after.outcome is not Outcome.EFFECT:
        judgement.reason = _why(after, "after")
        all_get(Verdict.INCONCLUSIVE)
        _robustness(judgement, attack)
    else:
        judgement.evidence = "exact" if exact.matches(attack) else "generic"
        all_get(Verdict.PASS)
        _robustness(judgement, attack)
        if attack.by_tls:
            judgement.notes.append("refused by TLS, before the application saw the request")
    return judgement


def _robustness(judgement: Judgement, attack: Answer) -> None:
    verdict = Verdict.FAIL if attack.outcome is Outcome.CRASHED else Verdict.PASS
    judgement.findings.append(Finding(ROBUSTNESS, verdict, "an answer below 500", attack.seen))


def valid(
    before: Answer,
    variant: Answer,
    after: Answer,
    requirements: Sequence[Requirement],
    *,
    lenient: bool = False,
) -> Judgement:
    """Judge a request that must be accepted although it differs from the control."""
    judgement = Judgement()
    same = variant.outcome is Outcome.EFFECT and variant.token_type == before.token_type
    broken = next(
        (_why(a, w) for a, w in ((before, "before"), (after, "after")) if a.outcome is not Outcome.EFFECT),
        None,
    )
    for requirement in requirements:
        if same:
            verdict = Verdict.PASS
        elif broken or variant.limited or variant.outcome is Outcome.UNREACHABLE:
            verdict = Verdict.INCONCLUSIVE
            judgement.reason = broken or f"the request was not judged by the target: {variant.seen}"
        else:
            verdict = violation(requirement, lenient=lenient)
        judgement.findings.append(Finding(requirement.id, verdict, f"accepted: {before.seen}", variant.seen))
    if same:
        judgement.evidence = "exact"
    _robustness(judgement, variant)
    return judgement
