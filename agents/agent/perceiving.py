"""A tool-calling model perceives what a question needs, then answers from the sheet like any other model."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cuechain import prompts
from cuechain.agents.agent.ledger import Ledger
from cuechain.agents.agent.memory import checkpointer, ended, kept, told
from cuechain.agents.agent.prose import Prose
from cuechain.agents.agent.steps import steps, with_tools
from cuechain.agents.agent.tools import perception_tools
from cuechain.agents.errors import ModelError
from cuechain.agents.llm import Model
from cuechain.agents.llm.failures import status_of
from cuechain.agents.pipeline import Event, Said, SheetReady, check, concluded
from cuechain.agents.question.focus import focus
from cuechain.agents.reason import Reasoned, labels_of, repair, turns
from cuechain.agents.settings import Settings
from cuechain.agents.values import Case, CueSheet, Question, Step, Usage

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage
    from langchain_core.tools import BaseTool

MOST_STEPS = 12
"""Requests to the model before it has to answer with what it has: six senses of two stretches, one by one."""

MOST_CALLS = 40
"""Tool calls of one question; several may come with one request."""

MOST_TOKENS = 12_000
"""Tokens of a conversation from which results of earlier calls are left out of the prompt; calling again costs nothing."""


class ToolsRefusedError(ModelError):
    """The server takes no tools: the model goes the fixed chain."""


def perceived(
    ledger: Ledger,
    question: Question,
    model: Model,
    settings: Settings,
    hear: Callable[[Event], None],
    *,
    without: Collection[str] = (),
    memory: Path | None = None,
    saver: Any = None,
    thread: str = "main",
    cases: Sequence[Case] = (),
) -> Case:
    """Answer a question, with the tools.

    Args:
        ledger: Takes in what is perceived.
        question: The user's words.
        model: A chat model that calls tools.
        settings: Time-outs, retries, budget.
        hear: Gets Looked, SenseDone, SheetReady and Said as they come.
        without: Senses that are left out; such a question knows nothing of the conversation and is not remembered in it.
        memory: SQLite file of the conversation.
        saver: Checkpointer that stands in where there is no file.
        thread: Name of the conversation.
        cases: Earlier answers, for a memory that does not know them.

    Raises:
        ToolsRefusedError: The server takes no tools.
        ModelError, ReplyError: The model did not answer.
    """
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
    from langgraph.checkpoint.memory import InMemorySaver

    from cuechain.agents.llm.reply import ask

    begin, task = time.perf_counter(), check(question)
    system = prompts.render("agent/system", media=ledger.media, without=tuple(without))
    tools = perception_tools(ledger, without=without, hear=hear)
    config = {"configurable": {"thread_id": thread}, "recursion_limit": 10 * MOST_STEPS}
    with checkpointer(None if without else memory) as file:
        agent = _agent(model, settings, tools, system, InMemorySaver() if without else file or saver)
        gathered, usage = _gathered(agent, config, question, () if without else cases, ledger)
        sheet = _shown(ledger, settings, without)
        hear(SheetReady(sheet))
        ((name, wanted),) = turns(sheet, question, task, direct=True)
        answering = with_tools(model, [*tools], choose=False)
        messages = [SystemMessage(system), *gathered, HumanMessage(wanted)]
        reply = ask(
            answering, messages, schema=task.answer, settings=settings, on_token=Prose(lambda text: hear(Said(text)))
        )
        labels = labels_of(question, task) if question.labels or not task.open_vocabulary else ()
        done = Reasoned(
            task.worded(sheet, reply.value) if task.worded else reply.value,
            focus(sheet, question.text, labels),
            [
                *ledger.steps,
                Step(name="notes", output=gathered[-1].text),
                Step(name=name, output=reply.text, seconds=reply.seconds),
            ],
            usage + reply.usage,
            [*messages, AIMessage(reply.text)],
        )
        case = concluded(
            sheet,
            question,
            done,
            labels,
            model,
            begin=begin,
            timings=ledger.timings,
            again=lambda problems: repair(done, sheet, problems, task, answering, settings),
        )
        text = case.explanation.text if case.explanation else reply.text
        agent.update_state(config, {"messages": ended(text)}, as_node="model")
    return case


def _agent(model: Model, settings: Settings, tools: Sequence[BaseTool], system: str, saver: Any) -> Any:
    from langchain.agents import create_agent
    from langchain.agents.middleware import ClearToolUsesEdit, ContextEditingMiddleware, ToolCallLimitMiddleware

    assert model.chat is not None
    return create_agent(
        model.chat,
        tools,
        system_prompt=system,
        middleware=[
            ContextEditingMiddleware(edits=[ClearToolUsesEdit(trigger=MOST_TOKENS, keep=6)]),
            ToolCallLimitMiddleware(run_limit=MOST_CALLS, exit_behavior="continue"),
            steps(model, settings, MOST_STEPS),
        ],
        checkpointer=saver,
    )


def _gathered(
    agent: Any, config: dict[str, Any], question: Question, cases: Sequence[Case], ledger: Ledger
) -> tuple[list[BaseMessage], Usage]:
    """The conversation up to the point where the model has seen enough, and what this turn of it took."""
    from langchain_core.messages import HumanMessage, RemoveMessage

    before = agent.get_state(config).values.get("messages", [])
    known = kept(before)
    stale = [RemoveMessage(id=m.id) for m in before[len(known) :]]
    asked = HumanMessage(prompts.render("agent/question", question=question), id=str(uuid.uuid4()))
    said = [*stale, *(() if known else told(cases)), asked]
    try:
        messages = agent.invoke({"messages": said}, config)["messages"]
        if not ledger.sheet().cues and not any(m.type == "tool" for m in messages):  # out of thin air
            nothing = HumanMessage(prompts.render("agent/nothing"))
            messages = agent.invoke({"messages": [nothing]}, config)["messages"]
    except ModelError as error:
        if status_of(error.__cause__ or error) in (400, 404, 422, 501) and "tool" in error.message.lower():
            raise ToolsRefusedError(error.message, error.hint) from error
        raise
    place = next(n for n, m in enumerate(messages) if m.id == asked.id)
    return messages, _counted(messages[place:])


def _shown(ledger: Ledger, settings: Settings, without: Collection[str]) -> CueSheet:
    """What may be cited: the ledger within the budget, and whatever the tools have shown beside it."""
    whole = ledger.sheet(without=without)
    fitting = ledger.sheet(settings.budget, without)
    chosen = whole.only({*fitting.cues, *ledger.shown})
    return chosen.model_copy(update={"dropped": len(whole.cues) - len(chosen.cues)})


def _counted(messages: Sequence[BaseMessage]) -> Usage:
    from langchain_core.messages import AIMessage

    from cuechain.agents.llm.reply import usage_of

    usage = Usage()
    for message in messages:
        usage += usage_of(message) if isinstance(message, AIMessage) else Usage()
    return usage
