"""What usually makes people feel what: the reaction that an event which is told of mostly brings, as a hint beside the words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from cuechain.agents.perception.sense import Reliability, Sense
from cuechain.agents.perception.texts.reading import read
from cuechain.agents.perception.words import utterances
from cuechain.agents.values import Cue, Gap

if TYPE_CHECKING:
    from cuechain.agents.media import Clip
    from cuechain.agents.settings import Settings

TELLS = 0.6
"""Share of people who would feel well, or ill, as the model expects it, from which that is told; set on events that were held out (85 % of
them are told, 91 % of these the right way) and on comments without a feeling (1 % of the development part)."""

PLEASANT = ("joy", "pride", "relief", "excitement", "gratitude", "interest", "calm")
UNPLEASANT = ("tiredness", "sadness", "anger", "fear", "shame")
"""Reactions of REACTIONS that feel well or ill; surprise and neutral are neither."""

_LEAST = 4
"""Words under which a line tells of no event."""

_RELIABILITY = 0.6


class Situation(Sense):
    """Common reactions to what an utterance tells of; nothing where it tells of nothing in particular."""

    name: ClassVar[str] = "situation"
    version: ClassVar[str] = "1"
    about: ClassVar[str] = "what events that are told of usually make people feel (ATOMIC); English only"
    streams: ClassVar[frozenset[str]] = frozenset({"audio", "subtitles", "text"})
    after: ClassVar[tuple[str, ...]] = ("transcript",)
    reliabilities: ClassVar[tuple[Reliability, ...]] = (
        Reliability(
            "common reaction",
            _RELIABILITY,
            "ATOMIC, held-out events: 61 % of the first named were named by somebody, 91 % are pleasant or not as most named "
            "(n=394, benchmarks/words.py)",
        ),
    )

    @classmethod
    def fingerprint(cls, settings: Settings) -> str:
        return str(settings.language)

    def perceive(self, clip: Clip, heard: Sequence[Cue]) -> Iterator[Cue | Gap]:
        said = [(cue, words) for cue, words in utterances(clip, heard, self.settings)[0] if _tells(cue, words)]
        for (cue, _), one in zip(said, read([words for _, words in said]), strict=True):
            kind = max((PLEASANT, UNPLEASANT), key=lambda names: sum(one.reaction[k] for k in names))
            mass = sum(one.reaction[k] for k in kind)
            if mass < TELLS:
                continue
            first, second = sorted(kind, key=lambda k: -one.reaction[k])[:2]
            told = [first, second] if one.reaction[second] >= 0.5 * one.reaction[first] else [first]
            usual = " or ".join(f"{k} ({one.reaction[k]:.2f})" for k in told)
            measures: dict[str, float | str] = {k: round(one.reaction[k], 2) for k in told}
            measures["share_pleasant"] = round(sum(one.reaction[k] for k in PLEASANT), 2)
            measures["share_unpleasant"] = round(sum(one.reaction[k] for k in UNPLEASANT), 2)
            if "line" in cue.measures:
                measures["line"] = cue.measures["line"]
            yield Cue(
                sense=self.name,
                text=f"what is told here often makes people feel {usual}, whoever they are",
                span=cue.span,
                person=cue.person,
                confidence=round(mass, 2),
                reliability=round(_RELIABILITY * (cue.reliability or 1.0), 2),
                salience=0.3,
                measures=measures,
                source=self.source(),
            )


def _tells(cue: Cue, words: str) -> bool:
    """Whether a line may tell of an event: enough words, none missing, no question."""
    kept = cue.measures.get("kept_share", 1.0)
    whole = isinstance(kept, float | int) and kept > 0.9
    return whole and len(words.split()) >= _LEAST and not words.rstrip(" '").endswith("?")
