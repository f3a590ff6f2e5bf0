"""SemEval-2025 Task 11 (BRIGHTER; Muhammad et al. 2025): tracks A and C as 0/1 matrices, track B as intensities 0 to 3.

Against the sound metrics: an emotion that is never true nor predicted counts as F1 0 in the macro mean; figures are rounded to four
decimals, and the mean of track B is that of rounded correlations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cuechain.agents.errors import RunError
from cuechain.agents.scoring.metrics.regression import of, pearson

_ZERO: Any = 0  # what is undefined; scikit-learn takes a number where its signature, read without types, says a word

Rows = Mapping[str, Sequence[float | None]]
"""Id of a text to one value per emotion; None where a cell is blank."""


def joined(truth: Rows, said: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Both as matrices (N, emotions) in the order of the predictions; blank cells as zeros.

    Raises:
        RunError: The number of texts differs, or a prediction has an id that the gold file does not know: such a submission is refused.
    """
    unknown = [name for name in said if name not in truth]
    if unknown or len(said) != len(truth):
        told = f"unknown ids: {', '.join(unknown[:3])}" if unknown else f"{len(said)} predictions of {len(truth)} texts"
        raise RunError(f"the submission is refused: {told}", "one row per text of the gold file, under its id")
    right = [[value or 0 for value in truth[name]] for name in said]
    answers = [[value or 0 for value in row] for row in said.values()]
    return np.asarray(right), np.asarray(answers)


def track_a(truth: np.ndarray, said: np.ndarray) -> dict[str, Any]:
    """Precision, recall and F1 of 0/1 matrices (N, emotions): `per_emotion` as lists, `macro` (its F1 ranks), and `micro`.

    The notebook of the task and its evaluation repository agree on these; the notebook takes rows by position, the repository by id.
    """
    from sklearn.metrics import precision_recall_fscore_support

    def of(average: Any) -> dict[str, Any]:
        figures = precision_recall_fscore_support(truth, said, average=average, zero_division=_ZERO)[:3]
        return dict(zip(("precision", "recall", "f1"), figures, strict=True))

    return {"per_emotion": of(None), "macro": of("macro"), "micro": of("micro")}


def track_b(truth: np.ndarray, said: np.ndarray, emotions: Sequence[str]) -> dict[str, Any]:
    """Pearson's r of each emotion (columns of (N, emotions)) and their mean; NaN for a constant column, and then for the mean too.

    Returns:
        `per_emotion` and `average_of_unrounded` in full precision; `rounded` is what the script prints: each r to four decimals, and
        under `average` the rounded mean of those.
    """
    found = {emotion: of(pearson, truth[:, place], said[:, place]) for place, emotion in enumerate(emotions)}
    printed = {emotion: round(r, 4) for emotion, r in found.items()}
    return {
        "per_emotion": found,
        "average_of_unrounded": float(np.mean(list(found.values()))),
        "rounded": {"per_emotion": printed, "average": round(float(np.mean(list(printed.values()))), 4)},
    }
