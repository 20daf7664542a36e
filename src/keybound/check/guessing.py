"""How hard values are to guess, as far as a few of them show it (RFC 6749 section 10.10)."""

import math
from collections.abc import Sequence

from keybound.check.target import Target
from keybound.craft.jose import read_claims
from keybound.errors import NotApplicable
from keybound.profile.clients import Grant

_HEXADECIMAL = set("0123456789abcdef-")
_GRANTS: dict[str, Grant] = {"codes": "authorization_code", "refresh-tokens": "refresh_token"}


def sampled(target: Target, kind: str, count: int) -> list[str]:
    """Return new "codes", "refresh-tokens" or "opaque-tokens"; raises NotApplicable where there are none."""
    session = target.session
    if kind == "opaque-tokens":
        lanes = session.lanes("dpop", "client_credentials", "authorization_code")
        opaque = next((lane for lane in lanes if read_claims(session.token(lane).value) is None), None)
        if opaque is None:
            raise NotApplicable("no access token is opaque")
        return [session.issue(opaque).value for _ in range(count)]
    lane = target.lane("dpop", _GRANTS[kind])
    if kind == "codes":
        return [session.code(lane).value for _ in range(count)]
    return [session.refresh_token(lane) for _ in range(count)]


def bits_of_chance(samples: Sequence[str]) -> float:
    """Return the most bits of chance there can be in what differs between values of one kind."""
    ends = _alike(samples), _alike([sample[::-1] for sample in samples])
    constant = sum(length for length in ends if length > 1)  # one letter may agree by chance
    varying = min(len(sample) for sample in samples) - constant
    letters = len(set("".join(samples)))
    hexadecimal = all(set(sample.lower()) <= _HEXADECIMAL for sample in samples)
    return varying * (math.log2(10) if letters <= 10 else 4 if hexadecimal else 6)


def varying_parts(texts: Sequence[str]) -> list[str]:
    """Return `texts` without what all of them begin and end with; a single text as it is."""
    if len(texts) < 2:
        return list(texts)
    start = _alike(texts)
    return [text[start : len(text) - _alike([t[start:][::-1] for t in texts])] for text in texts]


def _alike(texts: Sequence[str]) -> int:
    """Return how many characters all of `texts` begin with."""
    columns = zip(*texts, strict=False)
    return next(
        (number for number, column in enumerate(columns) if len(set(column)) > 1), min(map(len, texts))
    )
