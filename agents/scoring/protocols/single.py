"""One label per item, as published code scores it: MELD (conv-emotion), DFEW and MAFW (MAE-DFER, R1-Omni), MER2025 track 1.

Against the sound metrics: what is undefined counts as 0, and a prediction outside the label set becomes a class of its own that enters
the macro mean.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

Labels = Sequence[Hashable]
_ZERO: Any = 0  # what is undefined; scikit-learn takes a number where its signature, read without types, says a word


def conventions(truth: Labels, said: Labels, inventory: Labels, neutral: Hashable = "neutral") -> dict[str, Any]:
    """What scikit-learn's defaults give, which is what most published tables hold.

    MER2025 track 1 and MELD rank by `weighted_f1`. Macro means run over labels of truth or prediction; `without_neutral` leaves one class
    out, as for DailyDialog and EmoryNLP.

    Args:
        truth: Right labels.
        said: Predicted labels, anything at all; compared as they are.
        inventory: The label set, in the order of the per-class figures and of the confusion matrix (rows: truth).
        neutral: The class that `without_neutral` leaves out.
    """
    from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

    def figures(average: Any, labels: list[Any] | None = None) -> Any:
        return precision_recall_fscore_support(truth, said, labels=labels, average=average, zero_division=_ZERO)

    order: list[Any] = list(inventory)
    shown: dict[str, Any] = {"accuracy": float(accuracy_score(truth, said))}
    for average in ("weighted", "macro", "micro"):
        found = zip(("precision", "recall", "f1"), figures(average)[:3], strict=True)
        shown |= {f"{average}_{name}": float(value) for name, value in found}
    names = ("precision", "recall", "f1", "support")
    rest = [label for label in order if label != neutral]
    return shown | {
        "per_class_in_inventory_order": {"order": order, **dict(zip(names, figures(None, order), strict=True))},
        "confusion_matrix_rows_truth_inventory_order": confusion_matrix(truth, said, labels=order),
        "macro_f1_over_full_inventory": float(figures("macro", order)[2]),
        "macro_f1_over_classes_in_truth": float(figures("macro", [x for x in order if x in set(truth)])[2]),
        "without_neutral": {f"{a}_f1": float(figures(a, rest)[2]) for a in ("micro", "macro", "weighted")},
    }


def conv_emotion(truth: Labels, said: Labels, mask: Sequence[int]) -> dict[str, float]:
    """MELD in padded dialogues: items with mask 0 do not count; printed in percent with two decimals."""
    from sklearn.metrics import accuracy_score, f1_score

    f1 = float(f1_score(truth, said, average="weighted", sample_weight=mask, zero_division=_ZERO))
    accuracy = float(accuracy_score(truth, said, sample_weight=mask))
    return {
        "weighted_f1": f1,
        "accuracy": accuracy,
        "printed_weighted_f1": round(100 * f1, 2),
        "printed_accuracy": round(100 * accuracy, 2),
    }


def mae_dfer(truth: Labels, said: Labels) -> dict[str, float]:
    """DFEW and MAFW: `uar` is the mean recall over labels of truth or prediction, NaN where one of them is never true; `war` accuracy."""
    from sklearn.metrics import confusion_matrix, f1_score

    table = confusion_matrix(truth, said)
    with np.errstate(invalid="ignore"):
        uar = float(np.mean(table.diagonal() / table.sum(1)))
    f1 = {
        f"{a}_f1": float(f1_score(truth, said, average=a, zero_division=_ZERO)) for a in ("weighted", "micro", "macro")
    }
    return {"uar": uar, "war": float(table.trace() / table.sum()), **f1}


def r1_omni(truth: Labels, said: Labels) -> dict[str, float]:
    """DFEW and MAFW in percent: the mean recall over classes that are true somewhere, and accuracy."""
    from sklearn.metrics import accuracy_score, recall_score

    classes: list[Any] = list(dict.fromkeys(truth))
    uar = recall_score(truth, said, labels=classes, average="macro", zero_division=_ZERO)
    return {"war_percent": 100 * float(accuracy_score(truth, said)), "uar_percent": 100 * float(uar)}
