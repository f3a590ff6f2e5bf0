"""MediaPipe's face detectors and face mesh, each run only when it is asked for.

Its own FaceMesh searches the whole picture in every frame in which fewer faces than it may follow are there, and its package imports
matplotlib. The same models run here in graphs of their own: who follows a face says where to look, and nothing else is searched.
"""

from __future__ import annotations

import atexit
import math
import os
import sys
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager, nullcontext
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

NEAR, CLOSE, FAR = 0.7, 0.5, 0.6
"""Least scores of a detection: in the whole picture, in a cut-out around a far one, and of a far one. At 0.5 for the whole picture meshes
come to lie on dogs and on drawings."""

MARGIN = 1.5
"""Side of the square that the mesh looks at, in sides of the face (face_landmark_front of MediaPipe)."""

_DETECTOR = """
input_stream: "image"
output_stream: "found"
node { calculator: "FaceDetection%sRangeCpu" input_stream: "IMAGE:image" output_stream: "DETECTIONS:found" }
"""

_MESH = """
input_stream: "image"
input_stream: "area"
output_stream: "found"
node {
  calculator: "ConstantSidePacketCalculator"
  output_side_packet: "PACKET:attention"
  node_options {
    [type.googleapis.com/mediapipe.ConstantSidePacketCalculatorOptions] { packet { bool_value: true } }
  }
}
node {
  calculator: "FaceLandmarkCpu"
  input_stream: "IMAGE:image"
  input_stream: "ROI:area"
  input_side_packet: "WITH_ATTENTION:attention"
  output_stream: "LANDMARKS:landmarks"
}
node { calculator: "ImagePropertiesCalculator" input_stream: "IMAGE:image" output_stream: "SIZE:size" }
node {
  calculator: "LandmarksToMatrixCalculator"
  input_stream: "LANDMARKS:landmarks"
  input_stream: "IMAGE_SIZE:size"
  output_stream: "LANDMARKS_MATRIX:found"
  node_options {
    [type.googleapis.com/mediapipe.LandmarksToMatrixCalculatorOptions] { object_normalization: false }
  }
}
"""


