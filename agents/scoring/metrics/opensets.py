"""Open-vocabulary labels: sets of emotion words, compared by where the words stand on a wheel."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from cuechain.agents.errors import ConfigError
from cuechain.agents.scoring.wheels import Wheel

NEUTRAL = "neutral"
"""A feeling that no wheel has; it stands for itself."""

_DEGREE = re.compile(
    r"^(?:(?:a (?:bit|little)|kind of|sort of|very|quite|rather|so|too|really|extremely|deeply|highly|slightly|mildly|somewhat|fairly"
    r"|pretty|strongly|intensely|genuinely|truly|visibly|clearly) )+"
)


def plain(label: str) -> str:
    """A label in lower case, one blank between words, without adverbs of degree: "Very  sad" is sad; "not sad" stays as it is."""
    return _DEGREE.sub("", re.sub(r"[\s_]+", " ", label.strip().lower()))


@dataclass(frozen=True)
class SetScore:
    """Sets of words on one wheel."""

    wheel: str
    """Its name."""
    precision: float
    """Mean over items of |Y ∩ Ŷ| / |Ŷ| in clusters; NaN with no item."""
    recall: float
    """Mean over items of |Y ∩ Ŷ| / |Y|; where each item has one label it is the hit rate."""
    f1: float
    """Harmonic mean of the two means: 0 when both are 0, NaN with no item."""
    n: int
    """Items scored."""
    unplaced: int
    """Items left out because the wheel has no place for any word of their truth."""


@dataclass(frozen=True)
class OpenScore:
    """Sets of words, on every wheel that was given."""

    precision: float
    """Mean over the wheels."""
    recall: float
    """Mean over the wheels."""
    f1: float
    """Mean over the wheels of each wheel's F, as published; not the F of the two means above."""
    wheels: tuple[SetScore, ...]
    """Wheel by wheel."""
    n: int
    """Items given."""
    no_truth: int
    """Items for which nobody named an emotion: left out."""
    no_prediction: int
    """Items with a truth and no predicted word: precision and recall 0."""
    unknown_truth: float
    """Share of annotated words that stand on none of the wheels, 0 to 1."""
    unknown_predicted: float
    """Share of predicted words that stand on none of the wheels (out-of-vocabulary rate), 0 to 1."""
    size_truth: float
    """Mean number of different annotated words, over items that have any."""
    size_predicted: float
    """Mean number of different predicted words, over all items: a long list buys recall."""


@dataclass(frozen=True)
class Coded:
    """Truth and predictions as numbers, so that many items are scored at once."""

    words: tuple[str, ...]
    """Every different word."""
    n: int
    """Items."""
    truth: np.ndarray
    """int64 (k, 2): item and word of each annotated word; a word stands once in an item."""
    predicted: np.ndarray
    """int64 (m, 2): the same of each predicted word."""


def code(truth: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], spelled: Callable[[str], str]) -> Coded:
    """Numbers for words.

    Args:
        truth: Labels per item.
        predicted: Labels per item.
        spelled: Asked once for each different label: the word that it is, empty for none.

    Raises:
        ConfigError: Lengths differ, or an item is a text instead of a list of labels.
    """
    if len(truth) != len(predicted):
        raise ConfigError(f"{len(truth)} truths and {len(predicted)} predictions", "give one prediction for each item")
    if any(isinstance(labels, str) for labels in chain(truth, predicted)):
        raise ConfigError("an item is a text instead of a list of labels", "give lists, such as ['sad', 'tired']")
    labels = {label: place for place, label in enumerate(dict.fromkeys(chain.from_iterable(chain(truth, predicted))))}
    words: dict[str, int] = {}
    numbers = np.array(
        [words.setdefault(word, len(words)) if (word := spelled(label)) else -1 for label in labels], int
    )

    def table(lists: Sequence[Sequence[str]]) -> np.ndarray:
        items = np.repeat(np.arange(len(lists)), np.fromiter(map(len, lists), np.int64, len(lists)))
        found = numbers[np.fromiter(map(labels.__getitem__, chain.from_iterable(lists)), np.int64, len(items))]
        keys = _distinct((items * (len(words) + 1) + found)[found >= 0])
        return np.stack(np.divmod(keys, len(words) + 1), axis=1)

    return Coded(tuple(words), len(truth), table(truth), table(predicted))


def _distinct(keys: np.ndarray) -> np.ndarray:
    """Each key once, in order; several times quicker than numpy.unique on keys that are nearly sorted."""
    keys = np.sort(keys, kind="stable")
    return keys[np.append(True, keys[1:] != keys[:-1])] if len(keys) else keys


def placed(coded: Coded, wheel: Wheel, *, neutral: bool = True) -> np.ndarray:
    """Clusters of every word, int64 (words, 2) with -1 for none: two for a word that blends two emotions."""
    clusters: dict[str, int] = {}
    found = np.full((len(coded.words), 2), -1, np.int64)
    for number, word in enumerate(coded.words):
        places = wheel.places.get(word) or ((NEUTRAL,) if neutral and word == NEUTRAL else ())
        for column, place in enumerate(places):
            found[number, column] = clusters.setdefault(place, len(clusters))
    return found


