"""`hf:ID_OR_PATH[+ADAPTER]`: a causal language model or LLaVA-like model in this process, with LoRA adapter, in 4 bit if wished."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import Event, Thread
from typing import Any, NoReturn

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field, PrivateAttr

from cuechain.agents.errors import ConfigError, CueChainError, ModelError
from cuechain.agents.llm import Model
from cuechain.agents.llm.checkpoint import Checkpoint, checkpoint
from cuechain.agents.llm.grammar import Grammar
from cuechain.agents.llm.together import Request, Together
from cuechain.agents.llm.turns import tokenized
from cuechain.agents.settings import Settings

_ROOM = 16
"""Tokens that must be left for the reply; with fewer a prompt counts as too long."""


class HFChat(BaseChatModel):
    """A chat model of transformers. Requests that wait for it are answered together, but for those whose reply is streamed."""

    checkpoint: Any = Field(repr=False)
    """The Checkpoint that it runs."""
    temperature: float
    """0 for greedy."""
    max_tokens: int
    """Tokens that it may write."""
    timeout: float
    """Seconds that it may write."""
    _together: Together = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        """Begin to collect requests."""
        super().model_post_init(context)
        self._together = Together(self.checkpoint, self._sampling(), self.timeout)

    @property
    def _llm_type(self) -> str:
        return "cuechain-hf"

    def bind_tools(self, tools: Sequence[Any], *, tool_choice: str | None = None, **kwargs: Any) -> NoReturn:
        """Local models write tool calls each in their own way, and none is read here.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError(
            f"hf:{self.checkpoint.name} cannot call tools",
            "serve it with vLLM or another server, and use openai:NAME --base-url URL",
        )

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        held: Checkpoint = self.checkpoint
        inputs = tokenized(held, messages)
        request = Request(inputs, self._room(inputs), _schemas(kwargs))
        self._together.write(request)
        if request.error:
            raise _told(request.error, held.name) from request.error
        message = AIMessage(
            content=held.tokenizer.decode(request.written, skip_special_tokens=True),
            usage_metadata=_usage(request.read, len(request.written)),
            response_metadata=self._ending(request.written[-1] in held.ends),
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        """Write, piece by piece.

        Args:
            messages: System, human and ai messages; image blocks where the model sees.
            stop: Not used; chat models end their turn themselves.
            run_manager: LangChain's listener.
            **kwargs: `response_format` of type json_schema binds the reply to its schema.

        Raises:
            ModelError: The prompt is too long, there was no time or memory to end, or transformers failed.
        """
        from transformers import StoppingCriteriaList, TextIteratorStreamer

        held: Checkpoint = self.checkpoint
        inputs = tokenized(held, messages)
        read = int(inputs["input_ids"].shape[1])
        most, left = self._room(inputs), Event()
        streamer = TextIteratorStreamer(held.tokenizer, skip_prompt=True, skip_special_tokens=True)
        outcome: list[Any] = []

        def leave(input_ids: Any, scores: Any, **_: Any) -> Any:
            import torch

            return torch.full((input_ids.shape[0],), left.is_set(), dtype=torch.bool, device=input_ids.device)

        def work() -> None:
            try:
                # Locked here and not around the yields: a listener that just walks off must not keep the others waiting.
                with held.lock:
                    outcome.append(
                        held.model.generate(
                            **inputs,
                            **self._sampling(),
                            max_new_tokens=most,
                            max_time=self.timeout,
                            eos_token_id=sorted(held.ends) or None,
                            pad_token_id=held.pad,
                            logits_processor=[Grammar(held.vocabulary, s) for s in _schemas(kwargs)],
                            stopping_criteria=StoppingCriteriaList([leave]),
                            streamer=streamer,
                        )
                    )
            except Exception as error:
                outcome.append(error)
            finally:
                streamer.end()

        thread = Thread(target=work, daemon=True, name="cuechain-hf")
        thread.start()
        try:
            for text in streamer:
                if text:
                    chunk = ChatGenerationChunk(message=AIMessageChunk(content=text))
                    if run_manager:
                        run_manager.on_llm_new_token(text, chunk=chunk)
                    yield chunk
        finally:  # also where the listener leaves early
            left.set()
            thread.join()
        if isinstance(outcome[0], Exception):
            raise _told(outcome[0], held.name) from outcome[0]
        written = outcome[0][0, read:]
        ended = len(written) > 0 and int(written[-1]) in held.ends
        if not ended and len(written) < most:
            raise ModelError(
                f"{held.name} wrote {len(written)} tokens in {self.timeout:g} s and was not done",
                "raise CUECHAIN_TIMEOUT, or take a smaller model or a faster device",
            )
        yield ChatGenerationChunk(
            message=AIMessageChunk(
                content="",
                usage_metadata=_usage(read, len(written)),
                response_metadata=self._ending(ended),
                chunk_position="last",
            )
        )

    def _room(self, inputs: dict[str, Any]) -> int:
        """Tokens that may be written after a prompt."""
        held, read = self.checkpoint, int(inputs["input_ids"].shape[1])
        room = held.positions - read
        if room < _ROOM:
            raise ModelError(
                f"the prompt has {read} tokens, and {held.name} can hold {held.positions} with its reply",
                "lower --budget, or take a model with a longer context",
            )
        return min(self.max_tokens, room)

    def _ending(self, ended: bool) -> dict[str, Any]:
        return {"finish_reason": "stop" if ended else "length", "model_name": self.checkpoint.name}

    def _sampling(self) -> dict[str, Any]:
        if self.temperature:
            return {"do_sample": True, "temperature": self.temperature}
        # Checkpoints bring sampling defaults of their own, which would only warn beside greedy decoding.
        return {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}


def load(rest: str, settings: Settings) -> Model:
    """Load `hf:ID_OR_PATH[+ADAPTER]`. The weights are loaded here, once for all models of this process that are still in use.

    Raises:
        ConfigError: No name, or a device that is not there.
        MissingExtraError: The extra hf is not installed.
        ModelError: It is not there, not a chat model, does not fit, or the adapter was made for another base.
    """
    from importlib.util import find_spec

    held = checkpoint(rest, settings)
    chat = HFChat(
        checkpoint=held, temperature=settings.warmth, max_tokens=settings.max_tokens, timeout=settings.timeout
    )
    constrains = bool(held.tokenizer.is_fast) and find_spec("llguidance") is not None
    return Model(
        spec=f"hf:{rest}", chat=chat, constrains=constrains, vision=settings.look and held.processor is not None
    )


def _usage(read: int, written: int) -> UsageMetadata:
    return UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)


def _schemas(kwargs: dict[str, Any]) -> list[dict[str, Any]]:
    form = kwargs.get("response_format") or {}
    return [form["json_schema"]["schema"]] if form.get("type") == "json_schema" else []


def _told(error: Exception, name: str) -> CueChainError:
    if isinstance(error, CueChainError):
        return error
    if type(error).__name__ == "OutOfMemoryError":
        return ModelError(f"{name} ran out of memory", "use --four-bit, a smaller model or a lower --budget")
    return ModelError(f"{name} failed: {type(error).__name__}: {' '.join(str(error).split())[:300]}")
