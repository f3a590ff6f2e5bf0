"""Where somebody speaks: Silero's voice activity detection, in windows, so that hours of sound stay in bounded memory."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from cuechain.agents.media import RATE
from cuechain.agents.values import Span

if TYPE_CHECKING:
    import numpy as np

LOADING = Lock()
"""Held while faster_whisper is imported: its modules import each other, and two senses that import it at once would meet it half made."""

WINDOW = 120
"""Seconds that are looked at together."""


def clean(sound: np.ndarray) -> np.ndarray:
    """A finite float32 copy in [-1, 1]: a damaged decoder can leave NaN or infinity behind."""
    import numpy as np

    return np.clip(np.nan_to_num(np.asarray(sound, dtype=np.float32), posinf=0.0, neginf=0.0), -1.0, 1.0)


def speech_stretches(
    sound: np.ndarray, *, silence: float = 0.5, longest: float = 20.0, room: float = 0.1
) -> list[Span]:
    """Stretches in which somebody speaks, in order of time.

    Args:
        sound: Waveform at RATE; may be a memory map of hours.
        silence: Seconds without speech that part two stretches.
        longest: A longer stretch is split at its last short silence.
        room: Seconds that are left on both sides.

    Returns:
        Spans in seconds; empty when nobody speaks.
    """
    with LOADING:
        from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(
        min_speech_duration_ms=150,
        max_speech_duration_s=longest,
        min_silence_duration_ms=round(silence * 1000),
        speech_pad_ms=round(room * 1000),
    )
    found: list[Span] = []
    for begin in range(0, len(sound), WINDOW * RATE):
        window = clean(sound[begin : begin + WINDOW * RATE])
        if len(window) < RATE // 10 or float(abs(window).max()) < 1e-4:  # -80 dB: digital silence
            continue
        for stretch in get_speech_timestamps(window, options):
            start, end = (begin + stretch["start"]) / RATE, (begin + stretch["end"]) / RATE
            if end > start:
                found.append(Span(start=start, end=end))
    return found
