"""Fit temperatures, biases and the fusion with the rules on predictions for authors that the network had not seen."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cuechain.agents.llm.embedded import verbal
from cuechain.agents.llm.fusion import Calibration, Fusion, logit
from cuechain.agents.llm.labels import meaning
from cuechain.agents.llm.rules import reading, sentiments, weights
from cuechain.agents.llm.serialise import RELATIONS, SENTIMENTS
from cuechain.agents.values import EKMAN
from cuechain.finetune.embedded.examples import Example

Item = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Encoder scores, rules' scores (both one per value), and 1 where a value is right."""


def fitted(items: Sequence[Item], biased: bool) -> Fusion:
    """Factors that make the right values most likely (softmax, mean log-likelihood), held by a little L2 toward a plain temperature."""
    encoder = np.stack([i[0] for i in items])
    rules = np.stack([i[1] for i in items])
    right = np.stack([i[2] for i in items]).astype(float)
    count = encoder.shape[1] if biased else 0

    def loss(x: np.ndarray) -> float:
        score = x[0] * encoder + x[1] * rules + (x[2:] if count else 0.0)
        score = score - score.max(1, keepdims=True)
        share = np.exp(score) / np.exp(score).sum(1, keepdims=True)
        held = 0.01 * ((x[0] - 1) ** 2 + x[1] ** 2 + (x[2:] ** 2).sum())
        return float(-np.log((share * right).sum(1) + 1e-9).mean() + held)

    return _fusion(loss, count)


def fitted_odds(items: Sequence[tuple[float, float, float]]) -> Fusion:
    """The same for a yes or no: items are encoder score, rules' score and 1 or 0."""
    encoder, rules, right = (np.array(column, float) for column in zip(*items, strict=True))

    def loss(x: np.ndarray) -> float:
        score = x[0] * encoder + x[1] * rules + x[2]
        return float(np.mean(np.logaddexp(0, score) - right * score) + 0.01 * ((x[0] - 1) ** 2 + x[1] ** 2))

    return _fusion(loss, 1)


def _fusion(loss: Callable[[np.ndarray], float], biases: int) -> Fusion:
    from scipy.optimize import minimize

    bounds = [(0.05, 5.0), (0.0, 5.0), *[(-6.0, 6.0)] * biases]
    found: Any = minimize(loss, np.array([1.0, 0.5, *[0.0] * biases]), method="L-BFGS-B", bounds=bounds)
    encoder, rules, *bias = (round(float(v), 4) for v in found.x)
    return Fusion(encoder=encoder, rules=rules, bias=tuple(bias))


def predictions(paths: Sequence[Path]) -> dict[str, dict[str, Any]]:
    """Raw scores by example id, from the files that training with `hold_out` wrote."""
    lines = [line for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    return {found["id"]: found for found in map(json.loads, lines)}


def accepted(example: Example) -> set[str]:
    """Ekman labels that count as right."""
    return {meaning(label)[0] or label for label in (example.emotion, *example.also) if label}


def calibration(sheets: Sequence[Example], raw: dict[str, dict[str, Any]]) -> Calibration:
    """Fit every slot.

    Args:
        sheets: Written sheets and plain texts with labels; those without a prediction are passed over.
        raw: Predictions by id.
    """
    emotion: list[Item] = []
    texts: list[Item] = []
    relation: list[Item] = []
    sentiment: list[Item] = []
    abstain: list[tuple[float, float, float]] = []
    weight: list[tuple[float, float, float]] = []
    for example in sheets:
        if example.id not in raw:
            continue
        seen, found = raw[example.id], reading(example.sheet, example.person)
        if example.emotion is not None and not example.abstain:
            right = accepted(example)
            item = _item(seen["emotion"], [found.core[k] for k in EKMAN], [k in right for k in EKMAN])
            (texts if verbal(found, example.sheet) else emotion).append(item)
        if example.decisive is None:
            continue
        abstain.append((seen["abstain"], logit(found.abstain), float(example.abstain)))
        if example.relation:
            ruled = [found.relation[k] for k in RELATIONS]
            relation.append(_item(seen["relation"], ruled, [k == example.relation for k in RELATIONS]))
        if example.sentiment:
            polar = sentiments(found.core, found.relation)
            told = [k == example.sentiment for k in SENTIMENTS]
            sentiment.append(_item(seen["sentiment"], [polar[k] for k in SENTIMENTS], told))
        if not example.abstain:
            ruled_weight = weights(example.sheet, found)
            weight += [(w, logit(ruled_weight[k]), float(k in example.decisive)) for k, w in seen["weight"].items()]
    return Calibration(
        emotion=fitted(emotion, biased=False),
        texts=fitted(texts or emotion, biased=False),
        relation=fitted(relation, biased=True),
        sentiment=fitted(sentiment, biased=True),
        abstain=fitted_odds(abstain),
        weight=fitted_odds(weight),
    )


def _item(encoder: list[float], rules: list[float], right: list[bool]) -> Item:
    return np.array(encoder), np.log(np.array(rules) + 0.01), np.array(right)
