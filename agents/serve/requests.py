"""What requests bring, as JSON."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from cuechain.agents.pipeline import MAX_QUESTION
from cuechain.agents.values import Value

MOST_TEXT = 500_000
"""Characters of a typed text."""
Name = Annotated[str, Field(max_length=100)]


class _Body(Value):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Asking(_Body):
    """A question."""

    question: str = Field(max_length=MAX_QUESTION)
    """The words."""
    session: str | None = Field(default=None, max_length=64)
    """Id of the session whose clips are asked about; a new one where none is named."""
    text: str | None = Field(default=None, max_length=MOST_TEXT)
    """A text that joins the session."""
    task: str = Field(default="ask", max_length=100)
    """One of /v1/tasks."""
    labels: tuple[Name, ...] = Field(default=(), max_length=200)
    """Label set; empty for the task's own."""
    without: tuple[Name, ...] = Field(default=(), max_length=50)
    """Senses (/v1/tools) that are left out of this answer."""
    model: str | None = Field(default=None, max_length=200)
    """One of /v1/models; the first where none is named."""


class Perceiving(_Body):
    """Clips to perceive, without a question."""

    session: str | None = Field(default=None, max_length=64)
    """Id of the session whose clips are looked at."""
    text: str | None = Field(default=None, max_length=MOST_TEXT)
    """A text that joins the session."""
    senses: tuple[Name, ...] = Field(default=(), max_length=50)
    """Senses (/v1/tools) that perceive; empty for all."""


class Titled(_Body):
    """What a new session is called."""

    title: str = Field(default="", max_length=200)
    """Shown in lists."""
