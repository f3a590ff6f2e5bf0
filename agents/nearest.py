"""Solved examples that are like a new one: retrieval of cue sheets for few-shot prompts and for the vote of neighbours.

RICES (retrieval-based in-context example selection; Yang et al. 2022, and M-ICL's use of it): the most similar example stands last, next
to the question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cuechain.agents.errors import ConfigError
from cuechain.agents.llm.embedded import EmbeddedPlanner
from cuechain.agents.values import CueSheet, Target


@dataclass(frozen=True)
class Known:
    """A sheet with what people said of it."""

    id: str
    """Of its sample."""
    group: str
    """Dialogue, speaker, author or clip."""
    sheet: CueSheet
    """What was perceived."""
    target: Target
    """What people said."""

    @property
    def label(self) -> str:
        """Its leading label; empty without one."""
        return (self.target.labels or ("",))[0]


class Pool:
    """Known sheets, by where they lie in the embedded planner's space of feelings."""

    def __init__(self, known: Sequence[Known]) -> None:
        """Take sheets that have cues and a label.

        Raises:
            ConfigError: None has.
        """
        self.known = tuple(k for k in known if k.sheet.cues and k.label)
        if not self.known:
            raise ConfigError("no example has cues and a label", "give a run over a labelled dataset")
        self._planner = EmbeddedPlanner()

    @cached_property
    def _places(self) -> np.ndarray:
        return self._planner.vectors([k.sheet for k in self.known])

    def near(self, sheet: CueSheet, count: int, *, group: str = "", balanced: bool = False) -> list[Known]:
        """The nearest known sheets by cosine, the most similar one last.

        Args:
            sheet: The new one.
            count: How many, at most.
            group: Examples of this group are left out, and so are sheets with the very same cues: they would tell the answer.
            balanced: Take turns among the labels, nearest first, so that a common label does not fill all places.
        """
        cues = [c.text for c in sheet.cues.values()]
        if not cues:
            return []
        likeness = self._places @ self._planner.vectors([sheet])[0]
        order = [
            i
            for i in np.argsort(-likeness, kind="stable").tolist()
            if (not group or self.known[i].group != group)
            and [c.text for c in self.known[i].sheet.cues.values()] != cues
        ]
        if balanced:
            seen: Counter[str] = Counter()
            rounds: list[tuple[int, int]] = []
            for place, i in enumerate(order):
                rounds.append((seen[self.known[i].label], place))
                seen[self.known[i].label] += 1
            order = [order[place] for _, place in sorted(rounds)]
        chosen = sorted(order[:count], key=lambda i: (likeness[i], -i))
        return [self.known[i] for i in chosen]


def vote(near: Sequence[Known]) -> str:
    """The label that most of them have, a tie broken for the most similar; empty without any."""
    counts = Counter(k.label for k in reversed(near))
    return counts.most_common(1)[0][0] if counts else ""
