"""The forms of what scoring finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cuechain.agents.scoring.statistics import Interval
from cuechain.agents.values import Value


class Figure(Value):
    """One figure with its 95 % interval."""

    name: str
    """In words."""
    value: float | None
    """None where it is undefined."""
    low: float | None = None
    """2.5th percentile of the bootstrap."""
    high: float | None = None
    """97.5th percentile of the bootstrap."""
    n: int
    """Items that it rests on."""
    percent: bool = True
    """Whether it is a share, to be shown in percent."""


class Matrix(Value):
    """Right labels against answers."""

    labels: tuple[str, ...]
    """Rows, and columns but the last."""
    table: tuple[tuple[int, ...], ...]
    """Counts; rows the right labels; the last column counts answers outside the set and items without an answer."""


@dataclass(frozen=True)
class Found:
    """What one kind of metric found."""

    figures: tuple[Figure, ...]
    """The leading one first."""
    per_class: tuple[dict[str, Any], ...] = ()
    """A row for each label."""
    confusion: Matrix | None = None
    """Where items have one label."""
    single: bool = False
    """Whether each item has one label of a closed set, so that the baselines apply."""
    notes: tuple[str, ...] = ()
    """What a reader must know."""


def figure(name: str, interval: Interval, n: int, *, percent: bool = True) -> Figure:
    """A figure of an interval; what is undefined is None."""
    value, low, high = (None if not np.isfinite(x) else float(x) for x in (interval.value, interval.low, interval.high))
    return Figure(name=name, value=value, low=low, high=high, n=n, percent=percent)
