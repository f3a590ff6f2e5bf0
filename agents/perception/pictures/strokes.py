"""Thin strokes in a picture: a cheap map that says when words may have come, and whether those that were read still stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

SIDE = 320
"""Longest side of the map in pixels, about: pictures are shrunk by whole factors."""

CELLS = (4, 12)
"""Across and down: a line of words fills a cell."""

STARK = 45
"""Grey levels (0-255) by which a stroke stands out of what is around it."""

RISE = 0.15
"""Share of a cell's pixels in stark strokes that is reason to look for words. Drawn over pictures, all of 106 memes and 58 of 60 subtitles
add more than 0.14; the strokes of a talking head wander less within 2 s in 90 of 100 of its pictures."""

SAME = 0.5
"""Correlation of strokes at a place above which the same words stand there; ours."""


def strokes(image: np.ndarray) -> np.ndarray:
    """int8 map of what is thinner than five pixels of it: above zero where lighter than its surroundings, below where darker.

    Opening and closing residues (top hat and bottom hat, Meyer 1979).
    """
    import cv2
    import numpy as np

    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    factor = max(1, round(max(grey.shape) / SIDE))  # whole, as OpenCV averages whole squares forty times as fast
    if min(grey.shape) >= factor > 1:
        height, width = (side // factor for side in grey.shape)
        grey = cv2.resize(grey[: height * factor, : width * factor], (width, height), interpolation=cv2.INTER_AREA)
    element = np.ones((5, 5), np.uint8)
    light, dark = (cv2.morphologyEx(grey, how, element) for how in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT))
    return cv2.subtract(light, dark, dtype=cv2.CV_8S)


def density(drawn: np.ndarray) -> np.ndarray:
    """Share of stark strokes in each cell: float32 (12, 4)."""
    import cv2
    import numpy as np

    stark = cv2.threshold(cv2.convertScaleAbs(drawn), STARK, 255, cv2.THRESH_BINARY)[1]
    across, down = CELLS
    height, width = (max(1, side // cells) * cells for side, cells in zip(drawn.shape, (down, across), strict=True))
    return cv2.resize(stark[:height, :width], CELLS, interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def place(box: tuple[float, float, float, float], shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns of a (height, width) grid that a box covers; its left, top, right and bottom are shares."""
    left, top, right, bottom = box
    rows, columns = int(top * shape[0]), int(left * shape[1])
    down, across = max(rows + 1, round(bottom * shape[0])), max(columns + 1, round(right * shape[1]))
    return slice(min(rows, shape[0] - 1), down), slice(min(columns, shape[1] - 1), across)


def alike(before: np.ndarray, now: np.ndarray) -> float:
    """Correlation of the strokes at one place at two times, -1 to 1; it does not mind how faint the words are."""
    import numpy as np

    a, b = before.astype(np.float32).ravel(), now.astype(np.float32).ravel()
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size else float(np.array_equal(before, now))


def clearer(before: np.ndarray, now: np.ndarray) -> bool:
    """Whether the strokes have grown a quarter starker: what fades in is read better later."""
    return bool(now.astype("float32").std() > 1.25 * before.astype("float32").std() + 2)
