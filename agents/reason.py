"""Sheet + question + task → Answer: a chain of prompts for a chat model, slot by slot for a planner."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cuechain import prompts
from cuechain.agents.chain import Chain
from cuechain.agents.errors import ConfigError
from cuechain.agents.llm import Model
from cuechain.agents.nearest import Known
from cuechain.agents.planned import by_turn, planned
from cuechain.agents.question.focus import focus, of_turn
from cuechain.agents.settings import Settings
from cuechain.agents.tasks import Task
from cuechain.agents.values import Answer, CueSheet, EmotionAnswer, Focus, Plan, Problem, Question, Step, Usage

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage


OPEN = (
    "joy", "amusement", "love", "gratitude", "pride", "relief", "excitement", "admiration", "curiosity", "surprise", "confusion",
    "sadness", "disappointment", "grief", "remorse", "embarrassment", "anger", "annoyance", "disapproval", "fear", "nervousness",
    "disgust", "contempt", "neutral",
)  # fmt: skip
"""What a planner chooses from when the vocabulary is open: the GoEmotions inventory (Demszky et al. 2020) without its near-doubles."""


@dataclass
class Reasoned:
    """What the model concluded and how."""

    answer: Answer
    """The answer; claims of a planner have no text yet."""
    focus: Focus
    """What the question was taken to be about."""
    steps: list[Step] = field(default_factory=list[Step])
    """Each step with its output."""
    usage: Usage = field(default_factory=Usage)
    """What the model consumed."""
    messages: list[BaseMessage] = field(default_factory=list["BaseMessage"])
    """The conversation with a chat model, for a repair round."""


def labels_of(question: Question, task: Task) -> tuple[str, ...]:
    """The closed label set; empty where any word may be used."""
    if question.labels == ("open",):
        return ()
    if len(question.labels) == 1:
        return task.sets[question.labels[0]]
    return question.labels or task.labels


def reason(
    sheet: CueSheet,
    question: Question,
    task: Task,
    model: Model,
    settings: Settings,
    *,
    images: Sequence[bytes] = (),
    shots: Sequence[Known] = (),
    on_token: Callable[[str], None] | None = None,
    about: Focus | None = None,
) -> Reasoned:
    """Answer a question about a sheet.

    Args:
        sheet: All that may be cited.
        question: What is asked.
        task: Its steps and answer type.
        model: A planner or a chat model.
        settings: Time-outs, retries, temperature.
        images: Keyframes (JPEG) for a vision model.
        shots: Solved examples for a chat model, the most similar last.
        on_token: Called with each piece of text as a chat model writes it.
        about: Whom and when the question is about, where that is known; else it is looked up in the sheet.

    Raises:
        ConfigError: A planner is asked a task about which plans say nothing, or given examples.
        ModelError: The model did not answer.
        ReplyError: It answered, twice, in another form than asked for.
    """
    labels = labels_of(question, task)
    feelings = task.feelings or labels or OPEN
    own = of_turn(sheet, question.turn)
    # What follows the first line is material: descriptions to be compared, an example.
    found = about or focus(own, question.text.strip().partition("\n")[0], feelings)
    if model.planner is None:
        chain = Chain(sheet, task, model, settings, shots, on_token)
        answer = chain.run(turns(sheet, question, task, direct=settings.direct), images)
        return Reasoned(_worded(task, sheet, answer), found, chain.steps, chain.usage, chain.messages)
    if shots:
        raise ConfigError(f"{model.spec} reads no examples", "--shots is for chat models")
    if not plannable(task):
        raise ConfigError(
            f"task '{task.name}' needs a chat model; {model.spec} fills slots", "--model hf:… or openai:…"
        )
    if task.fill_turns is not None:
        plans = by_turn(sheet, question, model.planner, feelings)
        answer = task.fill_turns(sheet, question, labels, plans)
        steps = [Step(name="plan", output=plan.model_dump_json()) for plan in plans.values()]
        return Reasoned(_worded(task, sheet, answer), found, steps, Usage(calls=len(plans)))
    answer, found, steps, usage = planned(own, question, task, model.planner, found, feelings)
    whole = [step.output for step in steps if step.name == "plan"]
    if task.fill is not None and whole:
        # A task of its own reads the whole conversation, whichever turn was planned.
        answer = task.fill(sheet, question, labels, Plan.model_validate_json(whole[0]), answer)
    return Reasoned(_worded(task, sheet, answer), found, steps, usage)


def _worded(task: Task, sheet: CueSheet, answer: Answer) -> Answer:
    return task.worded(sheet, answer) if task.worded else answer


def plannable(task: Task) -> bool:
    """Whether a planner can answer it: its labels are feelings, or it says itself what a plan tells about it."""
    return task.fill is not None or task.fill_turns is not None or task.answer in (Answer, EmotionAnswer)


def turns(sheet: CueSheet, question: Question, task: Task, *, direct: bool = False) -> list[tuple[str, str]]:
    """What a chat model is asked: (step, prompt) in order; the last one wants the answer as JSON.

    Args:
        sheet: All that may be cited.
        question: What is asked.
        task: Its steps and answer type.
        direct: Ask for the answer at once (label first) instead of step by step (reason first).
    """
    from cuechain.agents.llm.schema import json_schema

    variables = {
        "sheet": sheet,
        "question": question,
        "labels": labels_of(question, task) if question.labels or not task.open_vocabulary else (),
    }
    steps = (("direct", task.direct),) if direct else task.steps
    kinds = {name: task.forms[name].kind if name in task.forms else task.answer for name, _ in steps}
    return [
        (name, prompts.render(template, **variables, schema=json.dumps(json_schema(kinds[name]))))
        for name, template in steps
    ]


def repair(
    done: Reasoned,
    sheet: CueSheet,
    problems: Sequence[Problem],
    task: Task,
    model: Model,
    settings: Settings,
    on_token: Callable[[str], None] | None = None,
) -> Reasoned:
    """One more round of a chat model, with what the check found."""
    from langchain_core.messages import HumanMessage

    from cuechain.agents.llm.reply import ask

    messages = [*done.messages, HumanMessage(prompts.render("repair", problems=problems))]
    reply = ask(model, messages, schema=task.answer, settings=settings, on_token=on_token)
    step = Step(name="repair", output=reply.text, seconds=reply.seconds)
    answer = _worded(task, sheet, reply.value)
    return Reasoned(answer, done.focus, [*done.steps, step], done.usage + reply.usage, messages)
