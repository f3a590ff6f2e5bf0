"""How the voice sounds: pitch, loudness, pace, pauses and breaks, against the speaker's own usual where there is enough of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from cuechain.agents.media import RATE
from cuechain.agents.perception.acoustics.denoise import denoised
from cuechain.agents.perception.acoustics.pitch import track
from cuechain.agents.perception.acoustics.prosody import Delivery, measures, usual
from cuechain.agents.perception.acoustics.tone import Head, Tone, ahead, tones
from cuechain.agents.perception.acoustics.vocal import AHEAD, FLAT, LIVELY, SEVERAL, clause, remarks, toned
from cuechain.agents.perception.sense import Reliability, Sense
from cuechain.agents.perception.speech.spoken import deliveries
from cuechain.agents.settings import Settings
from cuechain.agents.values import Cue, Gap, Span

if TYPE_CHECKING:
    from cuechain.agents.media import Clip

_OWN = Reliability("pitch, loudness, pace and timbre against the speaker's usual", 0.75, "a guess")
_GENERAL = Reliability("pitch and pace against adults in general", 0.5, "a guess")
_ENERGY = Reliability(
    "more or less energetic than the speaker's other utterances, where these differ",
    0.6,
    "a guess for other languages and unacted speech, from what held-out actors gave: 98 % of 475 told are right where all "
    "utterances of the speaker are known, 95 % of 639 where 4 to 12 of them are (EmoDB, German, benchmarks/voice.py)",
)
_TONE_OWN = Reliability(
    "acted tone, where the speaker's utterances differ",
    0.4,
    "a guess for other languages and unacted speech, from what held-out actors gave: 83 % of the tones told are right "
    "(EmoDB, German, n=535, benchmarks/voice.py)",
)
_TONE = Reliability(
    "energy of the voice beside acted German ones, the speaker's usual not known",
    0.2,
    "a guess: 96 % are right on held-out German actors (EmoDB, n=489, benchmarks/voice.py), but nothing tells a tone from how a "
    "speaker or a language always sounds: of 22 English clips that are read aloud 1 passes for energetic and 6 for low in energy",
)

_UNCLEAR = 0.6
"""Factor on the reliability of a tone in noise, or of less than a second of voice: in 10 dB of babble the recall is 0.8 of that in quiet,
and there are worse noises. A guess."""

_ONE_SPEAKER = 9.0
"""Semitones between the lowest and highest tenth of utterances beyond which unnamed utterances are not taken for one speaker's: a man
and a woman are 10 apart (Traunmüller & Eriksson 1995)."""


class Voice(Sense):
    """Prosody of each utterance."""

    name: ClassVar[str] = "voice"
    version: ClassVar[str] = "6"
    about: ClassVar[str] = (
        "pitch, loudness, pace, pauses and timbre of the voice against the speaker's own usual, and what acted tone it is like"
    )
    streams: ClassVar[frozenset[str]] = frozenset({"audio"})
    after: ClassVar[tuple[str, ...]] = ("transcript",)
    reliabilities: ClassVar[tuple[Reliability, ...]] = (_OWN, _GENERAL, _ENERGY, _TONE_OWN, _TONE)

    def __init__(self, settings: Settings, head: Head | None = None) -> None:
        """`head`: another tone head than the one that ships."""
        super().__init__(settings)
        self._head = head

    @classmethod
    def fingerprint(cls, settings: Settings) -> str:
        return "denoised" if settings.denoise else ""

    def perceive(self, clip: Clip, heard: Sequence[Cue]) -> Iterator[Cue | Gap]:
        sound = clip.sound
        if sound is None or len(sound) < RATE // 5:
            yield Gap(sense=self.name, reason="the clip holds no sound")
            return
        if self.settings.denoise:
            found = deliveries(denoised(sound), heard)
        else:
            found = deliveries(sound, heard, lambda: clip.once("pitch", lambda: track(sound)))
        if not found:
            yield Gap(sense=self.name, reason="no speaking voice was found in the sound")
            return
        voices = dict.fromkeys(_who(d) for d in found)
        for who in voices:
            yield from self._speaker([d for d in found if _who(d) == who], alone=len(voices) == 1)

    def _speaker(self, said: list[Delivery], *, alone: bool) -> Iterator[Cue | Gap]:
        """Cues of one speaker, or of all that are not told apart."""
        alike = _who(said[0]) is not None or (alone and _one_speaker(said))
        own = usual(said) if alike else None
        remarkable = False
        toned_as = tones([d.timbre for d in said], session=own is not None, head=self._head)
        others = ahead(toned_as) if own else [None] * len(said)
        for one, tone, more in zip(said, toned_as, others, strict=True):
            resembles = toned(tone, more) if tone else None
            found = remarks(one, own)
            if found:
                remarkable = True
                strength = min(2.0, found[0].strength)
                numbers = measures(one, own)
                yield self._cue(
                    clause(found, own=own is not None),
                    [one],
                    confidence=0.4 + 0.25 * strength,
                    reliability=_OWN.value if own else _GENERAL.value,
                    salience=0.3 + 0.25 * strength,
                    numbers=numbers | {"tone": "told apart"} if resembles and more is not None else numbers,
                )
            if tone and resembles:
                yield self._tone(one, tone, more, resembles)
        if alike and sum(d.pitch_range * d.voiced for d in said) < SEVERAL * sum(d.voiced for d in said):
            yield from self._whole(said, compared=own is not None, remarkable=remarkable)
        elif alone or alike:
            reason = (
                "the pitch is spread so widely that several voices may be mixed, so none has a usual to compare with"
            )
            yield Gap(sense=self.name, reason=reason, hint="subtitles that name the speakers tell the voices apart")

    def _tone(self, one: Delivery, tone: Tone, more: float | None, text: str) -> Cue:
        """The tone of an utterance: against the speaker's others where these differ, else for what it is worth alone."""
        share = max(tone.posterior.values())
        numbers: dict[str, float | str] = {f"tone_{name}": round(p, 3) for name, p in tone.posterior.items()}
        numbers |= {
            "arousal": round(tone.arousal, 2),
            "valence_voice": round(tone.valence, 2),
            "voiced_s": round(one.voiced, 2),
            "above_noise_db": round(one.above, 1),
            "reference": "general" if more is None else "speaker",
            "learned_from": "acted German speech",
        }
        if more is None:
            known, confidence, salience = _TONE, abs(tone.arousal), 0.1
        elif abs(more) < AHEAD:
            known, confidence, salience = _TONE_OWN, share, 0.15
        else:
            known, confidence, salience = _ENERGY, min(1.0, abs(more)), 0.2 + 0.3 * min(1.0, abs(more))
        return self._cue(
            text,
            [one],
            confidence=confidence,
            reliability=round(known.value * (1.0 if one.clean else _UNCLEAR), 2),
            salience=salience,
            numbers=numbers if more is None else numbers | {"arousal_rel": round(more, 2)},
        )

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
            yield self._cue(text, said, 0.6, _GENERAL.value, 0.5, numbers)
        elif not remarkable and compared:
            text = "the voice stays within this speaker's usual range"
            yield self._cue(text, said, 0.6, _OWN.value, 0.15, numbers | {"reference": "speaker"})
        elif not remarkable:
            text = (
                f"the voice is within the common range of adult speech ({span:.0f} semitones, {pace:.1f} syllables/s)"
            )
            yield self._cue(text, said, 0.5, _GENERAL.value, 0.1, numbers)

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
            measures=numbers | ({"speaker": said[0].speaker} if said[0].speaker else {}),
            source=self.source(),
        )


def _one_speaker(said: list[Delivery]) -> bool:
    """Whether utterances without names may all be one speaker's, by their pitch."""
    import numpy as np

    low, high = np.percentile([d.pitch for d in said], (10, 90))
    return float(high - low) < _ONE_SPEAKER


def _who(one: Delivery) -> str | None:
    """Whose utterance it is: the person, else the letter of the voice."""
    return one.person or one.speaker
