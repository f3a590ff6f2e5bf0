"""Tasks: what may be asked. Each is one file that says its labels, its answer type, its steps, and how answers are compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from cuechain.agents.values import Answer, CueSheet, Plan, Question, Target

Metric = Literal[
    "labels", "multilabel", "open", "scores", "fields", "pairs", "sextuples", "opinions", "none"
]  # fmt: skip
"""What of a Target decides a task: one label, any number of a closed set, any words, numbers, several labels by name, or tuples."""


@dataclass(frozen=True)
class Task:
    """One affective task."""

    name: str
    """Registered name."""
    about: str
    """One line for `cuechain list tasks`."""
    answer: type[Answer]
    """What a model returns."""
    labels: tuple[str, ...]
    """The labels that are chosen from when the user names none; empty where the task has no labels."""
    steps: tuple[tuple[str, str], ...]
    """(step name, template) in order; the last one asks for the answer as JSON."""
    direct: str = "ask/direct"
    """Template that asks for the answer at once."""
    open_vocabulary: bool = False
    """True when a chat model may use any emotion word unless the user names labels."""
    sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Named label sets of the literature: `--labels meld`."""
    question: str = "How does the person feel, and why?"
    """What is asked where the user or the dataset does not."""
    feelings: tuple[str, ...] = ()
    """The feelings that a planner ranks; empty where `labels` are feelings themselves."""
    fill: Callable[[CueSheet, Question, tuple[str, ...], Plan, Answer], Answer] | None = None
    """For a planner: from sheet, question, label set, its plan and the answer that `ask` would give to the task's answer; the claims
    come without text but where the task words one itself. None where a plan says nothing about the task: it then needs a chat model,
    unless its labels are feelings."""
    said: Callable[[Answer], Target] | None = None
    """What an answer says, in the form that people's judgements have. None for a task that is not scored."""
    taught: Callable[[Answer, Target], Answer] | None = None
    """The answer with the slots that people judged set to what they said: what training rows teach."""
    metric: Metric = "none"
    """What decides."""
