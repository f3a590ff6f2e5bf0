"""Labels of people: explained where the cues bear them out, refuted where they do not."""

import json

import pytest

from cuechain.agents import llm, registry, settings
from cuechain.agents.errors import ConfigError, ReplyError
from cuechain.agents.justify import explained_for, supported
from cuechain.agents.llm import Model
from cuechain.agents.values import CueSheet, Plan, Question, Target
from tests.agents.sheets import masked, two_people

EMOTION = registry.get("tasks", "emotion")
LABELS = ("joy", "sadness", "anger", "fear", "neutral")
QUESTION = Question(text="How does the person feel, and why?", task="emotion", labels=LABELS)


class Fixed:
    """A planner that always decides the same."""

    def __init__(self, labels, points, abstain=0.0):
        self.value = Plan(
            labels={"joy": 0.0, "sadness": 0.0, "anger": 0.0, "fear": 0.0, "neutral": 0.0} | labels,
            relation={"agree": 1.0}, sentiment={"negative": 1.0}, abstain=abstain,
            weight=dict.fromkeys(points, 0.9), points=points,
        )  # fmt: skip

    def plan(self, sheet, question, labels, person):
        return self.value


def told(label, planner=None, sheet=None, question=QUESTION, task=EMOTION, model=None, **target):
    labels = (label,) if isinstance(label, str) else label
    model = model or Model("fixed", planner=planner)
    own = settings.load(retries=0)
    return explained_for(sheet or masked(), question, task, Target(labels=labels, **target), model, own)


SAD = Fixed({"sadness": 0.6, "joy": 0.3, "anger": 0.1}, {"F1": "sadness", "W1": "joy"})


def test_a_label_that_the_planner_comes_to_by_itself():
    case = told("sadness", SAD)
    assert supported(case) is True and case.answer.emotion.label == "sadness" and case.answer.emotion.confidence == 0.6
    assert "F1" in case.answer.claims[0].cites and case.verdict.ok and case.status == "done"
    assert case.explanation.text.startswith("The person")


def test_a_label_that_only_some_cue_points_to_is_told_with_care():
    case = told("joy", SAD)
    assert supported(case) is True and case.answer.emotion.label == "joy"
    assert case.answer.emotion.confidence == 0.5 and case.answer.sentiment == "positive"
    assert {"W1"} <= {i for c in case.answer.claims if c.stance == "supports" for i in c.cites}


@pytest.mark.parametrize(
    "planner",
    [
        Fixed({"sadness": 0.6, "anger": 0.3, "fear": 0.1}, {"F1": "sadness"}),  # no cue by itself points to anger
        Fixed({"sadness": 0.9, "anger": 0.1}, {"F1": "sadness", "V1": "anger"}),  # one does, but less than by chance
    ],
)
def test_a_label_that_the_cues_do_not_bear_out(planner):
    case = told("anger", planner)
    assert supported(case) is False and case.answer.abstain and case.answer.emotion is None
    assert case.answer.claims[0].text == "The cues do not bear out anger; they point to sadness."
    assert "F1" in case.answer.claims[0].cites and case.verdict.ok
    assert not [c for c in case.answer.claims if c.points == "sadness" and c.stance == "supports"]
    assert json.loads(case.steps[-1].output) == {"labels": ["anger"], "supported": False}


def test_neutral_is_never_argued_for():
    case = told("neutral", Fixed({"joy": 0.5, "neutral": 0.4, "fear": 0.1}, {"W1": "joy", "F1": "neutral"}))
    assert supported(case) is False
    assert supported(told("neutral", Fixed({"neutral": 0.8, "joy": 0.2}, {}))) is True


def test_nothing_to_go_by():
    case = told("anger", Fixed({"joy": 0.2, "anger": 0.2}, {}, abstain=0.9))
    assert supported(case) is False and case.answer.abstain
    assert case.answer.claims[0].text == "No cue speaks for anger." and case.verdict.ok
    empty = told("anger", Fixed({"anger": 1.0}, {}), sheet=CueSheet())
    assert supported(empty) is False and empty.verdict.ok


