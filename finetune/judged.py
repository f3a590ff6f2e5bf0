"""What an answer says against what people said, for any task: both as Targets, by what decides the task."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

from cuechain.agents import registry
from cuechain.agents.llm.labels import is_known, meaning, polarity
from cuechain.agents.reason import labels_of
from cuechain.agents.scoring.metrics import sextuples as six
from cuechain.agents.scoring.metrics.tuples import exact, f1
from cuechain.agents.scoring.tally import Outcome
from cuechain.agents.scoring.tuples import changes, sixes
from cuechain.agents.tasks import Task
from cuechain.agents.tasks.turns import plain
from cuechain.agents.values import Answer, EmotionAnswer, Question, Target
from cuechain.finetune.rows import Gold, Row

TUPLES = ("pairs", "sextuples", "flips", "opinions")
"""What decides tasks whose answers are tuples: there may be none, and that is an answer."""


def is_answer(row: Row) -> bool:
    """Whether the reply of a row is its task's answer, and no step towards it.

    Raises:
        ConfigError: Unknown task.
    """
    task: Task = registry.get("tasks", row.task)
    return row.step in ("direct", task.steps[-1][0])


def allowed(question: Question, task: Task) -> tuple[str, ...]:
    """The closed label set of a question; empty where any word may be used."""
    return labels_of(question, task) if question.labels or not task.open_vocabulary else ()


def labels_in(target: Target, task: Task) -> tuple[str, ...]:
    """Labels that people gave, where labels decide."""
    return (target.labels or ()) if task.metric not in TUPLES else ()


def gold_of(target: Target, question: Question, task: Task) -> Gold:
    """What replies about a labelled item are judged by."""
    labels = labels_in(target, task)
    more = target.model_dump_json(exclude_defaults=True, exclude={"raters"}) if target != Target(labels=labels) else ""
    return Gold(labels=labels, allowed=allowed(question, task), abstain=False, target=more)


def of_feelings(task: Task) -> bool:
    """Whether what decides a task is a feeling of somebody."""
    return task.answer in (Answer, EmotionAnswer) and not task.feelings


def said(answer: Answer | None, task: Task) -> Target:
    """What an answer says; nothing where it abstains."""
    return task.said(answer) if task.said and answer is not None and not answer.abstain else Target()


def people(gold: Gold) -> Target:
    """What people said of a row or an item."""
    return Target.model_validate_json(gold.target) if gold.target else Target(labels=gold.labels or None)


def tells(target: Target, task: Task) -> bool:
    """Whether a target holds what decides the task."""
    if task.metric in TUPLES:
        return getattr(target, task.metric) is not None
    return bool(target.labels or (target.fields and task.metric == "fields") or target.scores)


def leading(target: Target) -> str | None:
    """The first label; None without one."""
    return target.labels[0] if target.labels else None


def against(told: Target, truth: Target, task: Task, *, closed: bool) -> str:
    """Where an answer says something else than people did, in a sentence; empty where it agrees, or says nothing about it.

    Of several labels the leading one counts; of levels (`very positive`) the side; of a valence its polarity.

    Args:
        told: What the answer says.
        truth: What people said.
        task: What was asked.
        closed: Whether labels come from a closed set; else a word of the same kind is right too.
    """
    if task.metric in TUPLES:
        share = agreement(told, truth, task, closed=closed)
        return f"{share:.0%} of what it finds is what people found" if share is not None and share < 1 else ""
    if truth.labels:
        label = leading(told)
        if label is None or not _means(label, truth.labels, closed=closed):
            return f"it says {label or 'no label'}, people said {' or '.join(truth.labels)}"
    elif "valence" in told.scores and "valence" in truth.scores:
        one, other = polarity(told.scores["valence"]), polarity(truth.scores["valence"])
        if one != other:
            return f"it is {one}, people found it {other}"
    if task.metric == "fields":
        for name, right in truth.fields.items():
            own = told.fields.get(name, right)
            if own.removeprefix("very ") != right.removeprefix("very "):
                return f"{name}: it says {own}, people said {right}"
    return ""


def agreement(told: Target, truth: Target, task: Task, *, closed: bool) -> float | None:
    """How much of an answer is what people said, 0 to 1; None where they did not judge what decides the task.

    Labels: 0 where the leading one is wrong, else the share of those named that are right. Fields: the share that is right. Numbers: 1 less
    the mean distance, at least 0. Tuples: F1 of those that are the same, with flips the mean of both.
    """
    if not tells(truth, task):
        return None
    if task.metric == "pairs":
        return _f1(*([(p.turn, p.emotion, p.cause) for p in t.pairs or ()] for t in (truth, told)))
    if task.metric == "opinions":
        return _f1(
            *([(plain(o.target), plain(o.aspect), o.sentiment) for o in t.opinions or ()] for t in (truth, told))
        )
    if task.metric == "sextuples":
        return _sextuples(told, truth)
    if task.metric == "flips":
        return _flips(told, truth)
    if task.metric == "fields":
        right = [told.fields.get(name) == label for name, label in truth.fields.items()]
        right += [leading(told) in truth.labels] if truth.labels else []
        return sum(right) / len(right)
    if truth.labels:
        named = told.labels or ()
        hits = [_means(label, truth.labels, closed=closed) for label in dict.fromkeys(named)]
        return sum(hits) / len(hits) if hits and hits[0] else 0.0
    far = [abs(value - told.scores.get(name, math.inf)) for name, value in truth.scores.items()]
    return max(0.0, 1 - sum(far) / len(far))


def _means(label: str, right: Sequence[str], *, closed: bool) -> bool:
    """In an open vocabulary a word of the same kind is right too."""
    if label in right or closed or not is_known(label):
        return label in right
    return meaning(label)[0] in {meaning(r)[0] for r in right if is_known(r)}


def _f1(truth: Sequence[Hashable], told: Sequence[Hashable]) -> float:
    """F1 of equal things; 1 where neither side has any."""
    return float(f1(exact([truth], [told]).sum(0))) if truth or told else 1.0


def _sextuples(told: Target, truth: Target) -> float:
    both = [Outcome(id="", group="", state="answered", truth=truth, said=told)]
    whole, _ = six.rows(*sixes(both), {})
    found = float(f1(whole.sum(0))) if truth.sextuples or told.sextuples else 1.0
    return (found + _flips(told, truth)) / 2 if truth.flips or told.flips else found


def _flips(told: Target, truth: Target) -> float:
    if not truth.flips and not told.flips:
        return 1.0
    return six.flip_score(*changes([Outcome(id="", group="", state="answered", truth=truth, said=told)])).flip.f1
