"""WWW-Authenticate as RFC 9110 section 11.6.1 defines it: several challenges in one line or on many."""

import re
from dataclasses import dataclass

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_PARAMETER = re.compile(rf'\s*({_TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_TOKEN}))\s*(?:,|$)')
_SCHEME = re.compile(rf"[\s,]*({_TOKEN})(?:\s+|\s*,|$)")
_TOKEN68 = re.compile(r"\s*[A-Za-z0-9\-._~+/]+=*\s*(?:,|$)")


@dataclass(frozen=True)
class Challenge:
    """One challenge: its scheme in lower case and its parameters, names in lower case, in order."""

    scheme: str
    parameters: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str | None:
        """Return the first value of a parameter, or None."""
        return next((value for key, value in self.parameters if key == name), None)


def parse(lines: list[str]) -> list[Challenge]:
    """Return the challenges of all WWW-Authenticate lines. What cannot be read is left out; nothing is raised."""
    found = []
    for line in lines:
        position = 0
        while position < len(line):
            scheme = _SCHEME.match(line, position)
            if scheme is None:
                break
            position = scheme.end()
            parameters = []
            if not scheme[0].rstrip().endswith(","):
                while (parameter := _PARAMETER.match(line, position)) is not None:
                    value = parameter[3] if parameter[2] is None else re.sub(r"\\(.)", r"\1", parameter[2])
                    parameters.append((parameter[1].lower(), value))
                    position = parameter.end()
                if not parameters and (other := _TOKEN68.match(line, position)) and "=" in other[0]:
                    position = other.end()
            found.append(Challenge(scheme[1].lower(), tuple(parameters)))
    return found
