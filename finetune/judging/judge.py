"""What answers are worth: the figures of a model over items, of what needs no model, and which of two answers is better."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cuechain.agents.scoring.explanations import hits
from cuechain.agents.scoring.metrics.calibration import bins, brier, calibration_error
from cuechain.agents.scoring.statistics import Figure, Interval, interval, mean, over, ratio
from cuechain.agents.values import Target
from cuechain.finetune.gathering.items import Item
from cuechain.finetune.judged import agreement, of_feelings, people
from cuechain.finetune.judging.answers import Record, Tried
from cuechain.finetune.judging.heldout import accepted, by_words, heard, majority, told

NAN = float("nan")
CONFLICT = ("masked", "sarcastic")
SHARE = ("Label", "what people said, share that is told")
"""The figure of fields, numbers and tuples: `judged.agreement`, 0 where there is no answer."""


@dataclass(frozen=True)
class Line:
    """One figure of one model."""

    figure: Figure
    """Value by how often each item counts."""
    n: int
    """Items that are judged."""
    unit: str = "%"
    """%, or what is counted."""


Lines = dict[tuple[str, str], Line]
"""Section and name to a figure, in the order of the table."""


def _means(values: Sequence[float], unit: str = "%") -> Line:
    return Line(mean(values), int(np.sum(~np.isnan(np.asarray(values, float)))), unit)


def _ratio(above: Sequence[float], below: Sequence[float], unit: str) -> Line:
    judged = ~np.isnan(np.asarray(above, float)) & ~np.isnan(np.asarray(below, float))
    return Line(ratio(above, below), int(judged.sum()), unit)


def lines_of(items: Sequence[Item], labels: Sequence[str | None]) -> Lines:
    """Figures of bare labels, one for each item; None where none was named, which is wrong where there is one to name."""
    section = "Label"
    right = [float(s in accepted(i)) if told(i) else NAN for i, s in zip(items, labels, strict=True)]
    judged = [accepted(i) if told(i) else set[str]() for i in items]
    names = sorted({x for r, s in zip(judged, labels, strict=True) if r for x in (*r, s) if x})
    f1 = Line(macro_f1(labels, judged, names or [""]), sum(map(bool, judged)))

    def only(relations: Sequence[str]) -> list[float]:
        return [r if i.gold.relation in relations else NAN for i, r in zip(items, right, strict=True)]

    return {
        (section, "accuracy"): _means(right),
        (section, "macro-F1"): f1,
        (section, "accuracy, senses agree"): _means(only(("agree",))),
        (section, "accuracy, masked or sarcastic"): _means(only(CONFLICT)),
    }


def macro_f1(said: Sequence[str | None], right: Sequence[set[str]], labels: Sequence[str]) -> Figure:
    """Mean over labels of F1, where an item may have several right labels: each that was not said is missed once no right one was said.

    scikit-learn's `f1_score` takes one right label per item; with one the two agree (a test computes it by hand). A label that occurs
    neither among what was said nor among what is right counts as 0: leave it out of `labels`.

    Args:
        said: One label per item; None where none was said.
        right: All that are accepted; empty for an item that is not judged.
        labels: Which count.
    """
    hit, wrong, missed = (np.zeros((len(said), len(labels))) for _ in range(3))
    for row, (one, fits) in enumerate(zip(said, right, strict=True)):
        for column, label in enumerate(labels):
            if fits:
                hit[row, column] = one == label and label in fits
                wrong[row, column] = one == label and label not in fits
                missed[row, column] = one not in fits and label in fits
    return lambda counts: (
        2 * (counts @ hit) / np.maximum(1, 2 * (counts @ hit) + counts @ wrong + counts @ missed)
    ).mean(1)


def figures(items: Sequence[Item], found: Sequence[Tried]) -> Lines:
    """All figures of one model."""
    own = [t.own for t in found]
    lines = lines_of(items, [heard(i, r.named) for i, r in zip(items, own, strict=True)])
    lines |= {SHARE: _means(shares(items, own))}
    lines |= _slots(items, own) | _abstention(items, own) | _evidence(items, own) | _faith(found)
    lines |= _calibration(items, own) | _form(own)
    wrong = [t.wrong for t in found]
    if any(wrong):
        kept = [w or o for w, o in zip(wrong, own, strict=True)]
        control = lines_of(items, [heard(i, r.named) for i, r in zip(items, kept, strict=True)])
        control |= {SHARE: _means(shares(items, kept))} | _slots(items, kept)
        lines |= {("Control: the cues of another item", name): line for (_, name), line in control.items()}
    return lines


def by_file(items: Sequence[Item], own: Sequence[Record], files: Sequence[str]) -> Lines:
    """Accuracy in each of several files; nothing for a single one."""
    right = [float(heard(i, r.named) in accepted(i)) if told(i) else NAN for i, r in zip(items, own, strict=True)]
    names = list(dict.fromkeys(files))
    return {
        ("Accuracy by file", name): _means([r if f == name else NAN for r, f in zip(right, files, strict=True)])
        for name in (names if len(names) > 1 else ())
    }


def _slots(items: Sequence[Item], own: Sequence[Record]) -> Lines:
    def same(said: Callable[[Record], str | None], right: Callable[[Item], str | None]) -> list[float]:
        return [
            float(not r.failure and said(r) == right(i)) if told(i) and right(i) else NAN
            for i, r in zip(items, own, strict=True)
        ]

    return {
        ("Label", "relation between senses"): _means(same(lambda r: r.relation, lambda i: i.gold.relation)),
        ("Label", "sentiment"): _means(same(lambda r: r.sentiment, lambda i: i.answer.sentiment if i.answer else None)),
    }


def shares(items: Sequence[Item], own: Sequence[Record]) -> list[float]:
    """How much of each answer is what people said, where that is more than labels: fields, numbers, tuples; NaN elsewhere."""
    found: list[float] = []
    for item, record in zip(items, own, strict=True):
        told = (
            Target.model_validate_json(record.told) if record.told else Target(labels=record.label and (record.label,))
        )
        closed = bool(item.gold.allowed)
        share = agreement(told, people(item.gold), item.task, closed=closed) if item.gold.target else None
        given = record.failure == "" and not record.abstains
        found.append(NAN if share is None else share if given else 0.0)
    return found


def _abstention(items: Sequence[Item], own: Sequence[Record]) -> Lines:
    pairs = list(zip(items, own, strict=True))
    right = [float(heard(i, r.named) in accepted(i)) if told(i) and r.named else NAN for i, r in pairs]
    refused = [float(r.abstains) for r in own]
    return {
        ("Abstention", "accuracy where a label is named"): _means(right),
        ("Abstention", "found where no answer is possible"): _means(
            [x if i.gold.abstain else NAN for i, x in zip(items, refused, strict=True)]
        ),
        ("Abstention", "false, where one is"): _means(
            [x if told(i) else NAN for i, x in zip(items, refused, strict=True)]
        ),
    }


def _evidence(items: Sequence[Item], own: Sequence[Record]) -> Lines:
    shares = [hits(r.cites, i.gold.decisive if r.named is not None else ()) for i, r in zip(items, own, strict=True)]
    claims = [NAN if r.failure else float(r.claims) for r in own]
    problems = [float(len(r.problems)) for r in own]
    return {
        ("Evidence", "cited cues that decide (precision)"): _means([p for p, _ in shares]),
        ("Evidence", "deciding cues that are cited (recall)"): _means([r for _, r in shares]),
        ("Evidence", "problems in the check, per sentence"): _ratio(problems, claims, "each"),
        ("Evidence", "answers without a problem"): _means([NAN if r.failure else float(not r.problems) for r in own]),
    }


def _faith(found: Sequence[Tried]) -> Lines:
    def changed(pick: Callable[[Tried], Record | None]) -> list[float]:
        records = [(t.own, pick(t)) for t in found]
        return [NAN if r is None or r.failure else float(r.named != o.named) for o, r in records]

    cited, other = changed(lambda t: t.cited), changed(lambda t: t.other)
    return {
        ("Faithfulness", "label changes without all cited cues"): _means(changed(lambda t: t.bare)),
        ("Faithfulness", "… without as many cited ones as there are others"): _means(cited),
        ("Faithfulness", "… without as many others"): _means(other),
        ("Faithfulness", "ratio of the last two"): _ratio(cited, other, "×"),
    }


def _calibration(items: Sequence[Item], own: Sequence[Record]) -> Lines:
    sure, right = [], []
    for item, record in zip(items, own, strict=True):
        judged = told(item) and record.named is not None and record.confidence is not None
        sure.append(float(record.confidence or 0.0) if judged else NAN)
        right.append(float(heard(item, record.named) in accepted(item)) if judged else NAN)
    n = int(np.sum(~np.isnan(sure)))
    return {
        ("Calibration", "mean confidence"): _means(sure),
        ("Calibration", "expected calibration error, 10 bins"): Line(
            over(calibration_error, bins(sure, right)), n, "of 1"
        ),
        ("Calibration", "Brier score of the named label"): _means(brier(sure, right).tolist(), "of 1"),
    }


def _form(own: Sequence[Record]) -> Lines:
    read = [float(r.failure == "") if r.failure in ("", "ReplyError") else NAN for r in own]
    return {
        ("Form", "replies that could be read"): _means(read),
        ("Form", "items that failed otherwise"): _means([float(r.failure not in ("", "ReplyError")) for r in own]),
        ("Form", "words per answer"): _means([NAN if r.failure else float(r.words) for r in own], "words"),
        ("Form", "seconds per answer"): _means([NAN if r.failure or r.first else r.seconds for r in own], "s"),
    }


@dataclass(frozen=True)
class Wins:
    """Pairs of answers to the same item, by the check first."""

    second: int
    """The second model's is better."""
    first: int
    """The first one's is."""
    ties: int
    """Neither."""
    decided: dict[str, int]
    """How many were decided by failure, problems, label and length."""
    rate: Interval
    """Share that the second wins, a tie half."""


