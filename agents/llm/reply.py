"""One request to a chat model: a deadline, further tries, and a reply that is of the form that was asked for, or an error."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from queue import Empty, Queue
from threading import Event, Thread
from typing import Any, Generic, TypeVar, cast, overload

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.runnables import Runnable
from pydantic import BaseModel
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from cuechain import prompts
from cuechain.agents.errors import ModelError, ReplyError
from cuechain.agents.llm import Model
from cuechain.agents.llm.failures import status_of, told, too_long, wait_asked
from cuechain.agents.llm.schema import InvalidError, json_schema, parsed
from cuechain.agents.settings import Settings
from cuechain.agents.values import Usage

T = TypeVar("T", bound=BaseModel | None)
M = TypeVar("M", bound=BaseModel)
OnToken = Callable[[str], None]

_GRACE = 1.0
"""Seconds beyond the time-out before a request is given up from outside: a model's own time-out comes first, it knows more."""

_CUT = "it was cut off before its end"

_unbound: set[tuple[str, str | None]] = set()
"""Models (spec, address) whose server does not know `response_format`; asked once, remembered for the process."""


@dataclass(frozen=True)
class Reply(Generic[T]):
    """What a model replied."""

    text: str
    """Verbatim."""
    value: T
    """The reply as the type that was asked for; None when none was."""
    usage: Usage
    """Of all requests that this reply took."""
    seconds: float
    """Wall time of all of them, waiting included."""


@overload
def ask(
    model: Model,
    messages: Sequence[BaseMessage],
    *,
    schema: type[M],
    settings: Settings,
    on_token: OnToken | None = None,
) -> Reply[M]: ...


@overload
def ask(
    model: Model,
    messages: Sequence[BaseMessage],
    *,
    schema: None = None,
    settings: Settings,
    on_token: OnToken | None = None,
) -> Reply[None]: ...


def ask(
    model: Model,
    messages: Sequence[BaseMessage],
    *,
    schema: type[BaseModel] | None = None,
    settings: Settings,
    on_token: OnToken | None = None,
) -> Reply[Any]:
    """Ask a chat model, and get text or a value.

    A reply that is not valid is told to the model, once; then it is an error.

    Args:
        model: A model with `chat`.
        messages: The conversation so far.
        schema: What the reply must be; None for free text.
        settings: timeout, retries and base_url count here.
        on_token: Gets the text piece by piece. A further try begins its text anew.

    Raises:
        ModelError: The model cannot be reached, or failed for good.
        ReplyError: It answered, but not in the form that was asked for: empty, refused, cut off or not valid.
    """
    begin, usage, said = time.monotonic(), Usage(), list(messages)
    while True:
        message = _request(model, said, schema, settings, on_token)
        usage += usage_of(message)
        text = message.text
        if refusal := message.additional_kwargs.get("refusal"):
            raise ReplyError(f"{model.spec} refused: {str(refusal)[:200]}", "ask in other words, or take another model")
        try:
            return Reply(text, _read(text, schema), usage, time.monotonic() - begin)
        except InvalidError as error:
            problem, hint = (_CUT, "raise CUECHAIN_MAX_TOKENS") if _cut(message) else (str(error), "try another model")
            if schema is None or usage.calls == 2:
                shown = f"; it begins: {text.strip()[:200]}" if text.strip() else ""
                raise ReplyError(f"{model.spec} gave no valid reply: {problem}{shown}", hint) from error
            # Chat templates want turns that alternate and are not empty.
            said += [AIMessage(text.strip() or "{}"), HumanMessage(prompts.render("invalid", error=problem))]


def requested(model: Model, messages: Sequence[BaseMessage], settings: Settings) -> AIMessage:
    """One request as it is answered, tool calls and all, with its deadline and further tries.

    Raises:
        ModelError: The model cannot be reached, or failed for good.
    """
    return _request(model, list(messages), None, settings, None)


