"""One utterance as a row of numbers for the tone head: pitch, loudness, rhythm, timbre and the steadiness of the voice.

The utterance is played slower first (`slowed`), which gives the pitch tracker and the spectra finer frames: beside acted tones (EmoDB, LDA,
speakers held out) that was worth 0.05 of recall. Names with units tell them of the slowed sound. Everything lies between 276 and 3800 Hz as
spoken, which a telephone carries too; levels count against the utterance's own, never as recorded.
The set follows eGeMAPS (Eyben et al. 2016, "The Geneva Minimalistic Acoustic Parameter Set"), with cepstra and modulation added.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from cuechain.agents.media import RATE
from cuechain.agents.perception.acoustics.phonation import SLOWER, steadiness
from cuechain.agents.perception.acoustics.pitch import HOP, STEP, Track, runs, syllables

if TYPE_CHECKING:
    import numpy as np

_WIDE = 512
"""Samples of a frame."""

_BANDS, _CEPSTRA = 24, 12
_LOW, _HIGH = 200.0, 3800.0 / SLOWER
"""Hz in the slowed sound: lowest and highest edge of the mel bands."""

_EVEN = 320
"""Samples that become 441 when slowed: a whole number of them makes a whole number."""

_BLOCK = 512
"""Frames whose waveforms are looked at together: bounds memory for a long utterance."""

_FLOOR = 30.0
"""dB under the loudest band below which nothing is heard any more: what lies deeper is the room's as often as the voice's."""

_STRONG = 30
"""Percentile of level from which voiced frames tell about timbre; weaker ones are the first that noise covers."""


def slowed(sound: np.ndarray) -> np.ndarray:
    """Played slower and deeper by `SLOWER`, without loss: a longer spectrum with nothing in what is added.

    Args:
        sound: (n,) waveform at RATE.

    Returns:
        float32, (n * SLOWER,), up to 441 samples longer.
    """
    import numpy as np

    size = -(-len(sound) // _EVEN) * _EVEN
    longer = round(size * SLOWER)
    if not size:
        return np.zeros(0, np.float32)
    return (np.fft.irfft(np.fft.rfft(np.asarray(sound, np.float32), size), longer) * SLOWER).astype(np.float32)


def timbre(sound: np.ndarray, part: Track) -> dict[str, float]:
    """Measures of one utterance.

    Args:
        sound: Its waveform, slowed, at RATE.
        part: Pitch of the same stretch, one frame in 256 samples; at least three frames with voice.

    Returns:
        Name to value: the same names in the same order for every utterance, all finite.
    """
    import numpy as np

    count = min(len(part.semitones), len(sound) // STEP)
    pitch = part.semitones[:count].astype(np.float64)
    first, last = np.flatnonzero(~np.isnan(pitch))[[0, -1]]
    cut = slice(int(first), int(last) + 1)
    bands = _bands(sound, count)
    level = 10 * np.log10(bands.sum(axis=1))
    bands = 10 * np.log10(bands)
    # From the first to the last voiced frame: what a recording holds before and after it is chance.
    pitch, level, bands = pitch[cut], level[cut], bands[cut]
    voiced = ~np.isnan(pitch)
    level = np.maximum(level - level[voiced].mean(), -_FLOOR)
    found = dict(_melody(pitch, voiced))
    found |= _dynamics(level, voiced)
    found |= _rhythm(
        level, voiced, Track(part.semitones[:count][cut], part.loudness[:count][cut], part.sharpness[:count][cut])
    )
    strong = voiced & (level >= np.percentile(level[voiced], _STRONG))
    found |= _colour(bands, strong)
    found |= steadiness(sound, pitch, strong, int(first))
    return {name: float(np.nan_to_num(value, posinf=0.0, neginf=0.0)) for name, value in found.items()}


def _edges() -> np.ndarray:
    """Hz: edges and middles of bands that are equally wide on the mel scale (O'Shaughnessy 1987), bands + 2."""
    import numpy as np

    low, high = (2595 * np.log10(1 + hertz / 700) for hertz in (_LOW, _HIGH))
    return 700 * (10 ** (np.linspace(low, high, _BANDS + 2) / 2595) - 1)


@cache
def _filters() -> np.ndarray:
    """Triangular filters equally wide on the mel scale (Davis & Mermelstein 1980), bands × bins."""
    import numpy as np

    edges = _edges()
    bins = np.fft.rfftfreq(_WIDE, 1 / RATE)
    up = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    down = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0, np.minimum(up, down))


