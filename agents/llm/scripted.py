"""`scripted:FILE`: replies, tool calls and failures from a file, in order. For tests, docs and demonstrations; no model runs.

The file is YAML (a list) or JSON lines (`.jsonl`). One item is one reply:

    - "The voice shakes."                            # a text
    - text: "The voice shakes."                      # the same
    - tool_calls: [{name: listen, args: {span: {start: 0, end: 4}}}]
    - {error: timeout, retryable: true}              # the request fails

A script with a tool call counts as a model that calls tools; any other one goes the fixed chain.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import yaml
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolCall, UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError

from cuechain.agents.errors import ConfigError, ModelError, ReplyError
from cuechain.agents.llm import Model
from cuechain.agents.settings import Settings


class ScriptedCall(BaseModel):
    """One tool call of a script."""

    model_config = ConfigDict(extra="forbid")

    name: str
    """Name of the tool."""
    args: dict[str, Any] = {}
    """Its arguments."""


class ScriptedReply(BaseModel):
    """One item of a script: what the model says, or how it fails."""

    model_config = ConfigDict(extra="forbid")

    text: str = ""
    """What the model says."""
    tool_calls: list[ScriptedCall] = []
    """Tools that it wants to use."""
    error: str | None = None
    """Message of the failure; None for a reply."""
    retryable: bool = False
    """Whether the failure passes when it is tried again."""


class ScriptedChat(BaseChatModel):
    """A chat model that reads its replies from a script, whatever it is asked."""

    name_of_script: str
    """What error messages call the script."""
    replies: list[ScriptedReply]
    """In the order in which they are given."""
    _next: int = PrivateAttr(default=0)
    _lock: Any = PrivateAttr(default_factory=Lock)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[Any, AIMessage]:
        """The same script; the tools are told to nobody."""
        return self.bind(tools=[convert_to_openai_tool(t) for t in tools], tool_choice=tool_choice, **kwargs)

    def _take(self, messages: list[BaseMessage]) -> AIMessage:
        with self._lock:
            index, self._next = self._next, self._next + 1
        if index >= len(self.replies):
            raise ReplyError(
                f"{self.name_of_script} has no reply left: it holds {len(self.replies)}, and one more was asked for",
                f"add a reply to {self.name_of_script}",
            )
        reply = self.replies[index]
        if reply.error is not None:
            raise ModelError(f"scripted failure: {reply.error}", retryable=reply.retryable)
        # Words stand in for tokens, so that whatever adds up usage has something to add.
        read, written = sum(len(m.text.split()) for m in messages), len(reply.text.split())
        return AIMessage(
            content=reply.text,
            tool_calls=[
                ToolCall(name=call.name, args=call.args, id=f"call_{index}_{n}", type="tool_call")
                for n, call in enumerate(reply.tool_calls)
            ],
            usage_metadata=UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written),
        )

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._take(messages))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        message = self._take(messages)
        for word in re.findall(r"\s*\S+\s*$|\s*\S+", message.text):
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=word))
            if run_manager:
                run_manager.on_llm_new_token(word, chunk=chunk)
            yield chunk
        # The last chunk carries what a stream of text cannot: tool calls and usage.
        yield ChatGenerationChunk(
            message=AIMessageChunk(
                content="",
                tool_call_chunks=[
                    {
                        "name": c["name"],
                        "args": json.dumps(c["args"]),
                        "id": c["id"],
                        "index": n,
                        "type": "tool_call_chunk",
                    }
                    for n, c in enumerate(message.tool_calls)
                ],
                usage_metadata=message.usage_metadata,
            )
        )


def load(rest: str, settings: Settings) -> Model:
    """Load `scripted:FILE`. Each load starts at the first reply.

    Raises:
        ConfigError: The file is not there, or not a list of replies; the message names the item.
    """
    if not rest:
        raise ConfigError("scripted: names no file", "write scripted:FILE, with replies as YAML or JSON lines")
    path = Path(rest).expanduser()
    replies = [*_read(path)]
    return Model(
        spec=f"scripted:{rest}",
        chat=ScriptedChat(name_of_script=str(path), replies=replies),
        vision=settings.look,
        tools=any(reply.tool_calls for reply in replies),
    )


def _read(path: Path) -> Iterator[ScriptedReply]:
    """The replies of a file."""
    try:
        text = path.read_text("utf-8")
        items: Any = (
            [json.loads(line) for line in text.splitlines() if line.strip()]
            if path.suffix == ".jsonl"
            else yaml.safe_load(text)
        )
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", "check the path after scripted:") from error
    except (ValueError, yaml.YAMLError) as error:
        raise ConfigError(
            f"{path} cannot be read: {error}", "it must be YAML, or JSON lines in a .jsonl file"
        ) from error
    if not isinstance(items, list) or not items:
        raise ConfigError(f"{path} is not a list of replies", "begin each reply with `- `")
    for number, item in enumerate(items, 1):
        try:
            yield ScriptedReply.model_validate({"text": item} if isinstance(item, str) else item)
        except ValidationError as error:
            raise ConfigError(
                f"{path}, reply {number}: {error.errors()[0]['msg']}",
                "a reply is a text, or has text, tool_calls (name, args), or error and retryable",
            ) from error
