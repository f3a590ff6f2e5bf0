"""MER-UniBench, OV-MER, MER2025 and MER2024 as their published scorers compute them (Lian et al. 2024, 2025), quirks included.

Words outside the vocabulary are dropped on both sides, neutral is one of them, items whose truth maps to nothing are skipped, and F is
NaN where nothing is right. `metrics/opensets.py` has the sound definition.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cuechain.agents.errors import ConfigError
from cuechain.agents.scoring.metrics.opensets import NEUTRAL, Coded, code, placed, rates, shared
from cuechain.agents.scoring.wheels import Published, Wheel

Labels = str | Iterable[str] | None
"""A list of labels, or the text of one as models and annotation files write it."""


@dataclass(frozen=True)
class SetRates:
    """Sets of words under one mapping."""

    precision: float
    """Mean over counted items; NaN with none."""
    recall: float
    """Mean over counted items; NaN with none."""
    f1: float
    """Of the two means; NaN when both are 0."""
    n: int
    """Items whose truth maps to something."""


@dataclass(frozen=True)
class HitRates:
    """One label per item, sets of predicted words, under one mapping."""

    hit_rate: float
    """Share of counted items whose label is among the predicted ones; a long list is not punished."""
    mscore: float
    """Mean of hit / number of predicted clusters that any label of the data set has."""
    n: int
    """Items whose label maps to something."""


@dataclass(frozen=True)
class Polarity:
    """The sentiment data sets of MER-UniBench."""

    weighted_f1: float
    """F1 of positive and not positive, weighted by support; NaN with no item."""
    accuracy: float
    """Share equal; NaN with no item."""
    n: int
    """Items whose valence is not 0."""


def parsed(raw: Labels) -> list[str]:
    """A label list as written: brackets off, split at commas and quotes (so at apostrophes too), pieces stripped, empty ones out."""
    if raw is None:
        return []
    if not isinstance(raw, str):
        return list(raw)
    text = raw.strip().removeprefix("[").removesuffix("]")
    return [piece.strip() for piece in re.split(r"[,'\"]", text) if piece.strip()]


def word(label: str) -> str:
    """A label in lower case, without blanks around it."""
    return label.strip().lower()


def metrics(tables: Published) -> dict[str, Wheel]:
    """The mappings by the names of the published scorer: case1 (M1), case2 (M2), case3_wheel1_level1 … (M3)."""
    wheels = {f"case3_{wheel.name}": wheel for level in (1, 2) for wheel in tables.wheels(level)}
    return {"case1": tables.base_forms(), "case2": tables.base_synonyms(), **wheels}


def _mean(values: Any) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def _coded(truth: Sequence[Labels], predicted: Sequence[Labels]) -> Coded:
    return code([parsed(raw) for raw in truth], [parsed(raw) for raw in predicted], word)


def _rows(coded: Coded, wheel: Wheel) -> Any:
    return shared(coded, placed(coded, wheel, neutral=False), penalty=False)


def set_rates(truth: Sequence[Labels], predicted: Sequence[Labels], wheels: Sequence[Wheel]) -> tuple[SetRates, ...]:
    """Precision and recall of sets, and the F1 of their means, wheel by wheel.

    Raises:
        ConfigError: Lengths differ.
    """
    coded = _coded(truth, predicted)
    found = (rates(_rows(coded, wheel)) for wheel in wheels)
    return tuple(_set_rates(values[values[:, 2] > 0, :2]) for values in found)


def _set_rates(values: Any) -> SetRates:
    precision, recall = (_mean(column) for column in np.reshape(values, (-1, 2)).T)
    total = precision + recall
    return SetRates(precision, recall, 2 * precision * recall / total if total else float("nan"), len(values))


def mean_set_rates(scores: Sequence[SetRates]) -> SetRates:
    """The mean over wheels of F, of precision and of recall, each by itself; `n` of the wheel that counts most items."""
    precision, recall, f1 = (_mean([getattr(s, name) for s in scores]) for name in ("precision", "recall", "f1"))
    return SetRates(precision, recall, f1, max((score.n for score in scores), default=0))


def track23(truth: Sequence[Labels], predicted: Sequence[Labels], tables: Published) -> float:
    """MER2025, tracks 2 and 3: mean of F at level 1 and F at level 2, each the mean over the five wheels.

    Raises:
        ConfigError: Lengths differ.
    """
    return _mean([mean_set_rates(set_rates(truth, predicted, tables.wheels(level))).f1 for level in (1, 2)])


def hit_rates(
    labels: Sequence[str], predicted: Sequence[Labels], inventory: Sequence[str], wheels: Sequence[Wheel]
) -> tuple[HitRates, ...]:
    """Hit rate and mscore of data sets with one basic emotion per item, wheel by wheel.

    Args:
        labels: The label of each item.
        predicted: Words that the model named.
        inventory: All labels of the data set, as they are written: the published scorer leaves their case alone.
        wheels: Mappings of `metrics`; published is the mean over the five at level 1.

    Raises:
        ConfigError: Lengths differ.
    """
    coded = _coded([(label,) for label in labels], predicted)
    return tuple(_hit_rates(coded, inventory, wheel) for wheel in wheels)


def _hit_rates(coded: Coded, inventory: Sequence[str], wheel: Wheel) -> HitRates:
    rows = _rows(coded, wheel)
    candidates = {place for label in inventory for place in wheel.places.get(label, ())}
    within = Wheel(wheel.name, {text: places for text, places in wheel.places.items() if candidates.issuperset(places)})
    counted = rows[:, 2] > 0
    hits, among = rows[counted, 0], _rows(coded, within)[counted, 1]
    return HitRates(_mean(hits), _mean(np.where(among > 0, hits / np.maximum(among, 1), 0.0)), int(counted.sum()))


def hit_or_not(truth: Labels, predicted: Labels, wheels: Sequence[Wheel]) -> bool:
    """Whether any of the wheels (published: the five at level 1) puts an annotated and a predicted word into one cluster.

    An empty list stands for neutral; neutral counts by hand, in lower case alone.
    """

    def clusters(raw: Labels, wheel: Wheel) -> set[str]:
        labels = parsed(raw)
        places = {place for label in labels for place in wheel.places.get(word(label), ())}
        return places | {NEUTRAL} if NEUTRAL in labels or not labels else places

    return any(clusters(truth, wheel) & clusters(predicted, wheel) for wheel in wheels)


def sentiment(valence: Sequence[float], predicted: Sequence[str]) -> Polarity:
    """MOSI, MOSEI, SIMS and SIMSv2 in MER-UniBench: valences of 0 are left out, any word but positive counts as not positive.

    Args:
        valence: Annotated, negative to positive.
        predicted: `positive`, `negative` or anything else, case-sensitive.

    Raises:
        ConfigError: Lengths differ.
    """
    from sklearn.metrics import accuracy_score, f1_score

    if len(valence) != len(predicted):
        raise ConfigError(f"{len(valence)} valences and {len(predicted)} predictions", "give one prediction per item")
    kept = [(value > 0, word == "positive") for value, word in zip(valence, predicted, strict=True) if value != 0]
    if not kept:
        return Polarity(float("nan"), float("nan"), 0)
    gold, said = zip(*kept, strict=True)
    return Polarity(float(f1_score(gold, said, average="weighted")), float(accuracy_score(gold, said)), len(kept))


def mer2024(truth: Sequence[Labels], predicted: Sequence[Labels], groups: Sequence[str]) -> SetRates:
    """MER2024's open-vocabulary track: a given grouping of synonyms per item instead of a wheel; `precision` is its set accuracy.

    Args:
        truth: Annotated words.
        predicted: Words that the model named.
        groups: Per item the text of a list of lists; every word of a group becomes its first one, later groups overwrite.

    Returns:
        The published score is the mean of precision and recall.

    Raises:
        ConfigError: Lengths differ.
    """
    if not len(truth) == len(predicted) == len(groups):
        raise ConfigError(f"{len(truth)} truths, {len(predicted)} predictions and {len(groups)} groups", "one per item")
    values: list[tuple[float, float]] = []
    for annotated, said, text in zip(truth, predicted, groups, strict=True):
        lists = [[word(label) for label in parsed(group)] for group in re.findall(r"\[([^\[\]]*)\]", text)]
        first = {label: group[0] for group in lists for label in group}
        gold, found = ({first.get(word(label), word(label)) for label in parsed(raw)} for raw in (annotated, said))
        if gold:
            hits = len(gold & found)
            values.append((hits / max(len(found), 1), hits / len(gold)))
    return _set_rates(values)