def _read(text: str, schema: type[BaseModel] | None) -> BaseModel | None:
    if not text.strip():
        raise InvalidError("it is empty")
    return parsed(text, schema) if schema else None


def _request(
    model: Model,
    messages: list[BaseMessage],
    schema: type[BaseModel] | None,
    settings: Settings,
    on_token: OnToken | None,
) -> AIMessage:
    """One request with its further tries, bound to the schema where the model can be."""
    assert model.chat is not None, "a planner answers no messages"
    key = (model.spec, settings.base_url)
    # A model in this process keeps the time itself, and while it reads the prompt nobody can stop it: asking again would only queue.
    limit = None if model.spec.startswith("hf:") else settings.timeout + _GRACE

    def once(bind: bool = True) -> AIMessage:
        chat: Runnable[Any, AIMessage] = model.chat  # type: ignore[assignment]
        bound = schema if bind and model.constrains and key not in _unbound else None
        if bound:
            form = {"name": bound.__name__, "strict": True, "schema": json_schema(bound)}
            chat = chat.bind(response_format={"type": "json_schema", "json_schema": form})
        try:
            message = _within(chat, messages, limit, on_token)
        except Exception as error:
            ours = told(error, model.spec)
            # Not every compatible server knows response_format. The prompt asks for JSON anyway, so go on without.
            if bound and status_of(error) in (400, 422, 501) and not too_long(error):
                message = once(bind=False)
                _unbound.add(key)
                return message
            raise ours from error
        metadata = message.response_metadata
        if metadata.get("model_provider") == "openai" and not (metadata.get("finish_reason") or metadata.get("status")):
            raise ModelError(
                f"{model.spec} broke off its reply", "the server or a proxy closed the stream", retryable=True
            )
        return message

    def pause(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        return max(wait_exponential_jitter(initial=0.5, max=20, jitter=0.5)(state), wait_asked(error))

    return Retrying(
        stop=stop_after_attempt(settings.retries + 1),
        wait=pause,
        retry=retry_if_exception(_may_pass),
        reraise=True,
    )(once)


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, ModelError) and error.retryable


def _within(
    chat: Runnable[Any, AIMessage], messages: list[BaseMessage], seconds: float | None, on_token: OnToken | None
) -> AIMessage:
    """Ask in a thread of its own: a server that drips bytes for ever meets the deadline, and Ctrl-C is heard while we wait."""
    box: Queue[AIMessage | BaseException | None] = Queue()
    given_up = Event()

    def work() -> None:
        try:
            if on_token is None:
                box.put(chat.invoke(messages))
            else:
                for chunk in chat.stream(messages):
                    box.put(chunk)
                    if given_up.is_set():
                        break
            box.put(None)
        except BaseException as error:  # all of it belongs to the thread that waits
            box.put(error)

    deadline = None if seconds is None else time.monotonic() + seconds
    whole: AIMessage | None = None
    Thread(target=copy_context().run, args=(work,), daemon=True, name="cuechain-ask").start()
    try:
        while True:
            piece = box.get(timeout=None if deadline is None else max(0.0, deadline - time.monotonic()))
            if piece is None:
                break
            if isinstance(piece, BaseException):
                raise piece
            if on_token is not None and piece.text:
                on_token(piece.text)
            whole = piece if whole is None else cast(AIMessage, whole + piece)
    except Empty:
        raise TimeoutError from None
    finally:
        given_up.set()
    return whole or AIMessage("")


def usage_of(message: AIMessage) -> Usage:
    """What one reply took."""
    counted = message.usage_metadata
    return Usage(
        calls=1,
        input_tokens=counted["input_tokens"] if counted else 0,
        output_tokens=counted["output_tokens"] if counted else 0,
    )


def _cut(message: AIMessage) -> bool:
    """Whether the model stopped because it had written all it may; providers name the field differently."""
    metadata: dict[str, Any] = message.response_metadata
    return any(
        metadata.get(k) in ("length", "max_tokens", "MAX_TOKENS")
        for k in ("finish_reason", "stop_reason", "done_reason")
    )
