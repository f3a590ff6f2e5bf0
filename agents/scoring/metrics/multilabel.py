"""A set of labels per item. An answer that is no label of the set costs as much as a wrong one; no answer is not the empty answer.

Figures over labels take hits (…, L + 1, 3): true positives, false positives and false negatives of each label, the last "label" being
all that are outside the set. What is undefined is NaN and left out of means: a label that is never right nor said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from cuechain.agents.errors import ConfigError


@dataclass(frozen=True)
class Sets:
    """What was right against what was said; N judged items, L labels."""

    labels: tuple[str, ...]
    """The closed set, in the order of the columns."""
    truth: np.ndarray
    """(N, L) bool."""
    said: np.ndarray
    """(N, L) bool."""
    extra: np.ndarray
    """(N,) how many labels outside the set were said."""
    answered: np.ndarray
    """(N,) bool; False where there is no answer, which is never right, not even where no label holds."""
    unjudged: int
    """Items about which nobody said anything; not in the rows."""
    unknown: dict[str, int]
    """Right labels outside the set, with how often; left out of their items."""
    outside: dict[str, int]
    """Answered labels outside the set, with how often."""


def sets(
    truth: Sequence[Collection[str] | None], said: Sequence[Collection[str] | None], labels: Sequence[str]
) -> Sets:
    """Line up sets of labels; a label that stands in one set twice counts once.

    Args:
        truth: Labels that hold, empty where none does; None where nobody judged.
        said: The answers in the same order; None where there is none.
        labels: The closed set.

    Raises:
        ConfigError: The lengths differ, or a label stands in the set twice.
    """
    if len(truth) != len(said):
        raise ConfigError(f"{len(truth)} right sets but {len(said)} answers", "one per item, None where there is none")
    places = {label: place for place, label in enumerate(labels)}
    if len(places) != len(labels):
        raise ConfigError("a label stands in the set twice", ", ".join(labels))
    judged = [i for i, one in enumerate(truth) if one is not None]
    right, _, unknown = _rows([truth[i] or () for i in judged], places)
    given, extra, outside = _rows([said[i] or () for i in judged], places)
    answered = np.array([said[i] is not None for i in judged], bool)
    return Sets(tuple(labels), right, given, extra, answered, len(truth) - len(judged), unknown, outside)


def _rows(given: Sequence[Collection[str]], places: dict[str, int]) -> tuple[np.ndarray, np.ndarray, dict[str, int]]:
    """Sets as rows (N, L) bool, how many labels of each are outside (N,), and those; each different set is read once."""
    kinds: dict[frozenset[str], int] = {}
    which = np.array([kinds.setdefault(frozenset(one), len(kinds)) for one in given], int)
    rows, extra = np.zeros((len(kinds), len(places)), bool), np.zeros(len(kinds), int)
    times, outside = np.bincount(which, minlength=len(kinds)), Counter[str]()
    for kind, place in kinds.items():
        strange = kind - places.keys()
        rows[place, [places[label] for label in kind - strange]] = True
        extra[place] = len(strange)
        outside.update(dict.fromkeys(strange, int(times[place])))
    return rows[which], extra[which], dict(outside)


def jaccard(found: Sets) -> np.ndarray:
    """|Y ∩ Ŷ| / |Y ∪ Ŷ| of each item (N,); 1 where both are empty, as in SemEval-2018 task 1 (Mohammad et al.). Its mean is "accuracy"."""
    both = (found.truth & found.said).sum(1)
    either = (found.truth | found.said).sum(1) + found.extra
    return np.where(either == 0, 1.0, both / np.maximum(either, 1)) * found.answered


def exact(found: Sets) -> np.ndarray:
    """1 where exactly the right labels were said, else 0 (N,): subset accuracy."""
    return ((found.truth == found.said).all(1) & (found.extra == 0) & found.answered).astype(float)


def hits(found: Sets) -> tuple[np.ndarray, np.ndarray]:
    """The kinds of items: hits of each (M, L + 1, 3), and how many there are (M,), for `statistics.from_sums`.

    A million items have a few thousand kinds.
    """
    bits = np.packbits(np.column_stack([found.truth, found.said]), axis=1)
    coded = np.column_stack([bits, found.extra.astype(">u4").view(np.uint8).reshape(-1, 4)])
    rows = np.ascontiguousarray(coded).view(np.dtype((np.void, coded.shape[1]))).ravel()
    _, first, times = np.unique(rows, return_index=True, return_counts=True)
    t, s, none = found.truth[first], found.said[first], np.zeros((len(first), 1), int)
    extra = found.extra[first][:, None]
    kinds = [np.column_stack(x) for x in ((t & s, none), (s & ~t, extra), (t & ~s, none))]
    return np.stack(kinds, axis=-1).astype(float), times


def f1(counts: np.ndarray) -> np.ndarray:
    """F1 of each label (…, L)."""
    tp, fp, fn = _parts(counts[..., :-1, :])
    return _divided(2 * tp, 2 * tp + fp + fn)


def label_jaccard(counts: np.ndarray) -> np.ndarray:
    """Jaccard index of each label over the items (…, L)."""
    tp, fp, fn = _parts(counts[..., :-1, :])
    return _divided(tp, tp + fp + fn)


def precision(counts: np.ndarray) -> np.ndarray:
    """Precision of each label (…, L); NaN for one that was never said."""
    tp, fp, _ = _parts(counts[..., :-1, :])
    return _divided(tp, tp + fp)


def recall(counts: np.ndarray) -> np.ndarray:
    """Recall of each label (…, L); NaN for one that is never right."""
    tp, _, fn = _parts(counts[..., :-1, :])
    return _divided(tp, tp + fn)


def macro_f1(counts: np.ndarray) -> np.ndarray:
    """Mean F1 of the labels that are right or said somewhere (…)."""
    values = f1(counts)
    return _divided(np.nansum(values, -1), np.isfinite(values).sum(-1))


def micro_f1(counts: np.ndarray) -> np.ndarray:
    """F1 over all labels together (…); labels outside the set are false positives."""
    tp, fp, fn = _parts(counts.sum(-2))
    return _divided(2 * tp, 2 * tp + fp + fn)


def _parts(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    # Drawn from a normal distribution, the sum of a rare label may fall below none.
    tp, fp, fn = np.moveaxis(np.maximum(counts, 0.0), -1, 0)
    return tp, fp, fn


def _divided(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return above / below
