"""Intervals: by hand, against formulas, and for a million items."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from cuechain.agents.scoring import statistics
from cuechain.agents.scoring.metrics import calibration, classification

NAN = float("nan")


def test_an_interval_holds_its_mean_and_narrows_with_more_items() -> None:
    few, many = statistics.interval([1.0, 0.0] * 10), statistics.interval([1.0, 0.0] * 200)
    assert few.value == many.value == 0.5
    assert few.low < many.low < 0.5 < many.high < few.high
    assert many.high - many.low == pytest.approx(2 * 1.96 * math.sqrt(0.25 / 400), rel=0.1)
    assert statistics.interval([]).percent() == statistics.interval([NAN]).percent() == "–"


def test_a_difference_is_paired() -> None:
    chance = np.random.default_rng(1)
    hard = chance.random(100) < 0.5  # both models fail on the same items
    one = np.where(hard, 0.0, 1.0)
    two = one.copy()
    two[np.flatnonzero(hard)[:8]] = 1.0
    apart = statistics.estimated(statistics.mean(two.tolist()), 100, less=statistics.mean(one.tolist()))
    assert apart.value == pytest.approx(0.08) and apart.low > 0
    assert statistics.interval(one).high > statistics.interval(two).low  # unpaired nothing could be told


def test_a_ratio_over_nothing_is_told_as_infinite() -> None:
    found = statistics.estimated(statistics.ratio([1.0, 1.0, 0.0], [0.0, 0.0, 0.0]), 3)
    assert found.told(1, 1).startswith("∞")


def test_items_that_nobody_judged_do_not_dilute_a_mean() -> None:
    assert statistics.interval([1.0, NAN, 0.0, NAN]).value == 0.5


def test_drawing_tables_and_drawing_items_give_the_same_interval() -> None:
    chance = np.random.default_rng(2)
    truth = chance.integers(0, 3, 400).tolist()
    said = [
        t if right else s
        for t, right, s in zip(truth, chance.random(400) < 0.6, chance.integers(0, 4, 400), strict=True)
    ]
    table = classification.confusion(truth, said, (0, 1, 2)).table
    by_cells = statistics.from_table(classification.weighted_f1, table)
    cells = np.zeros((400, table.size))
    cells[range(400), [t * 4 + min(s, 3) for t, s in zip(truth, said, strict=True)]] = 1
    by_items = statistics.from_sums(lambda s: classification.weighted_f1(s.reshape(-1, 3, 4)), cells)
    assert by_cells.value == pytest.approx(by_items.value)
    assert by_cells.low == pytest.approx(by_items.low, abs=0.005)
    assert by_cells.high == pytest.approx(by_items.high, abs=0.005)


def test_kinds_of_items_stand_for_the_items() -> None:
    kinds, times = np.array([[1.0, 1.0], [0.0, 1.0]]), np.array([300, 100])
    drawn = statistics.from_sums(lambda s: s[:, 0] / s[:, 1], kinds, times)
    one_by_one = statistics.interval([1.0] * 300 + [0.0] * 100)
    assert drawn.value == one_by_one.value == 0.75
    assert (drawn.low, drawn.high) == pytest.approx((one_by_one.low, one_by_one.high), abs=0.005)


def test_the_normal_limit_agrees_with_drawn_items_where_both_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(3).exponential(size=2000)  # skewed
    drawn = statistics.interval(values)
    monkeypatch.setattr(statistics, "LARGE", 100)
    limit = statistics.interval(values)
    width = drawn.high - drawn.low
    assert limit.value == drawn.value
    assert (limit.low, limit.high) == pytest.approx((drawn.low, drawn.high), abs=0.06 * width)


def test_the_interval_holds_the_true_value_as_often_as_it_says() -> None:
    chance = np.random.default_rng(4)
    shares = np.array(
        [[0.25, 0.1, 0.05], [0.1, 0.4, 0.1]]
    )  # of all clips there are; the last column: no label of the set
    true = classification.weighted_f1(shares)
    tables = chance.multinomial(300, shares.ravel(), 200).reshape(-1, 2, 3)
    found = [statistics.from_table(classification.weighted_f1, table) for table in tables]
    assert 0.91 <= np.mean([f.low <= true <= f.high for f in found]) <= 0.99


def test_groups_that_say_the_same_widen_the_interval() -> None:
    values = np.repeat(np.random.default_rng(5).random(20), 50)  # 20 dialogues of 50 equal items
    rows = np.column_stack([values, np.ones(1000)])

    def quotient(sums: np.ndarray) -> np.ndarray:
        return sums[:, 0] / sums[:, 1]

    alone = statistics.from_sums(quotient, rows)
    grouped = statistics.from_sums(quotient, statistics.by_group(rows, [f"d{i // 50}" for i in range(1000)]))
    assert grouped.value == pytest.approx(alone.value)
    assert grouped.high - grouped.low == pytest.approx(math.sqrt(50) * (alone.high - alone.low), rel=0.15)


def test_a_share_of_nothing_is_not_certain() -> None:
    none = statistics.share(0, 50)
    assert none.value == none.low == 0 and none.high == pytest.approx(0.0713, abs=1e-4)  # z² / (n + z²)
    assert math.isnan(statistics.share(0, 0).value)


def test_a_rank_correlation_by_hand() -> None:
    found = statistics.rank_correlation(0.5, 100)  # z = 0.5493, its deviation √(1.125 / 97) = 0.1077
    assert (found.low, found.high) == pytest.approx((math.tanh(0.3382), math.tanh(0.7604)), abs=1e-4)
    assert math.isnan(statistics.rank_correlation(0.5, 3).low)
    assert statistics.rank_correlation(1.0, 10).low == 1.0


def test_an_empty_table() -> None:
    assert statistics.from_table(classification.accuracy, np.zeros((2, 3), int)).percent() == "–"


def test_calibration_by_hand() -> None:
    sure, right = [0.95, 0.95, 0.55, 1.0, NAN], [1.0, 0.0, 1.0, 1.0, NAN]
    # the bin of 0.9 to 1 holds three: mean confidence 2.9/3, right 2/3; the bin of 0.5 to 0.6 one: 0.55, right 1
    found = statistics.from_sums(calibration.calibration_error, calibration.bins(sure, right))
    assert found.value == pytest.approx((0.9 + 0.45) / 4)
    assert statistics.interval(calibration.brier(sure, right)).value == pytest.approx((0.0025 + 0.9025 + 0.2025) / 4)


def test_a_million_items_take_seconds() -> None:
    names = ("neutral", "surprise", "fear", "sadness", "joy", "disgust", "anger")
    chance = np.random.default_rng(6)
    truth, said = (np.array(names)[chance.integers(0, 7, 1_000_000)].tolist() for _ in range(2))
    start = time.perf_counter()
    found = statistics.from_table(classification.weighted_f1, classification.confusion(truth, said, names).table)
    assert time.perf_counter() - start < 10
    assert found.low < 1 / 7 < found.high and found.high - found.low < 0.002
