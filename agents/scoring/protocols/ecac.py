"""SemEval-2024 task 3 (ECAC, Wang et al. 2024) as its published scorer computes it: emotion–cause pairs in conversations.

Its quirks: neutral pairs are not counted; duplicates count once; a gold span stands at its first occurrence, one that does not occur at
[0, 0]; a gold span's length counts again with every prediction that meets it; each denominator has 1e-8 added. `metrics/tuples.py` has
the sound definition.
"""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from cuechain.agents.errors import ConfigError
from cuechain.agents.scoring.metrics.tuples import Place, overlap

EMOTIONS = ("anger", "disgust", "fear", "joy", "sadness", "surprise")
"""Counted classes."""

LEGAL = frozenset((*EMOTIONS, "neutral"))

_TINY = 1e-8
"""Added to denominators."""

Conversation = Mapping[str, Any]
"""An entry of the published JSON: `conversation_ID`, `emotion-cause_pairs`, and in the truth of subtask 1 `conversation`."""

Key = tuple[int, int, str, int]
"""Conversation, emotion turn, emotion, cause turn."""


@dataclass(frozen=True)
class PairScore:
    """Precision, recall and F1 over the six emotions."""

    weighted_precision: float
    """Mean over emotions, weighted by their share of the truth; NaN without a true pair."""
    weighted_recall: float
    """Mean over emotions, weighted by their share of the truth; NaN without a true pair."""
    weighted_f1: float
    """Mean over emotions, weighted by their share of the truth; the ranking of both subtasks."""
    micro_precision: float
    """All emotions together."""
    micro_recall: float
    """All emotions together."""
    micro_f1: float
    """All emotions together."""


@dataclass(frozen=True)
class SpanScore:
    """Subtask 1: causes as spans of text."""

    strict: PairScore
    """Both ends of the span agree."""
    proportional: PairScore
    """By tokens that the spans share."""


def utterances(gold: Sequence[Conversation], predicted: Sequence[Conversation]) -> PairScore:
    """Subtask 2: pairs `["3_joy", "1"]` of an emotion turn and a cause turn.

    Raises:
        ConfigError: A conversation is missing or stands twice, a pair is malformed, or an emotion is none of the six and neutral.
    """
    there, said = _joined(gold, predicted)
    sides = [{(key, None) for talk in side for key, _ in _pairs(talk)} for side in (there, said)]
    return _strict(*sides)


def spans(gold: Sequence[Conversation], predicted: Sequence[Conversation]) -> SpanScore:
    """Subtask 1: true pairs `["3_joy", "1_the dog"]`, predicted ones `["3_joy", "1_0_2"]` with token positions, the end exclusive.

    Raises:
        ConfigError: As `utterances`, or a predicted span has no two positions.
    """
    there, said = _joined(gold, predicted)
    truth: dict[tuple[Key, Place], None] = {}
    for talk in there:
        texts = {int(turn["utterance_ID"]): turn["text"] for turn in talk["conversation"]}
        truth.update(dict.fromkeys((key, located(texts.get(key[3], ""), rest)) for key, rest in _pairs(talk)))
    found = dict.fromkeys((key, _positions(rest)) for talk in said for key, rest in _pairs(talk))
    return SpanScore(_strict({*truth}, {*found}), _proportional(list(truth), list(found)))


def located(utterance: str, span: str) -> Place:
    """Where the tokens of a span first occur in an utterance, ASCII punctuation at its ends aside; [0, 0] where they do not."""
    text = span.strip()
    while text and (text[0] in string.punctuation or text[-1] in string.punctuation):
        text = (text[1:] if text[0] in string.punctuation else text[:-1]).strip()
    words, wanted = utterance.split(), text.split()
    for start in range(len(words) - len(wanted) + 1):
        if wanted and words[start : start + len(wanted)] == wanted:
            return Place(start, start + len(wanted))
    return Place(0, 0)


