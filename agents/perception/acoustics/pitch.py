"""Pitch, loudness and sharpness of a waveform as tracks of 16 ms frames, and what is counted on them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from cuechain.agents.media import RATE
from cuechain.agents.perception.acoustics.activity import clean

if TYPE_CHECKING:
    import numpy as np
    from swift_f0 import SwiftF0

STEP = 256
"""Samples between frames."""

HOP = STEP / RATE
"""Seconds between frames."""

_WINDOW = 60
"""Seconds of sound that are looked at together."""

_SURE = 0.6
"""SwiftF0's confidence above which a frame counts as voiced; its own limit is 0.5, at which noise sometimes passes."""

_SHORTEST = 3
"""Voiced stretches of fewer frames (48 ms) are dropped: no vowel is shorter, clicks are."""

_JUMP = 3.5
"""Semitones between neighbouring voiced frames that no intonation makes in 16 ms: the fastest voluntary change of pitch is about
6 semitones in 100 ms (Xu & Sun 2002), 1 in 16 ms."""


@dataclass(frozen=True, slots=True)
class Track:
    """Pitch and loudness over time; one entry per frame of HOP seconds."""

    semitones: np.ndarray
    """float32, semitones above 100 Hz; NaN where there is no voice."""
    loudness: np.ndarray
    """float32, RMS level in dB below full scale."""
    sharpness: np.ndarray
    """float32, level between 1 and 5 kHz over that between 60 Hz and 1 kHz, in dB: the "alpha ratio" (Frøkjær-Jensen & Prytz 1976;
    eGeMAPS, Eyben et al. 2016). It rises with vocal effort and does not depend on the recording level."""

    def at(self, frames: np.ndarray) -> Track:
        """The frames with these indices, or where this mask is true."""
        return Track(self.semitones[frames], self.loudness[frames], self.sharpness[frames])

    @property
    def voiced(self) -> float:
        """Seconds with voice."""
        import numpy as np

        return float(np.count_nonzero(~np.isnan(self.semitones))) * HOP


@cache
def _detector() -> SwiftF0:
    from swift_f0 import SwiftF0

    return SwiftF0(threads=1, spin=False)


def track(sound: np.ndarray, slower: float = 1.0) -> Track:
    """Pitch by SwiftF0 between 60 and 600 Hz, which holds the speech of adults and children, and loudness.

    Args:
        sound: Waveform at RATE; may be a memory map of hours.
        slower: How much slower than spoken it is played; the range goes down with it, as far as SwiftF0 reaches (47 Hz).
    """
    import numpy as np

    detector = _detector()
    semitones, loudness, sharpness = ([np.empty(0, np.float32)] for _ in range(3))
    for begin in range(0, len(sound), _WINDOW * RATE):
        window = clean(sound[begin : begin + _WINDOW * RATE])
        if len(window) < 512:
            break
        found = detector.detect(window, RATE, fmin=60 / slower, fmax=600 / slower)
        pitch = 12 * np.log2(np.maximum(np.asarray(found.pitch_hz), 1.0) / 100)
        pitch[np.asarray(found.confidence) < _SURE] = np.nan
        for first, end in runs(~np.isnan(pitch)):
            if end - first < _SHORTEST:
                pitch[first:end] = np.nan
        semitones.append(pitch.astype(np.float32))
        loudness.append(np.asarray(found.loudness_db, dtype=np.float32))
        sharpness.append(_sharpness(window, len(pitch)))
    return Track(np.concatenate(semitones), np.concatenate(loudness), np.concatenate(sharpness))


def _sharpness(window: np.ndarray, frames: int) -> np.ndarray:
    import numpy as np

    padded = np.pad(window, (256, 512))
    views = np.lib.stride_tricks.sliding_window_view(padded, 512)[: frames * 256 : 256]
    power = np.abs(np.fft.rfft(views * np.hanning(512).astype(np.float32))) ** 2  # bins of 31.25 Hz
    high, low = power[:, 32:160].sum(axis=1), power[:, 2:32].sum(axis=1)
    return (10 * np.log10((high + 1e-9) / (low + 1e-9))).astype(np.float32)


def runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """Where a boolean array is true: begins and ends (exclusive)."""
    import numpy as np

    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def syllables(part: Track) -> int:
    """Number of syllable nuclei: voiced peaks of loudness with a dip of 2 dB on both sides (de Jong & Wempe 2009).

    Their floor lies 2 dB above the median of a whole recording; here 14 dB under the loud frames (95th percentile), because an
    utterance holds few pauses.
    """
    import numpy as np

    if len(part.loudness) < 3:
        return 0
    floor = float(np.percentile(part.loudness, 95)) - 14
    count, peak, low, voiced = 0, -np.inf, -np.inf, False
    rising = True
    for level, silent in zip(part.loudness.tolist(), np.isnan(part.semitones).tolist(), strict=True):
        if rising:
            if level > peak:
                peak, voiced = level, not silent
            elif level < peak - 2:  # the peak is over
                count += voiced and peak > floor
                rising, low = False, level
        elif level < low:
            low = level
        elif level > low + 2:  # the dip is over
            rising, peak, voiced = True, level, not silent
    return count + int(rising and voiced and peak > floor)


def breaks(part: Track) -> int:
    """Number of voice breaks: jumps of pitch inside a voiced stretch that no intonation makes (a cracking, sobbing or creaking voice)."""
    import numpy as np

    steps = np.abs(np.diff(part.semitones))
    return len(runs(np.nan_to_num(steps) > _JUMP))
