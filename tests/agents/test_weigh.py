"""Importance of senses: the reference values, and what is told about one clip."""

import pytest

from cuechain.agents.errors import ConfigError
from cuechain.agents.llm.weighted import kin, senses_of
from cuechain.agents.values import CueSheet
from cuechain.agents.weigh import Heard, judged, weigh

from .scoring.golden import assert_agrees, cases
from .sheets import cue, masked, two_people


def told(found):
    """As the reference file lays it out."""
    return {
        sense: {
            "mean_with": {"value": one.together},
            "mean_without": {"value": one.without},
            "mis": {"value": one.score},
            "variant_with_singleton": {"value": one.with_alone},
        }
        for sense, one in found.senses.items()
    }


def without_fractions(expected):
    if isinstance(expected, dict):
        return {k: without_fractions(v) for k, v in expected.items() if k != "fraction"}
    return expected


@pytest.mark.parametrize("case", [c for c in cases("modality_importance_score") if c.id != "data_set"])
def test_importance_agrees_with_the_reference(case):
    right = case.inputs.get("correct_by_subset") or case.inputs["accuracy_by_subset"]
    found = judged(right, case.inputs["modalities"])
    assert_agrees(told(found), without_fractions(case.expected["mis"]))
    assert found.kind == case.expected["label_by_the_rule_of_this_file"]


ALONE = {"words": Heard(label="joy", confidence=0.8), "voice": Heard(label="sadness", confidence=0.5), "face": Heard()}


def answers(table, otherwise=None):
    """Asks a model that says for each set of senses what a table says."""
    return lambda sheet: table.get("+".join(senses_of(sheet)), otherwise or Heard(label="sadness", confidence=0.7))


def test_senses_are_what_people_think_of_and_absent_ones_do_not_play():
    sheet = CueSheet(cues={i: cue(s, "x") for i, s in enumerate_("screen gesture situation face transcript sound")})
    assert senses_of(sheet) == ("words", "face", "gesture", "scene")
    assert senses_of(masked()) == ("words", "voice", "face")
    assert weigh(two_people(), answers({})).senses == ("words", "face")
    assert kin("transcript") == kin("situation") == "words"


def enumerate_(names):
    return [(f"{n}", name) for n, name in enumerate(names.split())]


def test_every_set_of_senses_is_asked_once_the_whole_first():
    asked = []
    weigh(masked(), lambda sheet: asked.append(senses_of(sheet)) or Heard())
    assert asked[0] == ("words", "voice", "face")
    assert len(asked) == len(set(asked)) == 7


def test_a_sense_that_alone_points_elsewhere_is_a_conflict_with_its_confidence():
    found = weigh(masked(), answers(ALONE))
    assert [(c.sense, c.label, c.confidence, c.opposed) for c in found.conflicts] == [("words", "joy", 0.8, True)]
    calm = weigh(masked(), answers({**ALONE, "words": Heard(label="neutral", confidence=0.6)}))
    assert [(c.label, c.opposed) for c in calm.conflicts] == [("neutral", False)]


def test_labels_that_are_no_feelings_oppose_each_other():
    table = {**ALONE, "words": Heard(label="not sarcastic", confidence=0.9)}
    found = weigh(masked(), answers(table, Heard(label="sarcastic", confidence=0.6)))
    assert found.conflicts[0].label == "not sarcastic" and found.conflicts[0].opposed


@pytest.mark.parametrize(
    ("agreeing", "interaction"),
    [((), "synergy"), (("voice",), "uniqueness"), (("voice", "words"), "redundancy"), (("voice", "words", "face"), "redundancy")],
)  # fmt: skip
def test_how_the_senses_work_together(agreeing, interaction):
    other = Heard(label="anger", confidence=0.5)
    found = weigh(masked(), answers({s: other for s in ("words", "voice", "face") if s not in agreeing}))
    assert (found.interaction, set(found.alone)) == (interaction, set(agreeing))


def test_the_counterfactual_in_words():
    table = {**ALONE, "words+face": Heard(label="neutral", confidence=0.62), "voice+face": Heard()}
    found = weigh(masked(), answers(table))
    assert found.counterfactuals == (
        "Without the words: no answer.",
        "Without the voice: neutral (62 %).",
        "Without the face: still sadness (70 %).",
    )
    assert found.change == "Without the voice it would be neutral."  # another answer is told rather than none


def test_the_fewest_senses_that_change_the_answer():
    found = weigh(masked(), answers({"words": Heard(label="joy", confidence=0.8)}))
    assert found.change == "No sense by itself changes the answer. Without the voice and the face it would be joy."
    assert weigh(masked(), answers({})).change == "Nothing changes the answer: each sense alone gives it."
    assert weigh(masked(), lambda sheet: Heard()).change == "No set of senses gives an answer."
    silent = weigh(masked(), answers({"voice+face": Heard(), "voice": Heard(), "face": Heard()}))
    assert silent.change == "Without the words there would be no answer."


def test_importance_is_judged_by_the_answer_and_by_what_people_said():
    table = {"words": Heard(label="Joy"), "words+voice": Heard(label="joy"), "words+face": Heard(label="joy")}
    found = weigh(masked(), answers(table), gold=("joy",))
    assert found.by_answer.kind == "complementary" and found.by_answer.senses["words"].score < 0
    assert found.by_gold.kind == "biased:words" and found.by_gold.right["words"] == 1
    assert weigh(masked(), answers(table)).by_gold is None


def test_without_an_answer_there_is_nothing_to_weigh_against():
    found = weigh(masked(), answers({"words+voice+face": Heard(), **ALONE}), gold=("sadness",))
    assert found.by_answer is None and found.interaction is None
    assert found.by_gold.right["words+voice+face"] == 0
    assert {c.sense for c in found.conflicts} == {"words", "voice"}


def test_one_sense_alone_has_no_importance():
    words = masked().only({"T1", "W1"})
    found = weigh(words, answers({}))
    assert found.by_answer.kind == "" and found.by_answer.senses["words"].score is None
    assert (found.counterfactuals, found.change, found.conflicts, found.interaction) == ((), "", (), None)


def test_a_sheet_without_cues_is_told():
    with pytest.raises(ConfigError, match="no cues"):
        weigh(CueSheet(), answers({}))


@pytest.mark.parametrize("right", [{"a": 1, "b": 0}, {"a": 1, "b": 0, "a+b": float("nan")}, {"a": 1, "b": 0, "a+b": 3}])
def test_a_set_without_an_accuracy_is_told_and_not_wrong(right):
    with pytest.raises(ConfigError, match=r"a\+b"):
        judged(right, ("a", "b"))
