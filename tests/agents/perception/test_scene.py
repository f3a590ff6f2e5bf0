from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cuechain.agents.media import Frame, opened
from cuechain.agents.perception.scene import Scene
from cuechain.agents.settings import load
from cuechain.agents.values import Cue, Gap, Span


def watched(path: Path) -> list[Cue | Gap]:
    sense = Scene(load(cache=None))
    with opened(path) as clip:
        for frame in clip.frames(12.5):
            sense.watch(frame)
        return list(sense.perceive(clip, ()))


def picture(path: Path, array: np.ndarray) -> Path:
    Image.fromarray(array).save(path)
    return path


def shaded(colour: tuple[int, int, int], size: tuple[int, int] = (240, 320)) -> np.ndarray:
    light = np.linspace(0.7, 1.1, size[1])[None, :, None] + np.random.default_rng(0).normal(0, 0.05, (*size, 1))
    return np.clip(np.array(colour) * light, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("colour", "words"),
    [
        ((235, 200, 140), ("bright", "warm")),
        ((20, 25, 60), ("dark",)),
        ((60, 110, 190), ("cold",)),
        ((128, 128, 128), ()),
    ],
)
def test_light_and_colour_are_told(tmp_path: Path, colour: tuple[int, int, int], words: tuple[str, ...]) -> None:
    (cue,) = watched(picture(tmp_path / "a.png", shaded(colour)))
    assert isinstance(cue, Cue)
    assert all(w in cue.text for w in words)
    assert cue.span is None


@pytest.mark.parametrize(("value", "word"), [(0, "dark"), (128, "grey"), (255, "bright")])
@pytest.mark.parametrize("size", [(1, 1), (200, 300)])
def test_an_even_area_is_called_that(tmp_path: Path, value: int, word: str, size: tuple[int, int]) -> None:
    (cue,) = watched(picture(tmp_path / "a.png", np.full((*size, 3), value, np.uint8)))
    assert isinstance(cue, Cue)
    assert cue.text == f"the picture is an even {word} area"


def test_alike_shots_are_one_cue_and_the_pace_is_told(tmp_path: Path, film: Callable[..., Path]) -> None:
    path = film(tmp_path / "a.mp4", seconds=12, shots=6)
    found = [c for c in watched(path) if isinstance(c, Cue)]
    assert len({c.text for c in found}) == len(found)
    assert any("is cut" in c.text and c.measures["cuts"] == 5 for c in found)


def test_the_number_of_cues_is_bounded() -> None:
    sense = Scene(load(cache=None))
    rng = np.random.default_rng(0)
    for i in range(300):
        image = shaded(tuple(rng.integers(0, 255, 3)), (36, 64))
        sense.watch(Frame(i * 0.5, image, i, i, 0.0, 0.5, (64, 36)))
    with opened(text="a") as clip:
        assert len(list(sense.perceive(clip, ()))) <= 13


def test_no_frames_no_cues() -> None:
    with opened(text="a") as clip:
        assert list(Scene(load(cache=None)).perceive(clip, ())) == []


def test_framing_and_people_of_photographs(data: Path) -> None:
    group, portrait, page, cat = (
        watched(data / "media" / name)[0]
        for name in (
            "faces/azure_cv_faces.jpg",
            "faces/pyfeat_0-f15-hao-ph.jpg",
            "images_misc/phototest.tif",
            "images_misc/chelsea.png",
        )
    )
    assert isinstance(group, Cue)
    assert isinstance(portrait, Cue)
    assert isinstance(page, Cue)
    assert isinstance(cat, Cue)
    assert group.measures["faces"] in (4, 5, 6)
    assert "at least" in group.text
    assert "close-up of one person" in portrait.text
    assert "light ground" in page.text
    assert cat.measures["faces"] == 0
    assert "person" not in cat.text


def test_a_shot_with_a_face_and_one_without(data: Path) -> None:
    found = [c for c in watched(data / "media/videos/pyfeat_face_noface.mov") if isinstance(c, Cue)]
    assert [("person" in c.text) for c in found] == [True, False]
    assert found[0].span
    assert found[0].span.end == pytest.approx(2.5, abs=0.2)


def filmed(way: str) -> str:
    """What is said of four seconds in which a window of a grainy picture stands, shifts, shrinks or trembles."""
    rng = np.random.default_rng(3)
    ground = np.asarray(
        Image.fromarray(rng.integers(20, 235, (17, 30, 3), np.uint8)).resize((480, 272), Image.Resampling.BICUBIC)
    )
    sense, at = Scene(load(cache=None)), np.zeros(2)
    for i in range(50):
        now = i * 0.08
        left, top, width = 80.0, 45.0, 320.0
        if way == "pans":
            left = 10 + 30 * now
        elif way == "zooms":
            width = 320 * (1 - 0.06 * now)
            left, top = 240 - width / 2, 136 - width * 9 / 32
        elif way == "trembles":
            at = 0.8 * at + rng.normal(0, 4, 2)
            left, top = left + at[0], top + at[1]
        box = (left, top, left + width, top + width * 9 / 16)
        image = np.asarray(Image.fromarray(ground).resize((320, 180), Image.Resampling.BILINEAR, box=box))
        sense.watch(Frame(now, image, i, 0, 0.02, 0.08, (320, 180)))
    with opened(text="a") as clip:
        (cue,) = sense.perceive(clip, ())
    assert isinstance(cue, Cue)
    return cue.text


@pytest.mark.parametrize(
    ("way", "told"),
    [
        ("stands", "from a standing camera"),
        ("pans", "the camera pans"),
        ("zooms", "the camera zooms or moves in"),
        ("trembles", "from a camera that is not quite still"),
    ],
)
def test_what_the_camera_does_is_told(way: str, told: str) -> None:
    assert told in filmed(way)


def test_people_and_words_of_the_other_senses_are_taken_in(tmp_path: Path) -> None:
    sense = Scene(load(cache=None))
    sense.watch(Frame(0.0, shaded((128, 128, 128)), 0, 0, 0.0, 4.0, (320, 240)))
    heard = [
        Cue(sense="face", person="P1", text="a face", span=Span(start=0, end=4), measures={"visible_share": 1}, source="face@9"),
        Cue(sense="screen", text="words", span=Span(start=1, end=4), measures={"place": "bottom"}, source="screen@9"),
        Cue(sense="screen", text="words", span=Span(start=1, end=1.5), measures={"place": "top"}, source="screen@9"),
    ]  # fmt: skip
    with opened(text="a") as clip:
        (cue,) = sense.perceive(clip, heard)
    assert isinstance(cue, Cue)
    assert "of at least one person" in cue.text
    assert cue.text.endswith(", with words at the bottom")
