"""Detector lines: what one tool says of a face, a voice or a sound, in the wordings of many, with what it speaks for.

The generator knows a hundred wordings; people wrote two thousand others (corpus/lines), so that a planner learns what a line tells and
not how ours are worded.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cuechain.agents.errors import ConfigError
from cuechain.agents.llm.labels import meaning
from cuechain.agents.textualize import letter
from cuechain.agents.values import EKMAN, Cue, CueSheet, Sentiment
from cuechain.finetune.embedded.examples import ASKING, Example

Shows = Literal[
    "joy", "anger", "sadness", "fear", "surprise", "disgust", "neutral", "unfelt", "irony", "nothing"
]  # fmt: skip


class Line(BaseModel):
    """One line of one detector."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sense: Literal["face", "voice", "sound"]
    """Which sense it could be of."""
    text: str
    """Its words."""
    shows: Shows
    """What it speaks for first; `unfelt` is a smile for politeness, `nothing` tells of nothing felt."""
    also: tuple[Shows, ...] = ()
    """What fits nearly as well."""
    strength: float = Field(ge=0, le=1)
    """How strongly such a line speaks for it, by its author."""

    def cue(self, person: str | None) -> Cue:
        """The line as a cue of a person."""
        return Cue(sense=self.sense, text=self.text, person=person, source="line@1")


class Lines:
    """Lines by sense and what they show."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.all = tuple(lines)
        self._by: dict[tuple[str, str], list[Line]] = {}
        for line in lines:
            self._by.setdefault((line.sense, line.shows), []).append(line)

    def pick(self, sense: str, shows: str, chance: random.Random) -> Line | None:
        """A line of this sense that shows this; None where there is none."""
        found = self._by.get((sense, shows))
        return chance.choice(found) if found else None


def read_lines(folder: Path) -> Lines:
    """The lines of every file of a folder.

    Raises:
        ConfigError: A line is broken; the message has its file and number.
    """
    found: list[Line] = []
    for path in sorted(folder.glob("*.jsonl")):
        for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                found.append(Line.model_validate(json.loads(text)))
            except (ValueError, ValidationError) as error:
                raise ConfigError(f"{path.name}, line {number}: {error}") from error
    return Lines(found)


def alone(lines: Lines, chance: random.Random) -> Iterator[Example]:
    """Sheets of one line, of a line beside some that tell nothing, and of nothing but such lines: there nobody can answer."""
    empty = [line for line in lines.all if line.shows == "nothing"]
    for number, line in enumerate(lines.all):
        if line.shows not in EKMAN and line.shows != "nothing":
            continue
        told = [line, *chance.sample(empty, chance.choice((0, 0, 1, 2, 3)) if empty else 0)]
        chance.shuffle(told)
        cues = {f"{letter(each.sense)}{place}": each.cue("P1") for place, each in enumerate(told, 1)}
        shared = {
            "id": f"li-{number}",
            "author": "lines",
            "sheet": CueSheet(cues=cues),
            "question": chance.choice(ASKING),
        }
        if line.shows == "nothing":
            yield Example(**shared, person="P1", decisive=(), abstain=True)
            continue
        felt = meaning(line.shows)[1]
        sentiment: Sentiment = "positive" if felt > 0.5 else "negative" if felt < -0.25 else "neutral"
        yield Example(
            **shared,
            person="P1",
            emotion=line.shows,
            also=tuple(name for name in line.also if name in EKMAN),
            sentiment=sentiment,
            relation="single",
            intensity=line.strength,
            decisive=tuple(key for key, each in zip(cues, told, strict=True) if each is line),
        )
