"""The two protocols of models: a planner fills slots, a chat model answers messages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from cuechain.agents.values import CueSheet, Plan, Question

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


class Planner(Protocol):
    """Fills the slots of a Plan for one person in one stretch of a clip."""

    def plan(self, sheet: CueSheet, question: Question, labels: tuple[str, ...], person: str | None) -> Plan:
        """Decide about one focused sheet.

        Args:
            sheet: The cues of the stretch that the question is about, those of other persons among them.
            question: What was asked.
            labels: The closed label set; never empty.
            person: Whom it is about; None where no person can be told apart.
        """
        ...


@runtime_checkable
class Remembers(Protocol):
    """A planner that can save work where many sheets are made of the same cues."""

    def remembering(self) -> Planner:
        """A planner with the same answers, for one such set of sheets."""
        ...


@dataclass(frozen=True)
class Model:
    """A loaded model: exactly one of `planner` and `chat` is there."""

    spec: str
    """The spec string that it was loaded from."""
    planner: Planner | None = None
    """Fills plans."""
    chat: BaseChatModel | None = None
    """Answers messages."""
    constrains: bool = False
    """True when `chat.bind(response_format={"type": "json_schema", "json_schema": {"name": …, "schema": …}})` binds its output."""
    vision: bool = False
    """True when messages may carry image blocks."""
    tools: bool = False
    """True when `chat` calls tools, so that it can perceive on demand."""

    def remembering(self) -> Model:
        """The same model for many sheets that are made of the same cues."""
        return replace(self, planner=self.planner.remembering()) if isinstance(self.planner, Remembers) else self
