"""Figures of answers to the same items, their bootstrap intervals, and paired differences between two models.

A figure is a function of how often each item counts. With every item once it is the figure; with items drawn again and again it is its
spread; with the same draws for two models their difference is paired, so that hard items do not blur it. Efron & Tibshirani (1993), An
Introduction to the Bootstrap, chapters 13 and 16.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

DRAWS = 2000
"""Bootstrap samples of items."""
BINS = 10
"""Bins of equal width for the calibration error."""

Figure = Callable[[np.ndarray], np.ndarray]
"""Counts of items (S, N) to one value per sample (S,); NaN where nothing that is judged was drawn."""


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval."""

    value: float
    """On all items; NaN where none is judged."""
    low: float
    """2.5th percentile of the samples."""
    high: float
    """97.5th percentile of the samples."""

    def percent(self) -> str:
        """`72 (58–83)`; a dash where nothing is judged."""
        return self.told(100, 0)

    def told(self, scale: float = 1.0, digits: int = 2, sign: str = "") -> str:
        """As text: the value, and the interval in brackets.

        Args:
            scale: 100 for a percentage.
            digits: After the point.
            sign: "+" to show that of the values, for a difference.
        """
        if np.isnan(self.value):
            return "–"
        value, low, high = (f"{scale * x:{sign}.{digits}f}" for x in (self.value, self.low, self.high))
        value, low, high = (text.replace("inf", "∞") for text in (value, low, high))
        return f"{value} ({low} to {high})" if sign else f"{value} ({low}–{high})"


@cache
def draws(n: int) -> np.ndarray:
    """How often each of n items was drawn, in every sample (DRAWS, N) float32; 8 kB per item."""
    chosen = np.random.default_rng(0).integers(0, n, (DRAWS, n))
    return np.stack([np.bincount(items, minlength=n).astype(np.float32) for items in chosen])


def estimated(figure: Figure, n: int, less: Figure | None = None) -> Interval:
    """A figure on n items with its interval; with `less` the paired difference of the two."""

    def at(counts: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            return figure(counts) - less(counts) if less else figure(counts)

    if not n:
        return Interval(*[float("nan")] * 3)
    value = float(at(np.ones((1, n), np.float32))[0])
    spread = at(draws(n))
    spread = spread[~np.isnan(spread)]
    if np.isnan(value) or not len(spread):
        return Interval(*[float("nan")] * 3)
    # The nearest sample, not a point between two: a ratio may be infinite in some.
    low, high = np.percentile(spread, [2.5, 97.5], method="nearest" if np.isinf(spread).any() else "linear")
    return Interval(value, float(low), float(high))


def interval(values: Sequence[float]) -> Interval:
    """A mean with its interval."""
    return estimated(mean(values), len(values))


def mean(values: Sequence[float]) -> Figure:
    """Mean over the items that are judged; NaN marks one that is not."""
    return ratio(values, np.where(np.isnan(np.asarray(values, float)), np.nan, 1.0).tolist())


def ratio(above: Sequence[float], below: Sequence[float]) -> Figure:
    """Sum over items divided by another sum, as problems per claim; an item with NaN in either is left out."""
    one, other = np.asarray(above, float), np.asarray(below, float)
    kept = ~np.isnan(one) & ~np.isnan(other)
    one, other = np.where(kept, one, 0.0), np.where(kept, other, 0.0)
    return lambda counts: (counts @ one) / (counts @ other)


def macro_f1(said: Sequence[str | None], right: Sequence[set[str]], labels: Sequence[str]) -> Figure:
    """Mean over labels of F1, where an item may have several right labels: each that was not said is missed once no right one was said.

    scikit-learn's `f1_score` takes one right label per item; with one the two agree (a test computes it by hand). A label that occurs
    neither among what was said nor among what is right counts as 0: leave it out of `labels`.

    Args:
        said: One label per item; None where none was said.
        right: All that are accepted; empty for an item that is not judged.
        labels: Which count.
    """
    hit, wrong, missed = (np.zeros((len(said), len(labels))) for _ in range(3))
    for row, (one, accepted) in enumerate(zip(said, right, strict=True)):
        for column, label in enumerate(labels):
            if accepted:
                hit[row, column] = one == label and label in accepted
                wrong[row, column] = one == label and label not in accepted
                missed[row, column] = one not in accepted and label in accepted
    return lambda counts: (
        2 * (counts @ hit) / np.maximum(1, 2 * (counts @ hit) + counts @ wrong + counts @ missed)
    ).mean(1)


def calibration_error(confidence: Sequence[float], right: Sequence[float]) -> Figure:
    """Expected calibration error in BINS bins of equal width (Naeini et al. 2015; Guo et al. 2017), 0 to 1.

    The mean over items of how far the share of right answers in a bin lies from the bin's mean confidence. With few items per bin it
    comes out too high.

    Args:
        confidence: Of the label that was said, 0 to 1; NaN where none was.
        right: 1 or 0.
    """
    sure, hit = np.asarray(confidence, float), np.asarray(right, float)
    kept = ~np.isnan(sure) & ~np.isnan(hit)
    off = np.where(kept, sure - hit, 0.0)
    bins = np.minimum((np.where(kept, sure, 0.0) * BINS).astype(int), BINS - 1)
    inside = kept[:, None] & (bins[:, None] == np.arange(BINS))
    return lambda counts: np.abs(counts @ (inside * off[:, None])).sum(1) / (counts @ kept)


def brier(confidence: Sequence[float], right: Sequence[float]) -> Figure:
    """Mean squared distance between the confidence in the label that was said and whether it is right (Brier 1950), 0 to 1."""
    return mean(((np.asarray(confidence, float) - np.asarray(right, float)) ** 2).tolist())
