"""What a benchmark of perception reports: one row of the table that `benchmarks/perception.py` prints."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured value with what it is to be compared with."""

    sense: str
    """Registered name of the sense."""
    what: str
    """What was measured, with its unit: "macro-F1, 28 labels"."""
    value: str
    """As printed, with an interval where one was made: "0.512 (0.50-0.52)"."""
    baseline: str
    """The same of the baseline, named: "majority 0.04"; "-" where there is none."""
    n: int
    """Items."""
    data: str
    """Data set, part and language."""
