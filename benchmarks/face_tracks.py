"""Do ids stay with their persons? Clips composed of photographs, in which it is known who is where.

CUECHAIN_DATA=… python benchmarks/face_tracks.py
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from figures import Figure
from PIL import Image

from cuechain.agents.media import Frame
from cuechain.agents.perception.faces.tracks import Faces

STEP = 0.08
"""Seconds between frames."""

WIDTH, HEIGHT = 640, 360
"""Of the composed pictures."""

PEOPLE = (
    "azure_Family1-Dad2",
    "azure_Family1-Mom1",
    "azure_Family1-Son2",
    "azure_Family2-Lady1",
    "azure_Family2-Man2",
    "azure_Family3-Lady1",
    "azure_Family3-Man1",
    "pyfeat_0-f15-hao-ph",
    "pyfeat_15-f13-anc-ph",
    "pyfeat_single_face",
)
"""One photograph each of different persons."""

Placed = dict[str, tuple[float, float, float]]
"""Person → centre x, centre y, height of the photograph in pixels; in order of drawing."""


@dataclass(frozen=True)
class Score:
    """What became of the persons of one clip."""

    switches: int
    """Times at which a person's id was another one than in the frame before."""
    made: int
    """Ids given."""
    pure: float
    """Share of frames with a face in which the id is the one that this person mostly has and that mostly is this person."""


def scenes(a: str, b: str) -> Iterator[tuple[str, list[tuple[int, Placed]]]]:
    """Name and frames (shot, who is where) of every scene of two persons."""
    left, right, middle = WIDTH * 0.27, WIDTH * 0.73, WIDTH * 0.5
    n = round(1 / STEP)
    both = {a: (left, 190, 300.0), b: (right, 190, 300.0)}
    shots: list[tuple[int, Placed]] = []
    for shot, who in enumerate((a, b, a, b, a, b)):
        shots += [(shot, {who: (middle + 10 * shot, 190, 300 + 8 * (shot % 3))})] * n
    yield "cuts A-B-A-B-A-B", shots
    swapped = {a: (right, 190, 300.0), b: (left, 190, 300.0)}
    yield "both, sides swapped by cuts", [(s, both if s % 2 == 0 else swapped) for s in range(4) for _ in range(n)]
    yield "one covered for a second", [(0, both)] * n + [(0, {b: both[b]})] * n + [(0, both)] * n
    ramp = np.linspace(0, 1, 4 * n)
    yield (
        "crossing",
        [(0, {a: (left + t * (right - left), 180, 250), b: (right - t * (right - left), 200, 270)}) for t in ramp],
    )
    away = [(0, {a: both[a], b: (right + t * 400, 190, 300)}) for t in np.linspace(0, 1, n)]
    back = [(0, {a: both[a], b: (middle + 20 + (1 - t) * 500, 190, 300)}) for t in np.linspace(0, 1, n)]
    yield "leaving for 3 s and coming back", [(0, both)] * n + away + [(0, {a: both[a]})] * 3 * n + back
    yield "one replaced by the other", [(0, {a: both[a]})] * n + [(0, {})] * (n // 2) + [(0, {b: both[a]})] * n


def picture(portraits: dict[str, Image.Image], placed: Placed, wobble: float) -> np.ndarray:
    """(HEIGHT, WIDTH, 3): portraits on grey, a little to and fro as heads are."""
    canvas = Image.new("RGB", (WIDTH, HEIGHT), (96, 100, 104))
    for who, (x, y, height) in placed.items():
        one = portraits[who]
        one = one.resize((max(1, round(one.width * height / one.height)), max(1, round(height))))
        canvas.paste(one, (round(x - one.width / 2 + 3 * wobble), round(y - one.height / 2)))
    return np.asarray(canvas)


def score(portraits: dict[str, Image.Image], frames: list[tuple[int, Placed]]) -> Score:
    """Follow the persons of one clip with the product's own tracker."""
    faces = Faces()
    pairs: list[tuple[str, int]] = []
    for i, (shot, placed) in enumerate(frames):
        before = [len(p.times) for p in faces.people]
        faces.watch(Frame(i * STEP, picture(portraits, placed, np.sin(i)), i, shot, 0.02, STEP, (WIDTH, HEIGHT)))
        for number, person in enumerate(faces.people):
            if len(person.times) > (before[number] if number < len(before) else 0) and person.last is not None:
                x = float(person.last[0])
                inside = [w for w, (at, _, high) in placed.items() if abs(at - x) < 0.3 * high]
                if len(inside) == 1:  # where two are drawn over each other nobody can say
                    pairs.append((inside[0], number))
    faces.close()
    switches = 0
    for who in {w for w, _ in pairs}:
        ids = [n for w, n in pairs if w == who]
        switches += sum(a != b for a, b in pairwise(ids))
    mine = {w: Counter(n for v, n in pairs if v == w).most_common(1)[0][0] for w in {w for w, _ in pairs}}
    theirs = {n: Counter(w for w, m in pairs if m == n).most_common(1)[0][0] for n in {n for _, n in pairs}}
    pure = [mine[w] == n and theirs[n] == w for w, n in pairs]
    return Score(switches, len(faces.people), float(np.mean(pure)) if pure else 0.0)


def measured(data: Path) -> dict[str, list[Score]]:
    """Scene → scores over pairs of persons."""
    portraits = {name: Image.open(next((data / "media/faces").glob(f"{name}.*"))).convert("RGB") for name in PEOPLE}
    out: dict[str, list[Score]] = {}
    for i, a in enumerate(PEOPLE):
        for scene, frames in scenes(a, PEOPLE[(i + 3) % len(PEOPLE)]):
            out.setdefault(scene, []).append(score(portraits, frames))
    return out


def figures(data: Path) -> Iterator[Figure]:
    """One row a scene."""
    for scene, scores in measured(data).items():
        yield Figure(
            sense="face",
            what=f"person ids, {scene}: frames with the right id; id switches; clips with exactly two ids",
            value=f"{np.mean([s.pure for s in scores]):.3f}; {sum(s.switches for s in scores)}; "
            f"{sum(s.made == 2 for s in scores)} of {len(scores)}",
            baseline="-",
            n=len(scores),
            data="clips composed of 10 photographs (media/faces)",
        )


if __name__ == "__main__":
    for row in figures(Path(os.environ["CUECHAIN_DATA"])):
        print(f"{row.what}: {row.value} (n={row.n})")
