"""The utterances of a clip, each with its speaker where that is known, and measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from cuechain.agents.perception.acoustics.activity import clean, speech_stretches
from cuechain.agents.perception.acoustics.pitch import HOP, STEP, Track, track
from cuechain.agents.perception.acoustics.prosody import Delivery, delivery
from cuechain.agents.perception.acoustics.tone import heard as timbre_of
from cuechain.agents.perception.speech.turns import speakers
from cuechain.agents.values import Cue, Span

if TYPE_CHECKING:
    import numpy as np

_APART, _LONGEST = 0.8, 12.0
"""Seconds of silence that part utterances, and of one utterance at most, where the transcript has no times."""

_SILENT = -85.0
"""dB below full scale under which a frame is digital silence, which tells nothing about noise."""

_LISTENED = 15.0
"""Seconds from the middle of an utterance whose timbre is measured: a tone rarely lasts longer, and memory stays bounded."""

_CROWDED = 0.2
"""Share of an utterance in which somebody else speaks too, from which on its timbre is not measured."""


class _Line(NamedTuple):
    """One utterance before it is measured."""

    span: Span
    person: str | None
    speaker: str | None
    words: int | None

    @property
    def who(self) -> tuple[str | None, str | None]:
        return self.person, self.speaker


def deliveries(sound: np.ndarray, heard: Sequence[Cue], pitch: Callable[[], Track] | None = None) -> list[Delivery]:
    """The measured utterances of a clip, in order of time: those of the transcript where it has times, else stretches of speech.

    Args:
        sound: Waveform at RATE; may be a memory map of hours.
        heard: Cues of the transcript.
        pitch: Gives the track of the whole sound; None tracks it here.
    """
    import numpy as np

    stretches = speech_stretches(sound, silence=0.2, longest=math.inf, room=0.03)
    if not stretches:
        return []
    tracked = pitch() if pitch else track(sound)
    speech = np.zeros(len(tracked.loudness), dtype=bool)
    for stretch in stretches:
        speech[int(stretch.start / HOP) : math.ceil(stretch.end / HOP)] = True
    sounding = tracked.loudness[tracked.loudness > _SILENT]
    floor = float(np.percentile(sounding, 10)) if len(sounding) else _SILENT
    lines = _told(heard)
    if not lines:
        spans = _utterances(stretches)
        letters = speakers(sound, spans, tracked.semitones)
        lines = [_Line(span, None, letter, None) for span, letter in zip(spans, letters, strict=True)]
    found: list[Delivery] = []
    for line in sorted(lines, key=lambda line: (line.span.start, line.span.end)):
        others = [o.span for o in lines if o.who != line.who and o.span.overlap(line.span)]
        one = _measured(sound, tracked, speech, line, others, floor)
        found += [one] if one else []
    return found


def _told(heard: Sequence[Cue]) -> list[_Line]:
    """Utterances of the transcript, where it has times."""
    found: list[_Line] = []
    for cue in heard:
        if cue.sense == "transcript" and cue.span is not None and cue.span.length > 0 and cue.measures.get("words"):
            speaker = cue.measures.get("speaker")
            found.append(_Line(cue.span, cue.person, speaker if isinstance(speaker, str) else None, _words(cue)))
    return found


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
    sound: np.ndarray, tracked: Track, speech: np.ndarray, line: _Line, others: list[Span], floor: float
) -> Delivery | None:
    """One utterance, without the time in which somebody else speaks too."""
    import numpy as np

    alone = np.ones(len(speech), dtype=bool)
    for other in others:
        alone[int(other.start / HOP) : math.ceil(other.end / HOP)] = False
    cut = np.arange(round(line.span.start / HOP), min(len(speech), round(line.span.end / HOP)))
    if not len(cut) or not (speech[cut] & alone[cut]).any():
        return None
    part, spoken = tracked.at(cut), speech[cut] & alone[cut]
    timbre = None
    if (~alone[cut]).mean() < _CROWDED:
        over = max(0, len(cut) - round(_LISTENED / HOP))
        some = cut[over // 2 : len(cut) - (over - over // 2)]
        timbre = timbre_of(clean(sound[some[0] * STEP : (some[-1] + 1) * STEP]))
    return delivery(
        part, spoken, line.span, person=line.person, speaker=line.speaker, words=line.words, floor=floor, timbre=timbre
    )
