"""The nouns of a timeline: plain values that a page, a web interface or a test reads."""

from __future__ import annotations

from pydantic import Field

from cuechain.agents.values import Cue, Value


class Bar(Value):
    """A stretch of a lane."""

    cues: tuple[str, ...]
    """Ids; several where cues lie too close to be told apart. Empty for an answer."""
    start: float
    """Seconds."""
    end: float
    """Seconds."""
    row: int = 0
    """Place within the lane, from the top."""
    text: str
    """What is perceived, or answered."""
    label: str | None = None
    """The feeling that it points to by itself; None where it points nowhere or nobody asked."""
    cited: bool = False
    """The answer cites it."""
    against: bool = False
    """It speaks against the conclusion, or against another sense at the same time."""
    strength: float | None = None
    """How much it decided (a cue), or how strong the feeling is (an answer), 0 to 1; None where nobody says."""


class Lane(Value):
    """What one sense tells of one person."""

    person: str | None
    """Whom; None for the setting, or a speaker that nobody could tell."""
    sense: str
    """The perception tool's name; `answer` for what was answered about a stretch, `conflict` for senses that disagree."""
    rows: int
    """Rows that its bars take."""
    bars: tuple[Bar, ...]
    """By time."""


class Level(Value):
    """One number of one cue, over the time that it was measured."""

    start: float
    """Seconds."""
    end: float
    """Seconds."""
    value: float
    """In the unit of its track."""
    cue: str
    """Where it comes from."""


class Track(Value):
    """Numbers of one person over time, as the senses measured them; nothing is put between them."""

    person: str | None
    """Whom."""
    name: str
    """What is measured."""
    low: float
    """Value at the bottom."""
    high: float
    """Value at the top."""
    ends: tuple[str, str]
    """What bottom and top mean, in words."""
    lines: dict[str, tuple[Level, ...]]
    """Sense to its numbers, by time."""


class Strip(Value):
    """One file with times."""

    media: str
    """Its id."""
    name: str
    """Of the file."""
    start: float = 0.0
    """Seconds of the file at which the axis begins: where the stretch does that was looked at."""
    duration: float
    """Seconds of the file at which it ends, after `start`: its length, or the end of the stretch."""
    lanes: tuple[Lane, ...]
    """From top to bottom."""
    tracks: tuple[Track, ...]
    """From top to bottom."""

    @property
    def length(self) -> float:
        """Seconds of the axis; never 0."""
        return self.duration - self.start


class Timeline(Value):
    """All that has a time, and the ids of what has none."""

    strips: tuple[Strip, ...]
    """One for each file with times."""
    cues: dict[str, Cue]
    """Everything that was perceived."""
    cited: tuple[str, ...] = ()
    """Ids that an answer cites."""
    against: tuple[str, ...] = ()
    """Ids that an answer cites against its conclusion."""
    points: dict[str, str] = Field(default_factory=dict)
    """Id to the feeling that this cue alone points to, where the model said so."""
