"""Follow each person through a clip: where the faces are in every frame, and stable ids through cuts, covering, leaving and coming back.

Persons are told apart by where they are, how large their face is and what hair, skin and clothes look like; no face is recognised,
and what a person looks like is forgotten with the clip.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cuechain.agents.perception.faces.action_units import frontal, gaze, measured
from cuechain.agents.perception.faces.mesh import Mesh, around, extent, same

if TYPE_CHECKING:
    import numpy as np

    from cuechain.agents.media import Frame

MAX_FACES = 5
"""Faces that are followed at once."""

MAX_PEOPLE = 12
"""Persons of one clip; later ones are not followed."""

SMALL = 40
"""Width of a face in pixels below which its movements cannot be read."""

SEARCH_NEAR, SEARCH_LOST, SEARCH_FAR = 0.5, 0.24, 1.0
"""Seconds between searches of the whole picture: for large faces, the same while somebody was lost or nobody is there, for small faces
(twice that while somebody is followed)."""

LOOK_AGAIN = 0.4
"""Seconds after which a person's looks are taken anew."""

AWAY = 2.0
"""Seconds out of sight after which place and size tell little."""

ALIKE_HERE, ALIKE_ELSEWHERE = 0.65, 0.73
"""Least likeness (`_alike`) to somebody who was lost in this place, and to somebody after a cut or a long absence. Of 4640 pairs of
different persons (100 versions of 25 photographs: lighter, darker, turned, scaled) 9 % and 1 % are more alike; of 150 pairs of versions
of one photograph 97 % and 86 %."""

BESIDE = (
    (0, 0, 0, 0),
    (0.06, 0.06, 0.08, 0.08),
    (-0.06, -0.06, 0.08, -0.08),
    (0.06, -0.06, -0.08, -0.08),
    (-0.06, 0.06, -0.08, 0.08),
)
"""Where the mesh looks at a face in a still: shifts across and down, growth (shares of the area's side), tilt (radians). The mean of five
brings the difference between two versions of one photograph from 0.016 down to 0.010 of full intensity (270 pairs, benchmarks/faces.py)."""

BANDS = ((-0.9, -0.5, 0.5), (-0.35, 0.35, 0.3), (0.65, 1.4, 0.7))
"""Hair, face and clothes: top, bottom and half width of each, in widths of the face from its centre."""

EXTRA: tuple[str, ...] = ("pitch", "yaw", "roll", "gaze_up", "gaze_side", "x", "y", "width")
"""What a row holds after the measures: degrees, then centre and width of the face as shares of the picture, width in pixels."""


@dataclass
class Person:
    """Somebody who was seen, as numbers only."""

    times: list[float] = field(default_factory=list)
    """Seconds of the frames in which the face was found."""
    holds: list[float] = field(default_factory=list)
    """Seconds that each of them stands for."""
    rows: Any = None
    """(capacity, len(COLUMNS) + len(EXTRA)) float16, grown by doubling: 64 bytes a frame, 3 MB an hour."""
    shot: int = -1
    """Shot of the last frame."""
    looks: Any = None
    """(len(BANDS), colours) of hair, face and clothes, from `_looks`."""
    looked: float = -1e9
    """When they were last taken."""
    last: np.ndarray | None = None
    """Centre x, centre y and width in pixels when last seen."""

    def add(self, frame: Frame, row: np.ndarray) -> None:
        """Append one frame."""
        import numpy as np

        if self.rows is None:
            self.rows = np.empty((64, row.size), np.float16)
        elif len(self.times) == len(self.rows):
            self.rows = np.concatenate([self.rows, np.empty_like(self.rows)])
        self.rows[len(self.times)] = row
        self.times.append(frame.time)
        self.holds.append(frame.hold)
        self.shot = frame.shot

    @property
    def table(self) -> np.ndarray:
        """The rows that are filled, float32."""
        return self.rows[: len(self.times)].astype("float32")


