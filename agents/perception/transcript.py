"""What is said or written: subtitles, typed text, Whisper where its weights lie, else PocketSphinx."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from cuechain.agents.errors import ConfigError
from cuechain.agents.media import RATE
from cuechain.agents.perception.sense import Sense
from cuechain.agents.perception.written import Utterance, from_subtitles, from_text, is_noise
from cuechain.agents.values import Cue, Gap

if TYPE_CHECKING:
    from cuechain.agents.media import Clip
    from cuechain.agents.settings import Settings

# Subtitles and texts were written by people. Whisper small: word error rate of 3-10 % on clean read English (Radford et al. 2022, table 8),
# more on spontaneous speech. PocketSphinx: share of right words among those that are kept, see benchmarks/sphinx.py.
_RELIABILITY = {"subtitles": 0.97, "text": 1.0, "whisper": 0.9, "pocketsphinx": 0.7}

STRETCH = 0.5
"""Seconds of silence that part utterances of recognised speech."""

_NOTE = "the subtitles note"
_QUOTED = re.compile(r'"(.*)"', re.DOTALL)
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]+")


class Transcript(Sense):
    """The words of a clip, one cue per utterance."""

    name: ClassVar[str] = "transcript"
    version: ClassVar[str] = "2"
    about: ClassVar[str] = "what is said or written, from subtitles, text, Whisper or PocketSphinx"
    streams: ClassVar[frozenset[str]] = frozenset({"audio", "subtitles", "text"})

    @classmethod
    def fingerprint(cls, settings: Settings) -> str:
        from cuechain.agents.perception.asr import find_whisper

        try:  # weights that arrive later make the stored transcript stale
            return f"{settings.language} {find_whisper(settings.whisper)}"
        except ConfigError:
            return f"{settings.language} {settings.whisper}"

    def perceive(self, clip: Clip, heard: Sequence[Cue]) -> Iterator[Cue | Gap]:
        lines = clip.subtitles
        if lines:
            yield from self._cues(from_subtitles(lines), "subtitles")
        elif clip.text is not None:
            yield from self._cues(from_text(clip.text), "text")
        else:
            yield from self._recognised(clip)

    def _recognised(self, clip: Clip) -> Iterator[Cue | Gap]:
        from cuechain.agents.perception.asr import find_whisper, whisper, whisper_hint
        from cuechain.agents.perception.speech import speech_stretches
        from cuechain.agents.perception.sphinx import sphinx

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
            found = list(whisper(sound, stretches, folder, self.settings.language))
            yield from self._cues(found, f"whisper:{self.settings.whisper.rstrip('/').rsplit('/', 1)[-1]}")
            if not found:
                yield Gap(sense=self.name, reason="somebody may speak, but no words could be made out")
            return
        beside = "put a subtitle file (.srt or .vtt) of the same name beside the clip"
        hint = f"{beside}, or {whisper_hint(self.settings.whisper)}"
        if self.settings.language not in (None, "en"):
            yield Gap(sense=self.name, reason="the recogniser that is installed knows English only", hint=hint)
            return
        found = sphinx(sound, stretches)
        yield from self._cues(found, "pocketsphinx")
        if not found:
            yield Gap(sense=self.name, reason="there is speech, but too few of its words could be made out", hint=hint)
        elif len(found) < len(stretches):
            missed = f"{len(stretches) - len(found)} of {len(stretches)} stretches of speech could not be made out"
            yield Gap(sense=self.name, reason=missed, hint=hint)

    def _cues(self, utterances: Iterable[Utterance], asr: str) -> Iterator[Cue]:
        for number, u in enumerate(utterances, 1):
            text = _UNSEEN.sub(" ", u.text)
            text = " ".join(text.replace('"', "'").replace("“", "'").replace("”", "'").replace("„", "'").split())
            if not any(c.isalnum() for c in text) and asr == "subtitles" and not is_noise(u.text):
                continue
            subject = (
                "the text" if asr == "text" and not u.person else "the message" if asr == "text" else "the speaker"
            )
            noise = asr == "subtitles" and is_noise(u.text)
            words = 0 if noise else len([w for w in text.split() if any(c.isalnum() for c in w)])
            measures: dict[str, float | str] = {"words": words, "asr": asr, "kept_share": round(u.kept, 2)}
            if u.language:
                measures["language"] = u.language
            if u.span is None:
                measures["line"] = number  # what reads this line later can say so without a time
            yield Cue(
                sense=self.name,
                text=f'{_NOTE} "{text}"' if noise else f'{subject} says "{text}"',
                span=u.span,
                person=u.person,
                confidence=round(u.confidence, 2) if u.confidence is not None else None,
                reliability=_RELIABILITY[asr.split(":")[0]],
                salience=0.3 if words < 2 else 0.6,
                measures=measures,
                source=self.source(),
            )


def quoted(cue: Cue) -> str:
    """The words that a transcript cue quotes; empty for one that notes a sound."""
    match = None if cue.text.startswith(_NOTE) else _QUOTED.search(cue.text)
    return match.group(1) if match else ""
