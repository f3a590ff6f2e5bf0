"""The contract of a sense.

The pictures of a clip are decoded once, and every sense that wants frames gets each sampled one (`watch`). When they are through, the
sense is asked for its cues (`perceive`), after those whose cues it needs. A sense that looks at no frames is asked at once.

Senses work beside each other, each in a thread of its own from its making to its last cue. So it need not be thread-safe itself, but
what it shares with other objects must be, its models do best with one thread each, and frames belong to all: they cannot be written to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from cuechain.agents.settings import Settings
from cuechain.agents.values import Cue, Gap

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

    from cuechain.agents.media import Clip, Frame


class Reliability(NamedTuple):
    """How often one measure of a sense is right, and how that is known."""

    measure: str
    """What is told: `au12`, `polarity`, `pitch against the speaker's usual` …"""
    value: float
    """0 to 1: the share of such cues that hold."""
    basis: str
    """Where the value comes from: what was measured on how many items, the publication, or "a guess"."""


class Sense:
    """One way of perceiving. A fresh object serves one clip, so it may keep state between frames.

    Cue texts are hedged English clauses that name their subject ("the lip corners pull up …"), without a full stop, so that they
    read well in a list and inside a sentence.
    """

    name: ClassVar[str]
    """Registered name; also the `sense` of its cues."""
    version: ClassVar[str]
    """Raised whenever the same clip would give other cues: part of the cache key."""
    about: ClassVar[str]
    """One line for `cuechain list tools`."""
    streams: ClassVar[frozenset[str]]
    """Any of `video`, `image`, `audio`, `subtitles`, `text`: it can work when the media has one of them."""
    reliabilities: ClassVar[tuple[Reliability, ...]] = ()
    """For each measure that it tells, how reliable it is and how that is known; its cues are hedged by the same values."""
    after: ClassVar[tuple[str, ...]] = ()
    """Senses whose cues it reads; they perceive first, when they are in use."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @classmethod
    def source(cls) -> str:
        """`name@version`, the source of its cues."""
        return f"{cls.name}@{cls.version}"

    @classmethod
    def missing(cls) -> Gap | None:
        """A Gap when the sense cannot work in this installation, with the command that mends it. Cheap: loads no model."""
        return None

    @classmethod
    def fingerprint(cls, settings: Settings) -> str:
        """Whatever else decides about its cues (settings, which model is at hand): part of the cache key."""
        return ""

    def watch(self, frame: Frame) -> None:
        """Take in one frame. Called once per sampled frame, in order of time; must not keep the image, of which few fit in memory."""

    def perceive(self, clip: Clip, heard: Sequence[Cue]) -> Iterator[Cue | Gap]:
        """The cues of the whole clip, when every frame was watched. Yield each as it is found: that is where a stop takes effect.

        Args:
            clip: Gives `media`, `sound` (mono 16 kHz), `subtitles`, `text`.
            heard: Cues of the senses named in `after`.

        Raises:
            ToolError: The sense failed; the pipeline turns it into a Gap.
        """
        raise NotImplementedError


def sense_tool(name: str, settings: Settings | None = None) -> BaseTool:
    """A sense as a LangChain tool: given a path, it returns the cues of that sense as lines of text.

    Args:
        name: Registered name of the sense.
        settings: How to perceive; defaults apply.
    """
    from langchain_core.tools import StructuredTool

    from cuechain.agents import registry
    from cuechain.agents import settings as settings_module

    sense: type[Sense] = registry.get("perception", name)
    resolved = settings or settings_module.load()

    def perceive(path: str) -> str:
        from cuechain.agents.media import opened
        from cuechain.agents.perception.perceive import perceive as perceive_all

        used = resolved.model_copy(update={"senses": (*sense.after, name)})
        with opened(path) as clip:
            found = [item for done in perceive_all(clip, used) if done.sense == name for item in done.found]
        return "\n".join(
            (f"{c.span.start:.1f}-{c.span.end:.1f} s: " if c.span else "") + c.text
            if isinstance(c, Cue)
            else f"nothing from {c.sense}: {c.reason}"
            for c in found
        )

    return StructuredTool.from_function(
        perceive, name=f"perceive_{name}", description=f"{sense.about} Input: a file path."
    )
