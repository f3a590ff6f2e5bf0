"""Find faces in frames and follow each person: MediaPipe's mesh, a second look for small faces, and stable ids.

Persons are told apart by where they are, how large their face is and the colours around it; no face is recognised.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cuechain.agents.perception.action_units import frontal, gaze, measured

if TYPE_CHECKING:
    import numpy as np

    from cuechain.agents.media import Frame

MAX_FACES = 5
"""Faces that are followed at once."""

MAX_PEOPLE = 12
"""Persons of one clip; later ones are not followed."""

SMALL = 40
"""Width of a face in pixels below which its movements cannot be read."""

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
    colours: Any = None
    """Histogram of the colours around the face."""
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
        self._mesh: Any = None
        self._near: Any = None
        self._wide: Any = None
        self._searched = -1e9
        self._shot = -1
        self._small: list[np.ndarray] = []

    def watch(self, frame: Frame) -> None:
        """Find the faces of one frame and add them to their persons."""
        import numpy as np

        image = np.ascontiguousarray(frame.image)
        height, width = image.shape[:2]
        if min(height, width) < 32:
            return
        found = self._whole(image)
        if frame.shot != self._shot or frame.time - self._searched >= 1.0:
            self._search(image, found)
            self._searched, self._shot = frame.time, frame.shot
        following: list[np.ndarray] = []
        for box in self._small:
            points = None if _meets(box, found) else self._close_up(image, box)
            if points is not None and not _meets(_box(points), found):
                found.append(points)
                following.append(_box(points))
        self._small = following
        readable = [p for p in found if _box(p)[2] >= SMALL]
        if len(readable) < len(found):
            self.too_small += frame.hold or 1.0
        self.crowded |= len(readable) > MAX_FACES
        readable.sort(key=lambda p: -_box(p)[2])
        self._assign(frame, image, readable[:MAX_FACES])

    def close(self) -> None:
        """Free the models."""
        for model in (self._mesh, self._near, self._wide):
            if model is not None:
                model.close()
        self._mesh = self._near = self._wide = None

    def _whole(self, image: np.ndarray) -> list[np.ndarray]:
        """Faces that the mesh finds by itself; it follows them from frame to frame."""
        if self._mesh is None:
            with _quiet():
                from mediapipe.python.solutions.face_mesh import FaceMesh

                # 0.7: at the usual 0.5 it puts meshes on dogs and on drawings.
                self._mesh = FaceMesh(max_num_faces=MAX_FACES, refine_landmarks=True, min_detection_confidence=0.7)
                return _points(self._mesh.process(image), image)
        return _points(self._mesh.process(image), image)

    def _search(self, image: np.ndarray, found: list[np.ndarray]) -> None:
        """Look for faces that are too small for the mesh's own detector, which is made for selfies."""
        import numpy as np

        if self._wide is None:
            with _quiet():
                from mediapipe.python.solutions.face_detection import FaceDetection

                self._wide = FaceDetection(model_selection=1, min_detection_confidence=0.6)
                result = self._wide.process(image)
        else:
            result = self._wide.process(image)
        height, width = image.shape[:2]
        for detection in result.detections or ():
            b = detection.location_data.relative_bounding_box
            box = np.array([(b.xmin + b.width / 2) * width, (b.ymin + b.height / 2) * height, b.width * width])
            if not _meets(box, found) and not any(_same(box, s) for s in self._small):
                self._small.append(box)
        self.crowded |= len(self._small) + len(found) > MAX_FACES
        self._small = sorted(self._small, key=lambda s: -s[2])[: max(0, MAX_FACES - len(found))]

    def _close_up(self, image: np.ndarray, box: np.ndarray) -> np.ndarray | None:
        """Landmarks of one face in a cut-out around it."""
        import numpy as np

        x, y, size = box
        left, top = max(0, int(x - size)), max(0, int(y - size))
        cut = np.ascontiguousarray(image[top : int(y + size) + 1, left : int(x + size) + 1])
        if min(cut.shape[:2]) < 16:
            return None
        if self._near is None:
            with _quiet():
                from mediapipe.python.solutions.face_mesh import FaceMesh

                self._near = FaceMesh(static_image_mode=True, refine_landmarks=True)
                points = _points(self._near.process(cut), cut)
        else:
            points = _points(self._near.process(cut), cut)
        return points[0] + np.array([left, top, 0.0]) if points else None

    def _assign(self, frame: Frame, image: np.ndarray, faces: list[np.ndarray]) -> None:
        """Give each face to the person who fits best, or to a new one. New ones count from left to right."""
        import numpy as np

        height, width = image.shape[:2]
        boxes = [_box(p) for p in faces]
        colours = [_colours(image, b) for b in boxes]
        costs = [
            (cost, f, p)
            for f, box in enumerate(boxes)
            for p, person in enumerate(self.people)
            if (cost := _distance(frame, box, colours[f], person)) is not None
        ]
        whose: dict[int, int] = {}
        for _, f, p in sorted(costs):
            if f not in whose and p not in whose.values():
                whose[f] = p
        for f in sorted(range(len(faces)), key=lambda f: boxes[f][0]):
            if f not in whose:
                if len(self.people) >= MAX_PEOPLE:
                    self.crowded = True
                    continue
                whose[f] = len(self.people)
                self.people.append(Person())
            person, box = self.people[whose[f]], boxes[f]
            face, pose = frontal(faces[f])
            place = (box[0] / width, box[1] / height, box[2])
            person.add(frame, np.array([*measured(face), *pose, *gaze(face), *place], np.float32))
            person.last = box
            person.colours = colours[f] if person.colours is None else 0.8 * person.colours + 0.2 * colours[f]