def wins(items: Sequence[Item], first: Sequence[Record], second: Sequence[Record]) -> Wins:
    """Which answer is better: one that is there, then with fewer problems in the check, then right, then shorter."""

    def rank(item: Item, r: Record) -> tuple[tuple[str, float], ...]:
        right = r.abstains if item.gold.abstain else heard(item, r.named) in accepted(item)
        (share,) = shares([item], [r])
        wrong = float(not right) if np.isnan(share) else 1 - share
        return ("failure", bool(r.failure)), ("problems", len(r.problems)), ("label", wrong), ("length", r.words)

    scores: list[float] = []
    why: Counter[str] = Counter()
    for item, one, two in zip(items, first, second, strict=True):
        apart = [(name, a, b) for (name, a), (_, b) in zip(rank(item, one), rank(item, two), strict=True) if a != b]
        why.update(name for name, _, _ in apart[:1])
        scores.append(0.5 if not apart else float(apart[0][2] < apart[0][1]))
    return Wins(scores.count(1.0), scores.count(0.0), scores.count(0.5), dict(why.most_common()), interval(scores))


def baselines(items: Sequence[Item]) -> dict[str, Lines]:
    """What needs no model: always the label that is right most often here, and the strongest words cue."""
    constant = majority(items)
    if constant is None:
        return {}
    found = {f"majority ({constant})": lines_of(items, [constant] * len(items))}
    if all(of_feelings(i.task) for i in items):
        found["strongest words cue"] = lines_of(items, [by_words(i) for i in items])
    return found
