from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cuechain.agents.media import Frame, opened
from cuechain.agents.perception.face import Face
from cuechain.agents.perception.faces.action_units import COLUMNS, at_rest, intensities
from cuechain.agents.perception.faces.movements import Seen, stretches, swings
from cuechain.agents.perception.faces.tracks import Faces
from cuechain.agents.settings import load
from cuechain.agents.values import Cue, Gap

pytest.importorskip("mediapipe", reason="the extra 'face' is not installed")


def watched(path: Path) -> list[Cue | Gap]:
    sense = Face(load(cache=None))
    with opened(path) as clip:
        for frame in clip.frames(12.5):
            sense.watch(frame)
        return list(sense.perceive(clip, ()))


def peaks(found: Iterable[Cue | Gap], unit: str) -> float:
    return max((float(c.measures[unit]) for c in found if isinstance(c, Cue) and unit in c.measures), default=0.0)


def people(found: Iterable[Cue | Gap]) -> set[str]:
    return {c.person for c in found if isinstance(c, Cue) and c.person}


def row(**moved: float) -> np.ndarray:
    rest = at_rest(np.empty((0, len(COLUMNS))), 0)
    return np.array([rest[i] + moved.get(c, moved.get(c.rsplit("_", 1)[0], 0.0)) for i, c in enumerate(COLUMNS)])[None]


def units(**moved: float) -> dict[str, float]:
    rest = at_rest(np.empty((0, len(COLUMNS))), 0)
    return {k: float(v[0]) for k, v in intensities(row(**moved), rest, 0).items()}


def test_a_face_at_rest_shows_no_unit() -> None:
    assert max(units().values()) == 0


@pytest.mark.parametrize(
    ("moved", "unit"),
    [
        ({"corner_out": 8, "corner_up": 5}, "au12"),
        ({"inner_brow": 8, "outer_brow": 8}, "au1"),
        ({"inner_brow": 8, "outer_brow": 8}, "au2"),
        ({"inner_brow": -7, "brow_gap": -3}, "au4"),
        ({"upper_lid": 4, "lids": 3}, "au5"),
        ({"corner_up": -7}, "au15"),
        ({"lip_gap": 15}, "au25"),
        ({"lip_gap": 25}, "au26"),
        ({"lids": -6.5}, "au45"),
    ],
)
def test_a_movement_of_millimetres_is_its_unit(moved: dict[str, float], unit: str) -> None:
    assert units(**moved)[unit] > 0.7


def test_one_side_alone_is_told_from_both() -> None:
    got = units(corner_out_left=8, corner_up_left=5)
    assert got["au12_left"] > 0.7
    assert got["au12_right"] == 0
    assert got["au14_left"] > 0.7, "one corner drawn while the other stays"
    assert units(corner_out=8, corner_up=5)["au14"] == 0


def test_eyes_that_a_smile_narrows_are_not_told_as_tight() -> None:
    assert units(lids=-2.2)["au7"] > 0.2
    assert units(lids=-2.2, corner_out=8, corner_up=5)["au7"] == 0


def test_own_rest_is_bounded_so_a_lasting_smile_stays_a_smile() -> None:
    smiling = np.repeat(row(corner_out=9, corner_up=6), 200, axis=0)
    assert intensities(smiling, at_rest(smiling, 1.0), 1.0)["au12"].min() > 0.4


def seen(values: Iterable[float], step: float = 0.08) -> tuple[Seen, np.ndarray]:
    array = np.array(list(values), float)
    times = np.arange(len(array)) * step
    ones = np.ones(len(array))
    return Seen(times, ones * step, {}, {}, ones, ones > 2, ones, 1.0, still=False), array


def test_flicker_is_one_stretch_and_a_long_pause_two() -> None:
    one, values = seen([0, 0.5, 0.6, 0.1, 0.1, 0.7, 0.5, 0] + [0] * 10 + [0.5] * 5)
    found = stretches(one, values)
    assert [round(s.peak, 1) for s in found] == [0.7, 0.5]
    assert found[0].peak_s == pytest.approx(0.4)


