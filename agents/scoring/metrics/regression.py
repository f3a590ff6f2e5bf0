"""Numbers per item: errors, correlations, and classes made of numbers.

The figures take sums of `moments` (…, 9), so `statistics.from_sums` gives each its interval; leading dimensions are samples. A pair with
a number that is not finite is no item. What is undefined is NaN: the correlation of a constant, anything of no item.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from cuechain.agents.errors import ConfigError

Numbers = Sequence[float] | np.ndarray


def moments(truth: Numbers, said: Numbers) -> np.ndarray:
    """What is summed over items (N, 9): 1, x, y, x², y², xy, x − y, |x − y|, (x − y)², with x the truth and y the answer.

    The first six are about the first item's values, so that constants are constant to the last bit and large ones keep their digits.

    Args:
        truth: Right number of each item; NaN where nobody judged.
        said: The answers in the same order and unit; NaN where there is none.

    Raises:
        ConfigError: The lengths differ.
    """
    x, y = np.asarray(truth, float), np.asarray(said, float)
    if len(x) != len(y):
        raise ConfigError(f"{len(x)} right numbers but {len(y)} answers", "one per item, NaN where there is none")
    judged = np.isfinite(x) & np.isfinite(y)
    rows = np.zeros((len(x), 9))
    if judged.any():
        x, y = x[judged], y[judged]
        a, b, off = x - x[0], y - y[0], x - y
        rows[judged] = np.column_stack([np.ones(len(x)), a, b, a * a, b * b, a * b, off, np.abs(off), off * off])
    return rows


def mae(sums: np.ndarray) -> np.ndarray:
    """Mean absolute error, in the unit of the numbers (…)."""
    return _mean(sums, 7)


def rmse(sums: np.ndarray) -> np.ndarray:
    """Root of the mean squared error, in the unit of the numbers (…)."""
    return np.sqrt(np.maximum(_mean(sums, 8), 0.0))


def pearson(sums: np.ndarray) -> np.ndarray:
    """Pearson's r, -1 to 1 (…)."""
    x, y, both = _spread(sums)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.clip(both / np.sqrt(x * y), -1.0, 1.0)


def ccc(sums: np.ndarray) -> np.ndarray:
    """Concordance correlation coefficient of Lin (1989), 2 cov / (var x + var y + (mean x − mean y)²), population moments (…).

    NaN where both are constant and equal; 0 where one of them is constant, since nothing varies together.
    """
    x, y, both = _spread(sums)
    with np.errstate(invalid="ignore", divide="ignore"):
        return 2 * both / (x + y + _mean(sums, 6) ** 2)


def of(figure: Callable[[np.ndarray], np.ndarray], truth: Numbers, said: Numbers) -> float:
    """One of the figures above on all items: `of(ccc, truth, said)`."""
    return float(figure(moments(truth, said).sum(0)))


def spearman(truth: Numbers, said: Numbers) -> tuple[float, int]:
    """Spearman's rank correlation, ties with their mean rank, and the number of items; see `statistics.rank_correlation`."""
    from scipy.stats import rankdata

    judged = moments(truth, said)[:, 0] > 0
    x, y = np.asarray(truth, float)[judged], np.asarray(said, float)[judged]
    return of(pearson, rankdata(x), rankdata(y)), int(judged.sum())


def levels(values: Numbers, most: int) -> list[int | None]:
    """Whole numbers from -most to most, half to even: 3 for Acc-7, 2 for Acc-5 of MOSI. None where it is no number; for `confusion`."""
    numbers = np.asarray(values, float)
    whole = np.rint(np.clip(np.nan_to_num(numbers), -most, most)).astype(int).tolist()
    return [n if known else None for n, known in zip(whole, np.isfinite(numbers).tolist(), strict=True)]


def signs(values: Numbers) -> list[str | None]:
    """Acc-2 "non0": negative or positive. None for exactly 0, which is no polarity: unjudged as truth, wrong as an answer."""
    return _named(values, {-1: "negative", 1: "positive"})


def nonnegative(values: Numbers) -> list[str | None]:
    """Acc-2 "has0": negative, or not."""
    return _named(values, {-1: "negative", 0: "non-negative", 1: "non-negative"})


def _named(values: Numbers, names: dict[int, str]) -> list[str | None]:
    return [names.get(sign) for sign in np.sign(np.asarray(values, float)).tolist()]


def _mean(sums: np.ndarray, place: int) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums[..., place] / sums[..., 0]


def _spread(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Variances of x and y, and their covariance; all that rounding leaves of a constant is 0."""
    x, y = _variance(sums, 1), _variance(sums, 2)
    return x, y, np.where(x * y == 0, 0.0, _mean(sums, 5) - _mean(sums, 1) * _mean(sums, 2))


def _variance(sums: np.ndarray, place: int) -> np.ndarray:
    square = _mean(sums, place + 2)
    found = square - _mean(sums, place) ** 2
    return np.where(found <= 1e-12 * square, 0.0, found)
