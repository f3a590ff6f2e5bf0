import json

import pytest

from cuechain.agents import llm, registry, settings
from cuechain.agents.cli import app
from cuechain.agents.errors import ReplyError
from cuechain.agents.pipeline import check, think
from cuechain.agents.tasks.post import SLOTS, levels
from cuechain.agents.values import CueSheet, PostAnswer, Question, Target

from ..sheets import cue  # noqa: TID252
from .conversations import blank, script

OPEN = {"label": None, "confidence": None, "kind": None, **dict.fromkeys(SLOTS), "implication": None}
MEME = {
    **OPEN, "label": "negative", "confidence": 0.7, "polarity": "negative", "humour": "funny", "hate": "not hateful",
    "intent": "entertainment", "implication": "Mondays are hard.",
    "claims": [{"text": "It complains about Mondays.", "cites": ["X1"], "stance": "supports", "points": None}],
}  # fmt: skip


def meme():
    return CueSheet(
        cues={
            "X1": cue("screen", 'the words on the picture read "I hate Mondays"'),
            "W1": cue("words", 'the words on the picture are clearly negative (-0.57), with "hate"',
                      measures={"valence": -0.57, "valence_model": -0.6, "anger": 0.7}, confidence=0.7, reliability=0.7),
        }
    )  # fmt: skip


def asked(model):
    question = Question(text="What does it mean?", task="post")
    loaded = llm.load(model, settings.load(retries=0))
    return think(meme(), question, check(question), loaded, settings.load(retries=0))


def test_a_planner_tells_sentiment_and_emotion_and_leaves_open_what_it_cannot_know():
    case = asked("embedded")
    answer = case.answer
    assert (
        case.verdict.ok and "The post" in case.explanation.text and "sounds unpleasant, with " in case.explanation.text
    )
    assert answer.label == "negative" and answer.polarity in ("negative", "very negative") and answer.emotion
    assert [getattr(answer, slot) for slot in SLOTS if slot != "polarity"] == [None] * (len(SLOTS) - 1)
    target = registry.get("tasks", "post").said(answer)
    assert set(target.fields) == {"polarity", "emotion"} and target.labels == ("negative",)


def test_end_to_end_from_a_text(tmp_path, capsys):
    reply = blank(**{**MEME, "claims": [{**MEME["claims"][0], "cites": ["T1"]}]})
    model = script(tmp_path, "[T1]", "Mondays", reply)
    app(
        ["ask", "--text", "I hate Mondays", "What does it mean?", "--task", "post", "--model", model, "--json"],
        standalone_mode=False,
    )
    answer = json.loads(capsys.readouterr().out)["answer"]
    assert (answer["humour"], answer["hate"], answer["implication"]) == ("funny", "not hateful", "Mondays are hard.")


def test_a_level_that_is_none_is_no_valid_reply(tmp_path):
    bad = blank(**{**MEME, "humour": "side-splitting"})
    with pytest.raises(ReplyError, match="humour"):
        asked(script(tmp_path, "a", "b", bad, bad))


def test_said_and_taught_are_inverse():
    task = registry.get("tasks", "post")
    target = Target(
        labels=("positive",), fields={slot: levels(slot)[-1] for slot in SLOTS} | {"emotion": "joy"}, text="It is fun."
    )
    assert task.said(task.taught(PostAnswer(), target)) == target


def test_levels_are_those_that_the_memotion_reader_tells():
    from cuechain.agents.datasets.memotion import FIELDS

    assert all(levels(slot) == labels for slot, labels in FIELDS.values())
