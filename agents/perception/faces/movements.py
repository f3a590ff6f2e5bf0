"""From rows of numbers to movements: stretches in which a unit is active, nods, blinks, glances, lips that move as in talking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cuechain.agents.perception.faces.action_units import COLUMNS, at_rest, intensities
from cuechain.agents.perception.faces.lips import talking, turning, window
from cuechain.agents.perception.faces.tracks import EXTRA, Person

if TYPE_CHECKING:
    import numpy as np

ON, OFF = 0.3, 0.18
"""A movement starts above the first intensity and lasts until it falls under the second: a value at the edge does not flicker."""

BRIDGE = 0.4
"""Seconds of interruption that do not end a movement."""

OWN_REST = 8.0
"""Seconds after which what a person shows most is taken for their rest; before, in proportion."""

READABLE = 0.25
"""Trust of a frame from which on movements are told. A face that never reaches it is told as a gap."""

SWING = 0.5
"""Seconds from one turn of a nod or shake to the next at most: such gestures go to and fro 1.8 to 3.7 times a second, slower movement of
the head accompanies speech (Hadar, Steiner, Grant & Rose 1983)."""

SPEECH_UNITS = ("au10", "au14", "au15", "au17", "au20", "au23", "au24", "au25", "au26")
"""Units that articulation moves: while the lips move as in talking, only what stays over 1.2 s of it counts."""


@dataclass(frozen=True)
class Stretch:
    """Frames of one person from `first` to `last` (both included), with the times they stand for."""

    first: int
    last: int
    start: float
    end: float
    peak: float = 0.0
    """Largest value within."""
    peak_s: float = 0.0
    """When it was reached."""


@dataclass
class Seen:
    """What the rows of one person hold."""

    times: np.ndarray
    """Seconds of each frame, (n,)."""
    holds: np.ndarray
    """Seconds it stands for, (n,)."""
    units: dict[str, np.ndarray]
    """Unit to intensity in each frame."""
    extra: dict[str, np.ndarray]
    """Columns of tracks.EXTRA."""
    trust: np.ndarray
    """How far a frame can be believed, 0 to 1: falls with a turned or small face."""
    talking: np.ndarray
    """Whether the lips move as in talking, (n,) bool."""
    gap: np.ndarray
    """Millimetres between the lips, (n,)."""
    own: float
    """How far the person's own rest was used, 0 to 1."""
    still: bool
    """One picture without time."""

    @property
    def length(self) -> float:
        """Seconds in view."""
        return float(self.holds.sum())


def read(person: Person) -> Seen:
    """Intensities, pose and trust of one person's frames."""
    import numpy as np

    table = person.table
    rows, extra = table[:, : len(COLUMNS)], dict(zip(EXTRA, table[:, len(COLUMNS) :].T, strict=True))
    times, holds = np.array(person.times), np.array(person.holds)
    still = len(times) == 1 and holds[0] == 0
    turned = np.hypot(extra["yaw"], 0.8 * extra["pitch"])
    trust = np.clip(1.2 - turned / 40, 0, 1) * np.clip(extra["width"] / 110, 0.35, 1)
    good = trust > 0.5
    own = min(1.0, float(holds[good].sum()) / OWN_REST)
    single = rows
    if not still:
        rows = _middle_of_three(rows)
    rest = at_rest(rows[good], own)
    units = intensities(rows, rest, own)
    units["au45"] = intensities(single, rest, own)["au45"]  # a blink may last one frame
    gap = table[:, COLUMNS.index("lip_gap")]
    talks = np.zeros(len(times), bool) if still else talking(times, gap)
    if talks.any():
        lasting = _lasting(times, np.stack([units[name] for name in SPEECH_UNITS], axis=1), talks, 1.2)
        units |= dict(zip(SPEECH_UNITS, lasting.T, strict=True))
        units["au25"] = np.where(talks, 0.0, units["au25"])  # that a talking mouth is open says nothing
    return Seen(times, holds, units, extra, trust, talks, gap, own, still)


def stretches(seen: Seen, values: np.ndarray, on: float = ON, off: float = OFF, least: float = 0.15) -> list[Stretch]:
    """Stretches in which values exceed `on`, until they fall under `off`; interruptions up to BRIDGE do not count.

    Args:
        seen: Gives the times.
        values: (n,) one value a frame.
        on: Starts a stretch.
        off: Ends it.
        least: Seconds below which a stretch is noise.
    """
    found: list[Stretch] = []
    first = None
    for i, value in enumerate(values):
        if first is not None and (value < off or seen.times[i] - seen.times[i - 1] > 1.0):
            found.append(_stretch(seen, values, first, i - 1))
            first = None
        if first is None and value >= on:
            first = i
    if first is not None:
        found.append(_stretch(seen, values, first, len(values) - 1))
    merged: list[Stretch] = []
    for one in found:
        if merged and one.start - merged[-1].end <= BRIDGE:
            merged[-1] = _stretch(seen, values, merged[-1].first, one.last)
        else:
            merged.append(one)
    return merged if seen.still else [s for s in merged if s.end - s.start >= least]


def swings(seen: Seen, angle: np.ndarray, least: float, turns: int) -> list[tuple[Stretch, int]]:
    """Runs of to-and-fro movement of the head, each with how often it came back.

    Args:
        seen: Gives the times.
        angle: (n,) degrees.
        least: Degrees that a movement must cover before its turn counts.
        turns: Changes of direction that make a run.
    """
    runs: list[list[int]] = []
    for i in turning(seen.times, angle, least):
        if runs and seen.times[i] - seen.times[runs[-1][-1]] <= SWING:
            runs[-1].append(i)
        else:
            runs.append([i])
    return [(_stretch(seen, angle, run[0], run[-1]), len(run) // 2) for run in runs if len(run) >= turns]


def _stretch(seen: Seen, values: np.ndarray, first: int, last: int) -> Stretch:
    peak = first + int(values[first : last + 1].argmax())
    start, end = float(seen.times[first]), float(seen.times[last] + min(seen.holds[last], 0.6))
    return Stretch(first, last, start, max(start, end), float(values[peak]), float(seen.times[peak]))


def _middle_of_three(rows: np.ndarray) -> np.ndarray:
    """Median over neighbouring frames: one frame's slip is not a movement."""
    import numpy as np

    if len(rows) < 3:
        return rows
    out = rows.copy()
    out[1:-1] = np.median(np.stack([rows[:-2], rows[1:-1], rows[2:]]), axis=0)
    return out


def _lasting(times: np.ndarray, values: np.ndarray, where: np.ndarray, seconds: float) -> np.ndarray:
    """(n, k) values with, where asked, their low value (30th percentile) over a window: what stays while something else flickers."""
    import numpy as np

    lows, highs = window(times, seconds)
    out = values.copy()
    for i in np.flatnonzero(where):
        out[i] = np.percentile(values[lows[i] : highs[i]], 30, axis=0)
    return out
