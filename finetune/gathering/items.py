"""What a source gives: one judged sheet, before rows are made of it; or why it gives none."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, SerializeAsAny, ValidationInfo, field_validator

from cuechain.agents import registry
from cuechain.agents.tasks import Task
from cuechain.agents.values import Answer, CueSheet, Question, Sentiment
from cuechain.finetune.rows import Gold, Row


class Item(BaseModel):
    """One sheet, one question, and the reply that is held for right."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    """Unique in a run."""
    unit: str
    """What it is made of: the same evidence under several tasks has one unit, and is no duplicate of itself."""
    group: str
    """Speaker, dialogue, author or clip: a split never runs through a group."""
    origin: str
    """Name of its source."""
    sheet: CueSheet
    """What was perceived."""
    question: Question
    """What is asked."""
    answer: SerializeAsAny[Answer] | None = None
    """The right reply; None where only a bad one is known."""
    pairs: tuple[Row, ...] = ()
    """Rows that are made already: preference pairs and thumbs."""
    gold: Gold = Gold()
    """What people said, where they did."""
    senses: dict[str, Sentiment] = {}
    """Polarity of a sense by itself, where people judged it."""
    images: tuple[str, ...] = ()
    """Paths of images, relative to the folder of the rows."""

    @field_validator("answer", mode="before")
    @classmethod
    def _subtype(cls, value: Any, info: ValidationInfo) -> Any:
        kind: type[Answer] | None = (info.context or {}).get("answer")
        return kind.model_validate(value) if kind and isinstance(value, dict) else value

    @property
    def task(self) -> Task:
        """What is asked for."""
        return registry.get("tasks", self.question.task)


def read_item(line: str) -> Item:
    """An item from its JSON line, its answers read as their task's own type.

    Raises:
        ValueError: The line is broken.
    """
    raw = json.loads(line)
    kind = registry.get("tasks", Question.model_validate(raw["question"]).task).answer
    return Item.model_validate(raw, context={"answer": kind})


@dataclass(frozen=True)
class Refusal:
    """One thing that does not become rows, and why."""

    id: str
    """Of the item, or the file and line where there is none yet."""
    origin: str
    """Name of its source."""
    reason: str
    """One of a few words, to be counted."""
    detail: str
    """What exactly, in a sentence."""


def drawn(*key: object) -> float:
    """A number in [0, 1) that a key alone decides: the same on every machine, in every order, in every run."""
    digest = hashlib.blake2b("/".join(map(str, key)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def copies(weight: float, *key: object) -> int:
    """How often something with a weight is taken: its whole part, and once more by the chance of the rest."""
    return math.floor(weight) + (drawn("copies", *key) < weight - math.floor(weight))
