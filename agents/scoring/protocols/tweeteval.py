"""TweetEval (Barbieri et al. 2020, arXiv:2010.12421): the figure of each task as its published script computes it.

Against the sound metrics: labels are compared as strings, a label that was only predicted becomes a class of its own in the macro mean,
what is undefined counts as 0, and what cannot be scored is -1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

TASKS = ("emoji", "emotion", "hate", "irony", "offensive", "sentiment", "stance")
"""The seven tasks whose mean is the benchmark's score."""

FAILED = -1.0
"""Score of a task that the script cannot score."""

_SCORED = {"irony": (("1",), "f1-score"), "stance": (("1", "2"), "f1-score"), "sentiment": (("macro avg",), "recall")}
_MACRO = (("macro avg",), "f1-score")

Labels = Sequence[Any] | Mapping[str, Sequence[Any]]


def tweeteval(task: str, truth: Labels, said: Labels) -> dict[str, Any]:
    """The task's score and what it is made of.

    Macro-F1 for emoji, emotion, hate and offensive; F1 of class 1 for irony; macro recall for sentiment; for stance the mean F1 of
    classes 1 and 2, over all targets as one list.

    Args:
        task: One of TASKS.
        truth: Right labels, one per item; for stance a list per target.
        said: Predicted labels in the same order.

    Returns:
        `score`, and where the lengths agree `macro_f1`, `macro_precision`, `macro_recall`, `weighted_f1`, `accuracy` and `per_class`;
        `message` where the score is -1.
    """
    from sklearn.metrics import classification_report

    right, answers = _flat(truth), _flat(said)
    if len(right) != len(answers) or not right:
        return {"score": FAILED, "message": f"{len(right)} right labels, {len(answers)} predictions"}
    told: dict[str, Any] = classification_report(right, answers, output_dict=True, zero_division=0)  # type: ignore[assignment]
    classes = {name: told[name] for name in sorted({*right, *answers})}
    keys, figure = _SCORED.get(task, _MACRO)
    absent = [key for key in keys if key not in told]
    return {
        "score": FAILED if absent else sum(told[key][figure] for key in keys) / len(keys),
        "macro_f1": told["macro avg"]["f1-score"],
        "macro_precision": told["macro avg"]["precision"],
        "macro_recall": told["macro avg"]["recall"],
        "weighted_f1": told["weighted avg"]["f1-score"],
        "accuracy": told["accuracy"],
        "per_class": {
            name: {"precision": c["precision"], "recall": c["recall"], "f1": c["f1-score"], "support": c["support"]}
            for name, c in classes.items()
        },
    } | ({"message": f"no item of class {', '.join(absent)}"} if absent else {})


def benchmark(scores: Mapping[str, float]) -> float:
    """Mean of the seven tasks' scores; -1 where one is missing or was not scored."""
    found = [scores.get(task, FAILED) for task in TASKS]
    return FAILED if FAILED in found else sum(found) / len(found)


def _flat(labels: Labels) -> list[str]:
    lists = labels.values() if isinstance(labels, Mapping) else [labels]
    return [str(label) for part in lists for label in part]
