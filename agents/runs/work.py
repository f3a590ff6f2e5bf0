"""One item of a run: what is perceived of it, what is asked about it, and the Case that comes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeAlias

from cuechain.agents import llm, registry
from cuechain.agents.errors import ConfigError, CueChainError, MediaError, ModelError, ReplyError, ToolError
from cuechain.agents.fetch import local, shown
from cuechain.agents.justify import explainable, explained_for
from cuechain.agents.llm import Model
from cuechain.agents.nearest import Known
from cuechain.agents.pipeline import SheetReady, check, see, think
from cuechain.agents.probe import probe
from cuechain.agents.reason import labels_of
from cuechain.agents.runs.folder import Run
from cuechain.agents.runs.patience import Patience
from cuechain.agents.settings import Settings
from cuechain.agents.tasks import Task
from cuechain.agents.values import Case, CueSheet, Question, Sample, Span

TURN_TOKENS = 150
"""Tokens that the cues of one turn of a conversation take, at most but for very long ones: a budget leaves out none of them."""

Examples: TypeAlias = Callable[[Sample, CueSheet], Sequence[Known]]
"""Finds solved examples for an item."""


@dataclass(frozen=True)
class Work:
    """What is done with every item of a run. Goes to other processes, so it holds no model."""

    task: str
    """Registered name."""
    settings: Settings
    """How to perceive and to reason; names the model."""
    labels: tuple[str, ...] = field(default=())
    """Closed label set, or the name of one; empty for the task's own."""
    explain: bool = False
    """Explain what people said of an item instead of answering, or say that the cues do not bear it out."""

    def checked(self) -> None:
        """Find before the first item what would fail every one.

        Raises:
            ConfigError: Unknown task or model, or labels that are not a set.
        """
        llm.check(self.settings.model)
        task: Task = registry.get("tasks", self.task)
        check(Question(text=task.question, task=self.task, labels=self.labels))

    def choices(self, item: Sample) -> tuple[str, ...]:
        """The labels that an item may be answered with; none where they do not decide the task, or any word may be used."""
        task: Task = registry.get("tasks", self.task)
        return labels_of(self.question(item), task) if task.metric in ("labels", "multilabel") else ()

    def question(self, item: Sample) -> Question:
        """What is asked about an item."""
        return question_of(item, registry.get("tasks", self.task), self.labels)

    def spelled(self, item: Sample) -> Sample:
        """The item with people's labels as the set spells them: whatever reads the run then counts them as one."""
        question = self.question(item)
        try:
            known = labels_of(question, check(question))
        except ConfigError:  # told when it is the item's turn
            return item
        return item.model_copy(update={"target": item.target.spelled(known)})

    def perceived(self, item: Sample) -> CueSheet | Case:
        """What the senses perceive of an item, or why nothing can be: a failed Case."""
        try:
            check(self.question(item))
            return sheet_of(item, self.settings)
        except (ConfigError, MediaError, ToolError) as error:
            return self.failed(item, CueSheet(), error)

    def reasoned(
        self,
        item: Sample,
        sheet: CueSheet,
        model: Model,
        examples: Examples | None = None,
        patience: Patience | None = None,
    ) -> Case:
        """The Case of an item; what is wrong with a reply fails it alone.

        Args:
            item: What is asked about.
            sheet: What is perceived of it.
            model: Who answers.
            examples: Finds solved examples.
            patience: Waits for the model's server.

        Raises:
            ConfigError: The task cannot be asked of the model: no item can be answered.
            RunError: The server is away for good.
        """
        question, task = self.question(item), registry.get("tasks", self.task)
        try:
            if self.explain:
                return self._explained(item, sheet, question, task, model)
            shots = examples(item, sheet) if examples else ()

            def ask() -> Case:
                return think(sheet, question, task, model, self.settings, shots=shots)

            done = patience.asked(ask) if patience else ask()
            return done.model_copy(update={"sample": item})
        except (MediaError, ToolError, ModelError, ReplyError) as error:
            return self.failed(item, sheet, error)

    def _explained(self, item: Sample, sheet: CueSheet, question: Question, task: Task, model: Model) -> Case:
        try:
            explainable(question, task, item.target, model)
        except ConfigError as error:  # without a label, or with one outside the set: this item alone
            return self.failed(item, sheet, error)
        case = explained_for(sheet, question, task, item.target, model, self.settings)
        return case.model_copy(update={"sample": item})

    def failed(self, item: Sample, sheet: CueSheet, error: CueChainError | str) -> Case:
        """A Case that says why there is no answer."""
        told = error if isinstance(error, str) else f"{type(error).__name__}: {error.message}"
        return Case(
            question=self.question(item),
            sample=item,
            sheet=sheet,
            status="failed",
            error=told,
            model=self.settings.model,
        )


def sheet_of(item: Sample, settings: Settings) -> CueSheet:
    """What the senses perceive of an item.

    Raises:
        MediaError: A file is missing or cannot be decoded.
    """
    # All turns must be there, whichever is judged.
    budget = max(settings.budget, TURN_TOKENS * len(item.turns))
    whole = settings.model_copy(update={"budget": budget})
    try:
        for event in see(item.files, whole, text=item.text, turns=item.turns, stretch=item.span):
            if isinstance(event, SheetReady):
                return event.sheet
    except MediaError as error:
        if item.span is None:
            raise
        told = _ended(item, item.span, settings) or error.message
        told += f" (asked for {item.span.start:.1f} to {item.span.end:.1f} s)"
        raise MediaError(told, "is the file that long?") from error
    raise AssertionError("perceiving ends with SheetReady")


def _ended(item: Sample, span: Span, settings: Settings) -> str:
    """Which file is over before the stretch begins; empty where it is not that."""
    turn = item.turns[item.turn - 1].file if item.turn and item.turn <= len(item.turns) else None
    for file in (*item.files, *([turn] if turn else [])):
        with suppress(MediaError), local(file, settings) as path:
            end = probe(path).duration
            if end is not None and end <= span.start:
                return f"{shown(file)}: the file ends at {end:.1f} s"
    return ""


def question_of(item: Sample, task: Task, labels: tuple[str, ...]) -> Question:
    """What is asked about an item: its own words and labels where it has some."""
    return Question(text=item.question or task.question, task=task.name, labels=item.labels or labels, turn=item.turn)


def known(run: Run) -> list[Known]:
    """The items of a run that people judged, as examples."""
    return [Known(c.sample.id, c.sample.group, c.sheet, c.sample.target) for c in run.cases() if c.sample]