class Mesh:
    """Finds faces and their landmarks in one picture at a time. Models are loaded when first used, and serve the next clip.

    An area is (4,): centre x and y, side, in pixels, and the tilt of the eyes in radians.
    """

    def __init__(self) -> None:
        self._graphs: dict[str, _Graph] = {}

    def near(self, image: np.ndarray) -> list[np.ndarray]:
        """Areas of faces that fill a good part of the picture (BlazeFace short range)."""
        return [area for area, score in self._detected("Short", image) if score >= NEAR]

    def far(self, image: np.ndarray, known: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Areas of faces that are small in the picture, but for those that `known` areas hold already.

        The long-range detector alone sees faces in patterns: the other one must see it too, in a cut-out.
        """
        import numpy as np

        out: list[np.ndarray] = []
        for area, score in self._detected("Full", image):
            if score < FAR or any(same(area, k) for k in (*known, *out)):
                continue
            cut, corner = _cut(image, area, 4 / 3)
            if min(cut.shape[:2]) >= 16:
                close = [a for a, s in self._detected("Short", cut) if s >= CLOSE]
                out += [a + np.array([*corner, 0.0, 0.0]) for a in close[:1]]
        return out

    def landmarks(self, image: np.ndarray, area: np.ndarray) -> np.ndarray | None:
        """(478, 3) landmarks in pixels, y down, z away from the camera; None where there is no face in the area."""
        import numpy as np

        cut, (left, top) = _cut(image, area, 1.5)
        height, width = cut.shape[:2]
        if min(height, width) < 16:
            return None
        x, y, side, tilt = (float(v) for v in area)
        place = {"x_center": (x - left) / width, "y_center": (y - top) / height}
        found = self._graph("mesh", _MESH).run(
            cut, place | {"width": side / width, "height": side / height, "rotation": tilt}
        )
        if found is None or found.shape != (3, 478):
            return None
        # The calculator measures x and y from the middle of the picture, in shares of its longer side.
        longer = max(width, height)
        middle = np.array([left + (width - longer) / 2, top + (height - longer) / 2, 0])
        return (found.T * np.array([longer, longer, width]) + middle).astype(np.float32)

    def close(self) -> None:
        """Leave the models to the next clip; one that failed is freed."""
        for name, graph in self._graphs.items():
            if graph.failed or _idle.setdefault((os.getpid(), name), graph) is not graph:
                graph.close()
        self._graphs.clear()

    def _graph(self, name: str, config: str) -> _Graph:
        if name not in self._graphs:
            self._graphs[name] = _idle.pop((os.getpid(), name), None) or _Graph(config)
        return self._graphs[name]

    def _detected(self, reach: str, image: np.ndarray) -> list[tuple[np.ndarray, float]]:
        import numpy as np

        height, width = image.shape[:2]
        out: list[tuple[np.ndarray, float]] = []
        for one in self._graph(reach, _DETECTOR % reach).run(np.ascontiguousarray(image), None) or ():
            box, (right, left, *_) = one.location_data.relative_bounding_box, one.location_data.relative_keypoints
            centre = (box.xmin + box.width / 2) * width, (box.ymin + box.height / 2) * height
            side = MARGIN * max(box.width * width, box.height * height)
            tilt = np.arctan2((left.y - right.y) * height, (left.x - right.x) * width)
            out.append((np.array([*centre, side, tilt]), float(one.score[0])))
        return out


def around(points: np.ndarray) -> np.ndarray:
    """The area in which to look for a face in the next frame, from its landmarks in this one."""
    import numpy as np

    left, top, right, bottom = extent(points)
    across, down = (points[263] - points[33])[:2].tolist()
    side = MARGIN * max(right - left, bottom - top)
    return np.array([(left + right) / 2, (top + bottom) / 2, side, math.atan2(down, across)])


def extent(points: np.ndarray) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a face from its landmarks."""
    x, y = points[:468, :2].T.copy()  # a row at a time is four times as fast
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def same(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two areas hold the same face."""
    return bool(abs(a[:2] - b[:2]).max() < 0.5 * max(a[2], b[2]) / MARGIN)


def _cut(image: np.ndarray, area: np.ndarray, reach: float) -> tuple[np.ndarray, tuple[int, int]]:
    """What lies around an area, `reach` times its side across (a tilted square needs 1.42), and its left upper corner."""
    import numpy as np

    x, y, half = float(area[0]), float(area[1]), reach * float(area[2]) / 2
    left, top = max(0, int(x - half)), max(0, int(y - half))
    return np.ascontiguousarray(image[top : max(0, int(y + half) + 1), left : max(0, int(x + half) + 1)]), (left, top)


class _Graph:
    """One running graph: pictures in, landmarks (3, n) or detections out."""

    def __init__(self, config: str) -> None:
        with _quiet():
            from mediapipe.python import CalculatorGraph, packet_getter, resource_util

            resource_util.set_resource_dir(str(Path(sys.modules["mediapipe"].__file__ or "").parents[1]))
            self._graph: Any = CalculatorGraph(graph_config=config)
            self._found: Any = None
            get: Any = packet_getter.get_matrix if config is _MESH else packet_getter.get_proto_list

            def take(_: str, packet: Any) -> None:
                self._found = get(packet)

            self._graph.observe_output_stream("found", take)
            self._time = 0
            self.failed = False

    def run(self, image: np.ndarray, area: dict[str, float] | None) -> Any:
        """What the graph says of one picture; None when it says nothing.

        Raises:
            RuntimeError, ValueError: The graph failed.
        """
        from mediapipe.framework.formats import rect_pb2
        from mediapipe.python import ImageFormat, packet_creator

        rectangle: Any = rect_pb2
        self._time += 1
        self._found, self.failed = None, True
        with _quiet() if self._time == 1 else nullcontext():
            if self._time == 1:
                self._graph.start_run({})  # here, because its threads go on talking
            packet: Any = packet_creator.create_image_frame(image, image_format=ImageFormat.SRGB)
            self._graph.add_packet_to_input_stream("image", packet.at(self._time))
            if area is not None:
                packet = packet_creator.create_proto(rectangle.NormalizedRect(**area))
                self._graph.add_packet_to_input_stream("area", packet.at(self._time))
            self._graph.wait_until_idle()
        self.failed = False
        return self._found

    def close(self) -> None:
        if self._time:
            self._graph.close()


_idle: dict[tuple[int, str], _Graph] = {}
"""One graph of each kind, which looks at each picture as if it were its first; the threads of a graph are left behind by a fork, so
each is named by its process, too."""


def close_idle() -> None:
    """Free the models that wait."""
    for name in [n for n in _idle if n[0] == os.getpid()]:
        _idle.pop(name).close()


atexit.register(close_idle)


class _Later(MetaPathFinder):
    """Puts off those parts of the package that nothing here uses, until somebody does: drawing (matplotlib) and the task library."""

    NAMES = frozenset(
        {
            "mediapipe.python.solutions.drawing_styles",
            "mediapipe.python.solutions.drawing_utils",
            "mediapipe.tasks.python",
        }
    )

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target) if fullname in self.NAMES else None
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


@contextmanager
def _quiet() -> Generator[None]:
    """Load MediaPipe fast, and keep what its native parts write to stderr at their start from the user's screen."""
    os.environ.setdefault("GLOG_minloglevel", "3")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if "mediapipe" not in sys.modules:
        later = _Later()
        sys.meta_path = [later, *sys.meta_path]  # a new list: other threads may be walking through the old one
        try:
            import mediapipe  # noqa: F401  # pyright: ignore[reportUnusedImport, reportMissingTypeStubs]
        finally:
            sys.meta_path = [finder for finder in sys.meta_path if finder is not later]
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
