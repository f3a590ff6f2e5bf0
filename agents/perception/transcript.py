"""What is said or written: subtitles, typed text, Whisper where its weights lie, else PocketSphinx."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from cuechain.agents.errors import ConfigError, MediaError
from cuechain.agents.media import RATE
from cuechain.agents.perception.sense import Reliability, Sense
from cuechain.agents.perception.texts.language import line_language
from cuechain.agents.perception.texts.written import Utterance, from_subtitles, from_text, from_turns, is_noise
from cuechain.agents.values import Cue, Gap, Span

if TYPE_CHECKING:
    from cuechain.agents.media import Clip
    from cuechain.agents.perception.speech.asr import Heard
    from cuechain.agents.settings import Settings

STRETCH = 0.5
"""Seconds of silence that part utterances of recognised speech."""

_ALMOST_ALL = 0.9
"""Share of the words that are told from which nothing is said to be missing."""

_NOTE = "the subtitles note"
_QUOTED = re.compile(r'"(.*)"', re.DOTALL)
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]+")


class Transcript(Sense):
    """The words of a clip, one cue per utterance."""

    name: ClassVar[str] = "transcript"
    version: ClassVar[str] = "3"
    about: ClassVar[str] = "what is said or written, from subtitles, text, Whisper or PocketSphinx"
    streams: ClassVar[frozenset[str]] = frozenset({"audio", "subtitles", "text"})
    reliabilities: ClassVar[tuple[Reliability, ...]] = (
        Reliability("text", 1.0, "the words themselves"),
        Reliability("subtitles", 0.97, "a guess: people wrote them, and may have shortened what was said"),
        Reliability(
            "whisper",
            0.9,
            "word errors of `small` on clean read English, 3-10 % (Radford et al. 2022); not measured here",
        ),
        Reliability(
            "pocketsphinx",
            0.9,
            "words told are right: 94 % (89-97) of 123 in 25 clear English clips, 17 of 17 without the speaker of most of them",
        ),
        Reliability(
            "speaker",
            0.9,
            "turns are right where told: 97 % in 65 talks of a man and a woman, 84 % in 12 of the same sex (EmoDB, both speakers left out)",
        ),
    )

    @classmethod
    def fingerprint(cls, settings: Settings) -> str:
        from cuechain.agents.perception.speech.asr import find_whisper

        try:  # weights that arrive later make the stored transcript stale
            return f"{settings.language} {find_whisper(settings.whisper)}"
        except ConfigError:
            return f"{settings.language} {settings.whisper}"

    def perceive(self, clip: Clip, heard: Sequence[Cue]) -> Iterator[Cue | Gap]:
        lines = clip.subtitles
        if lines:
            yield from self._cues(list(from_subtitles(lines)), "subtitles", clip)
        elif clip.media.turns:
            yield from self._cues(list(from_turns(clip.media.turns)), "text")
        elif clip.text is not None:
            yield from self._cues(list(from_text(clip.text)), "text")
        else:
            yield from self._recognised(clip)

    def _recognised(self, clip: Clip) -> Iterator[Cue | Gap]:
        from cuechain.agents.perception.acoustics.activity import speech_stretches
        from cuechain.agents.perception.speech.asr import find_whisper, whisper, whisper_hint
        from cuechain.agents.perception.speech.sphinx import sphinx

        sound = clip.sound
        if sound is None or len(sound) < RATE // 10:
            yield Gap(sense=self.name, reason="the clip holds no sound and no subtitles")
            return
        stretches = speech_stretches(sound, silence=STRETCH)
        if not stretches:
            yield Gap(sense=self.name, reason="no speech found in the sound")
            return
        folder = find_whisper(self.settings.whisper)
        if folder:
            heard = whisper(sound, stretches, folder, self.settings.language)
            size = self.settings.whisper.rstrip("/").rsplit("/", 1)[-1]
            yield from self._cues(heard.utterances, f"whisper:{size}", clip)
            yield from self._left_out(heard)
            return
        beside = "put a subtitle file (.srt or .vtt) of the same name beside the clip"
        hint = f"{beside}, or {whisper_hint(self.settings.whisper)}"
        if self.settings.language not in (None, "en"):
            yield Gap(sense=self.name, reason="the recogniser that is installed knows English only", hint=hint)
            return
        made = sphinx(sound, stretches)
        yield from self._cues(made.utterances, "pocketsphinx", clip)
        missed = len(stretches) - len(made.utterances)
        under = "under noise, music or an echo"
        blurred = f", {made.blurred} of them {under}" if made.blurred else ""
        if not made.utterances:
            reason = "there is speech, but too few of its words could be made out"
            reason += f", {made.blurred} stretch{'es' * (made.blurred != 1)} {under}" if made.blurred else ""
            yield Gap(sense=self.name, reason=reason, hint=hint)
        elif missed or made.share < _ALMOST_ALL:
            reason = f"about {made.share:.0%} of the words could be made out"
            if missed:
                reason += f"; {missed} of {len(stretches)} stretches of speech could not be made out{blurred}"
            yield Gap(sense=self.name, reason=reason, hint=hint)

    def _left_out(self, heard: Heard) -> Iterator[Gap]:
        if heard.invented:
            where = ", ".join(f"{s.start:.1f}-{s.end:.1f} s" for s in heard.invented[:3])
            more = f" and {len(heard.invented) - 3} more" if len(heard.invented) > 3 else ""
            reason = f"words that the recogniser probably made up were left out ({where}{more})"
            yield Gap(sense=self.name, reason=reason)
        elif not heard.utterances:
            yield Gap(sense=self.name, reason="somebody may speak, but no words could be made out")

    def _cues(self, utterances: Sequence[Utterance], asr: str, clip: Clip | None = None) -> Iterator[Cue]:
        voices = _voices(clip, utterances) if clip else {}
        for number, u in enumerate(utterances, 1):
            text = _UNSEEN.sub(" ", u.text)
            text = " ".join(text.replace('"', "'").replace("“", "'").replace("”", "'").replace("„", "'").split())
            if not any(c.isalnum() for c in text) and asr == "subtitles" and not is_noise(u.text):
                continue
            subject = "the speaker"
            if asr == "text" and u.turn is None:
                subject = "the message" if u.person else "the text"
            noise = asr == "subtitles" and is_noise(u.text)
            words = 0 if noise else len([w for w in text.split() if any(c.isalnum() for c in w)])
            measures: dict[str, float | str] = {"words": words, "asr": asr, "kept_share": round(u.kept, 2)}
            language = u.language or (line_language(text) if words else None)
            if language:
                measures["language"] = language
            if u.language_sure is not None:
                measures["language_probability"] = round(u.language_sure, 2)
            if number in voices:
                measures["speaker"] = voices[number]
            if u.turn is not None or u.span is None:
                measures["line"] = u.turn or number  # what reads this line later can say so without a time
            yield Cue(
                sense=self.name,
                text=f'{_NOTE} "{text}"' if noise else f'{subject} says "{text}"',
                span=u.span,
                person=u.person,
                confidence=round(u.confidence, 2) if u.confidence is not None else None,
                reliability=next(r.value for r in self.reliabilities if r.measure == asr.split(":")[0]),
                salience=0.3 if words < 2 else 0.6,
                measures=measures,
                source=self.source(),
            )


def _voices(clip: Clip, utterances: Sequence[Utterance]) -> dict[int, str]:
    """Letters of the voices by number of utterance (from 1), where no name is known and the sound tells them apart."""
    from cuechain.agents.perception.acoustics.pitch import track
    from cuechain.agents.perception.speech.turns import speakers

    unnamed: dict[int, Span] = {
        number: u.span
        for number, u in enumerate(utterances, 1)
        if u.span is not None and not u.person and not is_noise(u.text)
    }
    try:
        sound = clip.sound if len(unnamed) > 1 else None
    except MediaError:
        sound = None  # subtitles can be read even where the sound is spoilt
    if sound is None:
        return {}
    pitch = clip.once("pitch", lambda: track(sound))
    letters = speakers(sound, list(unnamed.values()), pitch.semitones)
    return {n: name for n, name in zip(unnamed, letters, strict=True) if name}


def quoted(cue: Cue) -> str:
    """The words that a transcript cue quotes; empty for one that notes a sound."""
    match = None if cue.text.startswith(_NOTE) else _QUOTED.search(cue.text)
    return match.group(1) if match else ""
