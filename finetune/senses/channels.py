"""What rooms, microphones, telephones and other people do to a voice: to train against it, and to measure what it costs.

All functions take and give float32 waveforms at RATE in [-1, 1]; what is random comes from the generator that is given.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cuechain.agents.media import RATE

if TYPE_CHECKING:
    import numpy as np


def shaped(sound: np.ndarray, gain: Any) -> np.ndarray:
    """Filtered without delay; `gain` gives a factor for each frequency in Hz."""
    import numpy as np

    size = 1 << (len(sound) + RATE // 4).bit_length()
    spectrum = np.fft.rfft(np.asarray(sound, np.float32), size) * gain(np.fft.rfftfreq(size, 1 / RATE))
    return np.fft.irfft(spectrum, size)[: len(sound)].astype(np.float32)


def tilted(sound: np.ndarray, decibel: float) -> np.ndarray:
    """A spectrum tilted by so many dB per octave around 1 kHz, level out below 100 Hz."""
    import numpy as np

    return _scaled(shaped(sound, lambda f: 10 ** (decibel * np.log2(np.maximum(f, 100) / 1000) / 20)), sound)


def coloured(sound: np.ndarray, gains: Sequence[float]) -> np.ndarray:
    """A microphone and room of some colour: a curve through nine gains in dB, at 50, 100, 200 … 6400 and 8000 Hz."""
    import numpy as np

    points = np.log2([50, 100, 200, 400, 800, 1600, 3200, 6400, 8000])
    curve = lambda f: 10 ** (np.interp(np.log2(np.maximum(f, 1)), points, gains) / 20)  # noqa: E731
    return _scaled(shaped(sound, curve), sound)


def telephone(sound: np.ndarray) -> np.ndarray:
    """300 to 3400 Hz at 8 kHz with mu-law steps (ITU-T G.711, G.712)."""
    import numpy as np

    edge = lambda f: 1 / (1 + (300 / np.maximum(f, 1)) ** 8) / (1 + (f / 3400) ** 24)  # noqa: E731
    narrow = np.clip(shaped(sound, edge), -1, 1)
    steps = np.round(np.sign(narrow) * np.log1p(255 * np.abs(narrow)) / np.log(256) * 127) / 127
    return (np.sign(steps) * (256 ** np.abs(steps) - 1) / 255).astype(np.float32)


def room(seconds: float, direct: float, rng: np.random.Generator) -> np.ndarray:
    """Impulse response: noise that decays by 60 dB in `seconds`, in all `direct` dB under the direct sound (Polack's model, 1988)."""
    import numpy as np

    t = np.arange(round(seconds * RATE)) / RATE
    tail = rng.standard_normal(len(t)) * 10 ** (-3 * t / seconds)
    tail[: RATE // 200] = 0
    tail *= 10 ** (-direct / 20) / np.sqrt((tail**2).sum())
    tail[0] = 1
    return tail.astype(np.float32)


def reverberant(sound: np.ndarray, tail: np.ndarray) -> np.ndarray:
    """Heard in a room with this impulse response."""
    import numpy as np

    size = 1 << (len(sound) + len(tail)).bit_length()
    wet = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(tail, size), size)[: len(sound)]
    return _scaled(wet.astype(np.float32), sound)


def mixed(sound: np.ndarray, noise: np.ndarray, ratio: float) -> np.ndarray:
    """Noise added at a ratio in dB, levels measured where there is sound."""
    import numpy as np

    factor = _level(sound) / max(_level(noise), 1e-9) * 10 ** (-ratio / 20)
    return np.clip(sound + factor * noise, -1, 1).astype(np.float32)


def clipped(sound: np.ndarray, share: float) -> np.ndarray:
    """Driven so far that this share of the samples that hold sound is cut off."""
    import numpy as np

    size = np.abs(sound)
    limit = max(float(np.quantile(size[size > 1e-3], 1 - share)) if (size > 1e-3).any() else 1.0, 1e-3)
    return (np.clip(sound, -limit, limit) * (0.9 / limit)).astype(np.float32)


def faster(sound: np.ndarray, factor: float) -> np.ndarray:
    """Played at another speed: pitch, formants and pace move together, as from one speaker to another."""
    import numpy as np

    return np.interp(np.arange(0, len(sound) - 1, factor), np.arange(len(sound)), sound).astype(np.float32)


def coded(sound: np.ndarray, codec: str, bits: int) -> np.ndarray:
    """Through a lossy codec of FFmpeg (`libmp3lame`, `libopus`, `aac`) at so many bits per second, aligned with the original."""
    import av
    import numpy as np

    rate = 48_000 if codec == "libopus" else RATE
    file = io.BytesIO()
    with av.open(file, "w", format={"libmp3lame": "mp3", "libopus": "ogg"}.get(codec, "adts")) as out:
        stream = out.add_stream(codec, rate, layout="mono")
        stream.bit_rate = bits
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound, np.float32)[None], "flt", "mono")
        frame.sample_rate = RATE
        resampler = av.AudioResampler(
            format=stream.format.name, layout="mono", rate=rate, frame_size=stream.frame_size or 960
        )
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))
    file.seek(0)
    back = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    with av.open(file) as container:
        pieces = [p.to_ndarray().reshape(-1) for f in container.decode(audio=0) for p in back.resample(f)]
    pieces += [p.to_ndarray().reshape(-1) for p in back.resample(None)]
    found = np.concatenate([*pieces, np.zeros(len(sound) + RATE, np.float32)])
    size = 1 << (len(sound) + 2 * RATE).bit_length()
    alike = np.fft.irfft(np.fft.rfft(found[: len(sound) + RATE], size) * np.fft.rfft(sound, size).conj(), size)
    shift = int(alike[: RATE // 4].argmax())
    return found[shift : shift + len(sound)].astype(np.float32)


def babble(voices: Sequence[np.ndarray], length: int, rng: np.random.Generator, people: int = 5) -> np.ndarray:
    """Several voices at once, each from a random place on."""
    import numpy as np

    total = np.zeros(length, np.float32)
    for _ in range(people):
        line = np.concatenate([voices[i] for i in rng.permutation(len(voices))])
        line = np.tile(line, 1 + 2 * length // len(line))
        begin = int(rng.integers(0, len(line) - length))
        part = line[begin : begin + length]
        total += part / max(_level(part), 1e-6)
    return total


def noise(length: int, exponent: float, rng: np.random.Generator) -> np.ndarray:
    """Steady noise whose power falls with frequency to this exponent: 0 white, 1 pink, 2 brown."""
    import numpy as np

    white = rng.standard_normal(length).astype(np.float32)
    return shaped(white, lambda f: np.maximum(f, 40) ** (-exponent / 2))


def music(length: int, rng: np.random.Generator) -> np.ndarray:
    """Four-part chords that change each second or two, over a drum."""
    import numpy as np

    total = np.zeros(length, np.float32)
    beat = round(RATE * 60 / rng.uniform(80, 140))
    for at in range(0, length, 4 * beat):
        root = 55 * 2 ** (rng.integers(0, 24) / 12)
        t = np.arange(min(4 * beat, length - at)) / RATE
        for step in (0, rng.choice([3, 4]), 7, 12):
            for harmonic in range(1, 9):
                hertz = root * 2 ** (step / 12) * harmonic
                total[at : at + len(t)] += np.sin(2 * np.pi * hertz * t + rng.uniform(0, 6)) / harmonic**1.2
    total *= 0.3
    for at in range(0, length, beat):
        part = total[at : at + RATE // 8]
        t = np.arange(len(part)) / RATE
        hit = np.sin(2 * np.pi * 70 * t) * 3 if (at // beat) % 2 == 0 else rng.standard_normal(len(t))
        part += (hit * np.exp(-t * 30)).astype(np.float32)
    return total


def _level(sound: np.ndarray) -> float:
    """RMS of what is not silence: frames within 40 dB of the loudest."""
    import numpy as np

    frames = np.asarray(sound[: len(sound) // 256 * 256], np.float64).reshape(-1, 256)
    power = (frames**2).mean(axis=1) if len(frames) else np.zeros(1)
    return float(np.sqrt(power[power >= power.max() * 1e-4].mean()))


def _scaled(sound: np.ndarray, like: np.ndarray) -> np.ndarray:
    """As loud as before, and never clipped by that."""
    import numpy as np

    factor = _level(like) / max(_level(sound), 1e-9)
    return (sound * min(factor, 0.99 / max(float(np.abs(sound).max()), 1e-9))).astype(np.float32)
