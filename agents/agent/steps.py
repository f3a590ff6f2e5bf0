"""Each request of the agent to its model: with a deadline, further tries, a last step, and calls that can be answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from cuechain import prompts
from cuechain.agents.llm import Model
from cuechain.agents.llm.reply import requested
from cuechain.agents.settings import Settings

if TYPE_CHECKING:
    from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
    from langchain_core.messages import AIMessage, ToolCall
    from langchain_core.tools import BaseTool


def steps(model: Model, settings: Settings, most: int) -> AgentMiddleware[Any, Any]:
    """Middleware of one question.

    Args:
        model: The chat model.
        settings: Time-outs and retries.
        most: Requests that it may take; the last one is made without tools.
    """
    from langchain.agents.middleware import ModelResponse, wrap_model_call
    from langchain_core.messages import AIMessage, HumanMessage

    taken = 0

    def request(
        request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        nonlocal taken
        taken += 1
        last = taken >= most
        said = [*([request.system_message] if request.system_message else []), *request.messages]
        said += [HumanMessage(prompts.render("agent/enough"))] if last else []
        message = requested(with_tools(model, request.tools, choose=not last), said, settings)
        if last and (message.tool_calls or message.invalid_tool_calls):
            message = AIMessage(message.text or "…", usage_metadata=message.usage_metadata)
        return ModelResponse(result=[_whole(message)])

    return cast("AgentMiddleware[Any, Any]", wrap_model_call(request))


def with_tools(model: Model, tools: list[BaseTool | dict[str, Any]], *, choose: bool) -> Model:
    """The model bound to tools. A history with tool calls wants them told even where none may be called."""
    assert model.chat is not None
    bound: Any = model.chat.bind_tools(tools, tool_choice=None if choose else "none")
    return replace(model, chat=bound)


def _whole(message: AIMessage) -> AIMessage:
    """The same reply with calls whose arguments are no JSON as calls that fail: the model is told, instead of the turn ending."""
    if not message.invalid_tool_calls:
        return message
    broken: list[ToolCall] = [
        {
            "name": call["name"] or "unknown",
            "args": {"malformed": (call["args"] or "")[:200]},
            "id": call["id"] or f"call_{n}",
            "type": "tool_call",
        }
        for n, call in enumerate(message.invalid_tool_calls)
    ]
    return message.model_copy(update={"tool_calls": [*message.tool_calls, *broken], "invalid_tool_calls": []})
