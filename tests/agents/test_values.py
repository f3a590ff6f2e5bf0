"""The nouns: frozen, closed, and the same after a trip through JSON."""

from __future__ import annotations

import ast
import inspect
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cuechain.agents import values
from cuechain.agents.values import (
    Answer,
    Case,
    Claim,
    Cue,
    CueSheet,
    Emotion,
    EmotionAnswer,
    Gap,
    Media,
    Question,
    Span,
    Target,
    Usage,
    Value,
    Verdict,
)

TIMES = st.floats(0, 1e6)


@given(TIMES, TIMES)
def test_a_span_runs_forward(a: float, b: float):
    if b < a:
        with pytest.raises(ValidationError, match="cannot end before it starts"):
            Span(start=a, end=b)
    else:
        assert Span(start=a, end=b).length == b - a


@given(TIMES, TIMES, TIMES, TIMES)
def test_overlap_is_the_same_both_ways_and_within_both(a: float, b: float, c: float, d: float):
    one, two = Span(start=min(a, b), end=max(a, b)), Span(start=min(c, d), end=max(c, d))
    assert one.overlap(two) == two.overlap(one) <= min(one.length, two.length)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Span(start=-1, end=2),
        lambda: Cue(sense="face", text="x", source="t", confidence=1.1),
        lambda: Cue(sense="face", text="x", source="t", salience=-0.1),
        lambda: Cue(sense="face", text="x"),  # pyright: ignore
        lambda: Cue(sense="face", text="x", source="t", mood="blue"),  # pyright: ignore
        lambda: Emotion(label="joy", intensity=2),
        lambda: Claim(stance="maybe"),  # pyright: ignore
        lambda: Media(id="m1", kind="smell"),  # pyright: ignore
    ],
)
def test_what_is_not_valid(wrong: Any):
    with pytest.raises(ValidationError):
        wrong()


def test_values_are_frozen_and_closed():
    kinds = [k for _, k in inspect.getmembers(values, inspect.isclass) if issubclass(k, Value)]
    assert len(kinds) > 15
    for kind in kinds:
        assert kind.model_config.get("frozen") and kind.model_config.get("extra") == "forbid", kind
    with pytest.raises(ValidationError):
        Span(start=0, end=1).end = 2  # pyright: ignore


def test_every_field_says_what_it_is():
    tree = ast.parse(inspect.getsource(values))
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        assert ast.get_docstring(node), node.name
        for field, after in zip(node.body, [*node.body[1:], None], strict=True):
            if isinstance(field, ast.AnnAssign):
                told = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
                assert told, f"{node.name}.{ast.unparse(field.target)}"


def case(answer: Answer) -> Case:
    cue = Cue(
        sense="face", text="the brows rise", span=Span(start=0, end=1), person="P1", measures={"au1": 0.5}, source="t@1"
    )
    sheet = CueSheet(
        media=(Media(id="m1", kind="text", text="Grüße 你好"),),
        cues={"F1": cue, "V1": cue.model_copy(update={"person": None})},
        gaps=(Gap(sense="voice", reason="no sound"),),
    )
    return Case(question=Question(text="How?"), sheet=sheet, answer=answer, verdict=Verdict(claims=1))


def test_a_case_survives_json_with_the_answer_of_its_task():
    answer = EmotionAnswer(emotions=(Emotion(label="joy", confidence=0.6),), claims=(Claim(text="So.", cites=("F1",)),))
    made = case(answer)
    again = Case.model_validate_json(made.model_dump_json(), context={"answer": EmotionAnswer})
    assert again == made and isinstance(again.answer, EmotionAnswer)
    plain = case(Answer(abstain=True))
    assert Case.model_validate_json(plain.model_dump_json()) == plain


def test_sheets_know_their_people_and_can_be_cut():
    sheet = case(Answer()).sheet
    assert sheet.people == ("P1",)
    assert list(sheet.only({"V1", "X9"}).cues) == ["V1"] and sheet.only(set()).people == ()
    assert sheet.only({"V1"}).gaps == sheet.gaps


def test_usage_adds_up():
    assert Usage(calls=1, input_tokens=2) + Usage(calls=1, output_tokens=5) == Usage(
        calls=2, input_tokens=2, output_tokens=5
    )


def test_labels_that_differ_in_capitals_are_spelled_as_the_set_spells_them():
    told = Target(labels=("Joy", "joy", "Gratitude"), raters={"a": ("ANGER",)}, text="So it is.")
    assert told.spelled(("joy", "Anger")) == Target(
        labels=("joy", "Gratitude"), raters={"a": ("Anger",)}, text="So it is."
    )
    assert told.spelled(("joy", "Joy")).labels == ("Joy", "joy", "Gratitude")  # a set may mean two
    assert told.spelled(()) == Target(labels=("Joy", "joy", "Gratitude"), raters={"a": ("ANGER",)}, text="So it is.")
    assert Target().spelled(("joy",)) == Target() and Target(labels=()).spelled(("joy",)).labels == ()