def shared(coded: Coded, places: np.ndarray, *, penalty: bool = True) -> np.ndarray:
    """Per item: clusters in both sets, clusters of the prediction, clusters of the truth; int64 (n, 3).

    Args:
        coded: The items.
        places: Of `placed`.
        penalty: Each predicted word without a place counts as a cluster that hits nothing, so that an invented word costs precision,
            unless the truth holds the same word: the truth's words without a place are not scored, so neither is theirs. False:
            words without a place are dropped, as published.
    """
    span = len(coded.words) * 2 + 1
    sets: list[np.ndarray] = []
    for table in (coded.predicted, coded.truth):
        clusters = places[table[:, 1]]
        sets.append(_distinct((table[:, :1] * span + clusters)[clusters >= 0]))
    predicted, truth = sets
    both = np.intersect1d(predicted, truth, assume_unique=True)
    rows = np.stack([np.bincount(keys // span, minlength=coded.n) for keys in (both, predicted, truth)], axis=1)
    if penalty:
        loose = [table[places[table[:, 1], 0] < 0] for table in (coded.predicted, coded.truth)]
        keys = [table[:, 0] * span + table[:, 1] for table in loose]
        rows[:, 1] += np.bincount(np.setdiff1d(*keys, assume_unique=True) // span, minlength=coded.n)
    return rows


def rates(rows: np.ndarray) -> np.ndarray:
    """Per item precision, recall and 1, float64 (n, 3), of rows of `shared`; zeros for an item whose truth has no cluster."""
    hits, predicted, truth = rows.T
    return np.stack([hits / np.maximum(predicted, 1), hits / np.maximum(truth, 1), truth > 0], axis=1)


def precision(sums: np.ndarray) -> np.ndarray:
    """Mean over items of sums of `rates` (…, 3), (…,); NaN where no item is scored."""
    return _share(sums[..., 0], sums[..., 2])


def recall(sums: np.ndarray) -> np.ndarray:
    """Mean over items of sums of `rates` (…, 3), (…,); NaN where no item is scored."""
    return _share(sums[..., 1], sums[..., 2])


def f1(sums: np.ndarray) -> np.ndarray:
    """2PR / (P + R) of the two means, (…,): 0 when both are 0, NaN where no item is scored."""
    p, r = precision(sums), recall(sums)
    return np.where(p + r == 0, 0.0, _share(2 * p * r, p + r))


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole != 0)


def by_wheel(coded: Coded, wheels: Sequence[Wheel]) -> np.ndarray:
    """`rates` on each wheel, float64 (n, W, 3); the published figure is the mean over W of `f1` of the sum over n.

    Raises:
        ConfigError: No wheel is given.
    """
    if not wheels:
        raise ConfigError("no wheel is given", "score with the default wheel, or name a folder with published ones")
    return np.stack([rates(shared(coded, placed(coded, wheel))) for wheel in wheels], axis=1)


def open_vocabulary(
    truth: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], wheels: Sequence[Wheel]
) -> OpenScore:
    """Scores sets of free emotion words (Lian et al. 2025, MER-UniBench), with invented words counted against precision.

    Differs from the published scorer, which `protocols/mer.py` has: a predicted word outside the vocabulary is wrong instead of
    invisible, neutral is an emotion word, and F is 0 instead of NaN where nothing is right.

    Args:
        truth: Words that people named, per item.
        predicted: Words that the model named, per item.
        wheels: One or more: `published(folder).wheels(1)`, or `plutchik()`.

    Raises:
        ConfigError: Lengths differ, or no wheel is given.
    """
    coded = code(truth, predicted, plain)
    sums = by_wheel(coded, wheels).sum(axis=0)
    named, answered = (np.bincount(table[:, 0], minlength=coded.n) for table in (coded.truth, coded.predicted))
    seen = np.any([placed(coded, wheel)[:, 0] >= 0 for wheel in wheels], axis=0)
    p, r, f = precision(sums), recall(sums), f1(sums)
    annotated = int((named > 0).sum())
    scores = (
        SetScore(wheel.name, float(p[i]), float(r[i]), float(f[i]), int(sums[i, 2]), annotated - int(sums[i, 2]))
        for i, wheel in enumerate(wheels)
    )
    return OpenScore(
        precision=float(p.mean()),
        recall=float(r.mean()),
        f1=float(f.mean()),
        wheels=tuple(scores),
        n=coded.n,
        no_truth=coded.n - annotated,
        no_prediction=int(((named > 0) & (answered == 0)).sum()),
        unknown_truth=_mean(~seen[coded.truth[:, 1]]),
        unknown_predicted=_mean(~seen[coded.predicted[:, 1]]),
        size_truth=_mean(named[named > 0]),
        size_predicted=_mean(answered),
    )


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")
