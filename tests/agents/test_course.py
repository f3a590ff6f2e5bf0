import pytest

from cuechain.agents import llm, settings
from cuechain.agents.course import asked_of, course
from cuechain.agents.pipeline import check, think
from cuechain.agents.values import CueSheet, Plan, Question

from .sheets import cue, masked


def plan(label, points, weight):
    shares = {"relation": {"single": 1.0}, "sentiment": {"neutral": 1.0}}
    return Plan(labels={label: 0.9, "neutral": 0.1}, points=points, weight=weight, abstain=0.0, **shares)


def voices(*names):
    return CueSheet(cues={n: cue("voice", f"the voice is possibly {n}", k, k + 1, "P1") for k, n in enumerate(names)})


def test_a_stretch_is_told_with_the_cues_that_point_to_its_feeling():
    sheet = voices("V1", "V2", "V3")
    cues = {"V1": 0.9, "V2": 0.8, "V3": 0.2}
    (claim,) = course([(sheet, plan("fear", {"V1": "joy", "V2": "disgust", "V3": "nervousness"}, cues))], None)
    assert claim.cites == ("V3",) and claim.points == "fear"
    assert course([(sheet, plan("fear", {"V1": "joy"}, cues))], None) == ()


def test_calm_is_shown_by_what_points_nowhere():
    (claim,) = course([(voices("V1", "V2"), plan("neutral", {"V1": "joy"}, {"V1": 0.9, "V2": 0.3}))], None)
    assert claim.cites == ("V2",) and claim.points == "neutral"


def test_what_somebody_else_shows_is_no_change_of_this_person():
    sheet = CueSheet(
        cues={"F1": cue("face", "the lip corners pull up", 0, 1, "P1"), "F2": cue("face", "the brows draw down", 1, 2, "P2")}
    )  # fmt: skip
    assert course([(sheet, plan("anger", {"F2": "anger"}, {"F1": 0.1, "F2": 0.9}))], "P1") == ()


@pytest.mark.parametrize(
    ("question", "senses"),
    [
        ("How does her face change over the clip?", {"face"}),
        ("How does his facial expression change?", {"face"}),
        ("How do her face and her voice change?", {"voice", "face"}),
        ("Does her tone of voice change when she sees his face?", {"voice"}),
        ("What is the change in her expression?", {"face"}),
        ("How do her words change?", {"transcript", "words"}),
        ("How does she change between her first words and the last?", {"transcript", "words", "voice", "face"}),
        ("How does her mood change?", {"transcript", "words", "voice", "face"}),
    ],
)
def test_the_sense_that_is_named_is_told_alone(question, senses):
    assert {c.sense for c in asked_of(masked(), question).cues.values()} == senses
    asked = Question(text=question)
    case = think(masked(), asked, check(asked), llm.load("rules", settings.load()), settings.load())
    assert {case.sheet.cues[i].sense for c in case.answer.claims for i in c.cites} <= senses and case.verdict.ok


def test_where_no_stretch_can_be_told_the_whole_is():
    sheet = CueSheet(cues={"T1": cue("transcript", 'the speaker says "I am so happy, this is wonderful!"')})
    asked = Question(text="How does her mood change?")
    case = think(sheet, asked, check(asked), llm.load("rules", settings.load()), settings.load())
    assert case.answer.emotion and case.answer.emotion.label == "joy" and case.verdict.ok
    assert "happy" in case.explanation.text
