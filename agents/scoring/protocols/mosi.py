"""CMU-MOSI, CMU-MOSEI, CH-SIMS and CH-SIMS v2 as the MMSA toolkit scores them (Mao et al. 2022).

Against the sound metrics: with `Non0` a prediction of exactly 0 counts as negative; CH-SIMS clips everything to [-1, 1] first, 0 belongs
to its negative class; the three-class mode compares codes of two kinds under `Non0`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cuechain.agents.scoring.metrics.regression import of, pearson

_ZERO: Any = 0  # what is undefined; scikit-learn takes a number where its signature, read without types, says a word
SIMS_EDGES = {2: (0.0,), 3: (-0.1, 0.1), 5: (-0.7, -0.1, 0.1, 0.7)}
"""Upper edges, inclusive, of all classes but the last."""


def mosi(truth: Sequence[float], said: Sequence[float]) -> dict[str, float]:
    """CMU-MOSI and CMU-MOSEI: real values, in [-3, 3] where they are right.

    `Has0` is negative against the rest over all items, `Non0` negative against positive where the truth is not 0; `Mult_acc_7` and
    `Mult_acc_5` clip to ±3 and ±2 and round half to even; `MAE` and `Corr` take the values as they are.
    """
    y, p = np.asarray(truth, float), np.asarray(said, float)
    kept = y != 0
    return {
        **_binary("Has0", y >= 0, p >= 0),
        **_binary("Non0", y[kept] > 0, p[kept] > 0),
        **{f"Mult_acc_{2 * k + 1}": float(np.mean(_levels(y, k) == _levels(p, k))) for k in (2, 3)},
        "MAE": float(np.mean(np.abs(p - y))),
        "Corr": of(pearson, y, p),
    }


def sims(truth: Sequence[float], said: Sequence[float]) -> dict[str, float]:
    """CH-SIMS and CH-SIMS v2: all values are clipped to [-1, 1] first, those of `MAE` and `Corr` too.

    Classes end at SIMS_EDGES: `Mult_acc_2` with its weighted `F1_score`, `Mult_acc_3`, `Mult_acc_5`.
    """
    y, p = np.clip(np.asarray(truth, float), -1, 1), np.clip(np.asarray(said, float), -1, 1)
    classes = {k: [np.digitize(x, edges, right=True) for x in (y, p)] for k, edges in SIMS_EDGES.items()}
    return {
        **{f"Mult_acc_{k}": float(np.mean(a == b)) for k, (a, b) in classes.items()},
        "F1_score": _weighted_f1(*classes[2]),
        "MAE": float(np.mean(np.abs(p - y))),
        "Corr": of(pearson, y, p),
    }


def three_classes(truth: Sequence[int], scores: Sequence[Sequence[float]]) -> dict[str, float]:
    """The toolkit's classification mode.

    Under `Non0` the truth keeps the codes 0 and 2 while predictions are 0 or 1, so no positive item can be right; figures of that mode
    are known to be too low.

    Args:
        truth: 0 negative, 1 neutral, 2 positive.
        scores: Three per item (N, 3) in the same order; a tie goes to the lower class.
    """
    y, s = np.asarray(truth), np.asarray(scores, float)
    full, polar = s.argmax(1), s[:, [0, 2]].argmax(1)
    kept = y != 1
    return {
        **_binary("Has0", y > 1, polar > 0),
        "Non0_acc_2": float(np.mean(y[kept] == polar[kept])),
        "Non0_F1_score": _weighted_f1(y[kept], polar[kept]),
        "Acc_3": float(np.mean(y == full)),
        "F1_score_3": _weighted_f1(y, full),
    }


def printed(figures: Mapping[str, float]) -> dict[str, float]:
    """Rounded to four decimals, as the toolkit reports them."""
    return {name: round(value, 4) for name, value in figures.items()}


def _binary(name: str, y: np.ndarray, p: np.ndarray) -> dict[str, float]:
    return {f"{name}_acc_2": float(np.mean(y == p)) if len(y) else float("nan"), f"{name}_F1_score": _weighted_f1(y, p)}


def _levels(values: np.ndarray, most: int) -> np.ndarray:
    return np.rint(np.clip(values, -most, most))


def _weighted_f1(y: np.ndarray, p: np.ndarray) -> float:
    from sklearn.metrics import f1_score

    return float(f1_score(y, p, average="weighted", zero_division=_ZERO)) if len(y) else float("nan")
