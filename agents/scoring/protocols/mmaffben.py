"""MMAFFBen (Liu et al. 2025): how it reads an answer, and what it makes of what it read.

Against the sound metrics: an answer that cannot be read becomes a value (no label, 0, 0.5 or 9) and is scored as that; a class that is
neither true nor predicted counts as F1 1; `acc` of the multi-label sets is a Jaccard index weighted by class.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cuechain.agents.scoring.metrics.regression import of, pearson

EKMAN = ("neutral", "happiness", "sadness", "anger", "fear", "surprise", "disgust")
INVENTORIES: dict[str, tuple[str, ...]] = {
    "Ec": tuple(
        "neutral joy sadness anger fear surprise disgust anticipation love optimism pessimism trust".split()  # noqa: SIM905
    ),
    "EWECT": EKMAN[:6],
    "XED": ("neutral", "joy", "sadness", "anger", "fear", "surprise", "disgust", "anticipation", "trust"),
    "EMOTIC_emo": (
        *EKMAN[:6],
        *"aversion excitement peace affection annoyance anticipation confidence disapproval disconnection".split(),  # noqa: SIM905
        *"disquietment doubt/confusion embarrassment engagement esteem fatigue pain pleasure".split(),  # noqa: SIM905
        *"sensitivity suffering sympathy yearning".split(),  # noqa: SIM905
    ),
    "FER2013": EKMAN,
    "CFAPS_emo": EKMAN,
    "MELD_emo": EKMAN,
    "SAMSEMO": (*EKMAN, "other emotions"),
}
"""Label sets in the order of the benchmark's numbers."""

UNREAD = 9
"""Polarity of an answer that names none: a class of its own."""

_ZERO: Any = 0  # what is undefined; scikit-learn takes a number where its signature, read without types, says a word
_ONE: Any = 1
_NUMBER = r"-?\d+(?:\.\d+)?"
_DIMENSIONS = ("valence", "arousal", "dominance")


def labels(text: object, inventory: Sequence[str]) -> np.ndarray:
    """Which labels an answer names, as 0/1 (labels,); whole numbers count where no name was found.

    "and", "or" and "with" separate, inside words too; a name has to stand between blanks once other signs are gone, so names joined by a
    comma alone, or with a sign of their own, are not found.
    """
    found = np.zeros(len(inventory), int)
    if not isinstance(text, str):
        return found
    split = re.sub("and|or|with", ",", text.lower())
    pieces = {piece.strip(",.") for piece in re.sub(r"[^\w\s,]", "", split).split()}
    for place, name in enumerate(inventory):
        found[place] = name in pieces
    if not found.any():
        found[[n for n in map(int, re.findall(r"\b\d+\b", split)) if n < len(inventory)]] = 1
    return found


def intensity(text: str) -> float:
    """EIreg, CFAPS_emoint: the first decimal that begins with 0 (a minus before it is lost), else the first number, else 0.5; in [0, 1]."""
    if decimal := re.search(r"\b0\.\d+\b", text):
        return float(decimal[0])
    return _clipped(_first(_NUMBER, text, 0.5), 0, 1)


def ordinal_intensity(text: str) -> int:
    """EIoc: the first whole number, else 0; in 0 to 3."""
    return int(_clipped(_first(r"-?\d+", text, 0), 0, 3))


def ordinal_valence(text: str) -> int:
    """Voc: the first whole number within -3 to 3, else 0."""
    return next((n for n in map(int, re.findall(r"-?\d+", text)) if -3 <= n <= 3), 0)


def strength(text: str) -> float:
    """Vreg, CHSIMS_strength: the first number, else 0; in [-1, 1]."""
    return _clipped(_first(_NUMBER, text, 0), -1, 1)


def polarity(text: str, neutral: bool = True) -> int:
    """MMS, MELD_sen, CHSIMS_pol; onlineshopping without `neutral`: -1, 0 or 1 by digit or word, in this order, else 9."""
    said = text.lower()
    for value, word in ((-1, "negative"), (0, "neutral"), (1, "positive")):
        if (value or neutral) and (str(value) in said or word in said):
            return value
    return UNREAD


def dimensions(text: str) -> tuple[float, float, float]:
    """EMOTIC_vad: valence, arousal, dominance after their names in small letters; 0 where none is read."""
    found = (re.search(rf"{name}\s*[:-]?\s*(-?\d*\.\d+|\d+)", text) for name in _DIMENSIONS)
    valence, arousal, dominance = (float(f[1]) if f else 0.0 for f in found)
    return valence, arousal, dominance


def label_scores(truth: np.ndarray, said: np.ndarray) -> dict[str, float]:
    """Figures of 0/1 matrices (N, labels).

    Returns:
        `acc_weighted_jaccard` and `micro_f1`, which the multi-label sets and MELD report; `acc_exact`, which EWECT, FER2013 and CFAPS_emo
        report; `macro_f1`.
    """
    from sklearn.metrics import accuracy_score, f1_score, jaccard_score

    return {
        "acc_weighted_jaccard": float(jaccard_score(truth, said, average="weighted", zero_division=_ZERO)),
        "acc_exact": float(accuracy_score(truth, said)),
        "micro_f1": float(f1_score(truth, said, average="micro", zero_division=_ONE)),
        "macro_f1": float(f1_score(truth, said, average="macro", zero_division=_ONE)),
    }


def polarity_scores(truth: Sequence[int], said: Sequence[int]) -> dict[str, float]:
    """`acc`, and `macro_f1` over all values of truth or prediction, the unread one too."""
    from sklearn.metrics import accuracy_score, f1_score

    macro = f1_score(truth, said, average="macro", zero_division=_ZERO)
    return {"acc": float(accuracy_score(truth, said)), "macro_f1": float(macro)}


def correlation(truth: Sequence[float], said: Sequence[float]) -> float:
    """Pearson's r; NaN for a constant list."""
    return of(pearson, truth, said)


def correlations(pairs: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> dict[str, float]:
    """EIreg and EIoc: r of each emotion's (truth, said), and their plain mean under `average`."""
    found = {emotion: correlation(*both) for emotion, both in pairs.items()}
    return found | {"average": float(np.mean(list(found.values())))}


def _first(pattern: str, text: str, default: float) -> float:
    found = re.search(pattern, text)
    return float(found[0]) if found else default


def _clipped(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
