"""What a robustness probe is given, and what it gives back."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from cuechain.agents.question.focus import of_turn
from cuechain.agents.settings import Settings
from cuechain.agents.values import Case, Cue, CueSheet


@dataclass(frozen=True)
class Spoiled:
    """What a probe makes of an item."""

    sheet: CueSheet | None = None
    """The sheet that it leaves; None where the probe does not apply."""
    why: str = ""
    """Why it does not apply, in words that can be counted."""
    label: str | None = None
    """The label that the sheet now names or orders, for the probes that put one in."""


@dataclass(frozen=True)
class Spoil:
    """What a probe may look at."""

    case: Case
    """The item with the answer that the model gives to the whole sheet."""
    others: Sequence[CueSheet]
    """Sheets of other items."""
    labels: tuple[str, ...]
    """The labels that may be answered; empty where the task has none."""
    settings: Settings
    """How sheets are perceived."""
    level: float
    """How much is spoiled."""
    chance: random.Random
    """Where draws come from."""

    @property
    def sheet(self) -> CueSheet:
        """As it was perceived."""
        return self.case.sheet

    @property
    def judged(self) -> CueSheet:
        """What the question is about: the cues of the turn that is judged, else all."""
        return of_turn(self.sheet, self.case.question.turn)


def placed(cue: Cue, beside: Cue) -> Cue:
    """A cue as nobody's, at the time and in the turn and medium of another one."""
    measures = {k: v for k, v in cue.measures.items() if k != "line"}
    measures |= {"line": beside.measures["line"]} if "line" in beside.measures else {}
    return cue.model_copy(update={"person": None, "span": beside.span, "media": beside.media, "measures": measures})
