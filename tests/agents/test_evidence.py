import pytest

from cuechain.agents.evidence import related
from cuechain.agents.values import Plan


def plan(**relation: float) -> Plan:
    return Plan(labels={"sadness": 1.0}, relation=relation, sentiment={"negative": 1.0}, abstain=0.0)


@pytest.mark.parametrize(
    ("share", "pleasant", "said"),
    [
        ({"agree": 0.41, "masked": 0.39, "sarcastic": 0.2}, False, "masked"),  # whether they clash comes before how
        ({"agree": 0.51, "masked": 0.3, "sarcastic": 0.19}, False, "agree"),
        ({"agree": 0.3, "sarcastic": 0.5, "masked": 0.2}, True, "agree"),  # what pleases is not meant as its opposite
        ({"single": 0.6, "masked": 0.4}, False, "single"),
        ({"sarcastic": 1.0}, True, "sarcastic"),
        ({"agree": 1.0}, False, "agree"),
    ],
)
def test_whether_senses_clash_comes_before_how(share, pleasant, said):
    assert related(plan(**share), pleasant=pleasant) == said
