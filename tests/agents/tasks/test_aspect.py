import json

import pytest

from cuechain.agents import llm, registry, settings
from cuechain.agents.cli import app
from cuechain.agents.pipeline import check, think
from cuechain.agents.values import AspectAnswer, CueSheet, Opinion, Question

from ..sheets import cue  # noqa: TID252
from .conversations import blank, file, script, sheet

OPINION = {"target": "fireworks", "aspect": "", "sentiment": "negative", "cites": ["T2"]}


def review(text="The food was delicious but the waiter was rude."):
    said = cue("transcript", f'the writer says "{text}"')
    words = cue(
        "words", "the words are possibly slightly positive (0.17)", measures={"valence": 0.17, "valence_model": 0.1}
    )
    return CueSheet(cues={"T1": said, "W1": words})


def asked(model, text="What is judged?", seen=None, labels=()):
    question = Question(text=text, task="aspect", labels=labels)
    loaded = llm.load(model, settings.load(retries=0))
    return think(seen or review(), question, check(question), loaded, settings.load(retries=0))


def opinions(case):
    return [(o.target, o.aspect, o.sentiment) for o in case.answer.opinions]


def test_a_planner_judges_what_the_words_judge():
    case = asked("rules", seen=sheet())
    assert ("Diwali", "fireworks", "negative") in opinions(case) and ("Diwali", "fireworks", "positive") in opinions(
        case
    )
    assert case.verdict.ok and "The words speak ill of fireworks (Diwali) [T2, W2, T1]." in case.explanation.text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("The pizza was great but the waiter was rude.", [("pizza", "positive"), ("waiter", "negative")]),
        (
            "The battery is excellent, the screen is terrible and the price is fair.",
            [("battery", "positive"), ("screen", "negative"), ("price", "positive")],
        ),
        ("I love the camera but I hate the battery.", [("camera", "positive"), ("battery", "negative")]),
        ("Great food, terrible service.", [("food", "positive"), ("service", "negative")]),
        ("The screen is dim but the price is great.", [("screen", "neutral"), ("price", "positive")]),
        ("The staff was friendly.", [("staff", "positive")]),
    ],
)
def test_a_sentence_may_judge_several_things(text, told):
    case = asked("rules", seen=review(text))
    assert [(target, sentiment) for target, _, sentiment in opinions(case)] == told and case.verdict.ok


def test_targets_that_the_question_names_are_judged_each_by_its_own_clause():
    case = asked("rules", 'How does the text speak of "food" and "waiter"?')
    assert opinions(case) == [("food", "", "positive"), ("waiter", "", "negative")] and case.verdict.ok


def test_a_closed_set_of_aspects():
    case = asked("rules", labels=("restaurants14",))
    assert {aspect for _, aspect, _ in opinions(case)} <= {"food"} and case.verdict.ok


def test_end_to_end_from_a_file(tmp_path, capsys):
    model = script(tmp_path, "[T2]", "fireworks: ill", blank(opinions=[OPINION]))
    app(
        ["ask", str(file(tmp_path)), "What is judged?", "--task", "aspect", "--model", model, "--json"],
        standalone_mode=False,
    )
    case = json.loads(capsys.readouterr().out)
    assert case["answer"]["opinions"][0]["sentiment"] == "negative"
    assert case["explanation"]["text"] == "The words speak ill of fireworks [T2]." and not case["verdict"].get(
        "problems"
    )


def test_an_aspect_outside_the_set_is_a_problem(tmp_path):
    bad = blank(opinions=[{**OPINION, "aspect": "parking"}])
    case = asked(script(tmp_path, "a", "b", bad, bad), seen=sheet(), labels=("sentihood",))
    assert "label_not_in_set" in [p.code for p in case.verdict.problems]


@pytest.mark.parametrize("text", ["It is Monday.", "?", "and"])
def test_words_that_judge_nothing(text):
    case = asked("rules", seen=review(text))
    assert case.answer.opinions == () and case.verdict.ok


def test_said_and_taught_are_inverse():
    task = registry.get("tasks", "aspect")
    answer = AspectAnswer(opinions=(Opinion(**OPINION),))
    assert task.said(task.taught(AspectAnswer(), task.said(answer))) == task.said(answer)
