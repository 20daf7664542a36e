"""How a resource says what was wrong: its challenges (RFC 9449 section 7.1, RFC 6750 section 3)."""

from keybound.cases.declare import Case
from keybound.check.target import Target
from keybound.craft.changes.request import no_credentials
from keybound.errors import NotApplicable
from keybound.judge.answer import Answer
from keybound.places.place import Place


def refused_with_401(target: Target, case: Case) -> Answer:
    """Return the 401 answer to the case's change; NotApplicable for another status, which needs no challenge."""
    answer = target.refusal(case)
    if answer.status != 401:
        raise NotApplicable(f"the resource answers {answer.status} here, which need not carry a challenge")
    return answer


def refused_with_challenge(target: Target, case: Case, scheme: str | None = None) -> Answer:
    """Return the 401 answer to the case's change; NotApplicable without a challenge of `scheme` (None: of any)."""
    answer = refused_with_401(target, case)
    if not answer.schemes or scheme not in {None, *answer.schemes}:
        raise NotApplicable("there is no such challenge: that is for another case")
    return answer


def challenged_parameter(target: Target, case: Case, name: str) -> str:
    """Return a parameter of the DPoP challenge to the case's change; NotApplicable without it."""
    found = target.refusal(case).parameter("dpop", name)
    if not found:
        raise NotApplicable(f"the challenge has no {name}: it need not have one, or that is for another case")
    return found


def needs_bearer_scheme(target: Target, place: Place) -> None:
    """Raise NotApplicable unless the challenge of `place` offers Bearer, Inconclusive when its control fails."""
    target.controls.require(place)
    if "bearer" not in place.attempt(no_credentials, "without credentials").schemes:
        raise NotApplicable("the resource does not offer the Bearer scheme")
