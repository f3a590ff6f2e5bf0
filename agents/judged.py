"""What an answer says in the form of people's judgements, and whether it says what they said."""

from __future__ import annotations

from collections.abc import Iterable

from cuechain.agents import registry
from cuechain.agents.explain import is_looked_up
from cuechain.agents.justify import supported
from cuechain.agents.tasks import Task
from cuechain.agents.values import Answer, Case, Target

NUMBERED = ("scores",)
"""What decides tasks whose answers are numbers: they agree by degrees, which is for `cuechain score` to tell."""


def name_of(case: Case) -> str:
    """The id of a case's item; empty outside a run."""
    return case.sample.id if case.sample else ""


def confidence(answer: Answer | None) -> float | None:
    """How sure an answer is, 0 to 1; None where it does not say, or abstains."""
    if answer is None or answer.abstain:
        return None
    own: float | None = getattr(answer, "confidence", None)
    return own if own is not None else answer.emotion.confidence if answer.emotion else None


def task_of(case: Case) -> Task:
    """What was asked for."""
    return registry.get("tasks", case.question.task)


def said(case: Case) -> Target | None:
    """What the answer says in the form that people's judgements have; None without an answer, or where it abstains."""
    task = task_of(case)
    if case.answer is None or case.answer.abstain or task.said is None:
        return None
    return task.said(case.answer)


def labels_said(case: Case) -> tuple[str, ...]:
    """The labels of the answer, the leading one first; the feeling where a task has no labels of its own."""
    told = said(case)
    if told and told.labels:
        return told.labels
    feeling = case.answer.emotion if case.answer and not case.answer.abstain else None
    return (feeling.label,) if feeling and told is None else ()


def gold_of(case: Case) -> tuple[str, ...]:
    """The labels that people gave."""
    return tuple(case.sample.target.labels or ()) if case.sample else ()


def agrees(case: Case) -> bool | None:
    """Whether the answer says what people said; None where they said nothing that this task is decided by.

    One label, or the leading one, is among those of people; of several labels by name all are equal; tuples are the same in any order.
    Numbers agree by degrees, so nothing is said of them. An answer that abstains agrees with no label.
    """
    task, told = task_of(case), said(case)
    truth = case.sample.target if case.sample else Target()
    for name in ("pairs", "sextuples", "opinions"):
        if task.metric == name:
            right = getattr(truth, name)
            return None if right is None else _set(getattr(told, name) if told else None) == _set(right)
    if task.metric == "fields" and truth.fields:
        return told is not None and all(told.fields.get(k) == v for k, v in truth.fields.items())
    if truth.labels is None or task.metric in NUMBERED:
        return None
    if not truth.labels:
        return told is not None and not told.labels
    return told is not None and (told.labels or ("",))[0] in truth.labels


def _set(found: Iterable[object] | None) -> set[str] | None:
    """Tuples without the cues that they cite, which people did not choose."""
    return None if found is None else {one.model_dump_json(exclude={"cites"}) for one in found}  # type: ignore[attr-defined]


def shown_answer(case: Case) -> str:
    """The answer in a few words: its labels with how sure it is, or why there is none."""
    if case.answer is None:
        return "no answer"
    if supported(case) is False:
        return f"{' or '.join(gold_of(case))} not supported"
    if case.answer.abstain:
        return "told by the cues" if is_looked_up(case.answer) else "cannot be told"
    sure = confidence(case.answer)
    named = ", ".join(labels_said(case)) or case.answer.sentiment or "answered"
    return f"{named} {sure:.0%}" if sure is not None else named