def test_a_single_frame_is_noise_in_a_film() -> None:
    one, values = seen([0] * 5 + [0.9] + [0] * 5)
    assert stretches(one, values, least=0.15) == []


def test_nods_are_counted() -> None:
    one, angle = seen(np.concatenate([np.zeros(10), 6 * np.sin(np.arange(0, 6 * np.pi, 0.6)), np.zeros(10)]))
    runs = swings(one, angle, 4.0, 3)
    assert len(runs) == 1
    assert runs[0][1] in (2, 3)


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (40, 40), (480, 640)])
@pytest.mark.parametrize("value", [0, 127, 255])
def test_empty_pictures_have_no_face(size: tuple[int, int], value: int) -> None:
    faces = Faces()
    faces.watch(Frame(0.0, np.full((*size, 3), value, np.uint8), 0, 0, 0.0, 0.0, size))
    faces.close()
    assert faces.people == []


def test_no_face_is_a_gap_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "noise.png"
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (240, 320, 3), np.uint8)).save(path)
    found = watched(path)
    assert [g.reason for g in found if isinstance(g, Gap)] == ["no face was seen"]
    assert not [c for c in found if isinstance(c, Cue)]


def test_a_missing_extra_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    real = sys.modules["importlib.util"].find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda n, *a: None if n == "mediapipe" else real(n, *a))
    gap = Face.missing()
    assert gap is not None
    assert gap.hint == 'pip install "cuechain[face]"'


@pytest.mark.parametrize(
    "name", ["chelsea.png", "coffee.png", "dog.jpg", "puppies.jpg", "wakeupcat.jpg", "printed_text.jpg"]
)
def test_animals_things_and_pages_have_no_face(data: Path, name: str) -> None:
    assert not people(watched(data / "media/images_misc" / name))


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("azure_cv_faces.jpg", 5),
        ("pyfeat_multi_face.jpg", 5),
        ("azure_detection4.jpg", 3),
        ("skimage_astronaut.png", 1),
    ],
)
def test_everybody_in_a_group_is_found(data: Path, name: str, count: int) -> None:
    found = watched(data / "media/faces" / name)
    assert people(found) == {f"P{i + 1}" for i in range(count)}


def test_people_count_from_left_to_right(data: Path) -> None:
    found = watched(data / "media/faces/azure_detection4.jpg")
    texts = {c.person: c.text for c in found if isinstance(c, Cue) and "in view" in c.text}
    assert "left" in texts["P1"]
    assert "right" in texts["P3"]


@pytest.mark.parametrize(
    "name",
    [
        "usgov_obama.jpg",
        "skimage_astronaut.png",
        "azure_Family1-Mom1.jpg",
        "pyfeat_0-f15-hao-ph.jpg",
        "azure_Family2-Lady1.jpg",
    ],
)
def test_plain_smiles_are_seen(data: Path, name: str) -> None:
    found = watched(data / "media/faces" / name)
    assert peaks(found, "au12") > 0.7
    assert peaks(found, "au15") == 0


@pytest.mark.parametrize("name", ["azure_Family2-Man2.jpg", "azure_Family2-Man1.jpg", "azure_Family2-Lady1.jpg"])
def test_a_broad_smile_is_no_anger(data: Path, name: str) -> None:
    found = [c for c in watched(data / "media/faces" / name) if isinstance(c, Cue)]
    assert not any("au7" in c.measures or c.measures.get("prototype") == "anger" for c in found)


@pytest.mark.parametrize("name", ["pyfeat_0-f1-su-ph.jpg", "pyfeat_15-f13-anc-ph.jpg", "pyfeat_45-m7-di-ph.jpg"])
def test_no_smile_is_invented(data: Path, name: str) -> None:
    assert peaks(watched(data / "media/faces" / name), "au12") < 0.3


def test_a_dropped_jaw_is_seen(data: Path) -> None:
    assert peaks(watched(data / "media/faces/pyfeat_0-f1-su-ph.jpg"), "au26") > 0.7


