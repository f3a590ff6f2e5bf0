"""Whether confidence can be believed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

BINS = 10
"""Bins of equal width for the calibration error."""


def bins(confidence: Sequence[float], right: Sequence[float]) -> np.ndarray:
    """What is summed over items (N, BINS + 1): by how much confidence exceeds being right, in its bin, and 1; zeros where not judged.

    Args:
        confidence: Of the label that was said, 0 to 1; NaN where none was.
        right: 1 or 0; NaN where nobody judged.
    """
    sure, hit = np.asarray(confidence, float), np.asarray(right, float)
    kept = ~np.isnan(sure) & ~np.isnan(hit)
    off = np.where(kept, sure - hit, 0.0)
    place = np.minimum((np.where(kept, sure, 0.0) * BINS).astype(int), BINS - 1)
    inside = kept[:, None] & (place[:, None] == np.arange(BINS))
    return np.column_stack([inside * off[:, None], kept])


def calibration_error(sums: np.ndarray) -> np.ndarray:
    """Expected calibration error in BINS bins of equal width (Naeini et al. 2015; Guo et al. 2017), 0 to 1; sums of `bins` to (S,).

    The mean over items of how far the share of right answers in a bin lies from the bin's mean confidence. With few items per bin it
    comes out too high.
    """
    return np.abs(sums[:, :-1]).sum(1) / sums[:, -1]


def brier(confidence: Sequence[float], right: Sequence[float]) -> np.ndarray:
    """Squared distance of each item between the confidence in the label that was said and whether it is right (N,).

    The mean is the score of Brier (1950), 0 to 1; NaN where not judged.
    """
    return (np.asarray(confidence, float) - np.asarray(right, float)) ** 2
