"""One label of a closed set per item: everything is a function of the confusion matrix.

The functions take a table (…, K, K + 1), rows the right labels, columns the answers in the same order; the last column counts answers
that are no label of the set, and items without one. Leading dimensions are samples, so `statistics.from_table` gives each its interval.
Such an answer is missed recall, never a class of its own. What is undefined is NaN and left out of means: precision of a label that was
never said, recall of one that is never right, F1 of one that is neither.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from cuechain.agents.errors import ConfigError


@dataclass(frozen=True)
class Confusion:
    """What was right against what was said."""

    labels: tuple[Hashable, ...]
    """The closed set, in the order of the table."""
    table: np.ndarray
    """(K, K + 1) counts; rows the right labels, columns the answers, the last one all that are no label of the set."""
    unjudged: int
    """Items without a right label; not in the table."""
    unknown: dict[Hashable, int]
    """Right labels that are not in the set, with the number of their items; not in the table."""
    silent: int
    """Judged items without an answer; in the last column."""
    outside: dict[Hashable, int]
    """Answers that are no label of the set; in the last column."""


def confusion(truth: Sequence[Hashable], said: Sequence[Hashable], labels: Sequence[Hashable]) -> Confusion:
    """Count right labels against answers.

    Args:
        truth: Right label of each item; None or "" where nobody judged.
        said: The answers in the same order; None or "" where there is none.
        labels: The closed set.

    Raises:
        ConfigError: The lengths differ, or a label stands in the set twice.
    """
    if len(truth) != len(said):
        raise ConfigError(
            f"{len(truth)} right labels but {len(said)} answers", "one answer per item, None where there is none"
        )
    places = {label: place for place, label in enumerate(labels)}
    if len(places) != len(labels):
        raise ConfigError("a label stands in the set twice", ", ".join(map(str, labels)))
    k = len(labels)
    rows = np.fromiter((places.get(t, -1) for t in truth), np.int64, len(truth))
    columns = np.fromiter((places.get(s, k) for s in said), np.int64, len(said))
    judged = rows >= 0
    table = np.bincount(rows[judged] * (k + 1) + columns[judged], minlength=k * (k + 1)).reshape(k, k + 1)
    unknown = Counter(truth[i] for i in np.flatnonzero(~judged).tolist())
    outside = Counter(said[i] for i in np.flatnonzero(judged & (columns == k)).tolist())
    nobody, silent = (sum(found.pop(empty, 0) for empty in (None, "")) for found in (unknown, outside))
    return Confusion(tuple(labels), table, nobody, dict(unknown), silent, dict(outside))


def support(table: np.ndarray) -> np.ndarray:
    """Items of each right label (…, K)."""
    return table.sum(-1)


def precision(table: np.ndarray) -> np.ndarray:
    """Share of the answers with a label that are right (…, K); NaN for a label that was never said."""
    return _divided(_hits(table), _said(table))


def recall(table: np.ndarray) -> np.ndarray:
    """Share of the items of a label that were found (…, K); NaN for a label that is never right."""
    return _divided(_hits(table), support(table))


def f1(table: np.ndarray) -> np.ndarray:
    """2 hits / (items + answers) of each label (…, K); NaN for a label that is never right nor said."""
    return _divided(2 * _hits(table), support(table) + _said(table))


def accuracy(table: np.ndarray) -> np.ndarray:
    """Share of items that are right (…); what the literature on DFEW calls WAR, on IEMOCAP WA."""
    return _divided(_hits(table).sum(-1), table.sum((-2, -1)))


def uar(table: np.ndarray) -> np.ndarray:
    """Mean recall of the labels that are right somewhere (…): UAR, UA, balanced accuracy."""
    return _defined_mean(recall(table))


def macro_f1(table: np.ndarray) -> np.ndarray:
    """Mean F1 of the labels that are right or said somewhere (…); "averaged F1" of Opitz & Burst (2019)."""
    return _defined_mean(f1(table))


def weighted_f1(table: np.ndarray) -> np.ndarray:
    """Mean F1 weighted by the items of each label (…): WAF, what MELD reports."""
    return _divided(np.nansum(f1(table) * support(table), -1), table.sum((-2, -1)))


def micro_f1(table: np.ndarray) -> np.ndarray:
    """F1 over all labels together (…); accuracy, where each answer is a label of the set."""
    return _divided(2 * _hits(table).sum(-1), table.sum((-2, -1)) + _said(table).sum(-1))


def _hits(table: np.ndarray) -> np.ndarray:
    return np.diagonal(table, axis1=-2, axis2=-1)


def _said(table: np.ndarray) -> np.ndarray:
    return table[..., :-1].sum(-2)


def _divided(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return above / below


def _defined_mean(values: np.ndarray) -> np.ndarray:
    return _divided(np.nansum(values, -1), np.isfinite(values).sum(-1))
