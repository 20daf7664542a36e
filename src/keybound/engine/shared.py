"""What a run owns and hands to each of its workers: plain data, so that it can go to other processes."""

from dataclasses import asdict, dataclass
from typing import Any, Self

from keybound.engine import diagnosis as found


@dataclass(frozen=True)
class Shared:
    """All that a worker needs to know of its run.

    profile         the target's profile as it was read (TOML, with its secrets)
    source          where that comes from, for messages
    folder          where its relative paths start
    requirements    the name of the profile of requirements, and where its relative path starts
    secrets         every secret that is known before the first case: (value, kind)
    redaction_key   32 bytes in hexadecimal: the same secret gets the same mark in every process
    diagnosis       what the doctor found
    """

    profile: str
    source: str
    folder: str
    requirements: tuple[str, str]
    secrets: tuple[tuple[str, str], ...]
    redaction_key: str
    diagnosis: found.Diagnosis

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data, for another process."""
        return asdict(self) | {"diagnosis": found.as_json(self.diagnosis)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Return what `as_json` wrote."""
        return cls(**{**data, "diagnosis": found.from_json(data["diagnosis"])})
