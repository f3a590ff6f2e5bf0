"""The delivery of one utterance in numbers, and a speaker's usual delivery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cuechain.agents.perception.acoustics.pitch import HOP, Track, breaks, runs, syllables
from cuechain.agents.values import Span

if TYPE_CHECKING:
    import numpy as np

LEAST_VOICED = 0.4
"""Seconds of voice under which an utterance says too little to be measured."""

_USUAL_VOICED, _USUAL_UTTERANCES = 6.0, 3
"""Seconds of voice and utterances that a speaker's usual needs."""

CLEAR = 15.0
"""dB above the quietest tenth of the clip under which noise shapes what is measured: babble at 10 dB leaves a voice some 12 dB above it."""

_PAUSE = 0.25
"""Seconds of silence that count as a pause; shorter ones are stop consonants (Goldman-Eisler 1968)."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one utterance is spoken."""

    span: Span
    """When."""
    person: str | None
    """Who, where that is known."""
    speaker: str | None
    """Letter of the voice where several are told apart by their sound."""
    voiced: float
    """Seconds with voice."""
    pitch: float
    """Mean pitch of the voiced frames, semitones above 100 Hz, without the outer 5 % on both sides."""
    pitch_range: float
    """10th to 90th percentile of pitch, semitones."""
    loudness: float
    """Median level of the voiced frames, dB below full scale."""
    sharpness: float
    """Median level above 1 kHz over that below, dB."""
    pace: float
    """Syllable nuclei per second of speech, pauses left out."""
    words_per_second: float | None
    """Words per second of speech, pauses left out; None where the words are not known."""
    pause_max: float
    """Longest pause inside, seconds."""
    pause_share: float
    """Share of the time from the first to the last sound that is pause."""
    breaks: float
    """Voice breaks per second of voice."""
    above: float
    """Median level of the voiced frames above the quietest tenth of the clip, dB."""
    timbre: Mapping[str, float] | None
    """Measures of `timbre`; None where there is too little voice, or somebody else speaks too."""

    @property
    def clean(self) -> bool:
        """Clear enough of noise, and long enough, for its timbre to be trusted."""
        return self.above >= CLEAR and self.voiced >= 1.0

    @property
    def harmonicity(self) -> float | None:
        """Mean ratio of harmonic sound to noise in the voice, dB."""
        return None if self.timbre is None else self.timbre["hnr_mean"]

    @property
    def hertz(self) -> float:
        """Mean pitch in Hz."""
        return 100 * 2 ** (self.pitch / 12)


@dataclass(frozen=True, slots=True)
class Usual:
    """A speaker's usual, and the least difference from it that stands out."""

    pitch: float
    pitch_range: float
    loudness: float
    sharpness: float
    pace: float
    words_per_second: float | None
    harmonicity: float | None
    """None where it is not known of every utterance."""
    pitch_unit: float
    """Semitones: the spread between the speaker's utterances, 1.5 to 2.5."""
    loudness_unit: float
    """dB: the spread between the speaker's utterances, 3 to 5."""


def delivery(
    part: Track,
    speech: np.ndarray,
    span: Span,
    *,
    person: str | None = None,
    speaker: str | None = None,
    words: int | None = None,
    floor: float = -90.0,
    timbre: Mapping[str, float] | None = None,
) -> Delivery | None:
    """Measure one utterance.

    Args:
        part: Its frames.
        speech: Mask of its frames in which somebody speaks.
        span: When it is.
        person: Who speaks.
        speaker: Letter of the voice.
        words: Number of words, where it is known.
        floor: Level of the quietest tenth of the clip, dB below full scale.
        timbre: Measures of `timbre`.

    Returns:
        None when there is too little voice in it.
    """
    import numpy as np

    spoken = part.at(speech)
    if spoken.voiced < LEAST_VOICED:
        return None
    pitch = spoken.semitones[~np.isnan(spoken.semitones)]
    low, p10, p90, high = np.percentile(pitch, (5, 10, 90, 95))
    first, last = int(np.flatnonzero(speech)[0]), int(np.flatnonzero(speech)[-1]) + 1
    pauses = [p for a, b in runs(~speech[first:last]) if (p := (b - a) * HOP) >= _PAUSE]
    length = (last - first) * HOP
    speaking = max(length - sum(pauses), HOP)
    return Delivery(
        span=span,
        person=person,
        speaker=speaker,
        voiced=spoken.voiced,
        pitch=float(pitch[(pitch >= low) & (pitch <= high)].mean()),
        pitch_range=float(p90 - p10),
        loudness=float(np.median(spoken.loudness[~np.isnan(spoken.semitones)])),
        sharpness=float(np.median(spoken.sharpness[~np.isnan(spoken.semitones)])),
        pace=syllables(part) / speaking,
        words_per_second=words / speaking if words else None,
        pause_max=max(pauses, default=0.0),
        pause_share=sum(pauses) / length,
        breaks=breaks(part) / spoken.voiced,
        above=float(np.median(spoken.loudness[~np.isnan(spoken.semitones)])) - floor,
        timbre=timbre,
    )


