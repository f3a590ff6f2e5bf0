"""Nods, shakes, glances and blinks: the mesh of one photograph, moved by known amounts at known times."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cuechain.agents.llm.one_cue import read_cue
from cuechain.agents.media import Frame
from cuechain.agents.perception.faces.action_units import frontal, gaze, measured
from cuechain.agents.perception.faces.face_reliability import RELIABILITIES, sure
from cuechain.agents.perception.faces.face_words import Teller
from cuechain.agents.perception.faces.mesh import Mesh, around
from cuechain.agents.perception.faces.movements import read
from cuechain.agents.perception.faces.tracks import Person
from cuechain.agents.values import Cue

pytest.importorskip("mediapipe", reason="the extra 'face' is not installed")

STEP = 0.08
LIDS = ((160, 144), (159, 145), (158, 153), (387, 373), (386, 374), (385, 380))
LOWER_LIP = (14, 17, 87, 317, 178, 402)


@pytest.fixture(scope="module")
def face(data: Path) -> np.ndarray:
    image = np.asarray(Image.open(data / "media/faces/pyfeat_15-f13-anc-ph.jpg").convert("RGB"))
    mesh = Mesh()
    points = mesh.landmarks(image, mesh.near(image)[0])
    assert points is not None
    points = mesh.landmarks(image, around(points))
    mesh.close()
    assert points is not None
    return points


@pytest.fixture
def told(face: np.ndarray) -> Callable[..., list[Cue]]:
    """told(seconds, pitch=, yaw=, lids=, lips=, look=) → cues. Functions of time: degrees, share shut, mm apart, mm to their left."""

    def run(seconds: float, **moves: Callable[[np.ndarray], Any]) -> list[Cue]:
        times = np.arange(0, seconds, STEP)
        by = {k: np.broadcast_to(f(times), times.shape) for k, f in moves.items()}
        mm = float(np.linalg.norm(face[263] - face[33])) / 90
        noise = np.random.default_rng(0)
        person = Person()
        for i, time in enumerate(times):
            at = {k: float(v[i]) for k, v in by.items()}
            points = face + noise.normal(0, 0.15, face.shape)
            for upper, lower in LIDS:
                points[upper] += at.get("lids", 0) * (face[lower] - face[upper])
            points[list(LOWER_LIP), 1] += at.get("lips", 0) * mm
            points[[468, 473], 0] += at.get("look", 0) * mm
            pitch, yaw = np.radians(at.get("pitch", 0)), np.radians(at.get("yaw", 0))
            up = np.array([[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]])
            side = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
            middle = face.mean(0)
            points = (points - middle) @ (side @ up).T + middle
            turned, pose = frontal(points)
            row = np.array([*measured(turned), *pose, *gaze(turned), 0.5, 0.5, 200], np.float32)
            person.add(
                Frame(time, np.empty((0, 0, 3), np.uint8), i, 0, 0.02, STEP, (512, 512), np.ones((1, 1, 3))), row
            )
        teller = Teller("P1", read(person), "face@test")
        moved = [*teller.units(), *teller.head(), *teller.gaze()]
        return [*moved, *teller.peak(moved), *teller.blinks(), *teller.lips()]

    return run


def during(start: float, end: float, wave: Callable[[np.ndarray], Any]) -> Callable[[np.ndarray], np.ndarray]:
    return lambda t: np.where((t >= start) & (t <= end), wave(t - start), 0.0)


def with_measure(cues: list[Cue], name: str) -> list[Cue]:
    return [c for c in cues if name in c.measures]


def test_a_nod_has_its_time_and_count(told: Callable[..., list[Cue]]) -> None:
    cues = told(8, pitch=during(3, 4.5, lambda t: 8 * np.sin(2 * np.pi * 2 * t)))
    (nod,) = with_measure(cues, "nods")
    assert nod.span is not None
    assert nod.span.start == pytest.approx(3.1, abs=0.25)
    assert nod.span.end == pytest.approx(4.5, abs=0.25)
    assert nod.measures["nods"] in (2, 3)
    assert not with_measure(cues, "shakes")


def test_a_shake_is_no_nod(told: Callable[..., list[Cue]]) -> None:
    cues = told(8, yaw=during(2, 4, lambda t: 12 * np.sin(2 * np.pi * 2 * t)))
    assert len(with_measure(cues, "shakes")) == 1
    assert not with_measure(cues, "nods")


def lips(t: np.ndarray) -> np.ndarray:
    return 5 + 5 * np.sin(2 * np.pi * 2.5 * t)


@pytest.mark.parametrize(
    ("pitch", "yaw"),
    [
        (lambda t: 6 * np.sin(2 * np.pi * 0.7 * t), lambda t: 8 * np.sin(2 * np.pi * 0.5 * t)),
        (lambda t: 3.5 * np.sin(2 * np.pi * 2 * t), lambda t: 0 * t),
        (lambda t: 0 * t, lambda t: 9 * np.sin(2 * np.pi * 0.8 * t)),
    ],
    ids=["sways", "bobs with the stress", "turns to and fro"],
)
def test_a_head_that_only_accompanies_speech_neither_nods_nor_shakes(
    told: Callable[..., list[Cue]], pitch: Callable[[np.ndarray], Any], yaw: Callable[[np.ndarray], Any]
) -> None:
    cues = told(8, pitch=pitch, yaw=yaw, lips=lips)
    assert with_measure(cues, "lips_moving_s")
    assert not with_measure(cues, "nods")
    assert not with_measure(cues, "shakes")


@pytest.mark.parametrize(("way", "move"), [("to their left", 6.0), ("to their right", -6.0)])
def test_eyes_that_turn_away(told: Callable[..., list[Cue]], way: str, move: float) -> None:
    (away,) = with_measure(told(8, look=during(3, 4.2, lambda t: move + 0 * t)), "gaze_away_s")
    assert way in away.text
    assert away.span is not None
    assert away.span.start == pytest.approx(3, abs=0.2)
    assert away.measures["gaze_away_s"] == pytest.approx(1.2, abs=0.25)


def test_a_head_that_turns_away_takes_the_gaze_along(told: Callable[..., list[Cue]]) -> None:
    (away,) = with_measure(told(8, yaw=during(3, 4.2, lambda t: 30 + 0 * t)), "gaze_away_s")
    assert "to their left" in away.text


def test_blinks_are_counted_and_long_closures_told(told: Callable[..., list[Cue]]) -> None:
    cues = told(14, lids=lambda t: ((t % 2 > 0.9) & (t % 2 < 1.05)) | ((t > 11.6) & (t < 12.8)))
    (blinks,) = with_measure(cues, "blinks")
    assert blinks.measures["blinks"] in (6, 7)
    assert str(blinks.measures["blink_times_s"]).startswith("1.0 3.0 5.0")
    assert float(blinks.measures["blinks_per_min"]) == pytest.approx(60 * 6.5 / 14, abs=4)
    (shut,) = with_measure(cues, "au45")
    assert shut.span is not None
    assert shut.span.start == pytest.approx(11.6, abs=0.2)
    assert shut.span.length == pytest.approx(1.2, abs=0.3)


def test_eyes_that_stay_open_do_not_blink(told: Callable[..., list[Cue]]) -> None:
    assert not with_measure(told(8), "blinks")


def test_the_moment_that_moves_most_can_be_found(told: Callable[..., list[Cue]]) -> None:
    cues = told(10, lips=lambda t: 26 * np.exp(-(((t - 6.4) / 0.4) ** 2)) + 9 * (t > 2) * (t < 3))
    (peak,) = [c for c in with_measure(cues, "peak_s") if "moves most" in c.text]
    assert float(peak.measures["peak_s"]) == pytest.approx(6.4, abs=0.3)
    assert peak.span is not None
    assert peak.span.start == pytest.approx(6.4, abs=0.3)


def test_what_is_no_expression_speaks_for_no_feeling(told: Callable[..., list[Cue]]) -> None:
    cues = told(10, lips=lambda t: 26 * np.exp(-(((t - 6.4) / 0.4) ** 2)), lids=during(2, 2.2, lambda t: 1.0 + 0 * t))
    silent = [c for c in cues if "moves most" in c.text or "blinks" in c.measures]
    assert len(silent) == 2
    assert all(read_cue(c).strength == 0 for c in silent)


def test_every_cue_is_hedged_by_the_table(told: Callable[..., list[Cue]]) -> None:
    known = {r.value for r in RELIABILITIES}
    cues = told(12, lips=lips, pitch=during(3, 4.5, lambda t: 16 * np.sin(2 * np.pi * 2 * t)))
    assert cues and all(c.reliability in known for c in cues)
    assert all(0 < r.value < 1 and r.basis for r in RELIABILITIES)
    assert sure("au12") > sure("au5")


def test_a_smile_is_crooked_on_one_side_only() -> None:
    def smile(left: float, right: float) -> Cue:
        sides = {"au12": (left + right) / 2, "au12_left": left, "au12_right": right}
        return Cue(sense="face", text="the lip corners pull up", measures=sides, source="face@test")

    assert not read_cue(smile(0.8, 0.7)).ironic
    assert read_cue(smile(0.7, 0.1)).ironic