def _joined(
    gold: Sequence[Conversation], predicted: Sequence[Conversation]
) -> tuple[list[Conversation], list[Conversation]]:
    sides: list[dict[int, Conversation]] = []
    for talks in (gold, predicted):
        sides.append({int(talk["conversation_ID"]): talk for talk in talks})
        if len(sides[-1]) != len(talks):
            raise ConfigError("a conversation_ID stands twice", "give each conversation once")
    there, said = sides
    if missing := there.keys() - said.keys():
        raise ConfigError(
            f"{len(missing)} conversations have no prediction, the first is {min(missing)}",
            "a conversation without pairs has an empty list",
        )
    return list(there.values()), [said[number] for number in there]


def _pairs(talk: Conversation) -> Iterator[tuple[Key, str]]:
    """Each pair, and what stands behind the number of its cause turn."""
    for effect, cause in talk["emotion-cause_pairs"]:
        turn, _, emotion = str(effect).partition("_")
        where, _, rest = str(cause).partition("_")
        try:
            key = int(talk["conversation_ID"]), int(turn.removeprefix("U")), emotion, int(where)
        except ValueError as error:
            raise ConfigError(f"{[effect, cause]} is no emotion–cause pair", 'such as ["3_joy", "1_0_2"]') from error
        if emotion not in LEGAL:
            raise ConfigError(f"{emotion!r} is no emotion of the task", ", ".join(sorted(LEGAL)))
        yield key, rest


def _positions(rest: str) -> Place:
    try:
        start, end = (int(part) for part in rest.split("_"))
    except ValueError as error:
        raise ConfigError(f"{rest!r} names no two token positions", 'a predicted cause is such as "1_0_2"') from error
    return Place(start, end)


def _strict(there: Set[tuple[Key, Place | None]], said: Set[tuple[Key, Place | None]]) -> PairScore:
    def counts(pairs: Set[tuple[Key, Place | None]]) -> np.ndarray:
        number = Counter(key[2] for key, _ in pairs)
        return np.array([number[emotion] for emotion in EMOTIONS], float)

    return _score(counts(there & said), counts(said), counts(there), counts(there))


def _proportional(there: Sequence[tuple[Key, Place]], said: Sequence[tuple[Key, Place]]) -> PairScore:
    places: dict[Key, list[Place]] = {}
    for key, place in there:
        places.setdefault(key, []).append(place)
    right, predicted, gold, number = (Counter[str]() for _ in range(4))
    met: set[tuple[Key, Place]] = set()
    for key, place in said:
        predicted[key[2]] += place.end - place.start
        best, shared = None, 0
        for true in places.get(key, ()):
            common = overlap(place, true)
            if common and (best is None or _rank(common, true) > _rank(shared, best)):
                best, shared = true, common
        if best is not None:
            right[key[2]] += shared
            gold[key[2]] += best.end - best.start
            met.add((key, best))
    for key, place in there:
        number[key[2]] += 1
        gold[key[2]] += (place.end - place.start) * ((key, place) not in met)
    return _score(
        *(np.array([side[emotion] for emotion in EMOTIONS], float) for side in (right, predicted, gold, number))
    )


def _rank(shared: int, true: Place) -> tuple[float, int]:
    return shared / (true.end - true.start), shared


def _score(right: np.ndarray, predicted: np.ndarray, gold: np.ndarray, number: np.ndarray) -> PairScore:
    """Of counts (or tokens) per emotion; `number` gives the weights."""
    rates = _rates(right, predicted, gold)
    weights = number / number.sum() if number.sum() else np.full(len(number), np.nan)
    return PairScore(
        *(float(rate @ weights) for rate in rates), *map(float, _rates(right.sum(), predicted.sum(), gold.sum()))
    )


def _rates(right: Any, predicted: Any, gold: Any) -> tuple[Any, Any, Any]:
    precision, recall = right / (predicted + _TINY), right / (gold + _TINY)
    return precision, recall, 2 * precision * recall / (precision + recall + _TINY)
