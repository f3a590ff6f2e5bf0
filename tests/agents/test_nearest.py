"""Retrieval of solved examples."""

import json

import pytest

from cuechain.agents import llm, settings
from cuechain.agents.errors import ConfigError
from cuechain.agents.nearest import Known, Pool, vote
from cuechain.agents.pipeline import check
from cuechain.agents.reason import reason
from cuechain.agents.values import Cue, CueSheet, Question, Target

TEXTS = {
    "joy": ["I am so happy today!", "What a wonderful present, I love it!", "We won, this is the best day!"],
    "sadness": ["I miss her so much.", "My dog died and I cannot stop crying."],
    "anger": ["How dare you, I am furious!"],
}


def sheet(text):
    return CueSheet(cues={"T1": Cue(sense="transcript", text=f'the text says "{text}"', source="transcript@3")})


def known(text, label, group="g"):
    return Known(id=text, group=group, sheet=sheet(text), target=Target(labels=(label,)))


@pytest.fixture(scope="module")
def pool():
    return Pool([known(text, label, group=text[:4]) for label, texts in TEXTS.items() for text in texts])


def test_the_nearest_stand_last_and_are_of_the_same_feeling(pool):
    near = pool.near(sheet("I am crying because my cat died."), 2)
    assert [k.label for k in near] == ["sadness", "sadness"]
    assert near[-1].id == "My dog died and I cannot stop crying."
    assert vote(near) == "sadness"


def test_balanced_examples_take_turns_among_labels(pool):
    near = pool.near(sheet("This is such a happy day, I love it!"), 3, balanced=True)
    assert sorted(k.label for k in near) == ["anger", "joy", "sadness"]
    assert near[-1].label == "joy"


def test_the_own_group_and_the_same_sheet_are_no_examples(pool):
    text = TEXTS["anger"][0]
    assert "anger" not in {k.label for k in pool.near(sheet(text), 9)}
    assert "anger" not in {k.label for k in pool.near(sheet("I am furious!"), 9, group=text[:4])}


def test_nothing_perceived_has_no_neighbours(pool):
    assert pool.near(CueSheet(), 3) == [] and vote([]) == ""


def test_a_pool_without_labels_is_an_error():
    with pytest.raises(ConfigError, match="no example"):
        Pool([Known(id="a", group="a", sheet=sheet("hm"), target=Target())])


def test_a_chat_model_reads_the_examples_before_the_question_and_a_planner_refuses_them(pool, tmp_path):
    path = tmp_path / "replies.jsonl"
    claim = {"text": "The words say so.", "cites": ["T1"], "stance": "supports", "points": None}
    emotion = {"label": "sadness", "intensity": 0.5, "confidence": 0.8}
    slots = {"person": None, "span": None, "sentiment": None, "relation": None, "abstain": False}
    path.write_text(json.dumps(json.dumps({**slots, "emotion": emotion, "emotions": [emotion], "claims": [claim]})))
    own, question = settings.load(direct=True, retries=0), Question(text="How does she feel?", task="emotion")
    task, shots = check(question), pool.near(sheet("I cannot stop crying."), 2)
    done = reason(sheet("I cannot stop crying."), question, task, llm.load(f"scripted:{path}", own), own, shots=shots)
    system = str(done.messages[0].content)
    assert system.index("I miss her so much") < system.index("My dog died") and "Judged as: sadness" in system
    assert "I cannot stop crying" not in system.replace("My dog died and I cannot stop crying", "")
    with pytest.raises(ConfigError, match="reads no examples"):
        reason(sheet("Hm."), question, task, llm.load("rules", own), own, shots=shots)
