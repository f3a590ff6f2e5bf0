import pytest

from cuechain.agents.evidence import evidence, related
from cuechain.agents.values import Cue, CueSheet, Plan


def plan(**relation: float) -> Plan:
    return Plan(labels={"sadness": 1.0}, relation=relation, sentiment={"negative": 1.0}, abstain=0.0)


@pytest.mark.parametrize(
    ("share", "pleasant", "said"),
    [
        ({"agree": 0.41, "masked": 0.39, "sarcastic": 0.2}, False, "masked"),  # whether they clash comes before how
        ({"agree": 0.51, "masked": 0.3, "sarcastic": 0.19}, False, "agree"),
        ({"agree": 0.3, "sarcastic": 0.5, "masked": 0.2}, True, "agree"),  # what pleases is not meant as its opposite
        ({"single": 0.6, "masked": 0.4}, False, "single"),
        ({"sarcastic": 1.0}, True, "agree"),
        ({"agree": 1.0}, False, "agree"),
    ],
)
def test_whether_senses_clash_comes_before_how(share, pleasant, said):
    assert related(plan(**share), pleasant=pleasant) == said


def test_what_points_to_the_conclusion_is_told_before_what_only_leans_its_way():
    texts = {"V1": "the tone is like acted disgust", "F1": "the lip corners pull down", "V2": "the voice is lively"}
    senses = {"V": "voice", "F": "face"}
    cues = {i: Cue(sense=senses[i[0]], text=text, person="P1", source="t@1") for i, text in texts.items()}
    points = {"V1": "disgust", "F1": "sadness", "V2": "joy"}
    told = plan(agree=1.0).model_copy(update={"weight": {"V1": 0.9, "F1": 0.6, "V2": 0.95}, "points": points})
    claims = evidence(CueSheet(cues=cues), told, "sadness", "P1", torn=False)
    assert [(c.cites, c.stance) for c in claims] == [
        (("F1",), "supports"), (("V1",), "supports"), (("V2",), "conflicts")
    ]  # fmt: skip
