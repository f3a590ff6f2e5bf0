"""How steadily the vocal folds swing: jitter, shimmer, harmonicity and the weight of the lowest harmonics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cuechain.agents.media import RATE
from cuechain.agents.perception.acoustics.pitch import STEP

if TYPE_CHECKING:
    import numpy as np

_PERIODS, _POINTS = 4, 32
"""Periods of the voice in a pitch-synchronous frame, and points in each."""

SLOWER = 441 / 320
"""How much slower an utterance is played before it is measured: frames are then finer, each 11.6 ms on."""

_HIGH = 3800.0 / SLOWER
"""Hz in the slowed sound beyond which harmonics are not counted: 3800 Hz as spoken, which a telephone carries."""

_BLOCK = 512
"""Frames whose waveforms are looked at together: bounds memory for a long utterance."""


def steadiness(sound: np.ndarray, pitch: np.ndarray, voiced: np.ndarray, first: int) -> Iterator[tuple[str, float]]:
    """Jitter, shimmer, harmonicity and the weight of the lowest harmonics, from frames of four periods of the voice.

    A frame is resampled so that each period has the same number of points: harmonics then lie on every fourth bin of its
    spectrum and what lies between them is noise (Yumoto, Gould & Baer 1982). Jitter and shimmer: mean difference of
    neighbouring periods in length and amplitude over their mean (Baken & Orlikoff 2000, local jitter and shimmer).
    """
    import numpy as np

    names = ("hnr", "jitter", "shimmer", "h1h2", "h1h4", "tilt_harmonic", "roughness")
    at = np.flatnonzero(voiced)
    parts = [
        _periodic(sound, (first + at[i : i + _BLOCK]) * STEP, pitch[at[i : i + _BLOCK]])
        for i in range(0, len(at), _BLOCK)
    ]
    found = np.concatenate(parts) if parts else np.zeros((0, len(names)))
    if not len(found):
        found = np.zeros((1, len(names)))
    for i, name in enumerate(names):
        yield f"{name}_mean", found[:, i].mean()
        yield f"{name}_sd", found[:, i].std()
        yield f"{name}_p20", np.percentile(found[:, i], 20)
        yield f"{name}_p80", np.percentile(found[:, i], 80)


def _periodic(sound: np.ndarray, centre: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """Frames × (HNR dB, jitter, shimmer, H1-H2 dB, H1-H4 dB, harmonic tilt dB per octave, share of sub-harmonics)."""
    import numpy as np

    period = RATE / (100 * 2 ** (pitch / 12))
    room = (_PERIODS + 1) * period
    fits = (centre - room / 2 > 0) & (centre + room / 2 < len(sound) - 1)
    centre, period = centre[fits], period[fits]
    if not len(centre):
        return np.zeros((0, 7))
    grid = (np.arange((_PERIODS + 1) * _POINTS) - (_PERIODS + 1) * _POINTS / 2) / _POINTS
    place = centre[:, None] + grid * period[:, None]
    whole = place.astype(np.int64)
    wave = sound[whole] * (1 - (place - whole)) + sound[whole + 1] * (place - whole)
    wave = wave - wave.mean(axis=1, keepdims=True)
    # Length of each period: the shift within 12 % at which the next one looks most alike.
    reach = _POINTS // 8
    lags = np.arange(-reach - 1, reach + 2)
    lengths: list[np.ndarray] = []
    for k in range(_PERIODS - 1):
        begin = k * _POINTS + reach + 1
        here = wave[:, begin : begin + _POINTS]
        nexts = np.stack([wave[:, begin + _POINTS + lag : begin + 2 * _POINTS + lag] for lag in lags], axis=1)
        alike = (nexts * here[:, None]).sum(2) / np.sqrt((nexts**2).sum(2) * (here**2).sum(1)[:, None] + 1e-12)
        best = np.clip(alike.argmax(axis=1), 1, len(lags) - 2)
        rows = np.arange(len(best))
        left, mid, right = alike[rows, best - 1], alike[rows, best], alike[rows, best + 1]
        bend = left - 2 * mid + right
        shift = np.where(np.abs(bend) > 1e-9, 0.5 * (left - right) / np.where(np.abs(bend) > 1e-9, bend, 1), 0.0)
        lengths.append(_POINTS + lags[best] + np.clip(shift, -0.5, 0.5))
    length = np.stack(lengths, axis=1)
    jitter = np.abs(np.diff(length, axis=1)).mean(axis=1) / length.mean(axis=1)
    cycles = wave[:, : _PERIODS * _POINTS].reshape(len(wave), _PERIODS, _POINTS)
    size = np.sqrt((cycles**2).mean(axis=2))
    shimmer = np.abs(np.diff(size, axis=1)).mean(axis=1) / (size.mean(axis=1) + 1e-9)
    middle = wave[:, _POINTS // 2 : _POINTS // 2 + _PERIODS * _POINTS] * np.hanning(_PERIODS * _POINTS)
    power = np.abs(np.fft.rfft(middle)) ** 2 + 1e-12
    top = 12
    harmonic = np.stack([power[:, _PERIODS * h - 1 : _PERIODS * h + 2].sum(1) for h in range(1, top + 1)], axis=1)
    noise = np.stack([power[:, _PERIODS * h + 2] for h in range(1, top + 1)], axis=1)
    heard = (np.arange(1, top + 1) / period[:, None] * RATE) < _HIGH
    hnr = 10 * np.log10((harmonic * heard).sum(1) / (3 * (noise * heard).sum(1)))
    decibel = 10 * np.log10(harmonic)
    x = np.log2(np.arange(1, top + 1))
    weight = heard / heard.sum(1, keepdims=True)
    centred = x - (weight * x).sum(1, keepdims=True)
    tilt = (weight * centred * decibel).sum(1) / ((weight * centred**2).sum(1) + 1e-9)
    rough = 10 * np.log10(noise[:, :4].sum(1) / harmonic[:, :4].sum(1))
    return np.stack(
        [
            np.clip(hnr, -10, 40),
            jitter,
            np.minimum(shimmer, 1),
            decibel[:, 0] - decibel[:, 1],
            decibel[:, 0] - decibel[:, 3],
            tilt,
            rough,
        ],
        axis=1,
    )