def _distance(frame: Frame, box: np.ndarray, colours: np.ndarray, person: Person) -> float | None:
    """How badly a face fits a person (0 is best); None when it cannot be the same one."""
    import numpy as np

    assert person.last is not None
    away = float(np.hypot(*(box[:2] - person.last[:2])) / max(box[2], person.last[2]))
    ratio = float(max(box[2], person.last[2]) / min(box[2], person.last[2]))
    gone = frame.time - person.times[-1]
    alike = float(np.minimum(colours, person.colours).sum())
    if frame.shot == person.shot and gone < 2.0:
        return away if away < 0.6 + gone and ratio < 1.7 else None
    # After a cut or a long absence place and size tell little: the colours of hair, clothes and background must agree too.
    fits = alike > 0.55 if away < 0.8 and ratio < 1.4 else alike > 0.7
    return 1.0 + (1.0 - alike) + 0.1 * away if fits else None


def _colours(image: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Share of each of 8×4×4 colours (hue, saturation, value) in face, hair and shoulders."""
    import cv2

    x, y, size = box
    left, right = max(0, int(x - size)), int(x + size) + 1
    area = image[max(0, int(y - size)) : int(y + 1.5 * size) + 1, left:right]
    step = max(1, int(size // 24))
    hsv = cv2.cvtColor(area[::step, ::step].copy(), cv2.COLOR_RGB2HSV)
    histogram = cv2.calcHist([hsv], [0, 1, 2], None, [8, 4, 4], [0, 180, 0, 256, 0, 256]).ravel()
    return histogram / max(histogram.sum(), 1.0)


def _points(result: Any, image: np.ndarray) -> list[np.ndarray]:
    import numpy as np

    height, width = image.shape[:2]
    scale = np.array([width, height, width], np.float32)
    return [
        np.array([(p.x, p.y, p.z) for p in face.landmark], np.float32) * scale
        for face in result.multi_face_landmarks or ()
    ]


def _box(points: np.ndarray) -> np.ndarray:
    """Centre and width (the larger of width and 0.8 height, so that a turned head keeps its size) in pixels."""
    import numpy as np

    low, high = points[:468, :2].min(0), points[:468, :2].max(0)
    size = max(high[0] - low[0], 0.8 * (high[1] - low[1]))
    return np.array([*((low + high) / 2), size])


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(abs(a[:2] - b[:2]).max() < 0.5 * max(a[2], b[2]))


def _meets(box: np.ndarray, faces: list[np.ndarray]) -> bool:
    return any(_same(box, _box(p)) for p in faces)


@contextmanager
def _quiet() -> Generator[None]:
    """Keep what MediaPipe's native parts write to stderr at their start from the user's screen."""
    os.environ.setdefault("GLOG_minloglevel", "3")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # MediaPipe 0.10.14 calls what protobuf 4.25 has marked for removal.
    warnings.filterwarnings("ignore", message="SymbolDatabase.GetPrototype", category=UserWarning)
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # no stderr at all
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)