def _bands(sound: np.ndarray, count: int) -> np.ndarray:
    """Power in mel bands, frames × bands."""
    import numpy as np

    padded = np.pad(np.asarray(sound, np.float32), (STEP, _WIDE))
    views = np.lib.stride_tricks.sliding_window_view(padded, _WIDE)[::STEP][:count]
    window, filters = np.hanning(_WIDE).astype(np.float32), _filters().T.astype(np.float32)
    found = [(np.abs(np.fft.rfft(views[at : at + _BLOCK] * window)) ** 2) @ filters for at in range(0, count, _BLOCK)]
    power = np.concatenate(found).astype(np.float64)
    return np.maximum(power, max(float(power.max()) * 10 ** (-_FLOOR / 10), 1e-12))


def _spread(name: str, values: np.ndarray) -> Iterator[tuple[str, float]]:
    """Mean, deviation, 10th, 50th and 90th percentile."""
    import numpy as np

    yield f"{name}_mean", values.mean()
    yield f"{name}_sd", values.std()
    for share, value in zip((10, 50, 90), np.percentile(values, (10, 50, 90)), strict=True):
        yield f"{name}_p{share}", value


def _thirds(name: str, values: np.ndarray, where: np.ndarray) -> Iterator[tuple[str, float]]:
    """First, middle and last third against the whole."""
    import numpy as np

    whole = values[where].mean()
    for place, index in zip(("begin", "middle", "end"), np.array_split(np.arange(len(values)), 3), strict=True):
        here = index[where[index]]
        yield f"{name}_{place}", values[here].mean() - whole if len(here) else 0.0


def _slopes(name: str, values: np.ndarray) -> Iterator[tuple[str, float]]:
    """How fast something rises and falls, per frame."""
    import numpy as np

    steps = np.diff(values)
    steps = steps[~np.isnan(steps)]
    for way, some in (("rise", steps[steps > 0]), ("fall", -steps[steps < 0])):
        yield f"{name}_{way}_mean", some.mean() if len(some) else 0.0
        yield f"{name}_{way}_sd", some.std() if len(some) else 0.0


def _melody(pitch: np.ndarray, voiced: np.ndarray) -> Iterator[tuple[str, float]]:
    """Pitch in semitones above 100 Hz."""
    import numpy as np

    values = pitch[voiced]
    yield from _spread("f0", values)
    p10, p20, p80, p90 = np.percentile(values, (10, 20, 80, 90))
    yield from (("f0_range", p90 - p10), ("f0_middle_range", p80 - p20))
    yield from _slopes("f0", pitch)
    yield from _thirds("f0", pitch, voiced)
    # Curve inside the voiced stretches: slope and bend of each, weighted by length.
    slopes, bends, lengths = [0.0], [0.0], [1e-6]
    for begin, end in runs(voiced):
        if end - begin >= 5:
            line = np.polynomial.polynomial.polyfit(np.linspace(-1, 1, end - begin), pitch[begin:end], 2)
            slopes.append(line[1] / ((end - begin) * HOP))
            bends.append(line[2])
            lengths.append(end - begin)
    yield "f0_slope_mean", np.average(slopes, weights=lengths)
    yield "f0_slope_size", np.average(np.abs(slopes), weights=lengths)
    yield "f0_bend_mean", np.average(bends, weights=lengths)
    yield "f0_bend_size", np.average(np.abs(bends), weights=lengths)


def _dynamics(level: np.ndarray, voiced: np.ndarray) -> Iterator[tuple[str, float]]:
    """Level in dB against the mean of the voiced frames."""
    import numpy as np

    yield "level_sd", level[voiced].std()
    p10, p50, p90 = np.percentile(level[voiced], (10, 50, 90))
    yield from (("level_p10", p10), ("level_p50", p50), ("level_p90", p90))
    yield from _slopes("level", level)
    yield from _thirds("level", level, voiced)
    yield "level_unvoiced", level[~voiced].mean() if (~voiced).any() else 0.0
    # Modulation of loudness: syllables are at 3-6 Hz (Greenberg 1999); trembling and shouting move the shares.
    curve = np.maximum(level, -30) - np.maximum(level, -30).mean()
    power = np.abs(np.fft.rfft(curve * np.hanning(len(curve)), max(256, len(curve)))) ** 2
    hertz = np.fft.rfftfreq(max(256, len(curve)), HOP)
    total = power[(hertz > 0.5) & (hertz < 25)].sum() + 1e-9
    for low, high in ((0.5, 2), (2, 4), (4, 7), (7, 12), (12, 25)):
        yield f"modulation_{low}", power[(hertz >= low) & (hertz < high)].sum() / total


