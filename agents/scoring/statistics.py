"""Figures with their 95 % intervals: bootstrap over items, for ten answers as for a million.

All figures here are functions of sums over items (hits of a class, squared errors, cells of a confusion matrix), so a bootstrap sample
never needs the items themselves, only how often each kind of item was drawn. Percentile intervals after Efron & Tibshirani (1993), An
Introduction to the Bootstrap, chapters 13 and 16. With the same draws for two models their difference is paired, so that hard items do
not blur it. Everything is seeded: the same answers give the same interval.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

DRAWS = 2000
"""Bootstrap samples of items."""

LARGE = 10_000
"""Distinct items above which sums are drawn from their normal limit; see `from_sums`."""

CELLS = 2**21
"""Counts that are held at once: 16 MB."""

Z = 1.959964
"""97.5th percentile of the normal distribution."""

FEW = 8
"""Groups under which they are not drawn whole: of two there are three different draws, and their interval says nothing."""

Figure = Callable[[np.ndarray], np.ndarray]
"""Sums or counts, one sample per row (S, …), to one value per sample (S,); NaN where nothing that is judged was drawn."""


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


@lru_cache(maxsize=2)
def draws(n: int) -> np.ndarray:
    """How often each of n items was drawn, in every sample (DRAWS, N) float32; 8 kB per item."""
    chosen = np.random.default_rng(0).integers(0, n, (DRAWS, n))
    return np.stack([np.bincount(items, minlength=n).astype(np.float32) for items in chosen])


def estimated(figure: Figure, n: int, less: Figure | None = None) -> Interval:
    """A figure of how often each of n items counts, n up to some ten thousand; with `less` the paired difference of the two."""

    def at(counts: np.ndarray) -> np.ndarray:
        return figure(counts) - less(counts) if less else figure(counts)

    return _told(at, np.ones((1, n), np.float32), iter((draws(n),))) if n else _told(at, None, iter(()))


def from_table(figure: Figure, table: np.ndarray) -> Interval:
    """A figure of a table of counts, such as a confusion matrix (K, K + 1); the number of items behind it costs nothing.

    Items of one cell are alike, so drawing n items with replacement is drawing one multinomial table of n with the cells' shares.

    Args:
        figure: Tables (S, *shape) to values (S,).
        table: Non-negative whole numbers.
    """
    flat = np.asarray(table).ravel()
    cells, n = np.flatnonzero(flat), int(flat.sum())

    def drawn() -> Iterator[np.ndarray]:
        for counts in _multinomial(flat[cells], flat.size):
            full = np.zeros((len(counts), flat.size))
            full[:, cells] = counts
            yield full.reshape(-1, *np.shape(table))

    return _told(figure, np.asarray(table, float)[None] if n else None, drawn())


def from_sums(figure: Figure, values: np.ndarray, times: np.ndarray | None = None) -> Interval:
    """A figure of sums over items, such as a mean, a correlation by its moments, or F1 by its hits.

    Up to LARGE rows the items are drawn. Above, their sums are drawn from the normal distribution with the sums' mean and covariance, to
    which those of bootstrap samples converge (Bickel & Freedman 1981): with a skewness g of the items the ends of the interval are off
    by about g / (6 √n) standard errors, 0.5 % of one at n = 10,000 and g = 3. The figure itself is computed on every draw, so a bend in
    it is kept.

    Args:
        figure: Sums (S, D) to values (S,).
        values: What is summed, one row per item or per kind of item (M, D). An item that is not judged is a row of zeros.
        times: How many items each row stands for (M,) whole numbers; one each by default.
    """
    rows = np.asarray(values, float)
    n = len(rows) if times is None else int(np.sum(times))
    if not n:
        return _told(figure, None, iter(()))
    total = rows.sum(0) if times is None else times @ rows

    def drawn() -> Iterator[np.ndarray]:
        if len(rows) > LARGE:
            spread = n * np.atleast_2d(np.cov(rows, rowvar=False, bias=True, fweights=times))
            rng = np.random.default_rng(0)
            yield rng.multivariate_normal(total, spread, DRAWS, check_valid="ignore", method="eigh")
        elif times is None:
            yield draws(n) @ rows
        else:
            yield from (counts @ rows for counts in _multinomial(times, len(rows)))

    return _told(figure, total[None], drawn())


def by_group(values: np.ndarray, groups: Sequence[Hashable]) -> np.ndarray:
    """Rows (M, D) summed by dialogue, speaker or author (G, D): with them `from_sums` draws whole groups (cluster bootstrap).

    Items of one dialogue are alike; drawn one by one they make intervals too narrow (Davison & Hinkley 1997, section 3.8). Where there are
    fewer than FEW groups the rows come back as they are, and are drawn one by one all the same.
    """
    rows = np.asarray(values, float)
    places = {name: place for place, name in enumerate(dict.fromkeys(groups))}
    if len(places) < FEW:
        return rows
    summed = np.zeros((len(places), rows.shape[1]))
    np.add.at(summed, [places[name] for name in groups], rows)
    return summed


def over(figure: Figure, values: np.ndarray) -> Figure:
    """A figure of sums as a figure of how often each item counts, for `estimated`."""
    return lambda counts: figure(counts @ values)


def interval(values: Sequence[float] | np.ndarray) -> Interval:
    """A mean with its interval; NaN marks an item that is not judged."""
    return from_sums(_quotient, _pairs(values, np.ones(len(values))))


def mean(values: Sequence[float]) -> Figure:
    """Mean over the items that are judged; NaN marks one that is not."""
    return over(_quotient, _pairs(values, np.ones(len(values))))


def ratio(above: Sequence[float], below: Sequence[float]) -> Figure:
    """Sum over items divided by another sum, as problems per claim; an item with NaN in either is left out."""
    return over(_quotient, _pairs(above, below))


def share(found: int, n: int) -> Interval:
    """A share with Wilson's interval (1927), which is right for rare events too: none of 50 is 0 to 7 %; NaN where n is 0."""
    if not n:
        return Interval(*[float("nan")] * 3)
    from scipy.stats import binomtest

    told = binomtest(found, n).proportion_ci(method="wilson")
    return Interval(found / n, float(told.low), float(told.high))


