"""What a tool-calling model remembers over turns: the messages of a conversation, in LangGraph's checkpointer."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cuechain import prompts
from cuechain.agents.values import Case

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage
    from langgraph.checkpoint.base import BaseCheckpointSaver

_ANSWER = "cuechain_answer"
"""Marks the message that ends a turn."""


@contextmanager
def checkpointer(path: Path | None) -> Generator[BaseCheckpointSaver[Any] | None]:
    """The SQLite file of a conversation; None without one, or without the package: messages then last as long as the conversation does, and
    a resumed one begins with its answers alone."""
    if path is None or find_spec("langgraph.checkpoint.sqlite") is None:
        yield None
        return
    from langgraph.checkpoint.sqlite import SqliteSaver

    path.parent.mkdir(parents=True, exist_ok=True)
    with SqliteSaver.from_conn_string(str(path)) as saver:
        yield saver


def kept(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """The messages up to the last answer: what follows it was broken off, and a model would stumble over calls without results."""
    ends = [place for place, message in enumerate(messages) if message.additional_kwargs.get(_ANSWER)]
    return list(messages[: ends[-1] + 1]) if ends else []


def ended(text: str) -> list[BaseMessage]:
    """The messages that end a turn with its answer."""
    from langchain_core.messages import AIMessage, HumanMessage

    return [
        HumanMessage(prompts.render("agent/answer")),
        AIMessage(text, additional_kwargs={_ANSWER: True}),
    ]


def told(cases: Sequence[Case]) -> list[BaseMessage]:
    """Earlier answers as messages, for a model that did not give them itself."""
    from langchain_core.messages import AIMessage, HumanMessage

    found: list[BaseMessage] = []
    for case in cases:
        if case.explanation is not None:
            found += [
                HumanMessage(case.question.text),
                AIMessage(case.explanation.text, additional_kwargs={_ANSWER: True}),
            ]
    return found
