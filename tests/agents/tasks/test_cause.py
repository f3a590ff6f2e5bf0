import json

import pytest

from cuechain import prompts
from cuechain.agents import llm, registry, settings
from cuechain.agents.cli import app
from cuechain.agents.pipeline import check, think
from cuechain.agents.tasks.cause import fill_turns
from cuechain.agents.values import EKMAN, CauseAnswer, CausePair, CueSheet, Plan, Question

from .conversations import blank, file, script, sheet

PAIR = {"turn": 2, "emotion": "fear", "cause": 2, "span": "they scare my dog"}


def asked(model, turn=None, labels=()):
    question = Question(text="What caused it?", task="cause", turn=turn, labels=labels)
    return think(
        sheet(), question, check(question), llm.load(model, settings.load(retries=0)), settings.load(retries=0)
    )


def plan(label, p=0.8, abstain=0.0):
    rest = (1 - p) / (len(EKMAN) - 1)
    return Plan(
        labels={k: p if k == label else rest for k in EKMAN},
        relation={"single": 1.0},
        sentiment={"neutral": 1.0},
        abstain=abstain,
    )


def pairs(**plans):
    question = Question(text="What caused it?", task="cause")
    answer = fill_turns(sheet(), question, EKMAN, {int(n[1:]): p for n, p in plans.items()})
    return [(p.turn, p.emotion, p.cause) for p in answer.pairs]


def test_a_turn_that_tells_something_is_its_own_cause_and_so_is_the_felt_turn_before_it():
    assert pairs(t1=plan("neutral"), t2=plan("fear"), t4=plan("joy")) == [(2, "fear", 2), (4, "joy", 4)]
    assert pairs(t1=plan("joy"), t2=plan("fear")) == [(1, "joy", 1), (2, "fear", 2), (2, "fear", 1)]


def test_neutral_and_undecided_turns_have_no_cause():
    assert pairs(t1=plan("neutral"), t2=plan("anger", abstain=0.7)) == []


def test_a_short_turn_reacts_to_the_one_before_it():
    short = sheet()
    cues = {**short.cues, "T3": short.cues["T3"].model_copy(update={"text": 'the speaker says "What?"'})}
    question = Question(text="What caused it?", task="cause")
    answer = fill_turns(CueSheet(cues=cues), question, EKMAN, {3: plan("surprise")})
    assert [(p.turn, p.cause, p.span) for p in answer.pairs] == [
        (3, 2, "I find the fireworks horrible because they scare my dog.")
    ]


def test_a_planner_answers_turn_by_turn_and_every_claim_holds():
    case = asked("rules")
    assert [s.name for s in case.steps] == ["plan"] * 4
    assert case.verdict.ok and case.verdict.claims == max(1, len(case.answer.pairs))
    one = asked("rules", turn=2)
    assert one.answer.pairs and {p.turn for p in one.answer.pairs} == {2}
    assert one.explanation.text.startswith("Raj probably feels ")


def test_end_to_end_from_a_file(tmp_path, capsys):
    model = script(tmp_path, "[T2] he finds them horrible", "turn 2: fear", blank(pairs=[PAIR]))
    app(
        ["ask", str(file(tmp_path)), "What caused it?", "--task", "cause", "--model", model, "--json"],
        standalone_mode=False,
    )
    case = json.loads(capsys.readouterr().out)
    assert case["answer"]["pairs"] == [PAIR]
    text = "Raj probably feels fear in turn 2 because of what is said in the turn itself: “they scare my dog”"
    assert case["explanation"]["text"].startswith(text)
    assert not case["verdict"].get("problems")


@pytest.mark.parametrize(
    ("pair", "code"),
    [
        ({**PAIR, "cause": 9}, "no_cite"),
        ({**PAIR, "emotion": "schadenfreude"}, "label_not_in_set"),
        ({**PAIR, "span": "they bite my dog"}, "wrong_quote"),
    ],
)
def test_pairs_that_the_conversation_does_not_hold_are_found(tmp_path, pair, code):
    bad = blank(pairs=[pair])
    case = asked(script(tmp_path, "a", "b", bad, bad))
    assert code in [p.code for p in case.verdict.problems]


def test_label_sets_of_the_datasets(tmp_path):
    case = asked(script(tmp_path, "a", "b", blank(pairs=[{**PAIR, "emotion": "happiness"}])), labels=("reccon",))
    assert case.verdict.ok


def test_said_and_taught_are_inverse():
    task = registry.get("tasks", "cause")
    answer = CauseAnswer(pairs=(CausePair(**PAIR),))
    assert task.said(task.taught(CauseAnswer(), task.said(answer))) == task.said(answer)


def test_a_model_is_told_the_number_of_each_turn_also_of_a_typed_thread_but_prose_has_none():
    thread = sheet().model_copy(update={"media": ()})
    assert '[T3] transcript, turn 3, "Lina"' in prompts.render("sheet", sheet=thread)
    prose = CueSheet(cues={"T1": thread.cues["T1"].model_copy(update={"person": None})})
    assert "turn" not in prompts.render("sheet", sheet=prose)
