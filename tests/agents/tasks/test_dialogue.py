import json

import pytest

from cuechain.agents import llm, registry, settings
from cuechain.agents.cli import app
from cuechain.agents.errors import ConfigError
from cuechain.agents.pipeline import check, think
from cuechain.agents.values import LabelAnswer, Question, Target

from .conversations import blank, file, script, sheet

ACT = {"label": "statement-opinion", "confidence": 0.8, "kind": None, "person": "Raj",
       "claims": [{"text": "Raj says what he thinks of them.", "cites": ["T2"], "stance": "supports", "points": None}]}  # fmt: skip


def asked(model, labels=()):
    question = Question(text="What is it?", task="dialogue", labels=labels, turn=2)
    loaded = llm.load(model, settings.load(retries=0))
    return think(sheet(), question, check(question), loaded, settings.load(retries=0))


def test_end_to_end_from_a_file(tmp_path, capsys):
    model = script(tmp_path, "[T2]", "an opinion", blank(**ACT))
    app(
        ["ask", str(file(tmp_path)), "What does Raj do?", "--task", "dialogue", "--model", model, "--json"],
        standalone_mode=False,
    )
    case = json.loads(capsys.readouterr().out)
    assert case["answer"]["label"] == "statement-opinion" and not case["verdict"].get("problems")


def test_a_named_set_closes_the_labels(tmp_path):
    case = asked(script(tmp_path, "a", "b", blank(**ACT), blank(**{**ACT, "label": "complain"})), labels=("mintrec",))
    assert case.answer.label == "complain" and case.verdict.ok and case.verdict.repaired == 1


def test_a_planner_says_that_it_needs_a_chat_model():
    with pytest.raises(ConfigError, match="needs a chat model"):
        asked("rules")


@pytest.mark.parametrize(
    ("name", "size"), [("mintrec", 20), ("mintrec2", 30), ("meld-da", 12), ("annomi-therapist", 4)]
)
def test_sets_as_published(name, size):
    labels = registry.get("tasks", "dialogue").sets[name]
    assert len(set(labels)) == len(labels) == size


def test_every_mmla_reader_names_a_set_of_the_task():
    from cuechain.agents.datasets.mmla import LABELS

    sets = registry.get("tasks", "dialogue").sets
    assert {frozenset(v) for v in LABELS.values()} == {frozenset(v) for v in sets.values()}


def test_said_and_taught_are_inverse():
    task = registry.get("tasks", "dialogue")
    target = Target(labels=("greeting",))
    assert task.said(task.taught(LabelAnswer(), target)) == target
