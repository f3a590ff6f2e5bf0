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
from cuechain.agents.evidence import grounded
from cuechain.agents.llm import Model, Planner
from cuechain.agents.llm.labels import meaning, polarity
from cuechain.agents.pipeline import think
from cuechain.agents.reason import labels_of
from cuechain.agents.settings import Settings
from cuechain.agents.tasks import Task
from cuechain.agents.values import Answer, CueSheet, Plan, Question, Target
from cuechain.agents.verify import verify

PATIENCE = 5
"""Sheets in a row that a teacher may fail on: beyond, it is the teacher and not the sheets."""

HALF = 0.5
"""Confidence of a planner in a label that it would not have chosen: it takes it on trust, and says no more than "probably"."""


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


class Told:
    """A planner that has been told what people named."""

    def __init__(self, planner: Planner, gold: tuple[str, ...]) -> None:
        self._planner = planner
        self._gold = gold

    def plan(self, sheet: CueSheet, question: Question, labels: tuple[str, ...], person: str | None) -> Plan:
        """Its plan, with the label that people named in front where some cue by itself points to it."""
        plan = self._planner.plan(sheet, question, labels, person)
        told = [g for g in self._gold if g in plan.labels]  # labels of many tasks are no feelings
        label = max(told, key=lambda g: plan.labels[g], default=None)
        # Neutral is the want of a sign: no cue speaks for it, so it is nothing to be argued for.
        if label is None or meaning(label)[0] == "neutral" or not grounded(plan, label):
            return plan
        if label == max(plan.labels, key=lambda n: plan.labels[n]):
            return plan
        own = max(plan.labels.get(label, 0.0), HALF)
        rest = sum(p for n, p in plan.labels.items() if n != label) or 1.0
        shares = {n: (1 - own) * p / rest for n, p in plan.labels.items() if n != label}
        return plan.model_copy(
            update={"labels": {label: own, **shares}, "sentiment": {polarity(meaning(label)[1]): 1.0}}
        )
