"""A portrait that can be moved: what make_demo.py draws its frames with.

The face mesh of MediaPipe says where eyes, brows and lips are. A movement displaces some of its points by millimetres, thin-plate splines
carry the rest of the face along, and the picture follows triangle by triangle. Eyes and teeth lie behind holes in it.
"""

from __future__ import annotations

import cv2
import mediapipe
import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.spatial import Delaunay
from skimage import data

SIZE = 512
"""Width and height of a frame in pixels."""

CROP = (104, 0, 240)
"""Left, top, side of the head and shoulders in astronaut.png."""

# Landmarks of MediaPipe's face mesh; right and left are hers, so right is left in the picture.
LIP_UPPER_OUT = (185, 40, 39, 37, 0, 267, 269, 270, 409)
LIP_UPPER_IN = (191, 80, 81, 82, 13, 312, 311, 310, 415)
LIP_LOWER_IN = (95, 88, 178, 87, 14, 317, 402, 318, 324)
LIP_LOWER_OUT = (146, 91, 181, 84, 17, 314, 405, 321, 375)
MOUTH = (78, *LIP_UPPER_IN, 308, *LIP_LOWER_IN[::-1])
EYES = {
    "right": (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),
    "left": (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249),
}  # outer corner, upper lid, inner corner, lower lid
IRIS = {"right": 468, "left": 473}
OVAL = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152)
OVAL += (148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)
STILL = (
    *OVAL,
    168,
    6,
    197,
    195,
    5,
    4,
    1,
    2,
    98,
    327,
    129,
    358,
    133,
    33,
    362,
    263,
    50,
    280,
    117,
    346,
    145,
    374,
    159,
    386,
)
"""Points that stay where no movement takes them along."""


def portrait() -> tuple[np.ndarray, np.ndarray]:
    """The picture (SIZE, SIZE, 3, BGR) and its landmarks (478, 3) in pixels, z away from the camera."""
    left, top, side = CROP
    small = np.ascontiguousarray(data.astronaut()[top : top + side, left : left + side, ::-1])
    image = cv2.resize(small, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
    image = cv2.addWeighted(image, 1.5, cv2.GaussianBlur(image, (0, 0), 1.6), -0.5, 0)
    with mediapipe.solutions.face_mesh.FaceMesh(static_image_mode=True, refine_landmarks=True) as mesh:
        found = mesh.process(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)).multi_face_landmarks[0]
    return image, np.array([(p.x, p.y, p.z) for p in found.landmark]) * SIZE


class Face:
    """The movements of one face: name → displacement (478, 2) in pixels of a full movement, found by thin-plate splines."""

    def __init__(self, points: np.ndarray) -> None:
        self.points = points
        self.flat = points[:, :2]
        eyes = self.flat[263] - self.flat[33]
        self.mm = float(np.linalg.norm(eyes)) / 90  # the outer corners of a woman's eyes lie some 90 mm apart
        self.across = eyes / np.linalg.norm(eyes)
        self.down = np.array([-self.across[1], self.across[0]])

    def movement(
        self, handles: dict[int, tuple[float, float]], still: tuple[int, ...] = STILL, smooth: float = 0
    ) -> np.ndarray:
        """Displace all landmarks so that each handle moves by (to her left, down) millimetres."""
        at = list(handles) + [i for i in still if i not in handles]
        by = np.array([handles.get(i, (0.0, 0.0)) for i in at]) * self.mm
        field = RBFInterpolator(self.flat[at], by, kernel="thin_plate_spline", smoothing=smooth)(self.flat)
        return field[:, :1] * self.across + field[:, 1:] * self.down

    def along(self, point: int) -> np.ndarray:
        """A landmark in millimetres from the root of the nose: to her left, down."""
        away = self.flat[point] - self.flat[168]
        return np.array([away @ self.across, away @ self.down]) / self.mm


