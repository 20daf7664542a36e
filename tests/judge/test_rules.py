"""The verdict rules: what a case comes to, from three answers."""

import pytest

from keybound.judge import rules
from keybound.judge.answer import Answer, Outcome
from keybound.judge.requirement import Requirement
from keybound.judge.rules import ROBUSTNESS, Exact
from keybound.judge.verdict import Verdict, worst

EFFECT = Answer(Outcome.EFFECT, "200", 200)
EXACT = Answer(Outcome.REFUSED, "400 invalid_dpop_proof", 400, frozenset({"invalid_dpop_proof"}))
OTHER = Answer(Outcome.REFUSED, "403 (no error code)", 403)
CRASH = Answer(Outcome.CRASHED, "500 (no error code)", 500)
GONE = Answer(Outcome.UNREACHABLE, "connection refused")
LIMITED = Answer(Outcome.REFUSED, "429 (no error code)", 429, limited=True)
BY_TLS = Answer(Outcome.REFUSED, "refused by a TLS alert", by_tls=True)
NAMED = Exact((400,), ("invalid_dpop_proof",))


def requirement(level="MUST", severity="high"):
    return Requirement(
        "RFC0-1-x",
        "RFC 0",
        "1",
        "title",
        "statement",
        level,
        "both",
        "receiver",
        severity,
        "https://example.org",
    )


def of(judgement):
    return next(f.verdict for f in judgement.findings if f.requirement == "RFC0-1-x")


@pytest.mark.parametrize(
    ("before", "attack", "after", "verdict", "evidence"),
    [
        (EFFECT, EXACT, EFFECT, Verdict.PASS, "exact"),
        (EFFECT, OTHER, EFFECT, Verdict.PASS, "generic"),
        (EFFECT, BY_TLS, EFFECT, Verdict.PASS, "generic"),
        (EFFECT, EFFECT, EFFECT, Verdict.FAIL, None),
        (EFFECT, EFFECT, CRASH, Verdict.FAIL, None),
        (EXACT, EXACT, EXACT, Verdict.INCONCLUSIVE, None),
        (EFFECT, EXACT, EXACT, Verdict.INCONCLUSIVE, None),
        (EFFECT, LIMITED, EFFECT, Verdict.INCONCLUSIVE, None),
        (EFFECT, GONE, EFFECT, Verdict.INCONCLUSIVE, None),
        (GONE, GONE, GONE, Verdict.INCONCLUSIVE, None),
    ],
)
def test_hostile_request(before, attack, after, verdict, evidence):
    judgement = rules.hostile(before, attack, after, [requirement()], NAMED)

    assert of(judgement) is verdict
    assert judgement.evidence == evidence
    assert (judgement.reason is not None) == (verdict is Verdict.INCONCLUSIVE)


def test_crash_is_refused_and_a_failure_of_robustness():
    judgement = rules.hostile(EFFECT, CRASH, EFFECT, [requirement()], NAMED)

    assert of(judgement) is Verdict.PASS
    assert {f.requirement: f.verdict for f in judgement.findings}[ROBUSTNESS] is Verdict.FAIL
    assert judgement.verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("level", "severity", "lenient", "verdict"),
    [
        ("MUST", "low", False, Verdict.FAIL),
        ("MUST NOT", "low", False, Verdict.FAIL),
        ("SHOULD", "high", False, Verdict.WARN),
        ("implied", "high", False, Verdict.WARN),
        ("implied", "critical", False, Verdict.FAIL),
        ("MUST", "critical", True, Verdict.WARN),
    ],
)
def test_breach_is_graded_by_level_and_severity(level, severity, lenient, verdict):
    judgement = rules.hostile(EFFECT, EFFECT, EFFECT, [requirement(level, severity)], NAMED, lenient=lenient)

    assert of(judgement) is verdict


@pytest.mark.parametrize(
    ("before", "variant", "after", "verdict"),
    [
        (EFFECT, EFFECT, EFFECT, Verdict.PASS),
        (EFFECT, EXACT, EFFECT, Verdict.FAIL),
        (EFFECT, EXACT, EXACT, Verdict.INCONCLUSIVE),
        (EXACT, EXACT, EXACT, Verdict.INCONCLUSIVE),
        (EFFECT, LIMITED, EFFECT, Verdict.INCONCLUSIVE),
    ],
)
def test_valid_variant(before, variant, after, verdict):
    assert of(rules.valid(before, variant, after, [requirement()])) is verdict


def test_variant_that_yields_another_kind_of_token_is_not_accepted():
    bound = Answer(Outcome.EFFECT, "200", 200, token_type="dpop")
    unbound = Answer(Outcome.EFFECT, "200", 200, token_type="bearer")

    assert of(rules.valid(bound, unbound, bound, [requirement()])) is Verdict.FAIL


@pytest.mark.parametrize(
    ("answer", "matches"),
    [
        (EXACT, True),
        (OTHER, False),
        (Answer(Outcome.REFUSED, "", 401, frozenset({"invalid_dpop_proof"})), False),
    ],
)
def test_exact_answer_has_the_status_and_a_code(answer, matches):
    assert NAMED.matches(answer) is matches


def test_exact_answer_without_codes_asks_for_the_status_only():
    assert Exact((403,), ()).matches(OTHER)


def test_worst_verdict_wins_and_nothing_is_not_run():
    assert worst([Verdict.PASS, Verdict.WARN, Verdict.INCONCLUSIVE]) is Verdict.INCONCLUSIVE
    assert worst([]) is Verdict.NOT_RUN
