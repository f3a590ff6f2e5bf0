"""Open-vocabulary labels: sets of emotion words, compared by where the words stand on a wheel."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

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
    truth: Any
    """int64 (k, 2): item and word of each annotated word; a word stands once in an item."""
    predicted: Any
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

    def table(lists: Sequence[Sequence[str]]) -> Any:
        items = np.repeat(np.arange(len(lists)), np.fromiter(map(len, lists), np.int64, len(lists)))
        found = numbers[np.fromiter(map(labels.__getitem__, chain.from_iterable(lists)), np.int64, len(items))]
        keys = _distinct((items * (len(words) + 1) + found)[found >= 0])
        return np.stack(np.divmod(keys, len(words) + 1), axis=1)

    return Coded(tuple(words), len(truth), table(truth), table(predicted))


def _distinct(keys: Any) -> Any:
    """Each key once, in order; several times quicker than numpy.unique on keys that are nearly sorted."""
    keys = np.sort(keys, kind="stable")
    return keys[np.append(True, keys[1:] != keys[:-1])] if len(keys) else keys


def placed(coded: Coded, wheel: Wheel, *, neutral: bool = True) -> Any:
    """Clusters of every word, int64 (words, 2) with -1 for none: two for a word that blends two emotions."""
    clusters: dict[str, int] = {}
    found = np.full((len(coded.words), 2), -1, np.int64)
    for number, word in enumerate(coded.words):
        places = wheel.places.get(word) or ((NEUTRAL,) if neutral and word == NEUTRAL else ())
        for column, place in enumerate(places):
            found[number, column] = clusters.setdefault(place, len(clusters))
    return found


def shared(coded: Coded, places: Any, *, penalty: bool = True) -> Any:
    """Per item: clusters in both sets, clusters of the prediction, clusters of the truth; int64 (n, 3).

    Args:
        coded: The items.
        places: Of `placed`.
        penalty: Each predicted word without a place counts as a cluster that hits nothing, so that an invented word costs precision,
            unless the truth holds the same word: the truth's words without a place are not scored, so neither is theirs. False:
            words without a place are dropped, as published.
    """
    span = len(coded.words) * 2 + 1
    sets: list[Any] = []
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


def rates(rows: Any) -> Any:
    """Precision and recall per item, float64 (k, 2), of rows of `shared` whose truth is not empty; no prediction gives 0, 0."""
    rows = rows[rows[:, 2] > 0]
    return rows[:, :1] / np.maximum(rows[:, 1:], 1)


def f_of_means(precision: float, recall: float) -> float:
    """2PR / (P + R); 0 when both are 0, NaN when one is undefined."""
    total = precision + recall
    return 2 * precision * recall / total if total else 0.0


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
    if not wheels:
        raise ConfigError("no wheel is given", "score with the default wheel, or name a folder with published ones")
    coded = code(truth, predicted, plain)
    scores: list[SetScore] = []
    seen = np.zeros(len(coded.words), bool)
    named = np.bincount(coded.truth[:, 0], minlength=coded.n)
    answered = np.bincount(coded.predicted[:, 0], minlength=coded.n)
    for wheel in wheels:
        places = placed(coded, wheel)
        seen |= places[:, 0] >= 0
        values = rates(shared(coded, places))
        precision, recall = (float(mean) for mean in values.mean(axis=0)) if len(values) else (np.nan, np.nan)
        unplaced = int((named > 0).sum()) - len(values)
        scores.append(SetScore(wheel.name, precision, recall, f_of_means(precision, recall), len(values), unplaced))

    def mean(values: Any) -> float:
        return float(np.mean(values)) if len(values) else np.nan

    return OpenScore(
        precision=mean([score.precision for score in scores]),
        recall=mean([score.recall for score in scores]),
        f1=mean([score.f1 for score in scores]),
        wheels=tuple(scores),
        n=coded.n,
        no_truth=int((named == 0).sum()),
        no_prediction=int(((named > 0) & (answered == 0)).sum()),
        unknown_truth=mean(~seen[coded.truth[:, 1]]),
        unknown_predicted=mean(~seen[coded.predicted[:, 1]]),
        size_truth=mean(named[named > 0]),
        size_predicted=mean(answered),
    )
