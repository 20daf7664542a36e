"""A wrong value differs from the right one where it says so."""

import pytest

from keybound.craft.changes.values import altered_token


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("abc", "aAc"),
        ("aAc", "aBc"),
        ("head.claims.sig", "head.claAms.sig"),
        ("a..b", "A..b"),
        ("x.y", "A.y"),
    ],
)
def test_other_character_is_in_the_middle(right, wrong):
    assert altered_token(right) == wrong
