"""How the scores of two readers of one sheet become one: the encoder's and the rules', added as log-probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict


class Fusion(BaseModel):
    """How the encoder's score and the rules' log-probability of one slot are added."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoder: float = 1.0
    """Factor of the encoder's score: the inverse of a temperature."""
    rules: float = 0.0
    """Factor of the rules' score."""
    bias: tuple[float, ...] = ()
    """Added per value of a slot whose set never changes."""


class Calibration(BaseModel):
    """planner.json: what was fitted on held-out predictions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    emotion: Fusion = Fusion()
    """Where face or voice speak beside something else."""
    voice: Fusion = Fusion(encoder=0.0, rules=1.0)
    """Where a voice is all there is: for the weights that ship, the rules alone are best (weights/planner/README.md)."""
    texts: Fusion = Fusion()
    """Emotion where only words are there."""
    relation: Fusion = Fusion()
    """Biases in the order of RELATIONS."""
    sentiment: Fusion = Fusion()
    """Biases in the order of SENTIMENTS."""
    abstain: Fusion = Fusion()
    """One bias."""
    weight: Fusion = Fusion()
    """One bias."""


def logit(p: float) -> float:
    """Log odds, kept finite."""
    p = min(1 - 1e-4, max(1e-4, p))
    return float(np.log(p / (1 - p)))


def sigmoid(x: float) -> float:
    """Inverse of `logit`."""
    return float(1 / (1 + np.exp(-np.clip(x, -40, 40))))


Key = TypeVar("Key")


def fused(how: Fusion, keys: Sequence[Key], encoder: np.ndarray, rules: dict[Key, float]) -> dict[Key, float]:
    """Probabilities of the values of a slot; they sum to 1."""
    score = how.encoder * np.asarray(encoder, np.float64)
    score = score + how.rules * np.log([rules[key] + 0.01 for key in keys])  # 0.01: no table rules anything out
    if how.bias:
        score = score + np.asarray(how.bias)
    share = np.exp(score - score.max())
    return dict(zip(keys, (share / share.sum()).tolist(), strict=True))
