"""Whose turn is it: voices told apart by sound alone, without names, and only where they clearly differ.

A span's voice is described by the mean cepstrum of its voiced frames (the long-term spectrum: the vocal tract) and its pitch. How much
these differ between speakers and how much within one who is now angry, now sad, was learned (`agents/weights/turns`); two-covariance
scoring (Brümmer & de Villiers 2010) weighs one against the other, and spans are merged, the likeliest pair first, until none is likely
any more to be one voice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cuechain.agents import weights
from cuechain.agents.media import RATE
from cuechain.agents.perception.acoustics.activity import clean
from cuechain.agents.perception.acoustics.pitch import HOP, STEP, track
from cuechain.agents.values import Span

if TYPE_CHECKING:
    import numpy as np

LISTENED = 4.0
"""Seconds from the middle of a span that are listened to; more hardly changes its mean."""

_BUDGET = 1200.0
"""Seconds of a clip that are listened to, about: in an hour with a thousand spans a bit of each."""

_TOGETHER = 50
"""Seconds of sound that are looked at together."""

_SHORTEST = 0.4
"""Seconds of voice below which a span tells nothing about whose it is."""

_OWN = 3.0
"""Seconds of voice, and two spans, that a voice needs to count as one more voice."""

_MOST = 800
"""Spans that are compared each with each, the longest; the others join the voice they are nearest to."""

_STEADY = 1.5
"""Seconds of voice that count as one independent observation."""

_LASTING = 0.1
"""Share of the variance within a speaker that further spans do not average out: one recording has one mood."""

_APART = -8.0
"""Log likelihood ratio (nats) of one voice against two below which groups of spans stay apart."""

_NEAR = 3.0
"""Nats by which a left-over span must be nearer to one voice than to any other."""

_BANDS, _CEPSTRA = 30, 20


class Model(NamedTuple):
    """What was learned. In the space it projects to, the covariance within a speaker is the identity and that between speakers diagonal."""

    mean: np.ndarray
    """(20,): the mean voice."""
    project: np.ndarray
    """(20, 20): from a difference of voices to that space."""
    between: np.ndarray
    """(20,): variance between speakers in that space."""


def speakers(sound: np.ndarray, spans: Sequence[Span], semitones: np.ndarray | None = None) -> list[str | None]:
    """Whose voice each span holds.

    Args:
        sound: Waveform at RATE; may be a memory map of hours.
        spans: Stretches that hold one voice each, in any order.
        semitones: Pitch of the whole sound, from `track`, where it is known already.

    Returns:
        For each span `A`, `B` … in order of appearance, or None where it is too short or unclear. All None when there seems to be
        one voice only.
    """
    listened = min(LISTENED, max(1.0, _BUDGET / max(1, len(spans))))
    cuts = [_middle(span, listened) for span in spans]
    found = voices(
        (sound[a * STEP : b * STEP] for a, b in cuts),
        None if semitones is None else (semitones[a:b] for a, b in cuts),
    )
    described = [(i, *one) for i, one in enumerate(found) if one is not None]
    whose = told_apart([v for _, v, _ in described], [s for _, _, s in described], learned())
    names: list[str | None] = [None] * len(spans)
    letters: dict[int, str] = {}
    for (i, _, _), group in sorted(zip(described, whose, strict=True), key=lambda one: spans[one[0][0]].start):
        if group is not None:
            names[i] = letters.setdefault(group, _letter(len(letters)))
    return names


def told_apart(described: Sequence[np.ndarray], seconds: Sequence[float], model: Model) -> list[int | None]:
    """Numbers of the voices that were found; None for what is left over, and for all where one voice is found.

    Args:
        described: Voices of spans, (20,) each; see `voices`.
        seconds: Seconds of voice in each.
        model: What was learned.
    """
    import numpy as np

    if len(described) < 4:  # two voices of two spans each
        return [None] * len(described)
    length = np.array(seconds)
    placed = (np.stack(described) - model.mean) @ model.project
    placed -= np.average(placed, axis=0, weights=length)  # microphone and room are the same for all
    weight = np.minimum(length, LISTENED) / _STEADY
    compared = np.argsort(-length, kind="stable")[:_MOST]
    groups = [compared[g] for g in _merged(placed[compared], weight[compared], model.between)]
    kept = [g for g in groups if len(g) > 1 and length[g].sum() >= _OWN]
    if len(kept) < 2:
        return [None] * len(described)
    whose: list[int | None] = [None] * len(described)
    for number, group in enumerate(kept):
        for place in group.tolist():
            whose[place] = number
    means = np.stack([np.average(placed[g], axis=0, weights=weight[g]) for g in kept])
    sums = np.array([weight[g].sum() for g in kept])
    for left in [place for place, number in enumerate(whose) if number is None]:
        near = _same(placed[left], weight[left], means, sums, model.between)
        first, second = np.argsort(-near)[:2].tolist()
        if near[first] - near[second] >= _NEAR and near[first] > _APART:
            whose[left] = first
    return whose


def voices(
    pieces: Iterable[np.ndarray], pitches: Iterable[np.ndarray] | None = None
) -> Iterator[tuple[np.ndarray, float] | None]:
    """The voice of each piece of sound at RATE: (20,) mean cepstrum without level, and pitch in half octaves; seconds of voice.

    None for a piece with too little voice in it. Pieces are looked at together, as starting the pitch tracker costs as much as a
    piece of some seconds; `pitches` are their frames where these are known.
    """
    held: list[tuple[np.ndarray, np.ndarray | None]] = []
    for piece, pitch in zip(pieces, pitches or repeat(None), strict=False):
        held.append((piece, pitch))
        if sum(len(p) for p, _ in held) >= _TOGETHER * RATE:
            yield from _described(held)
            held = []
    yield from _described(held)


def _described(held: list[tuple[np.ndarray, np.ndarray | None]]) -> Iterator[tuple[np.ndarray, float] | None]:
    import numpy as np

    if not held:
        return
    pieces = [piece for piece, _ in held]
    sound = np.concatenate([np.pad(clean(p), (0, -len(p) % STEP)) for p in pieces])
    known = [_fitting(pitch, -(-len(piece) // STEP)) for piece, pitch in held if pitch is not None]
    semitones = np.concatenate(known) if known else track(sound).semitones
    sharp = np.append(sound[:1], sound[1:] - 0.97 * sound[:-1])
    views = np.lib.stride_tricks.sliding_window_view(np.pad(sharp, (STEP, 2 * STEP)), 2 * STEP)[::STEP]
    bands, cosines = _filters()
    begin = 0
    for piece in pieces:
        end = begin + -(-len(piece) // STEP)
        voiced = begin + np.flatnonzero(~np.isnan(semitones[begin:end]))
        begin = end
        if len(voiced) * HOP < _SHORTEST:
            yield None
            continue
        power = np.abs(np.fft.rfft(views[voiced] * np.hamming(2 * STEP))) ** 2
        cepstra = np.log(power @ bands + 1e-8) @ cosines
        yield np.append(cepstra.mean(axis=0), np.median(semitones[voiced]) / 6), float(len(voiced) * HOP)


def _fitting(pitch: np.ndarray, frames: int) -> np.ndarray:
    """So many frames of it: the last ones of a sound may be missing."""
    import numpy as np

    return np.pad(pitch[:frames], (0, max(0, frames - len(pitch))), constant_values=np.nan)


def _middle(span: Span, listened: float) -> tuple[int, int]:
    """First frame and one past the last."""
    spare = max(0.0, span.length - listened) / 2
    return max(0, round((span.start + spare) / HOP)), max(0, round((span.end - spare) / HOP))


@cache
def _filters() -> tuple[np.ndarray, np.ndarray]:
    """(257, 30) triangles on the mel scale from 80 to 7600 Hz, and the (30, 19) cosine transform without its level."""
    import numpy as np

    low, high = (2595 * np.log10(1 + f / 700) for f in (80, 7600))
    edges = 700 * (10 ** (np.linspace(low, high, _BANDS + 2) / 2595) - 1)
    hertz = np.arange(257)[:, None] * RATE / 512
    rising = (hertz - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - hertz) / np.diff(edges)[1:]
    cosines = np.cos(np.pi / _BANDS * np.outer(np.arange(_BANDS) + 0.5, np.arange(1, _CEPSTRA)))
    return np.maximum(0, np.minimum(rising, falling)), cosines * np.sqrt(2 / _BANDS)


@cache
def learned() -> Model:
    """The model that ships."""
    import numpy as np

    numbers = json.loads((Path(weights.__file__).parent / "turns" / "turns.json").read_text(encoding="utf-8"))
    return Model(*(np.array(numbers[name]) for name in Model._fields))


def _same(one: np.ndarray, n: np.ndarray | float, others: np.ndarray, m: np.ndarray, between: np.ndarray) -> np.ndarray:
    """Log likelihood ratio of one voice against two, for the mean of n observations against means of m: (20,), (k, 20) → (k,)."""
    import numpy as np

    a = between + _LASTING + (1 - _LASTING) / n
    b = between + _LASTING + (1 - _LASTING) / m[:, None]
    shared = a * b - between**2
    both = (b * one**2 - 2 * between * one * others + a * others**2) / shared + np.log(shared)
    apart = one**2 / a + others**2 / b + np.log(a * b)
    return (apart - both).sum(axis=1) / 2


def _merged(voices: np.ndarray, weight: np.ndarray, between: np.ndarray) -> list[list[int]]:
    """Indices of spans in groups of one voice each."""
    import numpy as np

    means, sums = voices.copy(), weight.astype(float)
    groups = [[i] for i in range(len(voices))]
    score = np.stack([_same(means[i], sums[i], means, sums, between) for i in range(len(means))])
    np.fill_diagonal(score, -np.inf)
    while True:
        i, j = divmod(int(score.argmax()), len(score))
        if not score[i, j] > _APART:
            return [g for g in groups if g]
        means[i] = (means[i] * sums[i] + means[j] * sums[j]) / (sums[i] + sums[j])
        sums[i] += sums[j]
        groups[i] += groups[j]
        groups[j] = []
        score[j], score[:, j] = -np.inf, -np.inf
        alive = np.flatnonzero([bool(g) for g in groups])
        score[i, alive] = score[alive, i] = _same(means[i], sums[i], means[alive], sums[alive], between)
        score[i, i] = -np.inf


def _letter(number: int) -> str:
    """A, B … Z, then A1, B1 …."""
    return chr(ord("A") + number % 26) + (str(number // 26) if number >= 26 else "")
