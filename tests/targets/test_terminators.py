"""Real TLS terminators: the right configurations are clean, and keybound finds each wrong one."""

import pytest
import terminators

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not terminators.installed(), reason="run `python tests/targets/terminators.py install`"
    ),
]


@pytest.mark.parametrize("name", terminators.CONFIGURATIONS)
def test_configuration_is_judged_right(name: str) -> None:
    judged = terminators.judge(terminators.CONFIGURATIONS[name])

    assert judged.as_expected, (judged.cases, judged.output[-3000:])
    opened = tuple(name for name in ("spoof, none", "spoof, other") if judged.statuses[name] == "200")
    assert opened == judged.configuration.opens
    assert (
        terminators.FOUND in judged.requirements or judged.configuration.right or judged.configuration.behind
    )
