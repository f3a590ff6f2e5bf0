"""Who is who: meshes where faces are, and ids that stay with their persons."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cuechain.agents.media import Frame
from cuechain.agents.perception.faces.mesh import Mesh, around, close_idle
from cuechain.agents.perception.faces.movements import read
from cuechain.agents.perception.faces.tracks import Faces, Person

pytest.importorskip("mediapipe", reason="the extra 'face' is not installed")

Where = dict[str, tuple[int, int]]


@pytest.fixture(scope="module")
def portraits(data: Path) -> dict[str, np.ndarray]:
    names = {"lady": "azure_Family2-Lady1.jpg", "man": "azure_Family3-Man1.jpg"}
    return {
        k: np.asarray(Image.open(data / "media/faces" / n).convert("RGB").resize((230, 300))) for k, n in names.items()
    }


@pytest.fixture(scope="module")
def follow(portraits: dict[str, np.ndarray]) -> Callable[..., list[Person]]:
    """follow((shot, {who: (left, top)}), ...) → the people of a clip of such pictures, 0.08 s each."""

    def run(pictures: Iterable[tuple[int, Where]]) -> list[Person]:
        faces = Faces()
        for i, (shot, where) in enumerate(pictures):
            canvas = np.full((360, 640, 3), 96, np.uint8)
            for who, (left, top) in where.items():
                part = canvas[top : top + 300, max(0, left) : left + 230]
                part[:] = portraits[who][:, max(0, -left) :][:, : part.shape[1]]
            faces.watch(Frame(i * 0.08, canvas, i, shot, 0.02, 0.08, (640, 360)))
        faces.close()
        return faces.people

    return run


def test_two_who_are_cut_to_in_turn_stay_two(follow: Callable[..., list[Person]]) -> None:
    shots = [{"lady": (200, 30)}, {"man": (200, 40)}, {"lady": (240, 30)}, {"man": (180, 20)}, {"lady": (200, 30)}]
    people = follow([(s, w) for s, w in enumerate(shots) for _ in range(3)])
    assert [len(p.times) for p in people] == [9, 6]


def test_who_was_covered_for_a_second_is_the_same(follow: Callable[..., list[Person]]) -> None:
    both: Where = {"lady": (40, 30), "man": (370, 30)}
    people = follow([(0, both)] * 5 + [(0, {"man": (370, 30)})] * 13 + [(0, both)] * 8)
    assert len(people) == 2
    assert people[0].times[-1] - people[0].times[0] > 1.5, "she came back as herself"


def test_who_takes_somebodys_place_is_somebody_else(follow: Callable[..., list[Person]]) -> None:
    people = follow(
        [(0, {"lady": (200, 30)})] * 6 + [(0, {})] * 6 + [(0, {"man": (200 + 4 * (i % 3), 30)}) for i in range(14)]
    )
    assert len(people) == 2
    assert people[0].times[-1] < people[1].times[0], "and stays it"


def test_who_leaves_and_comes_back_elsewhere_is_the_same(follow: Callable[..., list[Person]]) -> None:
    people = follow([(0, {"lady": (20, 30)})] * 5 + [(0, {})] * 30 + [(0, {"lady": (390, 30)})] * 8)
    assert len(people) == 1


def test_those_who_cross_keep_their_ids(follow: Callable[..., list[Person]]) -> None:
    steps = [round(s) for s in np.linspace(0, 380, 30)]
    people = follow([(0, {"lady": (20 + s, 20), "man": (400 - s, 40)}) for s in steps])
    assert len(people) == 2
    x = [p.table[:, -3] for p in people]
    assert x[0][0] < 0.4 and x[0][-1] > 0.6
    assert x[1][0] > 0.6 and x[1][-1] < 0.4


def test_the_shape_of_the_picture_does_not_matter(portraits: dict[str, np.ndarray]) -> None:
    mesh, found = Mesh(), []
    for right, below in ((0, 0), (300, 0), (0, 300)):
        image = np.pad(portraits["lady"], ((0, below), (0, right), (0, 0)), mode="edge")
        points = mesh.landmarks(image, np.array([115.0, 150.0, 200.0, 0.0]))
        assert points is not None
        points = mesh.landmarks(image, around(points))
        assert points is not None
        found.append(points[:, :2])
    mesh.close()
    assert max(np.abs(found[0] - other).mean() for other in found[1:]) < 0.5


def test_models_see_each_clip_as_if_it_were_their_first(portraits: dict[str, np.ndarray]) -> None:
    close_idle()
    seen: list[list[np.ndarray]] = []
    for order in (("lady", "man"), ("man", "lady")):
        found: dict[str, list[np.ndarray]] = {}
        for name in order:
            mesh, image = Mesh(), portraits[name]
            areas = [*mesh.near(image), *mesh.far(image, [])]
            points = [p for a in areas if (p := mesh.landmarks(image, a)) is not None]
            found[name] = [*areas, *points]
            mesh.close()
        assert found["lady"] and found["man"]
        seen.append([*found["lady"], *found["man"]])
        close_idle()
    assert len(seen[0]) == len(seen[1]) and all(map(np.array_equal, *seen))


def test_a_turned_photograph_shows_the_same_smile(data: Path) -> None:
    image = Image.open(data / "media/faces/azure_Family2-Lady1.jpg").convert("RGB")
    strength: list[float] = []
    for degrees in (0, 15, -15):
        faces = Faces()
        array = np.asarray(image.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=(96, 96, 96)))
        faces.watch(Frame(0.0, array, 0, 0, 0.0, 0.0, (array.shape[1], array.shape[0])))
        faces.close()
        strength.append(float(read(faces.people[0]).units["au6"][0]))
    assert np.ptp(strength) < 0.25


def test_nothing_is_loaded_that_only_draws() -> None:
    code = (
        "import sys, numpy; from cuechain.agents.perception.faces.mesh import Mesh; m = Mesh();"
        "m.near(numpy.zeros((64, 64, 3), numpy.uint8)); m.close(); assert 'matplotlib' not in sys.modules;"
        "import mediapipe; assert mediapipe.solutions.drawing_utils.DrawingSpec().thickness == 2"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
