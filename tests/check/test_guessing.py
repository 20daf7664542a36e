"""Texts of several answers, and what varies in them."""

import pytest

from keybound.check.guessing import varying_parts


@pytest.mark.parametrize(
    ("texts", "parts"),
    [
        (["abc"], ["abc"]),
        (["a1z", "a2z", "a10z"], ["1", "2", "10"]),
        (["", "x"], ["", "x"]),
    ],
)
def test_what_texts_have_in_common_is_cut_off(texts, parts):
    assert varying_parts(texts) == parts
