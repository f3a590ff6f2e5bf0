"""What decides a task, by the kind of its targets: one label, several, open words, numbers, labels by name, or tuples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cuechain.agents.scoring import tuples
from cuechain.agents.scoring.found import Figure, Found, Matrix, figure
from cuechain.agents.scoring.metrics import classification as one_label
from cuechain.agents.scoring.metrics import multilabel as several
from cuechain.agents.scoring.metrics import opensets as words
from cuechain.agents.scoring.metrics import regression as numbers
from cuechain.agents.scoring.metrics.opensets import open_vocabulary
from cuechain.agents.scoring.plutchik import plutchik
from cuechain.agents.scoring.statistics import Interval, from_sums, from_table, interval
from cuechain.agents.scoring.tally import NOTHING, Outcome, Tally
from cuechain.agents.scoring.wheels import published

_SINGLE: tuple[tuple[str, Callable[[np.ndarray], np.ndarray]], ...] = (
    ("weighted F1", one_label.weighted_f1),
    ("macro F1", one_label.macro_f1),
    ("accuracy", one_label.accuracy),
    ("mean recall (UAR)", one_label.uar),
)


def of_labels(truth: Sequence[str], said: Sequence[str], labels: Sequence[str]) -> Found:
    """One label per item.

    Args:
        truth: Right labels.
        said: Answers; NOTHING where there is none.
        labels: The closed set.
    """
    told = one_label.confusion(truth, said, labels)
    table, n = told.table, int(told.table.sum())
    rows = zip(
        labels,
        one_label.precision(table),
        one_label.recall(table),
        one_label.f1(table),
        one_label.support(table),
        strict=True,
    )
    left = sum(told.unknown.values())
    notes = [
        f"{left} item{' is' if left == 1 else 's are'} judged as {', '.join(map(str, told.unknown))}, which is not in the set: left out"
    ]
    return Found(
        figures=tuple(figure(name, from_table(f, table), n) for name, f in _SINGLE),
        per_class=tuple(_row(*row) for row in rows),
        confusion=Matrix(labels=tuple(labels), table=tuple(tuple(int(x) for x in row) for row in table)),
        single=True,
        notes=tuple(notes) if told.unknown else (),
    )


def _row(label: str, precision: float, recall: float, f1: float, n: int) -> dict[str, Any]:
    return {"label": label, "precision": _number(precision), "recall": _number(recall), "f1": _number(f1), "n": int(n)}


def _number(value: float) -> float | None:
    return round(float(value), 6) if np.isfinite(value) else None


def of_sets(
    truth: Sequence[Sequence[str] | None], said: Sequence[Sequence[str] | None], labels: Sequence[str]
) -> Found:
    """Any number of labels per item.

    Args:
        truth: Labels that hold; empty where none does, None where nobody judged.
        said: Answers; None where there is none.
        labels: The closed set.
    """
    lined = several.sets(truth, said, labels)
    counts, times = several.hits(lined)
    n, total = len(lined.truth), np.tensordot(times, counts, 1)
    # Flat for the bootstrap, which draws sums of rows.
    flat, shape = counts.reshape(len(counts), -1), counts.shape[1:]
    rows = zip(
        labels, several.precision(total), several.recall(total), several.f1(total), lined.truth.sum(0), strict=True
    )
    notes = f"right labels outside the set, left out of their items: {', '.join(lined.unknown)}"
    return Found(
        figures=(
            figure("macro F1", from_sums(lambda x: several.macro_f1(x.reshape(-1, *shape)), flat, times), n),
            figure("micro F1", from_sums(lambda x: several.micro_f1(x.reshape(-1, *shape)), flat, times), n),
            figure("Jaccard of items", interval(several.jaccard(lined)), n),
            figure("exactly right", interval(several.exact(lined)), n),
        ),
        per_class=tuple(_row(*row) for row in rows),
        notes=(notes,) if lined.unknown else (),
    )


def of_words(truth: Sequence[Sequence[str]], said: Sequence[Sequence[str]], wheels: Path | None) -> Found:
    """Any words: scored by where they stand on emotion wheels.

    Args:
        truth: Words that people used.
        said: Words of the answers.
        wheels: Folder with the published tables; Plutchik's wheel where None.
    """
    used = published(wheels).wheels(1) if wheels else (plutchik(),)
    told = open_vocabulary(truth, said, used)
    n = told.n - told.no_truth
    rows = words.by_wheel(words.code(truth, said, words.plain), used)
    flat, shape = rows.reshape(len(rows), -1), rows.shape[1:]

    def mean(one: Callable[[np.ndarray], np.ndarray]) -> Interval:
        return from_sums(lambda sums: one(sums.reshape(-1, *shape)).mean(-1), flat)

    rates = (("F (mean over wheels)", words.f1), ("precision", words.precision), ("recall", words.recall))
    figures = [figure(name, mean(one), n) for name, one in rates]
    outside = (("predicted", told.unknown_predicted), ("annotated", told.unknown_truth))
    figures += [
        Figure(name=f"{whose} words outside the vocabulary", value=_number(value), n=n) for whose, value in outside
    ]
    sizes = (("words in an answer", told.size_predicted), ("words of people", told.size_truth))
    figures += [Figure(name=name, value=_number(value), n=n, percent=False) for name, value in sizes]
    where = "the published wheels" if wheels else "Plutchik's wheel; --wheels FOLDER takes the published ones"
    return Found(tuple(figures), notes=(f"words are compared on {where}",))


def of_scores(outcomes: Sequence[Outcome], labels: Sequence[str]) -> Found:
    """Numbers by name: how far off, and how well they go together. An answer without the number is left out and told.

    Args:
        outcomes: The items.
        labels: Numbers with these names are strengths of labels: a label that an answer does not name has none, so 0.
    """
    figures: list[Figure] = []
    notes: list[str] = []
    names = list(dict.fromkeys(name for o in outcomes for name in o.truth.scores))
    for name in names:
        absent = 0.0 if name in labels else None
        judged = [o for o in outcomes if name in o.truth.scores]
        pairs = [(o.truth.scores[name], o.said.scores.get(name, absent) if o.said else None) for o in judged]
        right = [t for t, s in pairs if s is not None]
        told = [s for _, s in pairs if s is not None]
        if len(told) < len(pairs):
            notes.append(f"{name}: {len(pairs) - len(told)} of {len(pairs)} items without an answer are left out")
        if not told:
            continue
        sums = numbers.moments(right, told)
        for what, f in (("r", numbers.pearson), ("CCC", numbers.ccc), ("mean absolute error", numbers.mae)):
            figures.append(figure(f"{name}, {what}", from_sums(f, sums), len(told), percent=False))
    return Found(tuple(figures), notes=tuple(notes))


def of_fields(outcomes: Sequence[Outcome], own: str, labels: Sequence[str]) -> Found:
    """Several questions about one item, each with a label: macro F1 and accuracy of each, the mean of the macro F1 first.

    Args:
        outcomes: The items.
        own: Name of the question whose label is the target's own.
        labels: Its set.
    """
    figures: list[Figure] = []
    notes: list[str] = []
    asked: list[tuple[str, list[str], list[str], Sequence[str]]] = []
    if any(o.truth.labels for o in outcomes):
        judged = [o for o in outcomes if o.truth.labels]
        asked.append((own, [(o.truth.labels or ("",))[0] for o in judged], [o.label for o in judged], labels))
    for name in dict.fromkeys(name for o in outcomes for name in o.truth.fields):
        judged = [o for o in outcomes if name in o.truth.fields]
        right = [o.truth.fields[name] for o in judged]
        asked.append(
            (name, right, [o.said.fields.get(name, NOTHING) if o.said else NOTHING for o in judged], sorted(set(right)))
        )
    means: list[float] = []
    for name, right, said, known in asked:
        silent = sum(s == NOTHING for s in said)
        if silent == len(said):
            notes.append(f"{name}: no answer says anything about it, left out of the mean")
            continue
        found = of_labels(right, said, known)
        chosen = [
            f.model_copy(update={"name": f"{name}, {f.name}"})
            for f in found.figures
            if f.name in ("macro F1", "accuracy")
        ]
        means += [f.value for f in chosen if f.name.endswith("macro F1") and f.value is not None]
        figures += chosen
        notes += [f"{name}: {silent} of {len(said)} items without an answer count as wrong"] if silent else []
    mean = Figure(name="macro F1, mean over questions", value=float(np.mean(means)) if means else None, n=len(outcomes))
    return Found((mean, *figures), notes=tuple(notes))


def of(lined: Tally, wheels: Path | None) -> Found:
    """The figures of a run by its task's metric; numbers that people gave beside labels are scored too."""
    outcomes = lined.outcomes
    metric = lined.task.metric
    if metric == "pairs":
        return tuples.of_pairs(outcomes)
    if metric == "sextuples":
        return tuples.of_sextuples(outcomes)
    if metric == "flips":
        return tuples.of_flips(outcomes)
    if metric == "opinions":
        return tuples.of_opinions(outcomes)
    if metric == "fields":
        return of_fields(outcomes, "sentiment", lined.labels)
    beside = of_scores(outcomes, lined.labels) if any(o.truth.scores for o in outcomes) else Found(())
    if all(o.truth.labels is None for o in outcomes):
        return beside
    if metric == "open" or not lined.labels:
        found = of_words([o.truth.labels or () for o in outcomes], [_said(o) or () for o in outcomes], wheels)
    elif metric == "multilabel" or lined.several:
        found = of_sets([o.truth.labels for o in outcomes], [_said(o) for o in outcomes], lined.labels)
    else:
        found = of_labels(
            [(o.truth.labels or (NOTHING,))[0] for o in outcomes], [o.label for o in outcomes], lined.labels
        )
    return replace(found, figures=(*found.figures, *beside.figures), notes=(*found.notes, *beside.notes))


def _said(outcome: Outcome) -> tuple[str, ...] | None:
    return None if outcome.said is None else outcome.said.labels
