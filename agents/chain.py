"""Step after step with a chat model: each step reads the sheet and what was returned before it; the last one answers as JSON."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from cuechain import prompts
from cuechain.agents.llm import Model
from cuechain.agents.nearest import Known
from cuechain.agents.settings import Settings
from cuechain.agents.tasks import Task
from cuechain.agents.values import Answer, CueSheet, Step, Usage, Value

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from cuechain.agents.llm.reply import Reply

_VERDICT = re.compile(r"\W*(yes|no)\b", re.IGNORECASE)


class Paraphrases(Value):
    """What paraphrase-based verification did in one chain, and what it took (PpV; PanoSent, Luo et al. 2024)."""

    asked: int = 0
    """Steps whose result was put into a sentence and asked about."""
    refused: int = 0
    """Of these, the ones that the model called not entailed: each was taken once more."""
    fixed: int = 0
    """Of the refused, the ones whose second try it called entailed; `fixed / refused` is the fix rate."""
    unclear: int = 0
    """Replies that were neither yes nor no: the step stays as it was."""
    usage: Usage = Usage()
    """Requests and tokens of the questions and of the second tries: the cost beyond the bare chain."""


@dataclass
class Chain:
    """A chain of prompts as it goes on."""

    sheet: CueSheet
    """What the prompts were made from."""
    task: Task
    """Answer type, forms of the steps, and the template of the verification."""
    model: Model
    """A chat model."""
    settings: Settings
    """Time-outs, retries, temperature."""
    shots: Sequence[Known] = ()
    """Solved examples, the most similar last."""
    on_token: Callable[[str], None] | None = None
    """Called with each piece of text as the model writes it."""
    messages: list[BaseMessage] = field(default_factory=list["BaseMessage"])
    """The conversation; a step that was taken twice stands in it as it was the second time."""
    steps: list[Step] = field(default_factory=list[Step])
    """In the order in which they were taken; with verification a last one, `paraphrases`, holds its Paraphrases."""
    usage: Usage = field(default_factory=Usage)
    """Of all requests."""
    told: Paraphrases = field(default_factory=Paraphrases)
    """What the verification did so far."""

    def run(self, asked: Sequence[tuple[str, str]], images: Sequence[bytes] = ()) -> Answer:
        """Take every step.

        Args:
            asked: (step, prompt) in order.
            images: Keyframes (JPEG) for a vision model, shown with the first step.

        Returns:
            The last step's value.

        Raises:
            ModelError: The model did not answer.
            ReplyError: It answered, twice, in another form than asked for.
        """
        from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

        system = prompts.render("shots", shots=self.shots) if self.shots else prompts.render("system")
        self.messages.append(SystemMessage(system))
        verifies = bool(self.task.paraphrase) and len(asked) > 1
        value: Any = None
        for number, (name, text) in enumerate(asked):
            shown = [
                {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{base64.b64encode(i).decode()}"}}
                for i in (images if number == 0 and self.model.vision else ())
            ]
            self.messages.append(HumanMessage([*shown, {"type": "text", "text": text}] if shown else text))
            form = self.task.forms.get(name)
            schema = self.task.answer if number == len(asked) - 1 else form.kind if form else None
            reply = self._ask(name, self.messages, schema)
            if verifies and schema is not None:
                reply = self._verified(name, reply, schema)
            self.messages.append(AIMessage(reply.text))
            value = reply.value
        if verifies:
            self.steps.append(Step(name="paraphrases", output=self.told.model_dump_json()))
        assert isinstance(value, Answer)
        return value

    def _ask(self, name: str, messages: Sequence[BaseMessage], schema: type[BaseModel] | None) -> Reply[Any]:
        from cuechain.agents.llm.reply import ask

        heard = None if name == "paraphrase" else self.on_token
        reply = ask(self.model, messages, schema=schema, settings=self.settings, on_token=heard)
        self.steps.append(Step(name=name, output=reply.text, seconds=reply.seconds))
        self.usage += reply.usage
        return reply

    def _verified(self, name: str, first: Reply[Any], schema: type[BaseModel]) -> Reply[Any]:
        """The step's reply, or its second try where the first one was not entailed."""
        from langchain_core.messages import AIMessage, HumanMessage

        before = self.usage
        reply, fixed = first, False
        entailed = self._entailed(name, first.value)
        refused = entailed is False
        if refused:
            again = [*self.messages, AIMessage(first.text), HumanMessage(prompts.render("again", step=name))]
            reply = self._ask(name, again, schema)
            entailed = self._entailed(name, reply.value)
            fixed = entailed is True
        self.told = Paraphrases(
            asked=self.told.asked + 1,
            refused=self.told.refused + refused,
            fixed=self.told.fixed + fixed,
            unclear=self.told.unclear + (entailed is None),
            usage=self.told.usage + _beyond(self.usage, before),
        )
        return reply

    def _entailed(self, name: str, value: BaseModel) -> bool | None:
        """What the model says of the result as a sentence, asked apart from the chain; None where it says neither yes nor no."""
        from langchain_core.messages import HumanMessage, SystemMessage

        text = prompts.render(self.task.paraphrase, sheet=self.sheet, step=name, value=value)
        reply = self._ask("paraphrase", [SystemMessage(prompts.render("system")), HumanMessage(text)], None)
        found = _VERDICT.match(reply.text.rpartition("</think>")[2])
        return found[1].lower() == "yes" if found else None


def _beyond(usage: Usage, before: Usage) -> Usage:
    return Usage(
        calls=usage.calls - before.calls,
        input_tokens=usage.input_tokens - before.input_tokens,
        output_tokens=usage.output_tokens - before.output_tokens,
    )
