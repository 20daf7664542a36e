"""WWW-Authenticate, as lawful servers write it and as hostile ones do."""

import time

import pytest

from keybound.judge.challenge import parse


def read(*lines):
    return [(challenge.scheme, dict(challenge.parameters)) for challenge in parse(list(lines))]


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([], []),
        ([""], []),
        (["DPoP"], [("dpop", {})]),
        (["dpop algs=ES256"], [("dpop", {"algs": "ES256"})]),
        (
            ['DPoP error="invalid_token", algs="ES256 PS256"'],
            [("dpop", {"error": "invalid_token", "algs": "ES256 PS256"})],
        ),
        (['DPoP ERROR = "a" , Algs="b"'], [("dpop", {"error": "a", "algs": "b"})]),
        (['DPoP algs="ES256", Bearer realm="x"'], [("dpop", {"algs": "ES256"}), ("bearer", {"realm": "x"})]),
        (['Bearer, DPoP algs="ES256"'], [("bearer", {}), ("dpop", {"algs": "ES256"})]),
        (["Bearer, DPoP"], [("bearer", {}), ("dpop", {})]),
        (["Bearer", 'DPoP algs="ES256"'], [("bearer", {}), ("dpop", {"algs": "ES256"})]),
        (
            [r'DPoP error_description="a \"b\", DPoP \\ c"'],
            [("dpop", {"error_description": r'a "b", DPoP \ c'})],
        ),
        (["Negotiate YWJj==, DPoP algs=ES256"], [("negotiate", {}), ("dpop", {"algs": "ES256"})]),
        ([", ,DPoP"], [("dpop", {})]),
    ],
)
def test_a_challenge_is_read(lines, found):
    assert read(*lines) == found


@pytest.mark.parametrize(
    "line",
    [
        'DPoP error="open',
        "=",
        '"',
        "DPoP error=",
        "\xff\xfe",
        "DPoP =,=,=",
        "DPoP \\",
        "(DPoP)",
        "DPoP a=b c=d",
    ],
)
def test_what_is_broken_raises_nothing(line):
    assert isinstance(read(line), list)


def test_the_first_of_equal_parameters_counts():
    (challenge,) = parse(['DPoP error="a", error="b"'])
    assert (challenge.get("error"), challenge.get("algs")) == ("a", None)


@pytest.mark.parametrize(
    "line",
    [
        "a " * 20000,
        'a="' * 20000,
        "a," * 20000,
        "a=b," * 20000,
        " " * 60000,
        '\\"' * 30000,
        'DPoP a="' + "\\" * 60000,
    ],
)
def test_a_long_line_takes_no_long_time(line):
    started = time.monotonic()
    parse([line])
    assert time.monotonic() - started < 1