def rank_correlation(r: float, n: int) -> Interval:
    """Spearman's r over n items with an interval by Fisher's z and the variance of Bonett & Wright (2000), (1 + r² / 2) / (n − 3).

    Ranks change with every sample, so they are no sums; this needs none. Ties make it a little too narrow. NaN below four items.
    """
    if n < 4 or np.isnan(r):
        return Interval(r, float("nan"), float("nan"))
    with np.errstate(divide="ignore"):
        ends = np.tanh(np.arctanh(r) + np.array([-Z, Z]) * np.sqrt((1 + r**2 / 2) / (n - 3)))
    return Interval(r, float(ends[0]), float(ends[1]))


def _quotient(sums: np.ndarray) -> np.ndarray:
    return sums[:, 0] / sums[:, 1]


def _pairs(above: Sequence[float] | np.ndarray, below: Sequence[float] | np.ndarray) -> np.ndarray:
    pairs = np.column_stack([np.asarray(above, float), np.asarray(below, float)])
    return np.where(np.isnan(pairs).any(1, keepdims=True), 0.0, pairs)


def _multinomial(times: np.ndarray, width: int) -> Iterator[np.ndarray]:
    """DRAWS samples of as many items as `times` sums to, some at a time so that `width` columns of each fit into CELLS."""
    n, rng = int(np.sum(times)), np.random.default_rng(0)
    step = max(1, CELLS // max(1, width))
    for first in range(0, DRAWS, step):
        yield rng.multinomial(n, np.asarray(times) / n, min(step, DRAWS - first))


def _told(figure: Figure, all_items: np.ndarray | None, samples: Iterator[np.ndarray]) -> Interval:
    nothing = Interval(*[float("nan")] * 3)
    if all_items is None:
        return nothing
    with np.errstate(invalid="ignore", divide="ignore"):
        value = float(figure(all_items)[0])
        if np.isnan(value):
            return nothing
        spread = np.concatenate([figure(sample) for sample in samples])
    spread = spread[~np.isnan(spread)]
    if not len(spread):
        return nothing
    # The nearest sample, not a point between two: a ratio may be infinite in some.
    low, high = np.percentile(spread, [2.5, 97.5], method="nearest" if np.isinf(spread).any() else "linear")
    return Interval(value, float(low), float(high))