class Faces:
    """Reads frames one by one and keeps the people in them."""

    def __init__(self) -> None:
        self.people: list[Person] = []
        self.crowded = False
        """True when there were more faces or people than are followed."""
        self.too_small = 0.0
        """Seconds in which a face was found that is too small to read (1 for a still image)."""
        self._mesh = Mesh()
        self._areas: list[np.ndarray] = []
        self._shot = -1
        self._near = self._far = self._lost = -1e9

    def watch(self, frame: Frame) -> None:
        """Find the faces of one frame and add them to their persons."""
        if min(frame.image.shape[:2]) < 32:
            return
        found: list[np.ndarray] = []
        if frame.shot == self._shot:
            for area in self._areas:
                self._add(found, self._mesh.landmarks(frame.image, area))
            if len(found) < len(self._areas):
                self._lost = frame.time
        followed = len(found)
        for area in self._search(frame, [around(p) for p in found]):
            self._add(found, self._first(frame, area))
        self._areas, self._shot = [around(p) for p in found], frame.shot
        readable = [(p, i < followed) for i, p in enumerate(found) if _box(p)[2] >= SMALL]
        if len(readable) < len(found):
            self.too_small += frame.hold or 1.0
        self._assign(frame, [p for p, _ in readable], [f for _, f in readable])

    def close(self) -> None:
        """Free the models."""
        self._mesh.close()

    def _add(self, found: list[np.ndarray], points: np.ndarray | None) -> None:
        """Keep a face, unless another area led to the same one."""
        if points is not None and not any(same(around(points), around(p)) for p in found):
            found.append(points)

    def _first(self, frame: Frame, area: np.ndarray) -> np.ndarray | None:
        """Landmarks of a face that was just detected. The detector's area is coarse: it is corrected by a first mesh.

        In a still there will be no second frame to tell a movement from noise: there the mesh looks several times, a little beside.
        """
        import numpy as np

        points = self._mesh.landmarks(frame.image, area)
        if points is None:
            return None
        area = around(points)
        beside = BESIDE if frame.hold == 0 else BESIDE[:1]
        seen = [
            self._mesh.landmarks(frame.image, area * (1, 1, 1 + s, 1) + (x * area[2], y * area[2], 0, t))
            for x, y, s, t in beside
        ]
        seen = [p for p in seen if p is not None]
        return np.stack(seen).mean(0) if seen else points

    def _search(self, frame: Frame, known: list[np.ndarray]) -> list[np.ndarray]:
        """Areas of faces that are not followed yet, the largest first; looked for at times only."""
        cut, time = frame.shot != self._shot, frame.time
        eager = not known or time - self._lost < 1.0
        fresh: list[np.ndarray] = []
        if cut or time - self._near >= (SEARCH_LOST if eager else SEARCH_NEAR) - 1e-6:
            self._near = time
            fresh += [a for a in self._mesh.near(frame.image) if not any(same(a, k) for k in known)]
        if cut or time - self._far >= SEARCH_FAR * (2 if known else 1) - 1e-6:
            self._far = time
            fresh += self._mesh.far(frame.image, [*known, *fresh])
        room = MAX_FACES - len(known)
        self.crowded |= len(fresh) > room
        return sorted(fresh, key=lambda a: -a[2])[: max(0, room)]

    def _assign(self, frame: Frame, faces: list[np.ndarray], followed: list[bool]) -> None:
        """Give each face to the person who fits best, or to a new one. New ones count from left to right."""
        import numpy as np

        height, width = frame.image.shape[:2]
        boxes = [_box(p) for p in faces]
        near = [p for p in self.people if p.shot == frame.shot and frame.time - p.times[-1] <= 0.5]
        # One face that was followed from the frame before: nothing to be told apart. Else what they look like decides too.
        plain = followed == [True] and len(near) == 1 and frame.time - near[0].looked < LOOK_AGAIN
        looks = [None if plain else _looks(frame.image, b) for b in boxes]
        costs = [
            (cost, f, p)
            for f, box in enumerate(boxes)
            for p, person in enumerate(self.people)
            if (cost := _distance(frame, box, looks[f], person, followed[f])) is not None
        ]
        whose: dict[int, int] = {}
        for _, f, p in sorted(costs):
            if f not in whose and p not in whose.values():
                whose[f] = p
        for f in sorted(range(len(faces)), key=lambda f: boxes[f][0]):
            box, look = boxes[f], looks[f]
            if f not in whose:
                if len(self.people) >= MAX_PEOPLE:
                    self.crowded = True
                    continue
                whose[f] = len(self.people)
                look = _looks(frame.image, box) if look is None else look
                self.people.append(Person(looks=look, looked=frame.time))
            person = self.people[whose[f]]
            face, pose = frontal(faces[f])
            place = (box[0] / width, box[1] / height, box[2])
            person.add(frame, np.array([*measured(face), *pose, *gaze(face), *place], np.float32))
            person.last = box
            alone = all(np.hypot(*(box[:2] - b[:2])) > 1.5 * box[2] for b in boxes if b is not box)
            if look is not None and alone and frame.time - person.looked >= LOOK_AGAIN:
                person.looks, person.looked = 0.8 * person.looks + 0.2 * look, frame.time


