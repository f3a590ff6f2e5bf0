"""How far people, or a person and a model, agree beyond chance: 1 is always, 0 as often as chance; NaN where all say the same one thing."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Literal

import numpy as np

from cuechain.agents.errors import ConfigError

Level = Literal["nominal", "ordinal", "interval"]


def cohen_kappa(one: Sequence[Hashable], other: Sequence[Hashable]) -> float:
    """Kappa of two raters (Cohen 1960); an item that one of them left out (None) does not count.

    Raises:
        ConfigError: The lengths differ.
    """
    if len(one) != len(other):
        raise ConfigError(f"{len(one)} ratings but {len(other)}", "one per item and rater, None where there is none")
    pairs = [kept for pair in zip(one, other, strict=True) if len(kept := _given(pair)) == 2]
    if len({x for pair in pairs for x in pair}) < 2:
        return float("nan")
    from sklearn.metrics import cohen_kappa_score

    first, second = ([pair[i] for pair in pairs] for i in (0, 1))
    return float(cohen_kappa_score(first, second))


def fleiss_kappa(units: Sequence[Sequence[Hashable]]) -> float:
    """Kappa of several raters, not always the same ones (Fleiss 1971).

    Args:
        units: For each item the labels that it got, equally many for all items.

    Raises:
        ConfigError: The numbers differ; Krippendorff's alpha takes that.
    """
    counts, _ = _counted([_given(unit) for unit in units])
    raters = {int(n) for n in counts.sum(1)}
    if len(raters) > 1 or raters & {0, 1}:
        raise ConfigError(
            "Fleiss' kappa needs equally many ratings of every item, two at least",
            f"found {', '.join(map(str, sorted(raters)))}; Krippendorff's alpha takes them",
        )
    if not raters:
        return float("nan")
    n = raters.pop()
    observed = ((counts**2).sum(1) - n) / (n * (n - 1))
    expected = ((counts.sum(0) / counts.sum()) ** 2).sum()
    return float((observed.mean() - expected) / (1 - expected)) if counts.shape[1] > 1 else float("nan")


def krippendorff_alpha(units: Sequence[Sequence[Any]], level: Level = "nominal") -> float:
    """Alpha for any number of raters, with gaps (Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, steps A to E).

    Args:
        units: For each item the values that it got, None for a gap; an item with fewer than two does not count. Values are anything that
            can be compared for `nominal`, and numbers for the other two: ranks, or measures with equal steps. Memory grows with the
            square of the number of different values.
        level: How far apart two different values are: equally far, by how many ratings lie between them, or by their difference squared.

    Raises:
        ConfigError: `ordinal` or `interval` with a value that is no number.
    """
    counts, values = _counted([kept for unit in units if len(kept := _given(unit)) > 1])
    if level != "nominal" and not all(isinstance(v, int | float) for v in values):
        raise ConfigError(f"{level} alpha needs numbers", "give each label its rank, or take nominal")
    if len(values) < 2:
        return float("nan")
    weights = counts / (counts.sum(1, keepdims=True) - 1)
    coincidences = weights.T @ counts - np.diag(weights.sum(0))
    totals = coincidences.sum(1)
    if level == "nominal":
        apart = 1.0 - np.eye(len(values))
    elif level == "interval":
        apart = np.subtract.outer(values, values).astype(float) ** 2
    else:
        # All ratings from one value to the other, half of those at either end: a difference of mid-ranks.
        middles = np.cumsum(totals) - totals / 2
        apart = np.subtract.outer(middles, middles) ** 2
    expected = (np.outer(totals, totals) * apart).sum()
    return float(1 - (totals.sum() - 1) * (coincidences * apart).sum() / expected)


def _given(unit: Sequence[Any]) -> list[Any]:
    """The values without gaps; NaN is one too."""
    return [value for value in unit if value is not None and value == value]


def _counted(units: Sequence[Sequence[Any]]) -> tuple[np.ndarray, list[Any]]:
    """How often each item got each value (items, values), and the values in order."""
    known = {value for unit in units for value in unit}
    values: list[Any] = sorted(known) if all(isinstance(v, int | float) for v in known) else sorted(known, key=str)
    places = {value: place for place, value in enumerate(values)}
    counts = np.zeros((len(units), len(values)))
    for row, unit in enumerate(units):
        np.add.at(counts[row], [places[value] for value in unit], 1)
    return counts, values
