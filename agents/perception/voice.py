"""How the voice sounds: pitch, loudness, pace, pauses and breaks, against the speaker's own usual where there is enough of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from cuechain.agents.media import RATE
from cuechain.agents.perception.pitch import HOP, Track, track
from cuechain.agents.perception.prosody import Delivery, delivery, measures, usual
from cuechain.agents.perception.sense import Sense
from cuechain.agents.perception.speech import speech_stretches
from cuechain.agents.perception.vocal import FLAT, LIVELY, SEVERAL, clause, remarks, tone
from cuechain.agents.values import Cue, Gap, Span

if TYPE_CHECKING:
    import numpy as np

    from cuechain.agents.media import Clip

_RELIABILITY, _GENERAL_RELIABILITY, _TONE_RELIABILITY = 0.75, 0.5, 0.3

_APART, _LONGEST = 0.8, 12.0
"""Seconds of silence that part utterances, and of one utterance at most, where the transcript has no times."""

_ONE_SPEAKER = 9.0
"""Semitones between the lowest and highest tenth of utterances beyond which unnamed utterances are not taken for one speaker's: a man
and a woman are 10 apart (Traunmüller & Eriksson 1995)."""


class Voice(Sense):
    """Prosody of each utterance."""

    name: ClassVar[str] = "voice"
    version: ClassVar[str] = "3"
    about: ClassVar[str] = "pitch, loudness, pace, pauses and breaks of the voice, against the speaker's own usual"
    streams: ClassVar[frozenset[str]] = frozenset({"audio"})
    after: ClassVar[tuple[str, ...]] = ("transcript",)

    def perceive(self, clip: Clip, heard: Sequence[Cue]) -> Iterator[Cue | Gap]:
        sound = clip.sound
        if sound is None or len(sound) < RATE // 5:
            yield Gap(sense=self.name, reason="the clip holds no sound")
            return
        found = deliveries(sound, heard)
        if not found:
            yield Gap(sense=self.name, reason="no speaking voice was found in the sound")
            return
        for person in dict.fromkeys(d.person for d in found):
            yield from self._speaker([d for d in found if d.person == person])

    def _speaker(self, said: list[Delivery]) -> Iterator[Cue | Gap]:
        """Cues of one speaker, or of all that are not told apart."""
        alike = said[0].person is not None or _one_speaker(said)
        own = usual(said) if alike else None
        remarkable = False
        for one in said:
            found = remarks(one, own)
            if found:
                remarkable = True
                strength = min(2.0, found[0].strength)
                yield self._cue(
                    clause(found, own=own is not None),
                    [one],
                    confidence=0.4 + 0.25 * strength,
                    reliability=_RELIABILITY if own else _GENERAL_RELIABILITY,
                    salience=0.3 + 0.25 * strength,
                    numbers=measures(one, own),
                )
            resembles = tone(one, own) if own else None
            if resembles:
                yield self._cue(resembles, [one], 0.5, _TONE_RELIABILITY, 0.35, {"reference": "speaker"})
        if alike and sum(d.pitch_range * d.voiced for d in said) < SEVERAL * sum(d.voiced for d in said):
            yield from self._whole(said, compared=own is not None, remarkable=remarkable)
        else:
            reason = (
                "the pitch is spread so widely that several voices may be mixed, so none has a usual to compare with"
            )
            yield Gap(sense=self.name, reason=reason, hint="subtitles that name the speakers tell the voices apart")

    def _whole(self, said: list[Delivery], *, compared: bool, remarkable: bool) -> Iterator[Cue]:
        """What the speech as a whole is like."""
        voiced = sum(d.voiced for d in said)
        span = sum(d.pitch_range * d.voiced for d in said) / voiced
        pace = sum(d.pace * d.voiced for d in said) / voiced
        numbers: dict[str, float | str] = {
            "f0_mean_hz": round(sum(d.hertz * d.voiced for d in said) / voiced, 1),
            "f0_range_st": round(span, 1),
            "syllables_per_s": round(pace, 1),
            "voiced_s": round(voiced, 1),
            "reference": "general",
        }
        if len(said) > 1 and voiced >= 3 and not FLAT <= span <= LIVELY:
            shape = "rather flat" if span < FLAT else "lively"
            text = f"the voice is {shape} throughout (pitch range {span:.1f} semitones)"
            yield self._cue(text, said, 0.6, _GENERAL_RELIABILITY, 0.5, numbers)
        elif not remarkable and compared:
            text = "the voice stays within this speaker's usual range"
            yield self._cue(text, said, 0.6, _RELIABILITY, 0.15, numbers | {"reference": "speaker"})
        elif not remarkable:
            text = (
                f"the voice is within the common range of adult speech ({span:.0f} semitones, {pace:.1f} syllables/s)"
            )
            yield self._cue(text, said, 0.5, _GENERAL_RELIABILITY, 0.1, numbers)

    def _cue(
        self,
        text: str,
        said: list[Delivery],
        confidence: float,
        reliability: float,
        salience: float,
        numbers: dict[str, float | str],
    ) -> Cue:
        return Cue(
            sense=self.name,
            text=text,
            span=Span(start=said[0].span.start, end=max(d.span.end for d in said)),
            person=said[0].person,
            confidence=round(confidence, 2),
            reliability=reliability,
            salience=round(salience, 2),
            measures=numbers,
            source=self.source(),
        )


def deliveries(sound: np.ndarray, heard: Sequence[Cue]) -> list[Delivery]:
    """The measured utterances of a clip, in order of time: those of the transcript where it has times, else stretches of speech."""
    import numpy as np

    stretches = speech_stretches(sound, silence=0.2, longest=math.inf, room=0.03)
    if not stretches:
        return []
    tracked = track(sound)
    speech = np.zeros(len(tracked.loudness), dtype=bool)
    for stretch in stretches:
        speech[int(stretch.start / HOP) : math.ceil(stretch.end / HOP)] = True
    said = [
        c
        for c in heard
        if c.sense == "transcript" and c.span is not None and c.span.length > 0 and c.measures.get("words")
    ]
    if said:
        lines = [(c.span, c.person, _words(c)) for c in said if c.span is not None]
    else:
        lines = [(span, None, None) for span in _utterances(stretches)]
    found = [
        _measured(
            tracked,
            speech,
            span,
            person,
            words,
            [other for other, whose, _ in lines if whose != person and other.overlap(span)],
        )
        for span, person, words in sorted(lines, key=lambda line: (line[0].start, line[0].end))
    ]
    return [d for d in found if d is not None]


def _utterances(stretches: list[Span]) -> list[Span]:
    """Stretches of speech that follow each other closely, together."""
    found: list[Span] = []
    for stretch in stretches:
        if found and stretch.start - found[-1].end < _APART and stretch.end - found[-1].start < _LONGEST:
            found[-1] = Span(start=found[-1].start, end=stretch.end)
        else:
            found.append(stretch)
    return found


def _words(cue: Cue) -> int | None:
    """Words of an utterance, unless many of them were not made out."""
    words, kept = cue.measures.get("words"), cue.measures.get("kept_share", 1.0)
    return int(words) if isinstance(words, float | int) and isinstance(kept, float | int) and kept > 0.9 else None


def _measured(
    tracked: Track, speech: np.ndarray, span: Span, person: str | None, words: int | None, others: list[Span]
) -> Delivery | None:
    """One utterance, without the time in which somebody else speaks too."""
    import numpy as np

    alone = np.ones(len(speech), dtype=bool)
    for other in others:
        alone[int(other.start / HOP) : math.ceil(other.end / HOP)] = False
    cut = np.arange(round(span.start / HOP), min(len(speech), round(span.end / HOP)))
    part, spoken = tracked.at(cut), speech[cut] & alone[cut]
    return delivery(part, spoken, span, person, words) if spoken.any() else None


def _one_speaker(said: list[Delivery]) -> bool:
    """Whether utterances without names may all be one speaker's, by their pitch."""
    import numpy as np

    low, high = np.percentile([d.pitch for d in said], (10, 90))
    return float(high - low) < _ONE_SPEAKER