def test_one_of_several_labels_is_enough():
    assert supported(told(("fear", "sadness"), SAD)) is True


def test_tasks_whose_labels_are_no_feelings():
    model = llm.load("rules", settings.load())
    task = registry.get("tasks", "sentiment")
    question = Question(text=task.question, task="sentiment")
    sides = {
        label: supported(told(label, model=model, sheet=two_people(), question=question, task=task))
        for label in task.labels
    }
    assert sum(sides.values()) == 1


@pytest.mark.parametrize(("labels", "message"), [((), "no label"), (("bliss",), "'bliss' is not one of")])
def test_what_cannot_be_explained(labels, message):
    with pytest.raises(ConfigError, match=message):
        told(labels, SAD)


def reply(label="sadness", cites=("F1",), text="The lip corners pull down.", **more):
    felt = {"label": label, "intensity": 0.5, "confidence": 0.7} if label else None
    claims = [{"text": text, "cites": cites, "stance": "supports", "points": None}]
    return {
        "person": "P1", "span": None, "emotion": felt, "sentiment": "negative" if label else None, "relation": None, "claims": claims,
        "abstain": False, "emotions": [felt] if felt else [], **more,
    }  # fmt: skip


@pytest.fixture
def chat(tmp_path):
    def load(*replies):
        path = tmp_path / "replies.jsonl"
        path.write_text(
            "".join(json.dumps({"text": r if isinstance(r, str) else json.dumps(r)}) + "\n" for r in replies), "utf-8"
        )
        return llm.load(f"scripted:{path}", settings.load())

    return load


def test_a_chat_model_explains(chat):
    case = told("sadness", model=chat(reply()))
    assert supported(case) is True and [s.name for s in case.steps] == ["explain", "known"]
    assert case.answer.emotion.label == "sadness" and case.verdict.ok and case.usage.calls == 1 and case.template_hash


def test_a_chat_model_says_that_nothing_shows_it(chat):
    missing = reply(None, (), "No cue shows anger.", abstain=True)
    case = told("anger", model=chat(missing))
    assert supported(case) is False and [c.text for c in case.answer.claims] == ["No cue shows anger."]
    vague = told("anger", model=chat(reply(None, (), "There is too little.", abstain=True)))
    assert [c.text for c in vague.answer.claims] == ["No cue speaks for anger.", "There is too little."]


def test_a_chat_model_that_finds_something_else(chat):
    case = told("anger", model=chat(reply("sadness")))
    assert supported(case) is False and case.answer.abstain
    assert case.answer.claims[0].text == "The cues do not bear out anger; they point to sadness."


def test_what_the_check_finds_is_told_to_the_model_once(chat):
    case = told("sadness", model=chat(reply(cites=("F9",)), reply()))
    assert (
        case.verdict.ok
        and case.verdict.repaired == 1
        and [s.name for s in case.steps] == ["explain", "repair", "known"]
    )
    worse = told("sadness", model=chat(reply(cites=("F9",)), reply(cites=("F8", "F7"))))
    assert [p.code for p in worse.verdict.problems][:1] == ["unknown_cite"] and worse.answer.claims[0].cites == ("F9",)


def test_a_reply_of_another_form(chat):
    with pytest.raises(ReplyError):
        told("sadness", model=chat("I cannot say.", "I cannot say."))


def test_the_words_of_a_reference_are_not_shown(chat, monkeypatch):
    from cuechain.agents.llm import reply as replies

    asked = []
    real = replies.ask
    monkeypatch.setattr(
        replies, "ask", lambda model, messages, **more: asked.append(messages[-1].text) or real(model, messages, **more)
    )
    told("sadness", model=chat(reply()), text="She mourns her cat.")
    assert "sadness" in asked[0] and "mourns" not in asked[0]


@pytest.mark.parametrize("labels", [LABELS, ("open",)])
def test_capitals_of_a_label_do_not_matter(labels):
    question = QUESTION.model_copy(update={"labels": labels})
    case = told("Sadness", SAD, question=question)
    assert supported(case) is True and case.answer.emotion.label == "sadness"
    assert json.loads(case.steps[-1].output)["labels"] == ["sadness"]
