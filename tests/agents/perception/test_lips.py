"""Lips that talk, and whose voice it is then."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cuechain.agents.media import Frame, opened
from cuechain.agents.perception import link
from cuechain.agents.perception.face import Face
from cuechain.agents.perception.faces.lips import RATE, judged, moving, pieces, talking, written
from cuechain.agents.perception.faces.movements import Seen
from cuechain.agents.settings import load
from cuechain.agents.values import Cue, Span

STEP = 0.08


def syllables(seconds: float, rate: float = 2.6, seed: int = 0) -> np.ndarray:
    """Millimetres between lips that talk: now wider, now less, some five turns a second."""
    times = np.arange(0, seconds, STEP)
    knots = np.arange(0, seconds + 1, 0.7)
    strength = 3 + 2.5 * np.interp(times, knots, np.random.default_rng(seed).random(len(knots)))
    return strength * (1 + np.sin(2 * np.pi * rate * times))


def seen(gap: np.ndarray, step: float = STEP) -> Seen:
    times, ones = np.arange(len(gap)) * step, np.ones(len(gap))
    return Seen(times, ones * step, {}, {}, ones, talking(times, gap), gap, 1.0, still=False)


def test_lips_that_part_and_meet_talk() -> None:
    assert talking(np.arange(50) * STEP, syllables(4.0)).mean() > 0.9


@pytest.mark.parametrize(
    "gap",
    [
        np.full(50, 2.0),
        np.concatenate([np.full(20, 1.0), np.linspace(1, 13, 4), np.full(26, 13.0)]),
        12 + np.random.default_rng(1).normal(0, 0.2, 50),
    ],
    ids=["still", "a smile", "an open mouth"],
)
def test_lips_that_do_not_talk(gap: np.ndarray) -> None:
    assert not talking(np.arange(50) * STEP, gap).any()


def test_lips_that_are_seen_twice_a_second_cannot_be_judged() -> None:
    assert judged(seen(np.full(20, 1.0), step=0.5)) == []
    assert [(p.start, round(p.end, 1)) for p in judged(seen(np.full(25, 1.0)))] == [(0.0, 2.0)]


def test_lips_fit_the_sound_that_they_make_and_no_other() -> None:
    mine, other = syllables(6.0), syllables(6.0, rate=2.1, seed=5)
    at = np.arange(6 * RATE) / RATE
    loud = np.interp(at - 0.06, np.arange(len(mine)) * STEP, mine)
    sound = (0.02 * loud * np.random.default_rng(2).normal(size=len(at))).astype(np.float32)
    own = [p.fit for p in moving(seen(mine), sound)]
    foreign = [p.fit for p in moving(seen(other), sound)]
    assert min(f for f in own if f is not None) > 0.6
    assert max(f for f in foreign if f is not None) < 0.3
    assert all(p.fit is None for p in moving(seen(mine), None))
    assert all(p.fit is None for p in moving(seen(mine), np.zeros(6 * RATE, np.float32)))
    assert moving(seen(mine), np.zeros(3, np.float32)), "a sound that ends at once"


def test_pieces_are_read_as_they_are_written() -> None:
    told = moving(seen(syllables(9.0)), np.random.default_rng(0).normal(0, 0.1, 9 * RATE).astype(np.float32))
    again = pieces(written(told))
    assert [round(p.start, 1) for p in told] == [p.start for p in again]
    assert all(p.end - p.start <= 4.01 for p in told)
    assert pieces("") == pieces(None) == pieces(3.0) == pieces("a-b c") == []


def test_of_two_filmed_faces_the_one_that_talks_is_heard(data: Path) -> None:
    """A man who smiles at the left, a woman who talks at the right, and her voice."""
    pytest.importorskip("mediapipe", reason="the extra 'face' is not installed")
    videos, sense = data / "media/videos", Face(load(cache=None))
    with opened(videos / "pyfeat_single_face.mp4") as clip:
        smiling = [f.image[20:340, 140:500].copy() for f in clip.frames(12.5)]
    with opened(videos / "talking_wda_aoc.mp4") as clip:
        for f in clip.frames(12.5):
            if f.time > 3:
                continue
            canvas = np.full((512, 872, 3), 90, np.uint8)
            canvas[96:416, :360] = smiling[min(f.index // 2, len(smiling) - 1)]
            canvas[:, 360:] = f.image
            sense.watch(Frame(f.time, canvas, f.index, 0, f.motion, f.hold, (872, 512)))
        faces = [c for c in sense.perceive(clip, ()) if isinstance(c, Cue)]
    spoken = [Cue(sense="voice", text="heard", span=Span(start=s, end=s + 1.4), source="voice") for s in (0.2, 1.5)]
    assert {c.person for c in faces} == {"P1", "P2"}
    assert [c.person for c in link([*faces, *spoken])[-2:]] == ["P2", "P2"]
