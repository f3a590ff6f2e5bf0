"""Edited prose and labels become answers, or are refused with the reason."""

from __future__ import annotations

from typing import Any

import pytest

from cuechain.agents.tasks.ask import ASK
from cuechain.agents.tasks.emotion import EMOTION
from cuechain.agents.tasks.sextuple import SEXTUPLE
from cuechain.agents.values import (
    Case,
    Claim,
    EmotionAnswer,
    Question,
    SextupleAnswer,
)
from cuechain.agents.verify import verify

from .made import SAD, asked, edited, refusal, told


def test_prose_is_read_back_as_it_is_shown(case: Case):
    assert case.explanation
    shown = case.explanation.text
    assert refusal(case, shown) == refusal(case, f"  {shown.replace(' ', '  ')}\n") == "unchanged"
    left = edited(case, shown.replace("She is sad", "She hides it"))
    assert left.claims[0].text == "She hides it." and left.claims[0].cites == ("F1", "V1")
    assert left.claims[1:] == case.answer.claims[1:]  # type: ignore[union-attr]  # their stance and what they point to too
    assert left.emotion == case.answer.emotion  # type: ignore[union-attr]


def test_a_full_stop_in_a_quote_ends_no_sentence(case: Case):
    line = case.sheet.cues["T1"].model_copy(update={"text": 'the speaker says "Oh. I am fine. Really."'})
    heard = case.sheet.model_copy(update={"cues": dict(case.sheet.cues) | {"T1": line}})
    left = edited(
        told(asked(seen=heard), *SAD),
        'She is sad [F1]. She says "Oh. I am fine. Really." [T1]. Her voice is lower [v1].',
    )
    assert [c.cites for c in left.claims] == [("F1",), ("T1",), ("V1",)]
    assert left.claims[1].text == 'She says "Oh. I am fine. Really.".'


def test_what_cites_nothing_rests_on_what_was_cited_before(case: Case):
    left = edited(case, "She is down. The inner brows rise [F2]. That is plain.")
    assert [c.cites for c in left.claims] == [("F1", "V1", "T1", "F2"), ("F2",), ("F2",)]


@pytest.mark.parametrize(
    ("first", "label"),
    [
        ("She is angry [F1].", "anger"),
        ("She is not sad but furious [F1].", "anger"),
        ("She isn't at all happy [F1].", "sadness"),
        ("She is not sad, not afraid, rather than angry: surprised [F1].", "surprise"),
        ("She feels low [F1].", "sadness"),
        ("She is sad, though she sounds happy [F1].", "sadness"),
    ],
)
def test_the_first_sentence_says_the_label(case: Case, first: str, label: str):
    left = edited(case, first)
    assert left.emotion and left.emotion.label == label and left.emotion.confidence == 0.7


@pytest.mark.parametrize(
    ("was", "label", "relation"),
    [
        ("masked", "anger", None),  # what was wrong may have been wrong about the senses too
        ("agree", "grief", "agree"),  # another word for the same feeling
        ("single", "anger", "single"),  # only one sense is usable, whatever is felt
        (None, "anger", None),
    ],
)
def test_another_label_leaves_open_how_the_senses_relate(case: Case, was: Any, label: str, relation: str | None):
    assert case.answer
    case = case.model_copy(update={"answer": case.answer.model_copy(update={"relation": was})})
    free = case.question.model_copy(update={"labels": ("anger", "sadness", "grief", "joy")})
    left = edited(case.model_copy(update={"question": free}), "So it is [F1].", label)
    assert left.emotion and left.emotion.label == label and left.relation == relation


@pytest.mark.parametrize("words", ["This cannot be told from the clip", "What she feels is impossible to tell"])
def test_an_edit_may_say_that_there_is_no_answer(case: Case, words: str):
    left = edited(case, f"{words}: the voice is lower [V1].")
    assert left.abstain and left.emotion is left.sentiment is left.relation is None and left.person == "P1"
    assert not edited(case, f"{words} [V1].", "anger").abstain  # a label says more


def test_a_label_of_many_and_its_polarity():
    one = asked(task=EMOTION)
    left = edited(one, "She is happy [F1].")
    assert isinstance(left, EmotionAnswer) and [e.label for e in left.emotions] == ["joy"]
    assert left.sentiment == "positive"
    assert edited(one, "So it is [F1].", "Fear").emotion.label == "fear"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "label", "reason"),
    [
        ("She is sad [F9].", None, "unknown_cite"),
        ("She is sad [F1]. It is so [X1, F1].", None, "unknown_cite"),
        ("   ", None, "empty_edit"),
        ("She is angry or afraid [F1].", None, "unclear_label"),
        ("She is sad [F1].", "melancholic", "label_outside"),
        (None, "sadness", "unchanged"),
        ("She is sad [F1].", "anger", "label_and_text"),
        ("The voice is lower and she is sad [F1].", None, "wrong_sense"),
        ('She is sad: she says "I hate you all" [T1].', None, "wrong_quote"),
        (None, "disgust", "not_borne_out"),
    ],
)
def test_edits_that_cannot_be_used(case: Case, text: str | None, label: str | None, reason: str):
    assert refusal(case, text, label) == reason


def test_a_label_alone_is_explained_where_the_cues_bear_it_out(case: Case):
    left = edited(told(case, Claim(text="She is glad.", cites=("T1",)), label="joy"), label="sadness")
    assert left.emotion and left.emotion.label == "sadness"
    assert {"F1", "F2", "V1"} & {i for c in left.claims for i in c.cites}
    assert not verify(case.sheet, left, ASK.labels).problems


def test_a_label_beside_prose_that_was_left_as_it_was_is_a_label_alone(case: Case):
    glad = told(case, Claim(text="She is glad.", cites=("T1",)), label="joy")
    assert glad.explanation
    assert edited(glad, glad.explanation.text, "sadness") == edited(glad, None, "sadness")
    assert refusal(glad, glad.explanation.text, "disgust") == "not_borne_out"
    assert refusal(glad, glad.explanation.text, "joy") == "unchanged"


def test_sentences_that_are_made_from_slots_are_not_edited(case: Case):
    made = case.model_copy(
        update={"question": Question(text="Who feels what?", task=SEXTUPLE.name), "answer": SextupleAnswer(claims=SAD)}
    )
    assert refusal(made, "She is angry [F1].") == "made_sentences"
