"""What the camera does in a shot: stands, pans, zooms, or is held in a hand; from how the corners of the picture shift."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from cuechain.agents.media import Frame

APART = 0.22
"""Seconds between two pictures that are compared: slow pans must become visible in a small picture, quick ones must not leave it."""

SEEN = 0.15
"""Least response of the phase correlation (0-1): below it the corners show nothing that could be followed."""

LEAST = 0.3
"""Pixels of Frame.small, between two pictures, from which something moved."""

CORNER = (24, 32)
"""Height and width of a corner of the small picture: even sizes without a prime above 5, for others OpenCV is half a pixel off."""

ENOUGH = 4
"""Comparisons from which on something is said of the camera."""


STANDING = ", from a standing camera"


class Camera:
    """Shifts of the four corners of one shot. People stand in the middle; what moves all corners is the camera."""

    def __init__(self) -> None:
        self._before: np.ndarray | None = None
        self._time = -1e9
        self._looks = 0
        self._shifts: list[tuple[float, float, float]] = []
        """Right, down and growth in pixels between two pictures; the first few hundred of a shot."""

    def watch(self, frame: Frame) -> None:
        """Compare a frame with the one before it."""
        import cv2
        import numpy as np

        if frame.time - self._time < APART or self._looks > 500:
            return
        now = cv2.cvtColor(frame.small, cv2.COLOR_RGB2GRAY).astype(np.float32)
        near = frame.time - self._time < 4 * APART
        before, self._before, self._time = self._before, now, frame.time
        if before is None or not near:
            return
        self._looks += 1
        found = _shifts(before, now)
        if found is not None:
            self._shifts.append(found)

    def told(self) -> str:
        """A clause for a caption, empty where nothing can be said."""
        import numpy as np

        if len(self._shifts) < max(ENOUGH, 0.3 * self._looks):
            return ""
        rows = np.array(self._shifts)
        pace, growth = np.hypot(rows[:, 0], rows[:, 1]), np.abs(rows[:, 2])
        moved = float((np.maximum(pace, growth) > LEAST).mean())
        if moved < 0.15:
            return STANDING
        one_way = float(np.hypot(*rows[:, :2].sum(axis=0)) / max(1e-6, pace.sum()))
        grows = float(abs(rows[:, 2].sum()) / max(1e-6, growth.sum()))
        if moved > 0.6 and grows > 0.7 and growth.mean() > max(LEAST, 0.7 * pace.mean()):
            return ", the camera zooms or moves " + ("in" if rows[:, 2].sum() > 0 else "out")
        if moved > 0.6 and one_way > 0.7:
            return ", the camera pans"
        return ", from a camera that is not quite still" if moved > 0.4 else ""


def _shifts(before: np.ndarray, now: np.ndarray) -> tuple[float, float, float] | None:
    """Common shift of the corners and how far they move apart, in pixels; None where they show nothing, or not the same.

    Phase correlation: Kuglin & Hines (1975).
    """
    import cv2
    import numpy as np

    height, width = before.shape
    tall, wide = CORNER
    window = cv2.createHanningWindow((wide, tall), cv2.CV_32F)
    found: list[tuple[float, float, int, int]] = []
    for down in (0, 1):
        for right in (0, 1):
            part = np.s_[
                down * (height - tall) : down * (height - tall) + tall,
                right * (width - wide) : right * (width - wide) + wide,
            ]
            a, b = np.ascontiguousarray(before[part]), np.ascontiguousarray(now[part])
            if a.std() < 4:
                continue
            (x, y), response = cv2.phaseCorrelate(a, b, window)
            if response > SEEN:
                found.append((x, y, 2 * right - 1, 2 * down - 1))
    if len(found) < 2:
        return None
    table = np.array(found)
    x, y = np.median(table[:, 0]), np.median(table[:, 1])
    away = table[:, :2] - (x, y)
    growth = float((away * table[:, 2:]).sum(axis=1).mean())
    # What is left when shift and growth are taken out is somebody who moves in a corner.
    if np.abs(away - growth / 2 * table[:, 2:]).max() > 1.5:
        return None
    return float(x), float(y), growth
