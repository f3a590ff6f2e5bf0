"""Self-consistency over sampled answers."""

import json

import pytest

from cuechain.agents import llm, settings
from cuechain.agents.errors import ConfigError, ReplyError
from cuechain.agents.pipeline import check, think
from cuechain.agents.values import Question

from .sheets import masked

QUESTION = Question(text="How does she feel?")


def answer(label, cite="F1", **more):
    claim = {"text": "The lip corners pull down.", "cites": [cite], "stance": "supports", "points": None}
    emotion = {"label": label, "intensity": 0.6, "confidence": 0.9}
    slots = {"person": "P1", "span": None, "emotion": emotion, "sentiment": "negative", "relation": "agree"}
    return json.dumps({**slots, "abstain": False, "claims": [claim], **more})


def poll(tmp_path, *replies):
    path = tmp_path / "replies.jsonl"
    path.write_text("\n".join(json.dumps(r) for r in replies))
    own = settings.load(retries=0, direct=True, votes=3)
    return think(masked(), QUESTION, check(QUESTION), llm.load(f"scripted:{path}", own), own)


def test_the_majority_speaks_with_its_share_as_confidence(tmp_path):
    case = poll(tmp_path, answer("joy"), answer("sadness"), answer("sadness"))
    assert case.answer.emotion.label == "sadness" and case.answer.emotion.confidence == 0.667
    assert json.loads(case.steps[-1].output) == {"joy": 1, "sadness": 2, "unreadable": 0}
    assert case.usage.calls == 3


def test_of_those_that_agree_the_one_without_problems_speaks(tmp_path):
    wrong = answer("sadness", cite="F9")
    case = poll(
        tmp_path, wrong, wrong, answer("sadness"), answer("fear")
    )  # the second reply is the repair of the first
    assert case.verdict.ok and case.answer.emotion.label == "sadness"


def test_a_sample_that_cannot_be_read_lowers_the_share(tmp_path):
    case = poll(tmp_path, answer("sadness"), "no", "no", answer("sadness"))
    assert case.answer.emotion.confidence == 0.667
    assert json.loads(case.steps[-1].output)["unreadable"] == 1


def test_no_readable_sample_is_an_error(tmp_path):
    with pytest.raises(ReplyError):
        poll(tmp_path, *["no"] * 6)


def test_a_planner_has_no_votes():
    with pytest.raises(ConfigError, match="the same each time"):
        think(masked(), QUESTION, check(QUESTION), llm.load("rules", settings.load()), settings.load(votes=3))


def test_votes_are_sampled_warm_unless_a_temperature_is_set():
    assert settings.load().warmth == 0.0 and settings.load(votes=3).warmth == 0.7
    assert settings.load(votes=3, temperature=0.2).warmth == 0.2
