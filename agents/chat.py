"""A conversation about a clip that was perceived once. Follow-ups keep the person and the words of the question before."""

from __future__ import annotations

import re
from collections.abc import Callable

from cuechain.agents import llm
from cuechain.agents.pipeline import check, think
from cuechain.agents.settings import Settings
from cuechain.agents.values import Case, CueSheet, Question

_FOLLOW_UP = re.compile(r"^\s*(and|but|so|then|why|when|what about|how about|really|are you sure|how so)\b", re.I)

_OF = {"she": "of her", "her": "of her", "he": "of him", "him": "of him", "they": "of them", "them": "of them"}
_PRONOUN = re.compile(r"\b(she|her|he|him|they|them)\b", re.I)


class Conversation:
    """Questions about one sheet, in turn."""

    def __init__(self, sheet: CueSheet, settings: Settings, labels: tuple[str, ...] = ()) -> None:
        self.sheet = sheet
        self.settings = settings
        self.labels = labels
        self.cases: list[Case] = []
        self._model: llm.Model | None = None

    @property
    def first(self) -> bool:
        """True while only one question has been answered."""
        return len(self.cases) == 1

    def ask(self, text: str, *, on_token: Callable[[str], None] | None = None) -> Case:
        """Answer the next question; the model is loaded once.

        Raises:
            CueChainError: See `cuechain.agents.pipeline.run`; the conversation can go on.
        """
        self._model = self._model or llm.load(self.settings.model, self.settings)
        question = Question(text=self._whole(text), labels=self.labels)
        case = think(self.sheet, question, check(question), self._model, self.settings, on_token=on_token)
        self.cases.append(case)
        return case

    def _whole(self, text: str) -> str:
        """A follow-up with whom the conversation is about, when it names nobody itself."""
        last = self.cases[-1].answer if self.cases else None
        if (
            last is None
            or last.person is None
            or any(re.search(rf"\b{re.escape(p)}\b", text, re.I) for p in self.sheet.people)
        ):
            return text
        if len(self.sheet.people) > 1:
            return f"{text.rstrip()} (about {last.person})" if _FOLLOW_UP.search(text) else text
        pronoun = next((w for c in reversed(self.cases) for w in _PRONOUN.findall(c.question.text)), None)
        return text if pronoun is None or _PRONOUN.search(text) else f"{text.rstrip()} ({_OF[pronoun.lower()]})"
