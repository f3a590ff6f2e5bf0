"""Importance of the senses over the items of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from cuechain.agents import registry
from cuechain.agents.errors import CueChainError
from cuechain.agents.importance.asking import comparable, weigh_sheet
from cuechain.agents.llm import Model
from cuechain.agents.reason import labels_of
from cuechain.agents.values import Case, Value
from cuechain.agents.weigh import Judged, Weighing

if TYPE_CHECKING:
    from cuechain.agents.settings import Settings


class Weighed(Value):
    """The importance of senses over the items of a dataset."""

    n: int
    """Items."""
    scores: dict[str, float]
    """Sense to mean MIS over the items that have it beside another sense."""
    low: dict[str, float]
    """Lower end of the 95 % interval: percentiles of 1000 bootstrap means over items, seed 0."""
    high: dict[str, float]
    """Upper end."""
    count: dict[str, int]
    """Items behind each mean."""
    kinds: dict[str, int]
    """Class to number of items; items with one sense have none."""
    right: dict[str, float]
    """Set of senses to mean accuracy over the items that have it."""


class Dataset(Value):
    """Importance over the items of a run."""

    by_answer: Weighed
    """For reaching the answer of all senses."""
    by_gold: Weighed
    """For reaching what people said."""
    interactions: dict[str, int]
    """redundancy, uniqueness, synergy to number of items."""
    left_out: dict[str, int]
    """Why items do not count, and how many."""
    items: dict[str, Weighing]
    """Id, or number, of each item to its weighing."""


def overall(items: Sequence[Judged]) -> Weighed:
    """Means over items; where all items have the same senses, the mean MIS is the MIS of the mean accuracies."""
    import numpy as np

    held: dict[str, list[float]] = {}
    right: dict[str, list[float]] = {}
    for item in items:
        for sense, found in item.senses.items():
            if found.score is not None:
                held.setdefault(sense, []).append(found.score)
        for chosen, accuracy in item.right.items():
            right.setdefault(chosen, []).append(accuracy)
    chance = np.random.default_rng(0)
    ends: dict[str, list[float]] = {}
    for sense, scores in held.items():
        drawn = np.array(scores)[chance.integers(0, len(scores), (1000, len(scores)))].mean(1)
        ends[sense] = np.percentile(drawn, (2.5, 97.5)).tolist()
    return Weighed(
        n=len(items),
        scores={s: float(np.mean(v)) for s, v in held.items()},
        low={s: e[0] for s, e in ends.items()},
        high={s: e[1] for s, e in ends.items()},
        count={s: len(v) for s, v in held.items()},
        kinds=dict(Counter(item.kind for item in items if item.kind)),
        right={chosen: float(np.mean(v)) for chosen, v in right.items()},
    )


def run_weighed(cases: Iterable[Case], model: Model, settings: Settings) -> Dataset:
    """Weigh every finished item of a run; what cannot be weighed is counted by its reason.

    Raises:
        ConfigError: The task's answers have no label.
    """
    left: Counter[str] = Counter()
    items: dict[str, Weighing] = {}
    for number, case in enumerate(cases, 1):
        task = comparable(registry.get("tasks", case.question.task))
        gold = tuple(case.sample.target.labels or ()) if case.sample else ()
        labels = {label.lower() for label in labels_of(case.question, task)}
        if labels and any(g.lower() not in labels for g in gold):
            left["label outside the set, weighed by the answer alone"] += 1
            gold = ()
        if not case.sheet.cues:
            left["no cues"] += 1
            continue
        try:
            found = weigh_sheet(case.sheet, case.question, model, settings, gold=gold)
        except CueChainError as error:
            left[f"failed: {error.message}"] += 1
            continue
        left["one sense alone"] += len(found.senses) == 1
        if found.answer.label is None:
            left["no answer, weighed by the label alone" if gold else "neither an answer nor a label"] += 1
        items[case.sample.id if case.sample else str(number)] = found
    several = [f for f in items.values() if len(f.senses) > 1]
    return Dataset(
        by_answer=overall([f.by_answer for f in several if f.by_answer]),
        by_gold=overall([f.by_gold for f in several if f.by_gold]),
        interactions=dict(Counter(f.interaction for f in several if f.interaction)),
        left_out={why: n for why, n in left.items() if n},
        items=items,
    )
