"""The whole way from media and a question to a Case, as a generator of Events. The only file that knows all the rooms."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from cuechain import prompts
from cuechain.agents import llm, registry
from cuechain.agents import settings as settings_module
from cuechain.agents.errors import ConfigError, CueChainError
from cuechain.agents.explain import explain
from cuechain.agents.inquire import inquired
from cuechain.agents.llm import Model
from cuechain.agents.nearest import Known
from cuechain.agents.realise import realise
from cuechain.agents.reason import Reasoned, labels_of, reason, repair
from cuechain.agents.seeing import Opened, SenseDone, SheetReady, keyframes, see
from cuechain.agents.settings import Settings
from cuechain.agents.tasks import Task
from cuechain.agents.values import Answer, Case, CueSheet, Focus, Problem, Question, Verdict
from cuechain.agents.verify import verify
from cuechain.agents.votes import voted

__all__ = [
    "Done",
    "Event",
    "Looked",
    "Opened",
    "Said",
    "SenseDone",
    "SheetReady",
    "Thinking",
    "ask",
    "check",
    "concluded",
    "keyframes",
    "perceive",
    "run",
    "see",
    "think",
]

MAX_QUESTION = 4_000
"""Characters of a question; a longer one is refused rather than cut."""


@dataclass(frozen=True)
class Thinking:
    """The model is about to reason."""

    model: str


@dataclass(frozen=True)
class Looked:
    """A model perceives something on demand."""

    tool: str
    """Name of the tool that it calls."""
    args: dict[str, Any]
    """With what."""


@dataclass(frozen=True)
class Said:
    """A piece of the answer's prose as it is written. What counts is the text of the Case in the end: the check may change it."""

    text: str


@dataclass(frozen=True)
class Done:
    """The Case is finished; the last event."""

    case: Case


Event: TypeAlias = Opened | SenseDone | SheetReady | Thinking | Looked | Said | Done


def run(
    inputs: Sequence[str | Path],
    question: Question,
    settings: Settings | None = None,
    *,
    text: str | None = None,
    model: Model | None = None,
    on_token: Callable[[str], None] | None = None,
) -> Iterator[Event]:
    """Perceive, then reason, verify and explain.

    Args:
        inputs: Files that belong to one question.
        question: What is asked.
        settings: How; from environment and cuechain.toml where not given.
        text: A typed text, beside or instead of files.
        model: A loaded model, to serve several questions; loaded from settings.model where not given.
        on_token: Called with each piece of text that a chat model writes.

    Raises:
        MediaError: An input is missing or cannot be decoded.
        ConfigError: An unknown name, an empty or overlong question.
        ModelError, ReplyError: The model did not answer.
    """
    settings = settings or settings_module.load()
    task = check(question)
    model = model or llm.load(settings.model, settings)
    sheet: CueSheet | None = None
    timings: dict[str, float] = {}
    for event in see(inputs, settings, text=text):
        if isinstance(event, SheetReady):
            sheet = event.sheet
        elif isinstance(event, SenseDone):
            name = event.perceived.sense
            timings[name] = round(timings.get(name, 0.0) + event.perceived.seconds, 4)
        yield event
    assert sheet is not None
    yield Thinking(model.spec)
    images = keyframes(inputs, settings) if settings.look and model.vision else ()
    yield Done(think(sheet, question, task, model, settings, timings=timings, images=images, on_token=on_token))


def ask(
    inputs: str | Path | Sequence[str | Path],
    question: str,
    *,
    task: str = "ask",
    labels: Sequence[str] = (),
    settings: Settings | None = None,
) -> Case:
    """One question about one clip (or several files), answered: `ask("clip.mp4", "How does she feel, and why?")`.

    Raises:
        CueChainError: See `run`.
    """
    paths = [inputs] if isinstance(inputs, str | Path) else list(inputs)
    for event in run(paths, Question(text=question, task=task, labels=tuple(labels)), settings):
        if isinstance(event, Done):
            return event.case
    raise AssertionError("a run ends with Done")


def perceive(inputs: str | Path | Sequence[str | Path], settings: Settings | None = None) -> CueSheet:
    """The cue sheet of a clip (or several files), without asking anything.

    Raises:
        MediaError: An input is missing or cannot be decoded.
    """
    paths = [inputs] if isinstance(inputs, str | Path) else list(inputs)
    for event in see(paths, settings or settings_module.load()):
        if isinstance(event, SheetReady):
            return event.sheet
    raise AssertionError("perceiving ends with SheetReady")