def movements(face: Face) -> dict[str, np.ndarray]:
    """What this face can do, each as the displacement of all landmarks at full strength."""
    out: dict[str, np.ndarray] = {}

    # From the portrait's smile to rest: narrower, corners level with the lip line, lips fuller and shut.
    middle = face.along(13)[0]
    seam = face.along(13)[1] + 2.6
    rest: dict[int, tuple[float, float]] = {}
    for corner in (61, 291, 78, 308):
        x, y = face.along(corner)
        inside = 1.5 if corner in (78, 308) else 0.0
        rest[corner] = (np.sign(x - middle) * (25.0 - inside) - (x - middle), seam + 1.5 - y)
    half = abs(face.along(61)[0] - middle)
    for row, offset in ((LIP_UPPER_IN, 0.0), (LIP_LOWER_IN, 0.0), (LIP_UPPER_OUT, -6.3), (LIP_LOWER_OUT, 8.0)):
        for point in row:
            x, y = face.along(point)
            share = (x - middle) / half
            thick = offset * (1 - abs(share) ** 2.2)
            rest[point] = (share * 25.0 - (x - middle), seam + thick + 1.5 * share**2 - y)
    rest |= {205: (-0.3, 1.5), 425: (0.3, 1.5), 152: (0, -1.5), 200: (0, 0.8), 199: (0, 0)}
    out["rest"] = face.movement(rest)

    # The jaw: the lower lip falls, the corners come in a little.
    jaw = dict.fromkeys((*LIP_UPPER_IN, *LIP_UPPER_OUT), (0.0, 0.0))
    for row in (LIP_LOWER_IN, LIP_LOWER_OUT):
        for point in row:
            share = (face.along(point)[0] - middle) / half
            jaw[point] = (0.0, 10.0 * (1 - min(1.0, abs(share)) ** 2.5))
    for corner in (61, 78):
        jaw[corner], jaw[corner + 230] = (1.2, 1.5), (-1.2, 1.5)
    jaw |= {200: (0, 9.0), 199: (0, 8.5), 152: (0, 7.0), 148: (0, 6.5), 377: (0, 6.5)}
    out["jaw"] = face.movement(jaw)

    # AU15 with a trace of AU17: the line of the lips bends into an arch, the boss of the chin rises.
    sad: dict[int, tuple[float, float]] = {61: (-0.5, 6.0), 78: (-0.4, 5.6), 291: (0.5, 6.0), 308: (0.4, 5.6)}
    # fmt: off
    for row, rise, bend in (
        (LIP_UPPER_OUT, 0.9, 6.4), (LIP_UPPER_IN, 0.9, 6.4), (LIP_LOWER_IN, 0.9, 6.4), (LIP_LOWER_OUT, 1.2, 5.6),
    ):
        sad |= {i: (0.0, bend * min(1.0, abs(face.along(i)[0] - middle) / half) ** 2 - rise) for i in row}
    sad |= {
        200: (0, -1.4), 57: (-0.5, 5.2), 287: (0.5, 5.2), 43: (-0.3, 4.2), 273: (0.3, 4.2), 205: (0, 1.0), 425: (0, 1.0),
    }
    # fmt: on
    out["corners_down"] = face.movement(sad)

    # AU1 with AU4: the inner ends of the brows rise and come together, the outer ends stay.
    mirror = {107: 336, 55: 285, 66: 296, 65: 295, 105: 334, 52: 282, 63: 293, 53: 283, 70: 300, 46: 276, 108: 337}
    # fmt: off
    brow = {
        107: (2.0, -4.6), 55: (2.2, -4.4), 66: (1.3, -3.2), 65: (1.4, -3.0), 9: (0, -2.5), 8: (0, -1.2), 105: (0.5, -1.0),
        52: (0.6, -1.0), 63: (0.1, 0.5), 53: (0.1, 0.6), 70: (0, 0.8), 46: (0, 0.8), 151: (0, -1.5), 108: (0.6, -2.2),
    }
    # fmt: on
    lashes = {i: (0.0, 0.0) for ring in EYES.values() for i in ring}
    brow |= {mirror[i]: (-x, y) for i, (x, y) in brow.items() if i in mirror}
    out["brows"] = face.movement(lashes | brow)

    # The upper lids fall on the lower ones.
    lids: dict[int, tuple[float, float]] = dict.fromkeys((*LIP_UPPER_OUT, *brow), (0.0, 0.0))
    for ring in EYES.values():
        for upper, lower in zip(ring[1:8], ring[:8:-1], strict=True):
            lids[upper] = (0.0, float(face.along(lower)[1] - face.along(upper)[1]) + 0.2)
            lids[lower] = (0.0, 0.2)
    out["lids"] = face.movement(lids, tuple(i for i in STILL if i not in (159, 386, 145, 374)))

    # Turning: what lies nearer to the camera than the outline of the face moves further.
    depth = np.maximum(face.points[list(OVAL), 2].mean() - face.points[:, 2], 0)[:, None]
    out["turn"] = depth * face.across
    out["nod"] = depth * face.down
    return out


