"""What little knowledge already gets: the majority label, words alone, the nearest neighbours' vote, boosted trees on the measures.

Those that learn are fitted on the other groups of the same run (five folds of whole groups), so that no dialogue or speaker helps itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cuechain.agents.llm.embedded import EmbeddedPlanner
from cuechain.agents.llm.rules import SAID, RulesPlanner
from cuechain.agents.scoring.tally import NOTHING
from cuechain.agents.values import CueSheet, Question

FOLDS = 5
NEIGHBOURS = 5
"""As many as the few-shot prompts of M-ICL show by default."""
CHUNK = 512
"""Sheets that are compared with all others at once: bounds the memory."""
SEED = 0

Fit = Callable[[Sequence[int], Sequence[int]], Sequence[str]]
"""(places to learn from, places to tell) → their labels."""


def majority(truth: Sequence[str], groups: Sequence[str]) -> list[str]:
    """The commonest label of the other folds; of two as common the first in the alphabet."""

    def fit(learn: Sequence[int], tell: Sequence[int]) -> list[str]:
        counts = Counter(truth[i] for i in learn)
        return [min(counts, key=lambda k: (-counts[k], k))] * len(tell)

    return folded(fit, groups)


def words_alone(sheets: Sequence[CueSheet], labels: Sequence[str]) -> list[str]:
    """What the rules read in words, without face, voice, scene, and without any model of ours that was tuned to sheets."""
    planner, told = RulesPlanner(), []
    for sheet in sheets:
        said = sheet.only({i for i, c in sheet.cues.items() if c.sense in SAID})
        shares = planner.plan(said, Question(text="How does this person feel?"), tuple(labels), None).labels
        told.append(max(shares, key=lambda k: shares[k]))
    return told


def neighbours(sheets: Sequence[CueSheet], truth: Sequence[str], groups: Sequence[str]) -> list[str]:
    """The vote of the NEIGHBOURS nearest sheets of other groups, where the embedded encoder puts them; of two as common the nearer one."""
    places = EmbeddedPlanner().vectors(sheets)
    names, own = np.asarray(truth), np.unique(np.asarray(groups), return_inverse=True)[1]
    told: list[str] = []
    for begin in range(0, len(sheets), CHUNK):
        likeness = places[begin : begin + CHUNK] @ places.T
        likeness[own[begin : begin + CHUNK, None] == own[None, :]] = -np.inf
        for row in likeness:
            near = [i for i in np.argsort(-row, kind="stable")[:NEIGHBOURS] if np.isfinite(row[i])]
            told.append(Counter(names[near].tolist()).most_common(1)[0][0] if near else NOTHING)
    return told


def features(sheets: Sequence[CueSheet], truth: Sequence[str], groups: Sequence[str]) -> list[str]:
    """Gradient-boosted trees (scikit-learn's histogram version) on the mean of each measure of each sense and on the number of cues."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    table = measures(sheets)

    def fit(learn: Sequence[int], tell: Sequence[int]) -> list[str]:
        known = [truth[i] for i in learn]
        there = np.isfinite(table[list(learn)]).any(0)  # a measure that nobody there has cannot be binned
        if len(set(known)) < 2 or not there.any():
            return [Counter(known).most_common(1)[0][0]] * len(tell)
        trees = HistGradientBoostingClassifier(max_iter=100, min_samples_leaf=5, random_state=SEED)
        with threadpool_limits(
            1
        ):  # on a busy machine threads of small trees wait for each other a hundred times longer than they work
            trees.fit(table[list(learn)][:, there], known)
            return list(trees.predict(table[list(tell)][:, there]))

    return folded(fit, groups)


def measures(sheets: Sequence[CueSheet]) -> np.ndarray:
    """Sheets as rows (N, M) float32: the mean of each numeric measure of each sense, and the number of its cues; NaN where none has it."""
    rows: list[dict[str, float]] = []
    for sheet in sheets:
        found: dict[str, list[float]] = {}
        for cue in sheet.cues.values():
            found.setdefault(f"{cue.sense} cues", []).append(1.0)
            for name, value in cue.measures.items():
                if isinstance(value, float | int) and name not in ("line", "words"):
                    found.setdefault(f"{cue.sense} {name}", []).append(float(value))
        rows.append({n: float(sum(v)) if n.endswith(" cues") else float(np.mean(v)) for n, v in found.items()})
    names = sorted({name for row in rows for name in row})
    return np.array([[row.get(name, np.nan) for name in names] for row in rows], np.float32).reshape(len(rows), -1)


def folded(fit: Fit, groups: Sequence[str]) -> list[str]:
    """Labels of all items, each told by what was learnt from other groups; with one group alone nothing can be learnt.

    Raises:
        ValueError: Fewer than two groups.
    """
    from sklearn.model_selection import GroupKFold

    count = min(FOLDS, len(set(groups)))
    if count < 2:
        raise ValueError("one group leaves nothing to learn from")
    told: list[Any] = [None] * len(groups)
    places = np.arange(len(groups))
    for learn, tell in GroupKFold(count, shuffle=True, random_state=SEED).split(places, groups=list(groups)):
        for place, label in zip(tell, fit(learn.tolist(), tell.tolist()), strict=True):
            told[place] = str(label)
    return told
