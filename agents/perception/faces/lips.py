"""Lips: whether they move as in talking, when that could be seen, and how well they follow the sound."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from cuechain.agents.perception.faces.movements import Seen

RATE = 16_000
"""Samples per second of the sound."""

APART = 0.2
"""Seconds between frames beyond which syllables, some 4 to 5 a second, pass unseen."""

SYLLABLE, TURNS = 1.0, 3
"""Millimetres by which the lips part or meet in speech at least, and how often they turn round within 1.5 s: a smile parts them once."""

PIECE = 4.0
"""Seconds of moving lips of which one fit is told: with less, anything fits at times."""

LATE, WINDOW = 0.06, 0.16
"""Seconds by which the sound that belongs to an opening follows it, and over which its loudness is taken (Chandrasekaran et al. 2009: the
mouth leads by 0.1 to 0.3 s at the onset of speech and varies with it at 2 to 7 Hz)."""


@dataclass(frozen=True)
class Piece:
    """A stretch of time, in seconds."""

    start: float
    end: float
    fit: float | None = None
    """Correlation of the opening of the lips with the loudness of the sound, -1 to 1; None where it was not measured."""

    def within(self, start: float, end: float) -> float:
        """Seconds of it between two times."""
        return max(0.0, min(self.end, end) - max(self.start, start))


def talking(times: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """Whether the lips part and meet several times within a second around each frame, (n,) bool.

    Args:
        times: Seconds, (n,).
        gap: Millimetres between the lips, (n,).
    """
    import numpy as np

    turns = times[turning(times, gap, SYLLABLE)]
    near = np.searchsorted(turns, times + 0.75, side="right") - np.searchsorted(turns, times - 0.75)
    return near >= TURNS


def turning(times: np.ndarray, values: np.ndarray, least: float) -> list[int]:
    """Frames at which values turn round, each at least `least` away from the one before; a hole of a second begins anew."""
    points: list[int] = []
    low = high = 0
    rising: bool | None = None
    for i in range(1, len(values)):
        if times[i] - times[i - 1] > 1.0:
            low = high = i
            rising = None
            continue
        low, high = (i if values[i] < values[low] else low), (i if values[i] > values[high] else high)
        if rising is not False and values[high] - values[i] >= least:
            points.append(high)
            rising, low = False, i
        elif rising is not True and values[i] - values[low] >= least:
            points.append(low)
            rising, high = True, i
    return points


def window(times: np.ndarray, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """First and one-past-last frame within half of `seconds` around each frame."""
    import numpy as np

    return np.searchsorted(times, times - seconds / 2), np.searchsorted(times, times + seconds / 2, side="right")


def judged(seen: Seen) -> list[Piece]:
    """When the lips could be seen well and often enough to tell whether they talk."""
    if seen.still:
        return []
    return _runs(seen, (seen.trust > 0.35) & (seen.holds <= APART))


def moving(seen: Seen, sound: np.ndarray | None) -> list[Piece]:
    """When they move as in talking, in pieces of at most PIECE, each with its fit to the sound (mono, RATE) where there is one."""
    import numpy as np

    out: list[Piece] = []
    for run in _runs(seen, seen.talking):
        count = math.ceil((run.end - run.start) / PIECE)
        edges = np.linspace(run.start, run.end, count + 1)
        out += [Piece(float(a), float(b), _fit(seen, sound, a, b)) for a, b in pairwise(edges)]
    return out


def _runs(seen: Seen, where: np.ndarray) -> list[Piece]:
    """Runs of frames, interrupted by no more than APART; shorter ones than that are dropped."""
    out: list[Piece] = []
    for time, hold, here in zip(seen.times, seen.holds, where, strict=True):
        if not here:
            continue
        end = float(time + min(hold, APART))
        if out and time - out[-1].end <= APART:
            out[-1] = Piece(out[-1].start, end)
        else:
            out.append(Piece(float(time), end))
    return [one for one in out if one.end - one.start > APART]


def _fit(seen: Seen, sound: np.ndarray | None, start: float, end: float) -> float | None:
    import numpy as np

    here = (seen.times >= start) & (seen.times < end)
    if sound is None or end - start < 1.0 or here.sum() < 8:
        return None
    times, gap = seen.times[here] + LATE, seen.gap[here]
    first = max(0, int((times[0] - WINDOW) * RATE))
    power = np.cumsum(np.square(sound[first : int((times[-1] + WINDOW) * RATE)], dtype=np.float64))
    at = np.clip(((times[:, None] + (-WINDOW / 2, WINDOW / 2)) * RATE).astype(int) - first, 0, len(power) - 1)
    if len(power) < 2:
        return None
    loud = np.log(np.maximum(power[at[:, 1]] - power[at[:, 0]], 0) / (WINDOW * RATE) + 1e-7)  # a floor at -70 dB
    if loud.std() < 1e-3 or gap.std() < 1e-3:
        return None
    return float(np.corrcoef(gap, loud)[0, 1])


def written(pieces: Iterable[Piece]) -> str:
    """Pieces as one measure: `0.2-3.4@0.31 5.0-6.1`."""
    return " ".join(f"{p.start:.1f}-{p.end:.1f}" + ("" if p.fit is None else f"@{p.fit:.2f}") for p in pieces)


def pieces(measure: str | float | None) -> list[Piece]:
    """The inverse of `written`; nothing where the measure is not of that kind."""
    out: list[Piece] = []
    for word in measure.split() if isinstance(measure, str) else ():
        span, _, fit = word.partition("@")
        start, _, end = span.partition("-")
        try:
            out.append(Piece(float(start), float(end), float(fit) if fit else None))
        except ValueError:  # another tool's measure of the same name
            return []
    return out
