"""Sets of things that were found in an item (tuples, spans, emotion–cause pairs): one-to-one matching, and F1 of what matches.

Things become one row per item, `[right, found, predicted, gold]`; figures are functions of sums of rows, so that an interval can be drawn
over items. `total` makes a score of rows. Undefined values are NaN: precision without a prediction, recall without a truth.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np

from cuechain.agents.errors import ConfigError

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


class Place(NamedTuple):
    """A stretch of tokens."""

    start: int
    """First token, from 0."""
    end: int
    """The token after the last."""


class Cause(NamedTuple):
    """An emotion, and where it comes from."""

    turn: int | str
    """The turn that shows the emotion."""
    emotion: str
    """Which."""
    cause: int | str
    """The turn that caused it."""
    place: Place | None = None
    """The tokens of that turn that name the cause; None where turns alone are asked for."""


@dataclass(frozen=True)
class MatchScore:
    """Things that were found, against those that are there."""

    precision: float
    """Share of the predicted that is right; NaN with no prediction."""
    recall: float
    """Share of the truth that was found; NaN with no truth."""
    f1: float
    """Harmonic mean: 0 where only one side has anything or nothing matches, NaN where neither side has anything."""
    right: float
    """Predicted things, or tokens, that are right; parts count where a match is in proportion."""
    n_predicted: float
    """Predicted things, or tokens."""
    n_gold: float
    """True things, or tokens."""


@dataclass(frozen=True)
class ClassScore:
    """Scores by class (emotion, trigger, polarity …)."""

    micro: MatchScore
    """All classes together, those outside the truth too: a prediction of a class that nobody named costs precision."""
    macro_f1: float
    """Mean F1 over classes that the truth or a prediction has."""
    weighted_f1: float
    """Mean F1 over classes, weighted by what the truth has of each; not the F1 of weighted precision and recall."""
    classes: Mapping[str, MatchScore]
    """Class to its score, in the order of the alphabet."""


def precision(sums: np.ndarray) -> np.ndarray:
    """Of sums `[right, found, predicted, gold]` (…, 4): share of the predicted that is right, (…,)."""
    return _share(sums[..., 0], sums[..., 2])


def recall(sums: np.ndarray) -> np.ndarray:
    """Of sums (…, 4): share of the truth that was found, (…,)."""
    return _share(sums[..., 1], sums[..., 3])


def f1(sums: np.ndarray) -> np.ndarray:
    """Of sums (…, 4): 2PR / (P + R), (…,); 0 where only one side has anything or nothing matches, NaN where neither has anything."""
    p, r = np.nan_to_num(precision(sums)), np.nan_to_num(recall(sums))
    return np.where(sums[..., 2] + sums[..., 3] > 0, np.nan_to_num(_share(2 * p * r, p + r)), np.nan)


def macro_f1(sums: np.ndarray) -> np.ndarray:
    """Of sums by class (…, C, 4): mean F1 over classes that the truth or a prediction has, (…,)."""
    values = f1(sums)
    return _share(np.nansum(values, axis=-1), (~np.isnan(values)).sum(axis=-1))


def weighted_f1(sums: np.ndarray) -> np.ndarray:
    """Of sums by class (…, C, 4): mean F1 weighted by what the truth has of each class, (…,); not the F1 of weighted P and R."""
    weights = sums[..., 3]
    return _share((weights * np.nan_to_num(f1(sums))).sum(axis=-1), weights.sum(axis=-1))


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole != 0)


def total(rows: np.ndarray) -> MatchScore:
    """The score of rows `[right, found, predicted, gold]`, float64 (n, 4), added up over items."""
    sums = np.reshape(rows, (-1, 4)).sum(axis=0)
    right, _, predicted, gold = map(float, sums)
    return MatchScore(float(precision(sums)), float(recall(sums)), float(f1(sums)), right, predicted, gold)


def _checked(gold: Sequence[Any], predicted: Sequence[Any]) -> None:
    if len(gold) != len(predicted):
        raise ConfigError(
            f"{len(gold)} truths and {len(predicted)} predictions", "give one list for each item, empty or not"
        )


def exact(gold: Sequence[Sequence[Hashable]], predicted: Sequence[Sequence[Hashable]]) -> np.ndarray:
    """Equal things; of equal ones each can be matched once, so that repeating a prediction does not pay.

    Args:
        gold: Per item what is there.
        predicted: Per item what was found.

    Returns:
        float64 (n, 4), see `total`.

    Raises:
        ConfigError: Lengths differ.
    """
    _checked(gold, predicted)
    names: dict[Hashable, int] = {}
    sizes = [np.fromiter(map(len, side), np.int64, len(side)) for side in (gold, predicted)]
    numbers = [[names.setdefault(thing, len(names)) for item in side for thing in item] for side in (gold, predicted)]
    span = max(len(names), 1)
    keys = (
        np.repeat(np.arange(len(gold)), size) * span + np.array(number, np.int64)
        for size, number in zip(sizes, numbers, strict=True)
    )
    (there, often), (said, times) = (np.unique(key, return_counts=True) for key in keys)
    common, one, other = np.intersect1d(there, said, assume_unique=True, return_indices=True)
    both = np.bincount(common // span, np.minimum(often[one], times[other]), len(gold))
    return np.stack([both, both, sizes[1], sizes[0]], axis=1).astype(float)


def best_pairs(
    gold: Sequence[T], predicted: Sequence[T], likeness: Callable[[T, T], float]
) -> list[tuple[int, int, float]]:
    """The one-to-one assignment with the highest sum of likeness (Kuhn–Munkres), whatever the order of either side.

    Args:
        gold: What is there.
        predicted: What was found.
        likeness: Of a truth and a prediction, 0 for no match.

    Returns:
        (place in gold, place in predicted, likeness) of each pair whose likeness is not 0.
    """
    likely = ((g, p, likeness(there, said)) for g, there in enumerate(gold) for p, said in enumerate(predicted))
    edges = [edge for edge in likely if edge[2] > 0]
    if len({g for g, _, _ in edges}) == len(edges) == len({p for _, p, _ in edges}):
        return edges  # nobody has a choice
    from scipy.optimize import linear_sum_assignment

    table = np.zeros((len(gold), len(predicted)))
    for g, p, like in edges:
        table[g, p] = like
    places = zip(*linear_sum_assignment(table, maximize=True), strict=True)
    return [(int(g), int(p), float(table[g, p])) for g, p in places if table[g, p] > 0]


def matched(
    gold: Sequence[Sequence[T]], predicted: Sequence[Sequence[T]], likeness: Callable[[T, T], float]
) -> np.ndarray:
    """Like things, each matched once: `likeness` 0 or 1 gives a binary match, a share gives a proportional one.

    Returns:
        float64 (n, 4), see `total`; right and found are the sum of likeness over the pairs.

    Raises:
        ConfigError: Lengths differ.
    """
    _checked(gold, predicted)
    rows = np.zeros((len(gold), 4))
    for row, there, said in zip(rows, gold, predicted, strict=True):
        row[:2] = sum(like for _, _, like in best_pairs(there, said, likeness))
        row[2:] = len(said), len(there)
    return rows


def overlap(one: Place, other: Place) -> int:
    """Tokens that both have."""
    return max(0, min(one.end, other.end) - max(one.start, other.start))


def spans(
    gold: Sequence[Sequence[Place]],
    predicted: Sequence[Sequence[Place]],
    match: Literal["exact", "binary", "proportional"],
) -> np.ndarray:
    """Spans of text (Breck, Choi & Cardie 2007; Johansson & Moschitti 2013), each matched once.

    Args:
        gold: Spans that are there, per item.
        predicted: Spans that were found, per item.
        match: exact: both ends agree; binary: they share a token; proportional: a predicted span is right, and a true one found, by
            the share of its tokens that its partner has.

    Returns:
        float64 (n, 4), see `total`.

    Raises:
        ConfigError: Lengths differ.
    """
    if match == "exact":
        return exact(gold, predicted)
    if match == "binary":
        return matched(gold, predicted, lambda one, other: float(overlap(one, other) > 0))
    _checked(gold, predicted)
    rows = np.zeros((len(gold), 4))
    for row, there, said in zip(rows, gold, predicted, strict=True):
        for g, p, _ in best_pairs(there, said, _dice):
            shared = overlap(there[g], said[p])
            row[:2] += shared / (said[p].end - said[p].start), shared / (there[g].end - there[g].start)
        row[2:] = len(said), len(there)
    return rows


def _dice(one: Place, other: Place) -> float:
    return 2 * overlap(one, other) / max(one.end - one.start + other.end - other.start, 1)


def by_class(
    gold: Sequence[Sequence[T]],
    predicted: Sequence[Sequence[T]],
    label: Callable[[T], str],
    rows: Callable[[Sequence[Sequence[T]], Sequence[Sequence[T]]], np.ndarray],
) -> tuple[tuple[str, ...], np.ndarray]:
    """Rows of each class by itself: what `class_score` and the figures above take.

    Args:
        gold: What is there, per item.
        predicted: What was found, per item.
        label: The class of a thing.
        rows: `exact`, or another function of this file, bound to its likeness; two things of different classes never match.

    Returns:
        The classes in the order of the alphabet, and float64 (n, C, 4).

    Raises:
        ConfigError: Lengths differ.
    """
    _checked(gold, predicted)
    parts: dict[tuple[int, str], tuple[list[T], list[T]]] = {}
    for item, sides in enumerate(zip(gold, predicted, strict=True)):
        for side, things in enumerate(sides):
            for thing in things:
                parts.setdefault((item, label(thing)), ([], []))[side].append(thing)
    classes = {name: column for column, name in enumerate(sorted({name for _, name in parts}))}
    table = np.zeros((len(gold), len(classes), 4))
    if parts:
        places = [item for item, _ in parts], [classes[name] for _, name in parts]
        table[places] = rows(*zip(*parts.values(), strict=True))
    return tuple(classes), table


def class_score(classes: Sequence[str], table: np.ndarray) -> ClassScore:
    """The scores of what `by_class` gives."""
    sums = table.sum(axis=0)
    scores = {name: total(row) for name, row in zip(classes, sums, strict=True)}
    return ClassScore(total(sums), float(macro_f1(sums)), float(weighted_f1(sums)), scores)


def cause_tokens(gold: Sequence[Sequence[Cause]], predicted: Sequence[Sequence[Cause]]) -> np.ndarray:
    """Emotion–cause pairs in proportion: tokens of the cause spans, of spans of the same turns and emotion, each matched once.

    Returns:
        float64 (n, 4) in tokens, see `total`.

    Raises:
        ConfigError: Lengths differ, or a pair has no span.
    """
    _checked(gold, predicted)
    rows = np.zeros((len(gold), 4))
    for row, there, said in zip(rows, gold, predicted, strict=True):
        groups: dict[tuple[Any, ...], tuple[list[Place], list[Place]]] = {}
        for side, pairs in enumerate((there, said)):
            for pair in pairs:
                if pair.place is None:
                    raise ConfigError("an emotion–cause pair has no span", "score turns alone with `exact`")
                groups.setdefault(pair[:3], ([], []))[side].append(pair.place)
        for true, found in groups.values():
            row[:2] += sum(like for _, _, like in best_pairs(true, found, overlap))
            row[2:] += sum(p.end - p.start for p in found), sum(p.end - p.start for p in true)
    return rows