def _distance(frame: Frame, box: np.ndarray, looks: np.ndarray | None, person: Person, followed: bool) -> float | None:
    """How badly a face fits a person (0 is best); None when it cannot be the same one."""
    import numpy as np

    assert person.last is not None
    away = float(np.hypot(*(box[:2] - person.last[:2])) / max(box[2], person.last[2]))
    ratio = float(max(box[2], person.last[2]) / min(box[2], person.last[2]))
    gone = frame.time - person.times[-1]
    alike = 1.0 if looks is None else _alike(looks, person.looks)
    here = frame.shot == person.shot and gone < AWAY and away < 0.6 + gone and ratio < 1.7
    if followed and here and gone <= 0.5 and away < 0.6:
        return away + 2 * (1 - alike)
    if looks is not None and alike > (ALIKE_HERE if here else ALIKE_ELSEWHERE):
        return (0 if here else 1) + 0.1 * away + 2 * (1 - alike)
    return None


def _looks(image: np.ndarray, box: np.ndarray) -> np.ndarray:
    """(len(BANDS), 256) shares of 4×8×8 colours (Lab, spread to the neighbours) in hair, face and clothes; 0 where out of sight."""
    import cv2
    import numpy as np

    x, y, size = (float(v) for v in box)
    step = max(1, int(size // 24))
    out = np.zeros((len(BANDS), 256), np.float32)
    for band, (top, bottom, half) in zip(out, BANDS, strict=True):
        rows = slice(max(0, int(y + top * size)), max(0, int(y + bottom * size)), step)
        area = image[rows, max(0, int(x - half * size)) : max(0, int(x + half * size)) : step]
        if min(area.shape[:2]) < 2:
            continue
        lab = cv2.cvtColor(np.ascontiguousarray(area), cv2.COLOR_RGB2LAB)
        counts = cv2.calcHist([lab], [0, 1, 2], None, [4, 8, 8], [0, 256, 96, 160, 96, 176])
        for axis in range(3):
            counts = counts + 0.5 * (np.roll(counts, 1, axis) + np.roll(counts, -1, axis))
        band[:] = counts.ravel() / max(float(counts.sum()), 1.0)
    return out


def _alike(a: np.ndarray, b: np.ndarray) -> float:
    """Share of colours that two looks have in common, over the bands that both show; 0 to 1."""
    import numpy as np

    both = (a.sum(1) > 0.5) & (b.sum(1) > 0.5)
    return float(np.minimum(a[both], b[both]).sum(1).mean()) if both.any() else 0.0


def _box(points: np.ndarray) -> np.ndarray:
    """Centre and width (the larger of width and 0.8 height, so that a turned head keeps its size) in pixels."""
    import numpy as np

    left, top, right, bottom = extent(points)
    return np.array([(left + right) / 2, (top + bottom) / 2, max(right - left, 0.8 * (bottom - top))])