class Puppet:
    """The portrait as a mesh of triangles, with the eyes and the mouth as layers that lie behind it."""

    def __init__(self, image: np.ndarray, face: Face) -> None:
        self.face, self.can = face, movements(face)
        flat = face.flat[:468]
        outline = flat[list(OVAL)].astype(np.float32)
        step = np.arange(0, SIZE + 1, 16)
        grid = np.stack(np.meshgrid(step, step), -1).reshape(-1, 2).astype(float)
        grid = grid[[cv2.pointPolygonTest(outline, (float(x), float(y)), measureDist=True) < -7 for x, y in grid]]
        self.source = np.vstack([flat, grid])
        self.triangles = Delaunay(self.source).simplices
        holes = [set(MOUTH), *(set(ring) for ring in EYES.values())]
        self.triangles = np.array([tri for tri in self.triangles if not any(set(tri) <= hole for hole in holes)])
        depth = np.append(face.points[:468, 2], np.full(len(grid), SIZE))[self.triangles].mean(1)
        self.triangles = self.triangles[np.argsort(-depth, kind="stable")]  # what is nearer is drawn over what it hides
        self.holes = {"mouth": MOUTH, **EYES}
        middle = flat[list(OVAL)].mean(0) - np.array((0, 14))
        off = np.linalg.norm((self.source - middle) / (128, 150), axis=1)
        self.head = np.clip((1.75 - off) / 0.75, 0, 1)[:, None] ** 1.3  # 1 in the head, 0 in the background
        self.head[self.source[:, 1] > 470] = 0
        self.pivot = np.array([middle[0], 430.0])
        self.image = self._made_up(self._without_smile_lines(image))
        self.teeth = self._inside_of_the_mouth(image)

    def _without_smile_lines(self, image: np.ndarray) -> np.ndarray:
        """Soften the folds from the nose to the mouth, which a face at rest hardly has."""
        mask = np.zeros(image.shape[:2], np.float32)
        for fold in ((129, 203, 206, 216, 212), (358, 423, 426, 436, 432)):
            cv2.polylines(mask, [self.face.flat[list(fold)].astype(np.int32)], isClosed=False, color=1.0, thickness=13)
        mask = 0.75 * cv2.GaussianBlur(mask, (0, 0), 4)[..., None]
        soft = cv2.GaussianBlur(image, (0, 0), 11)
        return (image * (1 - mask) + soft * mask).astype(np.uint8)

    def _made_up(self, image: np.ndarray) -> np.ndarray:
        """Draw the thin brows on to their inner ends and redden the pale lips, so that small movements can be seen."""
        brows, lips = np.zeros((2, *image.shape[:2]), np.float32)
        for brow in (((63, 53), (105, 52), (66, 65), (107, 55)), ((293, 283), (334, 282), (296, 295), (336, 285))):
            line = np.array([0.35 * self.face.flat[a] + 0.65 * self.face.flat[b] for a, b in brow])
            cv2.polylines(brows, [np.round(line * 16).astype(np.int32)], False, 1.0, 4, cv2.LINE_AA, 4)
        brows = 0.45 * cv2.GaussianBlur(brows, (0, 0), 1.8)[..., None]
        for ring, ink in (((61, *LIP_UPPER_OUT, 291, *LIP_LOWER_OUT[::-1]), 1.0), (MOUTH, 0.0)):
            cv2.fillPoly(lips, [np.round(self.face.flat[list(ring)] * 16).astype(np.int32)], ink, cv2.LINE_AA, 4)
        lips = cv2.GaussianBlur(lips, (0, 0), 1.5)[..., None]
        out = image * (1 - brows) + np.array((52, 72, 100)) * brows
        return (out * (1 - lips * np.array((0.24, 0.27, 0.08)))).astype(np.uint8)

    def _inside_of_the_mouth(self, image: np.ndarray) -> np.ndarray:
        """The teeth of the smile before a dark mouth."""
        mask = np.zeros(image.shape[:2], np.float32)
        ring = self.face.flat[list(MOUTH)]
        ring = ring.mean(0) + (ring - ring.mean(0)) * 0.96
        cv2.fillPoly(mask, [np.round(ring * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
        mask = cv2.GaussianBlur(mask, (0, 0), 1.2)[..., None]
        return (0.92 * image * mask + np.array((34, 26, 58)) * (1 - mask)).astype(np.uint8)

    def draw(self, at: dict[str, float]) -> np.ndarray:
        """One frame (SIZE, SIZE, 3, BGR) with these strengths of the movements."""
        moved = self.face.flat + sum(at[name] * field for name, field in self.can.items())
        pose = at["turn"] * self.can["turn"] + at["nod"] * self.can["nod"]
        angle = np.radians(at["roll"])
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])

        def posed(points: np.ndarray, head: np.ndarray | float = 1.0) -> np.ndarray:
            return points + head * ((points - self.pivot) @ turn + self.pivot + (at["sway"], at["sink"]) - points)

        target = np.vstack([moved[:468], self.source[468:]])
        target = posed(target, self.head)
        frame = self._warp(target)
        for name, ring in self.holes.items():
            shape = posed(moved[list(ring)])
            if name == "mouth":  # the upper teeth belong to the skull
                behind = self._behind(self.teeth, posed, pose[13], None, 0)
            else:
                drop = at["gaze"] * 2.6 * self.face.mm
                behind = self._behind(self.image, posed, pose[IRIS[name]], self.face.flat[IRIS[name]], drop)
            frame = _through(frame, behind, shape, rim=0.55 if name == "mouth" else 0.15)
        return frame

    def _warp(self, target: np.ndarray) -> np.ndarray:
        """Draw the mesh with its corners at `target`: for every pixel of every triangle, where it comes from."""
        ones = np.ones((len(self.triangles), 3, 1))
        corners = np.concatenate([target[self.triangles], ones], -1)
        flat = np.abs(np.linalg.det(corners)) < 1e-3
        corners[flat] += np.eye(3) * 1e-2
        affine = np.linalg.solve(corners, self.source[self.triangles])
        owner = np.zeros((SIZE, SIZE), np.int32)
        for number, tri in enumerate(np.round(target[self.triangles] * 16).astype(np.int32)):
            cv2.fillConvexPoly(owner, tri, number, cv2.LINE_8, 4)
        y, x = np.mgrid[:SIZE, :SIZE]
        place = np.stack([x, y, np.ones_like(x)], -1).astype(float)
        come = np.einsum("hwi,hwij->hwj", place, affine[owner]).astype(np.float32)
        return cv2.remap(self.image, come, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)

    def _behind(self, image: np.ndarray, posed, shift: np.ndarray, iris: np.ndarray | None, drop: float) -> np.ndarray:
        """A layer that moves with the skull alone; around `iris` it slides down by `drop` pixels."""
        frame = np.array([(0, 0), (SIZE, 0), (0, SIZE)], np.float32)
        back = cv2.getAffineTransform(posed(frame + shift).astype(np.float32), frame)
        y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)
        come = np.stack([x, y, np.ones_like(x)], -1) @ back.T.astype(np.float32)
        if iris is not None:
            centre = iris + np.array((0, drop))
            come[..., 1] -= drop * np.exp(-((np.linalg.norm(come - centre, axis=-1) / 10.0) ** 4))
        return cv2.remap(image, come, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def _through(front: np.ndarray, behind: np.ndarray, shape: np.ndarray, rim: float) -> np.ndarray:
    """Show what lies behind through a hole in the front, with a soft dark rim (0-1) where the two meet, fading to the corners."""
    mask = np.zeros(front.shape[:2], np.float32)
    points = np.round(shape * 16).astype(np.int32)
    cv2.fillPoly(mask, [points], 1.0, cv2.LINE_AA, 4)
    mask = cv2.GaussianBlur(mask, (0, 0), 0.7)
    line = np.zeros_like(mask)
    half = np.ptp(shape[:, 0]) / 2
    for one, other in zip(range(len(points)), [*range(1, len(points)), 0], strict=True):
        share = abs((shape[one, 0] + shape[other, 0]) / 2 - shape[:, 0].mean()) / half
        ink = np.zeros_like(mask)
        cv2.line(ink, points[one], points[other], max(0.0, 1 - share**2), 1, cv2.LINE_AA, 4)
        line = np.maximum(line, ink)
    line = rim * np.clip(cv2.GaussianBlur(line, (0, 0), 1.0) * 1.8, 0, 1)
    deep = np.clip(cv2.GaussianBlur(mask, (0, 0), 2.5) * 1.3, 0.75, 1)
    mixed = front * (1 - mask[..., None]) + behind * (mask * deep)[..., None]
    return np.clip(mixed * (1 - line[..., None]), 0, 255).astype(np.uint8)
