"""Who writes the reasons.

Both kinds of models are told what people said. A chat model explains it, or says that nothing shows it. A planner takes it where
some cue by itself points to it, and answers as it always does where none does: the gate then compares.
"""

from __future__ import annotations

import json
from dataclasses import replace

from cuechain import prompts
from cuechain.agents import llm
from cuechain.agents.errors import ModelError, ReplyError
from cuechain.agents.justify import Told
from cuechain.agents.llm import Model
from cuechain.agents.pipeline import think
from cuechain.agents.reason import labels_of
from cuechain.agents.settings import Settings
from cuechain.agents.tasks import Task
from cuechain.agents.values import Answer, CueSheet, Question, Target
from cuechain.agents.verify import verify

PATIENCE = 5
"""Sheets in a row that a teacher may fail on: beyond, it is the teacher and not the sheets."""


class Teacher:
    """A model behind a spec string, loaded when it is first asked."""

    def __init__(self, spec: str, settings: Settings) -> None:
        self._spec = spec
        self._settings = settings
        self._model: Model | None = None
        self._failed = 0

    def answer(self, sheet: CueSheet, question: Question, task: Task, target: Target) -> Answer:
        """The answer to a sheet with its reasons.

        Args:
            sheet: What was perceived.
            question: What is asked.
            task: Its answer type.
            target: What people said.

        Raises:
            ReplyError: No answer for this sheet.
            ModelError: The model does not answer at all, or has failed on several sheets in a row.
        """
        if self._model is None:
            self._model = llm.load(self._spec, self._settings)
        if self._model.planner is not None:
            told = replace(self._model, planner=Told(self._model.planner, target.labels or ()))
            case = think(sheet, question, task, told, self._settings)
            assert case.answer is not None
            return case.answer
        try:
            found = self._explained(self._model, sheet, question, task, target)
        except (ReplyError, ModelError) as error:
            self._failed += 1
            if self._failed >= PATIENCE or getattr(error, "retryable", False):
                raise ModelError(f"the teacher {self._spec} gives up: {error.message}", error.hint) from error
            raise ReplyError(error.message, error.hint) from error
        self._failed = 0
        return found

    def _explained(self, model: Model, sheet: CueSheet, question: Question, task: Task, target: Target) -> Answer:
        """What people said explained; what the mechanical check finds is told to the model once."""
        from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

        from cuechain.agents.llm.reply import ask
        from cuechain.agents.llm.schema import json_schema

        labels = labels_of(question, task) if question.labels or not task.open_vocabulary else ()
        schema = json.dumps(json_schema(task.answer))
        text = prompts.render(
            "teacher/explain", sheet=sheet, question=question, target=target, labels=labels, schema=schema
        )
        messages = [SystemMessage(prompts.render("system")), HumanMessage(text)]
        first = ask(model, messages, schema=task.answer, settings=self._settings)
        if not (problems := verify(sheet, first.value, labels).problems):
            return first.value
        again = [*messages, AIMessage(first.text), HumanMessage(prompts.render("repair", problems=problems))]
        try:
            second = ask(model, again, schema=task.answer, settings=self._settings).value
        except ReplyError:
            return first.value  # the gate tells what is wrong with it
        return second if len(verify(sheet, second, labels).problems) < len(problems) else first.value
