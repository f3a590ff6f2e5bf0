"""Models behind a spec string. Two protocols, no more: a chat model answers messages, a planner fills a plan's slots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cuechain.agents import registry
from cuechain.agents.errors import ConfigError
from cuechain.agents.settings import Settings
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


def load(spec: str, settings: Settings) -> Model:
    """Load a model by its spec string: `scheme` or `scheme:rest`.

    Raises:
        ConfigError: Unknown scheme, or a rest that the scheme cannot read.
        MissingExtraError: A part that is not installed.
        ModelError: The model could not be loaded.
    """
    scheme, _, rest = spec.partition(":")
    if scheme in registry.names("models"):
        return registry.get("models", scheme)(rest, settings)
    if rest:
        from cuechain.agents.llm.remote import load_any

        return load_any(spec, settings)
    raise ConfigError(f"unknown model '{spec}'", registry.did_you_mean(scheme, registry.names("models")))