def test_a_still_has_no_times_and_hedges(data: Path) -> None:
    found = [c for c in watched(data / "media/faces/pyfeat_single_face.jpg") if isinstance(c, Cue)]
    assert all(c.span is None for c in found)
    assert any("possibly" in c.text for c in found)
    assert not any(word in c.text for c in found for word in ("happy", "sad", "angry"))


def test_a_smile_in_a_film_has_its_time(data: Path) -> None:
    found = watched(data / "media/videos/pyfeat_face_noface.mov")
    smile = [c for c in found if isinstance(c, Cue) and "au12" in c.measures]
    assert len(smile) == 1
    assert smile[0].span
    assert smile[0].span.start == pytest.approx(0.7, abs=0.3)
    assert smile[0].span.end < 2.8, "the second shot shows no face"
    share = next(c.measures["visible_share"] for c in found if isinstance(c, Cue) and "visible_share" in c.measures)
    assert share == pytest.approx(0.39, abs=0.05)


def test_talking_is_no_expression(data: Path) -> None:
    found = [c for c in watched(data / "media/videos/talking_wda_aoc.mp4") if isinstance(c, Cue)]
    assert people(found) == {"P1"}
    assert any("move as in talking" in c.text for c in found)
    assert not any(c.measures.keys() & {"au25", "au17", "au23", "au24"} for c in found)


def frames(pictures: Iterable[np.ndarray], shots: Iterable[int]) -> Iterable[Frame]:
    for i, (picture, shot) in enumerate(zip(pictures, shots, strict=True)):
        yield Frame(i * 0.08, picture, i, shot, 0.02, 0.08, (picture.shape[1], picture.shape[0]))


@pytest.fixture(scope="module")
def two(data: Path) -> Callable[[int, bool], np.ndarray]:
    """two(shift, swapped): two portraits side by side, moved a little, or with their places changed."""
    portraits = []
    for name in ("azure_Family2-Lady1.jpg", "azure_Family3-Man1.jpg"):
        image = Image.open(data / "media/faces" / name).convert("RGB").resize((260, 340))
        portraits.append(np.asarray(image))

    def make(shift: int, swapped: bool) -> np.ndarray:
        canvas = np.full((400, 640, 3), 90, np.uint8)
        first, second = portraits[::-1] if swapped else portraits
        canvas[30:370, 20 + shift : 280 + shift] = first
        canvas[30:370, 350 - shift : 610 - shift] = second
        return canvas

    return make


def test_two_people_keep_their_ids_while_they_move_and_after_a_cut(two: Callable[[int, bool], Any]) -> None:
    faces = Faces()
    pictures = [two(abs(i % 10 - 5) * 4, False) for i in range(20)] + [two(0, True)] * 10
    for frame in frames(pictures, [0] * 20 + [1] * 10):
        faces.watch(frame)
    faces.close()
    assert len(faces.people) == 2
    lady = faces.people[0].table[:, COLUMNS.__len__() + 5]
    assert lady[0] < 0.5 < lady[-1], "the same person, now on the other side"


def test_a_short_miss_does_not_make_a_new_person(two: Callable[[int, bool], Any]) -> None:
    faces = Faces()
    blank = np.full((400, 640, 3), 90, np.uint8)
    for frame in frames([two(0, False)] * 6 + [blank] * 8 + [two(0, False)] * 6, [0] * 20):
        faces.watch(frame)
    faces.close()
    assert len(faces.people) == 2


def test_mediapipe_is_quiet(data: Path, capfd: pytest.CaptureFixture[str]) -> None:
    watched(data / "media/faces/usgov_obama.jpg")
    assert capfd.readouterr().err == ""


def test_memory_is_numbers_only(two: Callable[[int, bool], Any]) -> None:
    faces = Faces()
    for frame in frames([two(0, False)] * 12, [0] * 12):
        faces.watch(frame)
    faces.close()
    assert all(p.rows.dtype == np.float16 and p.rows.shape[1] < 40 for p in faces.people)
