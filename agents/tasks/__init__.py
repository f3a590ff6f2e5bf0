"""Tasks: what may be asked. Each is one file that says its labels, its answer type, its steps, and how answers are compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel

from cuechain.agents.values import Answer, CueSheet, Plan, Question, Target

Metric = Literal[
    "labels", "multilabel", "open", "scores", "fields", "pairs", "sextuples", "flips", "opinions", "none"
]  # fmt: skip
"""What of a Target decides a task: one label, any number of a closed set, any words, numbers, several labels by name, or tuples."""


@dataclass(frozen=True)
class Form:
    """What a step of a chain replies where that is a value of its own."""

    kind: type[BaseModel]
    """What the model returns, as JSON."""
    part: Callable[[Answer], BaseModel]
    """What this step would have returned on the way to an answer: what training rows teach."""


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
    forms: Mapping[str, Form] = field(default_factory=dict[str, Form])
    """By step name: what it returns; steps that are not named return text, the last one the answer."""
    paraphrase: str = ""
    """Template that puts what a step with a form, or the last one, returned into a sentence and asks whether the sheet entails it, yes or
    no; on no the step is taken once more. Empty: nothing is asked."""
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
    fill_turns: Callable[[CueSheet, Question, tuple[str, ...], Mapping[int, Plan]], Answer] | None = None
    """For a planner, instead of `fill`: from the plan of each turn of a conversation (a text without turns is turn 1)."""
    worded: Callable[[CueSheet, Answer], Answer] | None = None
    """The answer with its claims made from its other slots, for a planner and a chat model alike. None where claims are the model's own."""
    said: Callable[[Answer], Target] | None = None
    """What an answer says, in the form that people's judgements have. None for a task that is not scored."""
    taught: Callable[[Answer, Target], Answer] | None = None
    """The answer with the slots that people judged set to what they said: what training rows teach."""
    metric: Metric = "none"
    """What decides."""