_MANY = 6
"""Utterances from which longer ones count more. Among fewer a long pair would make itself the usual and the others the exception."""


def usual(said: Sequence[Delivery]) -> Usual | None:
    """What is usual for a speaker, from all utterances of the clip; None where there is too little of them.

    An utterance counts for its own usual too, so that no line of a few is measured against the others alone.
    """
    import numpy as np

    if len(said) < _USUAL_UTTERANCES or sum(d.voiced for d in said) < _USUAL_VOICED:
        return None

    def middle(name: str) -> float:
        if len(said) < _MANY:
            return float(np.median([getattr(d, name) for d in said]))
        return _weighted_median([getattr(d, name) for d in said], [d.voiced for d in said])

    def spread(name: str) -> float:
        # 1.4826 turns the median absolute deviation into a standard deviation (normal distribution).
        centre = middle(name)
        return 1.4826 * float(np.median([abs(getattr(d, name) - centre) for d in said])) if len(said) >= 5 else 0.0

    return Usual(
        pitch=middle("pitch"),
        pitch_range=middle("pitch_range"),
        loudness=middle("loudness"),
        sharpness=middle("sharpness"),
        pace=middle("pace"),
        words_per_second=middle("words_per_second") if all(d.words_per_second for d in said) else None,
        harmonicity=middle("harmonicity") if all(d.harmonicity is not None for d in said) else None,
        pitch_unit=min(max(1.5, spread("pitch")), 2.5),
        loudness_unit=min(max(3.0, spread("loudness")), 5.0),
    )


def measures(one: Delivery, own: Usual | None) -> dict[str, float | str]:
    """The raw numbers of a cue; those relative to the speaker's usual only where it is known."""
    found: dict[str, float | str] = {
        "f0_mean_hz": round(one.hertz, 1),
        "f0_range_st": round(one.pitch_range, 1),
        "syllables_per_s": round(one.pace, 1),
        "pause_max_s": round(one.pause_max, 2),
        "pause_share": round(one.pause_share, 2),
        "breaks_per_s": round(one.breaks, 2),
        "voiced_s": round(one.voiced, 2),
        "reference": "speaker" if own else "general",
    }
    if one.timbre is not None:
        found["hnr_db"] = round(one.timbre["hnr_mean"], 1)
        found["jitter_pct"] = round(100 * one.timbre["jitter_mean"], 2)
        found["shimmer_pct"] = round(100 * one.timbre["shimmer_mean"], 1)
        found["tilt_db_per_octave"] = round(one.timbre["tilt_harmonic_mean"], 1)
    if one.words_per_second is not None:
        found["rate_wps"] = round(one.words_per_second, 2)
    if own:
        found["f0_rel_st"] = round(one.pitch - own.pitch, 1)
        found["f0_range_rel"] = round(one.pitch_range / max(own.pitch_range, 1.0), 2)
        found["loudness_rel_db"] = round(one.loudness - own.loudness, 1)
        found["sharpness_rel_db"] = round(one.sharpness - own.sharpness, 1)
        found["rate_rel"] = round(rate(one, own), 2)
        if own.harmonicity is not None and one.harmonicity is not None:
            found["hnr_rel_db"] = round(one.harmonicity - own.harmonicity, 1)
    return found


def rate(one: Delivery, own: Usual) -> float:
    """Pace over the speaker's usual pace: in syllables as they sound, as words differ in length."""
    return one.pace / own.pace if own.pace > 0 and one.pace > 0 else 1.0


def _weighted_median(values: list[float], weights: list[float]) -> float:
    import numpy as np

    order = np.argsort(values)
    total = np.cumsum(np.asarray(weights)[order])
    return float(np.asarray(values)[order][np.searchsorted(total, total[-1] / 2)])
