"""Numbers per item: against numpy and scipy, and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from cuechain.agents.errors import ConfigError
from cuechain.agents.scoring import statistics
from cuechain.agents.scoring.metrics import classification, regression

CHANCE = np.random.default_rng(1)
TRUTH = CHANCE.normal(size=300)
SAID = 0.6 * TRUTH + CHANCE.normal(size=300) + 0.3
NAN = float("nan")


def test_figures_agree_with_scipy() -> None:
    of = regression.of
    assert of(regression.mae, TRUTH, SAID) == pytest.approx(np.abs(TRUTH - SAID).mean())
    assert of(regression.rmse, TRUTH, SAID) == pytest.approx(np.sqrt(((TRUTH - SAID) ** 2).mean()))
    assert of(regression.pearson, TRUTH, SAID) == pytest.approx(stats.pearsonr(TRUTH, SAID).statistic)
    assert regression.spearman(TRUTH, SAID) == (pytest.approx(stats.spearmanr(TRUTH, SAID).statistic), 300)
    ties = np.round(TRUTH)
    assert regression.spearman(ties, SAID)[0] == pytest.approx(stats.spearmanr(ties, SAID).statistic)


def test_concordance_by_hand() -> None:
    # means 2 and 3, variances 2/3 each, covariance 2/3: 2 · 2/3 / (4/3 + 1) = 4/7
    assert regression.of(regression.ccc, [1, 2, 3], [2, 3, 4]) == pytest.approx(4 / 7)
    assert regression.of(regression.pearson, [1, 2, 3], [2, 3, 4]) == pytest.approx(1)


@pytest.mark.parametrize("constant", [0.0, 0.3, -1e9])
def test_the_correlation_of_a_constant_is_undefined(constant: float) -> None:
    said = [constant] * 300
    assert math.isnan(regression.of(regression.pearson, TRUTH, said))
    assert math.isnan(regression.spearman(TRUTH, said)[0])
    assert regression.of(regression.ccc, TRUTH, said) == 0
    assert math.isnan(regression.of(regression.ccc, said, said))


def test_large_numbers_keep_their_digits() -> None:
    shifted = regression.of(regression.pearson, TRUTH + 1e7, SAID + 1e7)
    assert shifted == pytest.approx(stats.pearsonr(TRUTH, SAID).statistic, abs=1e-7)


def test_a_pair_that_is_not_finite_is_no_item() -> None:
    rows = regression.moments([NAN, 1.0, 2.0, 5.0], [1.0, math.inf, 2.5, NAN])
    assert rows[:, 0].tolist() == [0, 0, 1, 0]
    assert statistics.from_sums(regression.mae, rows).value == 0.5
    for figure in (regression.mae, regression.rmse, regression.pearson, regression.ccc):
        assert math.isnan(regression.of(figure, [], []))
    with pytest.raises(ConfigError, match="2 right numbers but 1"):
        regression.moments([1, 2], [1])


def test_an_interval_of_a_correlation_is_about_that_of_fisher() -> None:
    found = statistics.from_sums(regression.pearson, regression.moments(TRUTH, SAID))
    low, high = stats.pearsonr(TRUTH, SAID).confidence_interval()
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.03)


def test_many_numbers_have_the_interval_of_fisher_too() -> None:
    chance = np.random.default_rng(2)
    truth = chance.normal(size=200_000)
    said = truth + chance.normal(size=200_000)
    found = statistics.from_sums(regression.pearson, regression.moments(truth, said))
    low, high = stats.pearsonr(truth, said).confidence_interval()
    assert (found.low, found.high) == pytest.approx((low, high), abs=3e-4)


def test_classes_of_numbers() -> None:
    values = [-3.6, -0.5, 0.0, 0.5, 1.5, 2.5, 9.0, NAN]
    assert regression.levels(values, 3) == [-3, 0, 0, 0, 2, 2, 3, None]
    assert regression.levels(values, 2) == [-2, 0, 0, 0, 2, 2, 2, None]
    assert regression.signs([-1, 0, 2, NAN]) == ["negative", None, "positive", None]
    assert regression.nonnegative([-1, 0, 2, NAN]) == ["negative", "non-negative", "non-negative", None]


def test_a_neutral_answer_to_a_polar_item_is_wrong_not_negative() -> None:
    truth, said = regression.signs([-1, 2, 0]), regression.signs([0, 1, 1])
    found = classification.confusion(truth, said, ("negative", "positive"))
    assert classification.accuracy(found.table) == 0.5 and found.unjudged == 1 and found.silent == 1
