"""What a run said beside what people said, item by item: the table that every figure is computed from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from cuechain.agents import registry
from cuechain.agents.reason import labels_of
from cuechain.agents.runs import Run
from cuechain.agents.tasks import Task
from cuechain.agents.values import Answer, Question, Sample, Target

State = Literal["answered", "abstained", "unreadable", "refused", "failed"]
"""What came of an item: an answer, the answer that none is possible, a reply that cannot be read, a refusal, another error."""

NOTHING = ""
"""Stands for the label of an item without one; it is in no label set, so it is never right."""


@dataclass(frozen=True)
class Outcome:
    """One item."""

    id: str
    """Of the sample."""
    group: str
    """Dialogue, speaker, author or clip."""
    state: State
    """What came of it."""
    truth: Target
    """What people said."""
    said: Target | None
    """What the answer says; None where there is none."""
    confidence: float | None = None
    """How sure, 0 to 1; None where the model did not say."""

    @property
    def label(self) -> str:
        """The leading label of the answer; NOTHING where there is none."""
        return self.said.labels[0] if self.said and self.said.labels else NOTHING


@dataclass(frozen=True)
class Tally:
    """A run, lined up for scoring."""

    task: Task
    """What was asked."""
    labels: tuple[str, ...]
    """The closed label set; empty where any word may be used."""
    outcomes: tuple[Outcome, ...]
    """Items that people judged, in the order of the run."""
    unjudged: int = 0
    """Finished items about which people said nothing."""
    faults: dict[str, int] = field(default_factory=dict[str, int])
    """Reason to the number of dataset items that could not be used."""
    expected: int | None = None
    """Items that the dataset has; None where the run was not finished, so that nobody knows."""

    @cached_property
    def states(self) -> dict[State, int]:
        """How many items came to what."""
        return dict(Counter(o.state for o in self.outcomes))

    @cached_property
    def outside(self) -> int:
        """Answers with a label that was not among those asked for."""
        known = set(self.labels)
        return sum(bool(o.said and set(o.said.labels or ()) - known) for o in self.outcomes) if known else 0

    @cached_property
    def several(self) -> bool:
        """Whether items may have no label, or more than one."""
        return any(len(o.truth.labels or ()) != 1 for o in self.outcomes)

    @cached_property
    def mean_said(self) -> float:
        """Labels that an answer gives on average; NaN without answers."""
        given = [len(o.said.labels or ()) for o in self.outcomes if o.said]
        return sum(given) / len(given) if given else float("nan")


def tally(run: Run) -> Tally:
    """Line up a run; sheets are not read.

    Raises:
        RunError: It is no run folder, or holds no finished case.
    """
    manifest = run.manifest
    task: Task = registry.get("tasks", manifest["task"])
    labels = labels_of(Question(text="?", task=task.name, labels=tuple(manifest.get("labels", ()))), task)
    outcomes: list[Outcome] = []
    unjudged = 0
    for raw in run.records():
        sample = Sample.model_validate(raw.get("sample") or {"id": ""})
        if _unjudged(sample.target):
            unjudged += 1
            continue
        answer = task.answer.model_validate(raw["answer"]) if raw.get("answer") else None
        outcomes.append(
            Outcome(
                id=sample.id,
                group=sample.group or sample.id,
                state=_state(raw, answer),
                truth=sample.target,
                said=task.said(answer) if answer is not None and task.said and not answer.abstain else None,
                confidence=_confidence(answer),
            )
        )
    faults = Counter(f.reason for f in run.faults())
    return Tally(task, labels, tuple(outcomes), unjudged, dict(faults), run.finished)


def _unjudged(target: Target) -> bool:
    return target == Target() or target == Target(text=target.text)


def _state(raw: dict[str, Any], answer: Answer | None) -> State:
    if answer is not None:
        return "abstained" if answer.abstain else "answered"
    error = str(raw.get("error", ""))
    if error.startswith("ReplyError"):
        return "refused" if " refused" in error else "unreadable"
    return "failed"


def _confidence(answer: Answer | None) -> float | None:
    if answer is None or answer.abstain:
        return None
    own = getattr(answer, "confidence", None)
    return own if own is not None else answer.emotion.confidence if answer.emotion else None