def check(question: Question) -> Task:
    """The task of a question that can be asked.

    Raises:
        ConfigError: Unknown task, no or too many words, or labels that are not a set.
    """
    task: Task = registry.get("tasks", question.task)
    if not question.text.strip():
        raise ConfigError("the question is empty", 'for example: "How does she feel, and why?"')
    if len(question.text) > MAX_QUESTION:
        raise ConfigError(
            f"the question has {len(question.text):,} characters, the limit is {MAX_QUESTION:,}",
            "put long material into a text file and ask about that",
        )
    labels = [label.strip() for label in question.labels]
    if any(not label for label in labels) or len({label.lower() for label in labels}) != len(labels):
        raise ConfigError("labels must be distinct and not empty", "for example --labels joy,anger,neutral")
    if len(labels) == 1 and labels != ["open"] and labels[0] not in task.sets:
        known = ("open", *task.sets) if task.open_vocabulary else tuple(task.sets)
        hint = (
            f"give at least two, or the name of a set: {registry.did_you_mean(labels[0], known)}"
            if known
            else "give at least two"
        )
        raise ConfigError(f"'{labels[0]}' is one label, which leaves nothing to choose", hint)
    return task


def think(
    sheet: CueSheet,
    question: Question,
    task: Task,
    model: Model,
    settings: Settings,
    *,
    timings: dict[str, float] | None = None,
    images: Sequence[bytes] = (),
    shots: Sequence[Known] = (),
    on_token: Callable[[str], None] | None = None,
    about: Focus | None = None,
) -> Case:
    """Right of the border: sheet → Case. Needs no media, so it replays, tests and compares without them.

    A verdict with problems gets one repair round from a chat model; of two tries the one with fewer problems stays, and what is still
    wrong is shown. With `settings.votes`, a chat model is asked that often, and what most of its answers say counts.

    Raises:
        ConfigError: Votes are asked of a planner, or about a task whose answers cannot be counted.
    """
    if settings.votes > 1:
        if model.chat is None:
            raise ConfigError(
                f"{model.spec} answers the same each time, so votes say nothing", "--votes is for chat models"
            )
        once = settings.model_copy(update={"votes": 1})
        return voted(
            lambda: think(sheet, question, task, model, once, timings=timings, images=images, shots=shots, about=about),
            task,
            settings.votes,
        )
    begin = time.perf_counter()
    labels = labels_of(question, task) if question.labels or not task.open_vocabulary else ()
    if model.planner is not None and not shots:
        done = inquired(sheet, question, task, model, settings, about)
    else:
        done = reason(
            sheet, question, task, model, settings, images=images, shots=shots, on_token=on_token, about=about
        )
    again = (
        None if model.chat is None else lambda problems: repair(done, sheet, problems, task, model, settings, on_token)
    )
    return concluded(sheet, question, done, labels, model, begin=begin, timings=timings, again=again)


def concluded(
    sheet: CueSheet,
    question: Question,
    done: Reasoned,
    labels: tuple[str, ...],
    model: Model,
    *,
    begin: float,
    timings: dict[str, float] | None = None,
    again: Callable[[Sequence[Problem]], Reasoned] | None = None,
) -> Case:
    """A finished Case of what was reasoned: sentences that were left open are filled, all of them checked, repaired once where that is
    possible, and explained.

    Args:
        sheet: All that may be cited.
        question: What was asked.
        done: The answer, and how it came about.
        labels: The closed label set; empty where any word may be used.
        model: Who answered.
        begin: `time.perf_counter()` when the reasoning began.
        timings: Seconds of other rooms.
        again: Asks once more, with the problems that the check found.
    """
    answer, verdict = _checked(sheet, done, labels)
    if verdict.problems and again is not None:
        try:
            other = again(verdict.problems)
        except CueChainError:
            pass  # the first answer stands, with its problems shown
        else:
            second, checked = _checked(sheet, other, labels)
            done = Reasoned(second, done.focus, other.steps, other.usage)
            if len(checked.problems) < len(verdict.problems):
                fixed = len(verdict.problems) - len(checked.problems)
                answer, verdict = second, checked.model_copy(update={"repaired": fixed})
    return Case(
        question=question,
        sheet=sheet,
        steps=tuple(done.steps),
        answer=answer,
        verdict=verdict,
        explanation=explain(sheet, answer, verdict),
        model=model.spec,
        template_hash=prompts.template_hash(),
        timings={**(timings or {}), "reason": round(time.perf_counter() - begin, 4)},
        usage=done.usage,
    )


def _checked(sheet: CueSheet, done: Reasoned, labels: tuple[str, ...]) -> tuple[Answer, Verdict]:
    answer = realise(sheet, done.answer, done.focus)
    return answer, verify(sheet, answer, labels)
