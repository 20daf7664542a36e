"""A requirement: one normative statement of one specification."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY", "implied"]
Role = Literal["as", "rs", "both"]
Duty = Literal["receiver", "sender"]
Severity = Literal["critical", "high", "medium", "low"]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One normative statement, in our own words.

    id        specification, section and slug: `RFC9449-4.3-htm`
    spec      short name of the specification: `RFC 9449`
    level     key word of the text (RFC 2119), or "implied" where the text uses none
    role      who is bound: authorization server, resource server or both
    duty      "receiver": how the target treats what it gets; "sender": what the target itself issues or says
    severity  what a violation costs; "critical": a thief gets in, or a token meant to be bound is not
    url       deep link to the section
    also      names that others use for it
    planned   it can be tested from outside, but no case does so yet
    excluded  why it never gets a case, or None
    firm      a profile of requirements fixed its level, so that the text's room for differences is gone
    """

    id: str
    spec: str
    section: str
    title: str
    statement: str
    level: Level
    role: Role
    duty: Duty
    severity: Severity
    url: str
    also: tuple[str, ...] = ()
    planned: bool = False
    excluded: str | None = None
    firm: bool = False
