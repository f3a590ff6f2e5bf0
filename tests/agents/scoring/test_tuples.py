"""One-to-one matching, F1 of tuples and spans, and words that texts share."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cuechain.agents.errors import ConfigError
from cuechain.agents.scoring.metrics import tuples
from cuechain.agents.scoring.metrics.overlap import text_overlap, token_f1, tokens
from cuechain.agents.scoring.metrics.tuples import Cause, Place

PAIRS = st.lists(st.tuples(st.integers(1, 3), st.sampled_from("ab")), max_size=5)
PLACES = st.lists(st.tuples(st.integers(0, 8), st.integers(1, 4)).map(lambda p: Place(p[0], p[0] + p[1])), max_size=4)


@settings(deadline=None)
@given(PLACES, PLACES)
def test_the_assignment_is_the_best_there_is(gold: list[Place], said: list[Place]):
    found = sum(like for _, _, like in tuples.best_pairs(gold, said, tuples.overlap))
    short, long = sorted((gold, said), key=len)
    best = max(
        sum(tuples.overlap(one, other) for one, other in zip(short, order, strict=True))
        for order in permutations(long, len(short))
    )
    assert found == best


@settings(deadline=None)
@given(PAIRS, PAIRS)
def test_exact_matching_is_matching_by_equality(gold: list[tuple[int, str]], said: list[tuple[int, str]]):
    by_hand = tuples.matched([gold], [said], lambda one, other: float(one == other))
    assert tuples.exact([gold], [said]).tolist() == by_hand.tolist()
    assert tuples.exact([gold], [said[::-1]]).tolist() == by_hand.tolist()


@settings(deadline=None)
@given(st.lists(st.tuples(PAIRS, PAIRS), min_size=1, max_size=4))
def test_classes_add_up(items: list[tuple[list[tuple[int, str]], list[tuple[int, str]]]]):
    gold, said = zip(*items, strict=True)
    _, table = tuples.by_class(gold, said, lambda pair: pair[1], tuples.exact)
    assert table.sum(axis=1).tolist() == tuples.exact(gold, said).tolist()


def test_repeating_a_prediction_does_not_pay():
    once, often = (tuples.total(tuples.exact([["x", "y"]], [said])) for said in (["x"], ["x", "x", "x"]))
    assert (once.precision, once.recall) == (1, 0.5)
    assert (often.precision, often.recall) == (pytest.approx(1 / 3), 0.5)


def test_f1_is_micro_over_items():
    score = tuples.total(tuples.exact([["x"], ["x", "y", "z"]], [["x"], []]))
    assert (score.precision, score.recall, score.f1) == (1, 0.25, 0.4)
    assert (score.right, score.n_predicted, score.n_gold) == (1, 1, 4)


@pytest.mark.parametrize(
    ("gold", "said", "expected"),
    [
        ([["x"]], [[]], (math.nan, 0, 0)),
        ([[]], [["x"]], (0, math.nan, 0)),
        ([[]], [[]], (math.nan, math.nan, math.nan)),
        ([], [], (math.nan, math.nan, math.nan)),
        ([["x"]], [["y"]], (0, 0, 0)),
    ],
)
def test_what_is_undefined_is_nan(gold: list[list[str]], said: list[list[str]], expected: tuple[float, ...]):
    score = tuples.total(tuples.exact(gold, said))
    assert (score.precision, score.recall, score.f1) == pytest.approx(expected, nan_ok=True)


def test_spans():
    gold, said = [[Place(0, 4), Place(10, 12)]], [[Place(2, 4), Place(3, 8)]]
    one, two, three = (tuples.total(tuples.spans(gold, said, match)) for match in ("exact", "binary", "proportional"))
    assert one.f1 == 0
    assert (two.precision, two.recall) == (0.5, 0.5)
    assert (three.precision, three.recall) == (0.5, 0.25)


def test_weighted_and_macro_f1_over_classes():
    gold = [[(3, "joy"), (3, "joy2"), (5, "anger")], [(1, "anger")]]
    said = [[(3, "joy"), (5, "anger"), (6, "fear")], []]
    score = tuples.class_score(*tuples.by_class(gold, said, lambda pair: pair[1], tuples.exact))
    assert {name: value.f1 for name, value in score.classes.items()} == {
        "anger": pytest.approx(2 / 3),
        "fear": 0,
        "joy": 1,
        "joy2": 0,
    }
    assert score.weighted_f1 == pytest.approx((2 * 2 / 3 + 1) / 4)
    assert score.macro_f1 == pytest.approx((2 / 3 + 1) / 4)
    assert (score.micro.precision, score.micro.recall) == (pytest.approx(2 / 3), 0.5)
    nothing = tuples.class_score(*tuples.by_class([[]], [[]], str, tuples.exact))
    assert math.isnan(nothing.weighted_f1)
    assert math.isnan(nothing.macro_f1)


def test_a_figure_takes_many_samples_of_sums():
    rows = tuples.exact([["x"], ["y"]], [["x"], ["z"]])
    counts = np.array([[1, 1], [2, 0], [0, 2]])
    assert tuples.f1(counts @ rows).tolist() == [0.5, 1, 0]


def test_tokens_of_causes_count_once():
    """Two predictions on one true span: the published scorer counts the span twice."""
    gold = [[Cause(2, "anger", 1, Place(1, 4))]]
    said = [[Cause(2, "anger", 1, Place(1, 3)), Cause(2, "anger", 1, Place(2, 4)), Cause(2, "joy", 1, Place(1, 4))]]
    score = tuples.total(tuples.cause_tokens(gold, said))
    assert (score.right, score.n_predicted, score.n_gold) == (2, 7, 3)
    with pytest.raises(ConfigError, match="has no span"):
        tuples.cause_tokens([[Cause(1, "joy", 1)]], [[]])


def test_lengths_that_differ_are_told():
    with pytest.raises(ConfigError, match="1 truths and 2 predictions"):
        tuples.exact([["x"]], [["x"], []])
    with pytest.raises(ConfigError, match="1 lists of references and 0 texts"):
        text_overlap([["x"]], [])
    with pytest.raises(ConfigError, match="one text instead of a list"):
        text_overlap(["she cries"], ["she cries"])


@pytest.mark.parametrize(
    ("reference", "text", "expected"),
    [
        ("The cat sat.", "cat sat", 1),
        ("w x y z", "x y", 2 / 3),
        ("so so so", "so", 0.5),
        ("She's tired — really!", "shes tired really", 1),
        ("", "", 1),
        ("cat", "", 0),
        ("the", "a", 1),
        ("$5 😀", "5 😀 😀", 0.8),
        ("他很难过", "他很高兴", 0.5),
    ],
)
def test_token_f1(reference: str, text: str, expected: float):
    assert token_f1(reference, text) == token_f1(text, reference) == pytest.approx(expected)


def test_words_and_signs_are_tokens():
    assert tokens("The ‘smile’ of 小林, an old man's") == ("smile", "of", "小", "林", "old", "mans")


def test_texts_against_their_best_reference():
    score = text_overlap([["she cries", "tears fall"], [], [""], ["he laughs"]], ["Tears fall!", "x", "x", ""])
    assert (score.f1, score.exact, score.n, score.no_reference, score.empty) == (0.5, 0.5, 2, 2, 1)
    assert math.isnan(text_overlap([], []).f1)
