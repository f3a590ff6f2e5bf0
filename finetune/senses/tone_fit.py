"""The tone head from measured sessions: its fit, the choice of its hyperparameters, and what it is worth on speakers that were held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cuechain.agents.perception.acoustics.tone import HIGH, LOW, Head, cut

if TYPE_CHECKING:
    from cuechain.finetune.senses.tone import Session

CLEAN = 5.0
"""How often a session as recorded counts beside one through a channel."""

SHRINK = ((0.2, 0.1), (0.35, 0.1), (0.5, 0.1))
"""What is tried: shrinkage of the covariances within and between sessions to a multiple of the identity (Ledoit & Wolf 2004)."""

WARMTH = (0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.8, 1.0)
"""Inverse temperatures that are tried."""

_ROUNDS = 6
"""Of estimating tones and offsets in turn."""


class Fitted:
    """First and second moments of some sessions, from which heads of any shrinkage are made at once."""

    def __init__(self, heard: Sequence[Session], names: Sequence[str], tone: np.ndarray) -> None:
        rows = np.concatenate([s.rows for s in heard])
        self.names, self.tones = list(names), sorted(set(tone.tolist()))
        self.mean, self.spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9
        weight = np.array([CLEAN if s.name == "clean" else 1.0 for s in heard])
        places = [cut((s.rows - self.mean) / self.spread) for s in heard]
        which = [(tone[s.items][:, None] == np.array(self.tones)).astype(float) for s in heard]
        offset = np.zeros((len(heard), len(self.mean)))
        count = sum(w * one.sum(axis=0) for w, one in zip(weight, which, strict=True))
        for _ in range(_ROUNDS):
            total = sum(w * one.T @ (z - o) for w, one, z, o in zip(weight, which, places, offset, strict=True))
            self.centres = np.asarray(total) / np.asarray(count)[:, None]
            offset = np.stack([(z - one @ self.centres).mean(axis=0) for z, one in zip(places, which, strict=True)])
            offset -= np.average(offset, axis=0, weights=weight)
        self.between = (offset * weight[:, None]).T @ offset / weight.sum()
        left = [z - one @ self.centres - o for z, one, o in zip(places, which, offset, strict=True)]
        parts = [w * e.T @ e for w, e in zip(weight, left, strict=True)]
        self.within = np.sum(parts, axis=0) / sum(w * len(e) for w, e in zip(weight, left, strict=True))

    def head(self, shrink: tuple[float, float], warmth: tuple[float, float]) -> Head:
        """The head with both covariances made diagonal together."""
        d = len(self.mean)
        within, between = (
            (1 - a) * c + a * np.trace(c) / d * np.eye(d)
            for c, a in zip((self.within, self.between), shrink, strict=True)
        )
        whiten = np.linalg.inv(np.linalg.cholesky(within))
        offsets, axes = np.linalg.eigh(whiten @ between @ whiten.T)
        turn = axes.T @ whiten
        return Head(
            self.names, self.tones, self.mean, self.spread, turn, self.centres @ turn.T, np.maximum(offsets, 0), warmth
        )


def chosen(heard: Sequence[Session], names: Sequence[str], tone: np.ndarray) -> Head:
    """The head of these sessions, with the shrinkage and temperatures that suit speakers best that are held out of them.

    The measure is the log likelihood of the right tone, for single utterances and for sessions, weighted as in the fit.
    """
    losses = np.zeros((len(SHRINK), 2, len(WARMTH)))
    for speaker in sorted({s.speaker for s in heard}):
        moments = Fitted([s for s in heard if s.speaker != speaker], names, tone)
        for i, shrink in enumerate(SHRINK):
            head = moments.head(shrink, (1.0, 1.0))
            for k, warmth in enumerate(WARMTH):
                warm = head._replace(warmth=(warmth, warmth))
                for s in (s for s in heard if s.speaker == speaker):
                    right = [warm.tones.index(t) for t in tone[s.items]]
                    for alone in (0, 1):
                        share = warm.posteriors(s.rows, session=bool(alone))[np.arange(len(right)), right]
                        weight = CLEAN if s.name == "clean" else 1.0
                        losses[i, alone, k] -= weight * np.log(np.maximum(share, 1e-6)).sum()
    best = int(losses.min(axis=2).sum(axis=1).argmin())
    warmth = WARMTH[int(losses[best, 0].argmin())], WARMTH[int(losses[best, 1].argmin())]
    return Fitted(heard, names, tone).head(SHRINK[best], warmth)


def held_out(heard: Sequence[Session], names: Sequence[str], tone: np.ndarray) -> dict[str, Head]:
    """For each speaker the head that is chosen and fitted without any of that speaker's recordings."""
    speakers = sorted({s.speaker for s in heard})
    return {one: chosen([s for s in heard if s.speaker != one], names, tone) for one in speakers}


