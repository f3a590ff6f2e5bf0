"""What is heard besides words: silence, background, sudden loud sounds; laughter, crying, applause, music with a model that knows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from cuechain.agents.errors import CueChainError
from cuechain.agents.media import RATE
from cuechain.agents.perception.acoustics.activity import WINDOW, clean, speech_stretches
from cuechain.agents.perception.acoustics.events import EVENTS, events
from cuechain.agents.perception.sense import Reliability, Sense
from cuechain.agents.settings import Settings
from cuechain.agents.values import Cue, Gap, Span

if TYPE_CHECKING:
    import numpy as np

    from cuechain.agents.media import Clip

STEP = RATE // 50
"""Samples of one level: 20 ms."""

FLOOR = -60.0
"""dB re full scale below which a level counts as silence: quiet rooms are louder through any microphone."""

PAUSE = 1.0
"""Seconds of silence that are told: pauses within a talk are shorter."""

NOISY = 12.0
"""dB between loud parts and background under which there is a background to tell of; clean read speech has 30 and more."""

BANG = 12.0
"""dB by which a burst exceeds the loudest twentieth of the clip; stressed syllables reach 11."""

WORDLESS = 2.0
"""Seconds of sound without speech that are told."""

AUDIBLE = 25.0
"""dB below the loud parts of the clip down to which such sound is told: fainter is the room."""

MOST = 10
"""Cues of one kind in a clip: the longest, or loudest."""


class Sound(Sense):
    """Levels of the sound, and where it is no speech (Silero VAD); audio events by a model of transformers where one is configured."""

    name: ClassVar[str] = "sound"
    version: ClassVar[str] = "1"
    about: ClassVar[str] = "Sounds besides words: silence, background, bangs; with a model laughter, crying, applause."
    streams: ClassVar[frozenset[str]] = frozenset({"audio"})
    reliabilities: ClassVar[tuple[Reliability, ...]] = (
        Reliability("silence", 0.95, "a guess: what is below -60 dB is measured"),
        Reliability(
            "background", 0.9, "told of none of 87 clean recordings, of 20 of 22 with noise added (benchmarks/scene.py)"
        ),
        Reliability(
            "sudden loud sound",
            0.9,
            "told of 1 of 87 clean recordings, of 12 of 22 with a burst added (benchmarks/scene.py)",
        ),
        Reliability(
            "sound without speech",
            0.8,
            "told of none of 87 clean recordings, of 22 of 22 with a chord added (benchmarks/scene.py)",
        ),
        Reliability("events", 0.5, "a guess: the model is the user's choice"),
    )

    @classmethod
    def fingerprint(cls, settings: Settings) -> str:
        return str(settings.sounds)

    def perceive(self, clip: Clip, heard: Sequence[Cue]) -> Iterator[Cue | Gap]:
        """Cues in no order."""
        import numpy as np

        sound = clip.sound
        if sound is None or len(sound) < STEP:
            yield Gap(sense=self.name, reason="there is hardly any sound")
            return
        levels = _levels(sound)
        if levels.max() < FLOOR:
            yield Gap(sense=self.name, reason="the sound is silent throughout")
            return
        loud, quiet = np.percentile(levels[levels > FLOOR], (90, 10))
        yield from self._silences(levels)
        if loud - quiet < NOISY and len(levels) > 150 and (levels > FLOOR).mean() > 0.9:
            yield self._cue(
                f"a background sound goes through the clip, about {loud - quiet:.0f} dB below its loud parts",
                Span(start=0.0, end=len(levels) / 50),
                {"background_db": float(quiet), "above_background_db": float(loud - quiet)},
                "background",
                0.2,
            )
        yield from self._bangs(levels)
        wordless = _wordless(levels, float(loud), speech_stretches(sound))
        if self.settings.sounds:
            yield from self._events(sound)
            return
        for span in sorted(wordless, key=lambda s: -s.length)[:MOST]:
            yield self._cue(
                "there is sound that seems to be no speech", span, {"seconds": span.length}, "sound without speech", 0.2
            )
        if wordless:
            yield Gap(
                sense=self.name,
                reason=f"what is heard besides speech for {sum(s.length for s in wordless):.0f} s is not known",
                hint="a model that knows sounds tells: --sounds hf:ID",
            )

    def _silences(self, levels: np.ndarray) -> Iterator[Cue]:
        silent = [s for s in _runs(levels < FLOOR) if s.length >= PAUSE]
        for span in sorted(silent, key=lambda s: -s.length)[:MOST]:
            share = {"silence_share": 50 * sum(s.length for s in silent) / len(levels)}
            yield self._cue("nothing is heard", span, {"seconds": span.length, **share}, "silence", 0.2)

    def _bangs(self, levels: np.ndarray) -> Iterator[Cue]:
        """Bursts that stand out of all that is loud, and begin at once."""
        import numpy as np

        if len(levels) < 100:  # too little to know what is loud here
            return
        usual = float(np.percentile(levels, 95))
        bursts = _runs(levels > usual + BANG)
        tops = [(float(levels[round(s.start * 50) : round(s.end * 50)].max()), s) for s in bursts]
        for top, span in sorted(tops, key=lambda t: -t[0])[:MOST]:
            before = levels[max(0, round(span.start * 50) - 5) : round(span.start * 50)]
            if len(before) and top - float(before.min()) > 15:
                yield self._cue(
                    f"a sudden loud sound, about {top - usual:.0f} dB above the loud parts of the clip",
                    span,
                    {"above_loud_db": top - usual},
                    "sudden loud sound",
                    0.45,
                )

    def _events(self, sound: np.ndarray) -> Iterator[Cue | Gap]:
        try:
            found = events(sound, self.settings)
        except CueChainError as error:
            if self.settings.strict:
                raise
            yield Gap(sense=self.name, reason=f"the sound model failed: {error.message}", hint=error.hint, retry=True)
            return
        for event in sorted(found, key=lambda e: -e.score)[: 2 * MOST]:
            doubt = "clearly " if event.score > 0.8 else "" if event.score > 0.5 else "possibly "
            yield self._cue(
                EVENTS[event.name].format(doubt),
                event.span,
                {"event": event.name, "label": event.label, "score": event.score, "model": str(self.settings.sounds)},
                "events",
                0.6 if event.name != "music" else 0.3,
                confidence=event.score,
            )
        if not found:
            yield Gap(sense=self.name, reason="no laughter, crying, applause, shouting or music was made out")

    def _cue(
        self,
        text: str,
        span: Span,
        measures: dict[str, float | str],
        measure: str,
        salience: float,
        confidence: float = 0.8,
    ) -> Cue:
        return Cue(
            sense=self.name,
            text=text,
            span=Span(start=round(span.start, 2), end=round(span.end, 2)),
            confidence=round(confidence, 2),
            reliability=next(r.value for r in self.reliabilities if r.measure == measure),
            salience=salience,
            measures={k: round(v, 3) if isinstance(v, float) else v for k, v in measures.items()},
            source=self.source(),
        )


def _levels(sound: np.ndarray) -> np.ndarray:
    """RMS level of each 20 ms in dB re full scale, -120 at least; hours are taken in windows."""
    import numpy as np

    parts: list[np.ndarray] = []
    for begin in range(0, len(sound), WINDOW * RATE):
        window = clean(sound[begin : begin + WINDOW * RATE])
        rows = window[: len(window) // STEP * STEP].reshape(-1, STEP)
        parts.append(10 * np.log10(np.maximum(np.einsum("ij,ij->i", rows, rows) / STEP, 1e-12)))
    return np.concatenate(parts)


def _runs(true: np.ndarray) -> list[Span]:
    """Stretches of 20-ms steps that are true."""
    import numpy as np

    edges = np.flatnonzero(np.diff(np.concatenate(([False], true, [False])).astype(np.int8)))
    return [Span(start=a / 50, end=b / 50) for a, b in edges.reshape(-1, 2).tolist()]


def _wordless(levels: np.ndarray, loud: float, speech: list[Span]) -> list[Span]:
    """Stretches that are audible and no speech; short dips are bridged."""
    import numpy as np

    audible = (levels > max(FLOOR, loud - AUDIBLE)).astype(np.float32)
    audible = np.convolve(audible, np.ones(25) / 25, "same") > 0.5
    for span in speech:
        audible[max(0, round(span.start * 50) - 15) : round(span.end * 50) + 15] = False
    return [s for s in _runs(audible) if s.length >= WORDLESS]