def _rhythm(level: np.ndarray, voiced: np.ndarray, part: Track) -> Iterator[tuple[str, float]]:
    """Pace, and lengths of what is voiced and what is not."""
    import numpy as np

    seconds = len(voiced) * HOP
    on = np.array([b - a for a, b in runs(voiced)]) * HOP
    off = np.array([b - a for a, b in runs(~voiced)] or [0]) * HOP
    yield from (("voiced_share", voiced.mean()), ("voiced_per_s", len(on) / seconds))
    yield from (("voiced_mean_s", on.mean()), ("voiced_sd_s", on.std()), ("unvoiced_mean_s", off.mean()))
    yield from (("unvoiced_sd_s", off.std()), ("pause_share", off[off >= 0.25].sum() / seconds))
    yield "syllables_per_s", syllables(part) / seconds
    speaking = max(seconds - off[off >= 0.25].sum(), HOP)
    yield "syllables_per_speaking_s", syllables(part) / speaking
    yield "loud_share", (level > -10).mean()


def _colour(bands: np.ndarray, voiced: np.ndarray) -> Iterator[tuple[str, float]]:
    """Mel cepstra, tilt and change of the spectrum in the strong voiced frames; bands in dB."""
    import numpy as np

    here = bands[voiced]
    shape = here - here.mean(axis=1, keepdims=True)
    order = np.arange(1, _CEPSTRA + 1)[:, None]
    cosines = np.cos(np.pi * order * (np.arange(_BANDS) + 0.5) / _BANDS) * np.sqrt(2 / _BANDS)
    cepstra = shape @ cosines.T
    full = (bands - bands.mean(axis=1, keepdims=True)) @ cosines.T
    steps = np.diff(full, axis=0)[voiced[1:] & voiced[:-1]]
    steps = steps if len(steps) else np.zeros((1, _CEPSTRA))
    for i in range(_CEPSTRA):
        yield f"mfcc{i + 1}_mean", cepstra[:, i].mean()
        yield f"mfcc{i + 1}_sd", cepstra[:, i].std()
        yield f"mfcc{i + 1}_step", np.abs(steps[:, i]).mean()
    power = 10 ** (here / 10)
    hertz = _edges()[1:-1]
    low, high = power[:, hertz < 1000].sum(axis=1), power[:, hertz >= 1000].sum(axis=1)
    alpha = 10 * np.log10(low / high)
    yield from _spread("alpha", alpha)
    tilt = np.full(len(voiced), np.nan)
    tilt[voiced] = alpha
    yield from _thirds("alpha", tilt, voiced)
    peaks = here[:, hertz < 2000].max(axis=1) - here[:, hertz >= 2000].max(axis=1)
    yield from _spread("hammarberg", peaks)
    yield from _spread("centroid", (power @ np.log2(hertz)) / power.sum(axis=1))
    for name, some in (("low", hertz < 600), ("middle", (hertz >= 500) & (hertz < 1500)), ("top", hertz >= 1500)):
        x = np.log2(hertz[some])
        slope = (
            (here[:, some] - here[:, some].mean(axis=1, keepdims=True)) @ (x - x.mean()) / ((x - x.mean()) ** 2).sum()
        )
        yield f"slope_{name}_mean", slope.mean()
        yield f"slope_{name}_sd", slope.std()
    # Louder voices are also brighter ones: how the tilt goes with the level within the utterance does not depend on the channel.
    loud = here.mean(axis=1)
    yield "tilt_by_level", np.cov(loud, cepstra[:, 0])[0, 1] / (loud.var() + 1.0) if len(loud) > 1 else 0.0
    flux = np.abs(np.diff(bands - bands.mean(axis=1, keepdims=True), axis=0)).mean(axis=1)
    yield from (("flux_mean", flux.mean() if len(flux) else 0.0), ("flux_sd", flux.std() if len(flux) else 0.0))
    long = here.mean(axis=0) - here.mean()
    yield from ((f"band{i}_sd", here[:, i].std()) for i in range(0, _BANDS, 3))
    yield "ltas_roughness", np.abs(np.diff(long, 2)).mean()
