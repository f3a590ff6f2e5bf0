"""What is looked at, and what was perceived in it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Kind = Literal["video", "audio", "image", "text"]


class Value(BaseModel):
    """A frozen record; unknown fields are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(Value):
    """A stretch of time in a clip."""

    start: float = Field(ge=0)
    """Seconds from the beginning of the medium."""
    end: float = Field(ge=0)
    """Seconds from the beginning of the medium; never before `start`."""

    @model_validator(mode="after")
    def _forward(self) -> Span:
        if self.end < self.start:
            raise ValueError("a span cannot end before it starts")
        return self

    @property
    def length(self) -> float:
        """Seconds."""
        return self.end - self.start

    def overlap(self, other: Span) -> float:
        """Seconds that both spans share."""
        return max(0.0, min(self.end, other.end) - max(self.start, other.start))


class Turn(Value):
    """One turn of a conversation."""

    speaker: str = ""
    """Who says it; empty where nobody knows."""
    text: str = ""
    """The words."""
    file: str | None = None
    """Path of a picture, sound or video that belongs to the turn."""
    span: Span | None = None
    """When it is said within the conversation's medium."""
    reply: int | None = Field(default=None, ge=1)
    """The turn that it answers, from 1; None where that is not told."""


class Media(Value):
    """One thing that was given to look at, listen to or read."""

    id: str
    """Short name within one question: `m1`, `m2` …"""
    kind: Kind
    """What it is at heart."""
    path: str | None = None
    """Where it lies; None for text that was typed."""
    text: str | None = None
    """The text itself, when `kind` is text."""
    turns: tuple[Turn, ...] = ()
    """Its turns, when the text is a conversation."""
    duration: float | None = None
    """Seconds; None for a still image or a text without times."""
    streams: tuple[str, ...] = ()
    """Of `video`, `audio`, `subtitles`, `image`, `text`: what it holds."""
    size: tuple[int, int] | None = None
    """Width and height of the picture in pixels, as shown (rotation applied)."""
    sha256: str = ""
    """Digest of the bytes: names the clip in caches and in evaluation."""


class Cue(Value):
    """One thing that was perceived, in words, with its time and its raw measures."""

    sense: str
    """The perception tool's name: transcript, words, voice, face, scene, screen, …"""
    text: str
    """What a model reads: one hedged English clause without a full stop ("the voice is possibly lower than usual …")."""
    span: Span | None = None
    """When; None where time has no meaning (a still image, a typed text)."""
    person: str | None = None
    """Whom it is about (`P1`, `P2` …); None for a setting or an unknown speaker."""
    confidence: float | None = Field(default=None, ge=0, le=1)
    """How sure the tool was here, 0 to 1."""
    reliability: float | None = Field(default=None, ge=0, le=1)
    """How often this measure of this tool is right in general, 0 to 1."""
    salience: float = Field(default=0.5, ge=0, le=1)
    """How much it stands out from the person's or clip's usual, 0 to 1: what a budget keeps first."""
    measures: dict[str, float | str] = Field(default_factory=dict)
    """Raw values under names with units (`f0_mean_hz`, `pause_max_s`) or FACS names (`au12`, 0 to 1)."""
    source: str
    """`tool@version` that made it."""
    media: str | None = None
    """Id of the Media it came from, when there are several."""


class Gap(Value):
    """A sense that has nothing to say, and why. Never reads as neutrality."""

    sense: str
    """The perception tool's name."""
    reason: str
    """Why, in words a user understands."""
    hint: str = ""
    """What would close the gap, when something would."""
    span: Span | None = None
    """The stretch it concerns; None for the whole clip."""
    retry: bool = False
    """True when another try may close it: what was found beside it is not kept in the cue cache."""

    @property
    def idle(self) -> bool:
        """Whether it goes without saying: a text has no picture, a picture no sound."""
        return self.reason.endswith((" in this text", " in this image", " in this audio"))


class CueSheet(Value):
    """All that may be cited about a clip: numbered cues in order of time, and the gaps."""

    media: tuple[Media, ...] = ()
    """What was perceived."""
    cues: dict[str, Cue] = Field(default_factory=dict)
    """Id to cue. The id says the sense: `V2` is the second voice cue in time."""
    gaps: tuple[Gap, ...] = ()
    """What could not be perceived."""
    dropped: int = 0
    """Cues that the budget left out."""

    @property
    def people(self) -> tuple[str, ...]:
        """Persons that cues speak of, in order."""
        return tuple(sorted({c.person for c in self.cues.values() if c.person}))

    def only(self, ids: set[str]) -> CueSheet:
        """The same sheet with these cues alone."""
        return self.model_copy(update={"cues": {i: c for i, c in self.cues.items() if i in ids}})
