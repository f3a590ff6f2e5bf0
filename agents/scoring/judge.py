"""A language model as a judge of explanations: an option, never a default, and named in what it judges."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cuechain import prompts
from cuechain.agents.errors import ConfigError, ReplyError
from cuechain.agents.values import Value

if TYPE_CHECKING:
    from cuechain.agents.llm import Model
    from cuechain.agents.settings import Settings


class Judgement(Value):
    """What a judge model says about an explanation."""

    stated: tuple[int, ...] = ()
    """Numbers of the reference's clues, from 1, that the explanation states in whatever words."""
    contradicted: tuple[int, ...] = ()
    """Numbers of the clues that it says the opposite of."""


@dataclass(frozen=True)
class Judged:
    """A judgement as it was reached."""

    stated: float
    """Share of the clues."""
    contradicted: float
    """Share of the clues."""
    judge: str
    """Spec string of the model."""
    temperature: float
    """Of its sampling."""
    template: str
    """Digest of the prompt."""


def judged(clues: Sequence[str], sentences: Sequence[str], judge: Model, settings: Settings) -> Judged:
    """Ask a chat model which clues of the reference an explanation states.

    Raises:
        ConfigError: The model answers no messages.
        ModelError: It did not answer.
        ReplyError: It answered in another form, or named clues that are not there.
    """
    from langchain_core.messages import HumanMessage

    from cuechain.agents.llm.reply import ask
    from cuechain.agents.llm.schema import json_schema

    if judge.chat is None:
        raise ConfigError(f"{judge.spec} fills slots and judges nothing", "name a chat model: hf:… or openai:…")
    schema = json.dumps(json_schema(Judgement))
    text = prompts.render("judge/clues", clues=clues, sentences=sentences, schema=schema)
    value = ask(judge, [HumanMessage(text)], schema=Judgement, settings=settings).value
    if outside := {*value.stated, *value.contradicted} - set(range(1, len(clues) + 1)):
        raise ReplyError(f"{judge.spec} judged clues that are not there: {sorted(outside)}", "try another judge")
    digest = hashlib.sha256(prompts.source("judge/clues").encode()).hexdigest()[:16]
    shares = (len(set(found)) / len(clues) for found in (value.stated, value.contradicted))
    return Judged(*shares, judge=judge.spec, temperature=settings.temperature, template=digest)