def predicted(heads: Mapping[str, Head], heard: Sequence[Session], *, session: bool) -> tuple[np.ndarray, np.ndarray]:
    """Places of the recordings and their posteriors, each by the head of its own speaker."""
    shares = [heads[s.speaker].posteriors(s.rows, session=session) for s in heard]
    return np.concatenate([s.items for s in heard]), np.concatenate(shares)


def narrow(heard: Sequence[Session], tone: np.ndarray, seed: int = 5, times: int = 4) -> list[Session]:
    """Sessions as clips are: 4 to 12 utterances of a speaker in one to three tones."""
    rng = np.random.default_rng(seed)
    found: list[Session] = []
    every = sorted(set(tone.tolist()))
    for s in heard:
        for _ in range(times):
            some = rng.choice(every, size=min(len(every), int(rng.integers(1, 4))), replace=False)
            at = np.flatnonzero(np.isin(tone[s.items], some))
            if len(at) >= 4:
                at = rng.permutation(at)[: rng.integers(4, 13)]
                found.append(s._replace(items=s.items[at], rows=s.rows[at]))
    return found


def uar(right: np.ndarray, shares: np.ndarray, tones: Sequence[str]) -> float:
    """Unweighted average recall."""
    said = np.array(tones)[shares.argmax(axis=1)]
    return float(np.mean([(said[right == t] == t).mean() for t in sorted(set(right.tolist()))]))


def arousal(right: np.ndarray, shares: np.ndarray, tones: Sequence[str]) -> np.ndarray:
    """For each utterance in a tone of high or of low arousal, whether the right of the two was told."""
    high, low = (shares[:, [t in group for t in tones]].sum(axis=1) for group in (HIGH, LOW))
    clear = np.isin(right, list(HIGH | LOW))
    return (high > low)[clear] == np.isin(right[clear], list(HIGH))


def reliability(right: np.ndarray, shares: np.ndarray, tones: Sequence[str]) -> tuple[float, float]:
    """Expected calibration error in ten bins (Guo et al. 2017), and Brier score (Brier 1950; sum over the tones)."""
    hit = np.array(tones)[shares.argmax(axis=1)] == right
    top = shares.max(axis=1)
    bins = np.minimum((top * 10).astype(int), 9)
    error = sum(abs(hit[bins == b].mean() - top[bins == b].mean()) * (bins == b).mean() for b in set(bins.tolist()))
    one = right[:, None] == np.array(tones)
    return float(error), float(((shares - one) ** 2).sum(axis=1).mean())


def judged(heads: Mapping[str, Head], heard: Sequence[Session], tone: np.ndarray) -> dict[str, float | int]:
    """What heads are worth on the recordings of the speakers that each was kept from."""
    clean = [s for s in heard if s.name == "clean"]
    tones = next(iter(heads.values())).tones
    cold = {s: h._replace(warmth=(1.0, 1.0)) for s, h in heads.items()}
    report: dict[str, float | int] = {"n": sum(len(s.items) for s in clean)}
    for name, some, session in (
        ("alone", clean, False),
        ("session", clean, True),
        ("narrow", narrow(clean, tone), True),
    ):
        items, shares = predicted(heads, some, session=session)
        right = tone[items]
        report[f"{name}_uar"] = uar(right, shares, tones)
        report[f"{name}_arousal"] = float(arousal(right, shares, tones).mean())
        report[f"{name}_ece"], report[f"{name}_brier"] = reliability(right, shares, tones)
        before = reliability(right, predicted(cold, some, session=session)[1], tones)
        report[f"{name}_ece_before"], report[f"{name}_brier_before"] = before
        told = shares.max(axis=1) >= 0.5
        report[f"{name}_told"] = float(told.mean())
        report[f"{name}_told_right"] = float((np.array(tones)[shares.argmax(axis=1)] == right)[told].mean())
    return {k: round(v, 4) for k, v in report.items()}
