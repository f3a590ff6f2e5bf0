"""A conversation about clips: each question becomes a Case, whichever way the model takes to it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

from cuechain.agents import llm
from cuechain.agents.agent.followups import needed, understood
from cuechain.agents.agent.ledger import Ledger
from cuechain.agents.agent.perceiving import ToolsRefusedError, perceived
from cuechain.agents.agent.prose import Prose, heard
from cuechain.agents.agent.reconsidering import answered
from cuechain.agents.errors import ConfigError
from cuechain.agents.pipeline import Done, Event, Said, SheetReady, Thinking, check, keyframes, think
from cuechain.agents.settings import Settings
from cuechain.agents.values import Case, CueSheet, Question


class Conversation:
    """Questions about one or several clips, in turn.

    A chat model that calls tools perceives on demand and remembers the conversation. Any other model reads a sheet of all that was
    perceived, once, and follow-ups are put into whole questions for it. Either way an answer is a Case.

    One question is answered at a time; another thread's waits.
    """

    def __init__(
        self,
        files: Sequence[str | Path],
        settings: Settings,
        *,
        task: str = "ask",
        labels: tuple[str, ...] = (),
        memory: Path | None = None,
        thread: str = "main",
        cases: Sequence[Case] = (),
        model: llm.Model | None = None,
    ) -> None:
        """Begin a conversation, or go on with one.

        Args:
            files: The clips.
            settings: How to perceive and to reason.
            task: Registered name of the task that questions belong to.
            labels: Closed label set; the task's own where empty.
            memory: SQLite file in which a tool-calling model's memory is kept; without it, it lasts as long as this object.
            thread: Name of the conversation in that file.
            cases: Answers so far, of a conversation that goes on.
            model: A loaded model, to serve several conversations; loaded from settings.model where not given.

        Raises:
            MediaError: A clip is missing or cannot be opened.
        """
        self.settings = settings
        self.task = task
        self.labels = labels
        self.cases = list(cases)
        self._memory = memory
        self._thread = thread
        self._saver: Any = None
        self._ledger = Ledger(settings, cases)
        self._model = model
        self._turn = Lock()
        for file in files:
            self.add(file)

    @property
    def sheet(self) -> CueSheet:
        """The ledger so far: all that may be cited."""
        return self._ledger.sheet(self.settings.budget)

    @property
    def ledger(self) -> Ledger:
        """What was perceived so far; the tools work on it."""
        return self._ledger

    def add(self, path: str | Path) -> None:
        """One more clip in the same conversation; it is perceived when a question needs it.

        Raises:
            MediaError: It is missing or cannot be opened.
        """
        self._ledger.add(path)

    def load(self) -> llm.Model:
        """The model, loaded once; the first question does it where nobody did before.

        Raises:
            ConfigError, MissingExtraError, ModelError: It cannot be loaded.
        """
        self._model = self._model or llm.load(self.settings.model, self.settings)
        return self._model

    def ask(
        self,
        text: str,
        *,
        without: Collection[str] = (),
        task: str | None = None,
        labels: tuple[str, ...] | None = None,
    ) -> Case:
        """Answer the next question; see `events`."""
        case = None
        for event in self.events(text, without=without, task=task, labels=labels):
            if isinstance(event, Done):
                case = event.case
        assert case is not None
        return case

    def events(
        self,
        text: str,
        *,
        without: Collection[str] = (),
        task: str | None = None,
        labels: tuple[str, ...] | None = None,
    ) -> Iterator[Event]:
        """Answer the next question, and tell what happens on the way; ends with Done.

        Args:
            text: The user's words.
            without: Senses (words, voice, face, scene …) that are left out for this question.
            task: Another task than the conversation's, for this question.
            labels: Another label set.

        Raises:
            CueChainError: See `cuechain.agents.pipeline.run`; the conversation can go on.
        """
        question = Question(text=text, task=task or self.task, labels=self.labels if labels is None else labels)
        check(question)
        if not self._ledger.media:
            raise ConfigError("nothing to look at", "give a file")
        with self._turn:
            model = self.load()
            yield from self._ledger.begun()
            case = yield from self._answered(question, model, tuple(without))
            self.cases.append(case)
            yield Done(case)

    def _answered(self, question: Question, model: llm.Model, without: tuple[str, ...]) -> Generator[Event, None, Case]:
        if not model.tools or self.settings.votes > 1 or self.settings.look:  # votes and keyframes are about all of it
            return (yield from self._fixed(question, model, without))
        yield Thinking(model.spec)
        try:
            return (yield from self._on_demand(question, model, without))
        except ToolsRefusedError:
            self._model = replace(model, tools=False)
            return (yield from self._fixed(question, self._model, without))

    def _on_demand(
        self, question: Question, model: llm.Model, without: tuple[str, ...]
    ) -> Generator[Event, None, Case]:
        """The model perceives what the question needs."""
        if self._saver is None:
            from langgraph.checkpoint.memory import InMemorySaver

            self._saver = InMemorySaver()

        def work(hear: Callable[[Event], None]) -> Case:
            return perceived(
                self._ledger,
                question,
                model,
                self.settings,
                hear,
                without=without,
                memory=self._memory,
                saver=self._saver,
                thread=self._thread,
                cases=self.cases,
            )

        return (yield from heard(work))

    def _fixed(self, question: Question, model: llm.Model, without: tuple[str, ...]) -> Generator[Event, None, Case]:
        """Perceive everything, then the chain of prompts, or slot by slot."""
        span = needed(self._ledger.sheet(), question, self.cases)
        if span is None:
            yield from self._ledger.whole()
        else:
            yield from self._ledger.perceive(None, self._ledger.media[0], span)
        sheet = self._ledger.sheet(self.settings.budget, without)
        yield SheetReady(sheet)
        yield Thinking(model.spec)
        asked = understood(sheet, question, self.cases, plans=model.planner is not None)
        timings = self._ledger.timings
        if model.planner is not None:
            case = answered(sheet, asked, model, self.settings, timings)
            yield from _told(case)
            return self._noted(case)
        images = keyframes(self._ledger.places, self.settings) if self.settings.look and model.vision else ()
        task = check(question)

        def work(hear: Callable[[Event], None]) -> Case:
            return think(
                asked.part(sheet),
                asked.question,
                task,
                model,
                self.settings,
                timings=timings,
                images=images,
                on_token=Prose(lambda piece: hear(Said(piece))),
                about=asked.about,
            )

        return self._noted((yield from heard(work)))

    def _noted(self, case: Case) -> Case:
        """With the stretches that were perceived for it, so that a resumed conversation finds them again."""
        return case.model_copy(update={"steps": (*self._ledger.steps, *case.steps)}) if self._ledger.steps else case


def _told(case: Case) -> Iterator[Said]:
    """The sentences of an answer that is there at once."""
    for number, claim in enumerate(case.answer.claims if case.answer else ()):
        yield Said((" " if number else "") + (claim.text or ""))
