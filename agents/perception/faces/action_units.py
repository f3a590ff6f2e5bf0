"""Facial action units from the geometry of a face mesh.

The 478 landmarks of MediaPipe's attention mesh (Grishchenko et al. 2020, "Attention Mesh") are turned to the front and scaled to one
size, distances between them are compared with the same face at rest, and the differences become intensities from 0 to 1. Nothing is
learned here: each unit is one readable line, after the description of the unit in FACS (Ekman, Friesen & Hager 2002).
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

EYES_MM = 90.0
"""Distance of the outer eye corners to which faces are scaled across. Farkas (1994): 88 mm (women), 91 mm (men)."""

UPRIGHT_MM = 98.0
"""Top of the forehead to base of the nose, to which faces are scaled along: a head tilted back or a long face measures the same."""

REST: dict[str, tuple[float, float, int]] = {
    "inner_brow": (16.5, 3.0, 35),
    "outer_brow": (16.0, 3.0, 35),
    "lids": (7.3, 1.3, 60),
    "upper_lid": (4.2, 1.0, 60),
    "lower_lid": (-2.6, 0.6, 50),
    "cheek": (-33.5, 1.5, 30),
    "ala": (-41.0, 1.5, 30),
    "corner_out": (25.0, 1.5, 30),
    "corner_up": (0.0, 1.5, 35),
    "brow_gap": (29.5, 2.0, 65),
    "lip_gap": (0.5, 0.5, 10),
    "lips": (17.0, 2.5, 65),
    "philtrum": (14.0, 1.5, 65),
    "chin": (15.0, 3.0, 65),
}
"""Measure → (mm at rest, mm by which people differ, percentile of a person's frames that is taken for rest).

Mouth, lips and philtrum follow the adult means of Farkas, "Anthropometry of the Head and Face" (1994); the others were set by hand to
what a mesh at rest shows. The longer a person was seen, the more their own rest counts, but only within 1.5 times what people differ by:
somebody who smiles from beginning to end is not taken for a person whose mouth is like that."""

SIDED = ("inner_brow", "outer_brow", "lids", "upper_lid", "lower_lid", "cheek", "ala", "corner_out", "corner_up")
MIDDLE = ("brow_gap", "lip_gap", "lips", "philtrum", "chin")
COLUMNS = (*(f"{m}_right" for m in SIDED), *(f"{m}_left" for m in SIDED), *MIDDLE)
"""Columns of `measured`. Left and right are the person's own, as in FACS."""

_SIDES = {
    "right": {
        "inner_brow": (107, 66, 55, 65),
        "outer_brow": (70, 63, 46, 53),
        "canthi": (33, 133),
        "upper": (160, 159, 158),
        "lower": (144, 145, 153),
        "cheek": (205, 50, 101),
        "ala": (98, 48, 64),
        "corner": (61,),
        "iris": (468,),
    },
    "left": {
        "inner_brow": (336, 296, 285, 295),
        "outer_brow": (300, 293, 276, 283),
        "canthi": (263, 362),
        "upper": (387, 386, 385),
        "lower": (373, 374, 380),
        "cheek": (425, 280, 330),
        "ala": (327, 278, 294),
        "corner": (291,),
        "iris": (473,),
    },
}

_PARTS = tuple(_SIDES["right"])


@cache
def _averages() -> np.ndarray:
    """(2 * len(_PARTS), 478): takes landmarks to the middles of the parts of _SIDES; one product is ten times as fast as the means."""
    import numpy as np

    rows = np.zeros((2 * len(_PARTS), 478), np.float32)
    for row, points in zip(rows, (points for side in _SIDES.values() for points in side.values()), strict=True):
        row[list(points)] = 1 / len(points)
    return rows


PITCH_REST = 5.0
"""Degrees that the line forehead to nose base leans back in a face that looks straight ahead."""

EYEBALL_MM = 12.0
"""Radius of the eye; turns a shift of the iris into an angle (Gross anatomy: 24 mm across)."""


def frontal(points: np.ndarray) -> tuple[np.ndarray, tuple[float, float, float]]:
    """Turn a face to the front and scale it.

    The axes come from points that expressions hardly move: eye corners and temples across, forehead to nose base along.

    Args:
        points: (478, 3) landmarks in pixels, y down, z away from the camera.

    Returns:
        (478, 3) millimetres from the root of the nose (x to the person's left, y up, z to the front), and pitch, yaw, roll in degrees:
        positive for up, for the person's left, and for a tilt to the person's left shoulder.
    """
    import numpy as np

    p = points * np.array([1.0, -1.0, -1.0])
    eyes, temples = p[263] - p[33], p[454] - p[234]
    wide = math.sqrt(eyes @ eyes)
    x = eyes / wide + temples / math.sqrt(temples @ temples)
    x /= math.sqrt(x @ x)
    y = p[10] - p[2]
    y = y - x * (x @ y)
    y /= math.sqrt(y @ y)
    z = np.array([x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]])
    turned = (p - p[168]) @ np.stack([x, y, z]).T
    turned *= EYES_MM / wide
    turned[:, 1] *= UPRIGHT_MM / abs(turned[10, 1] - turned[2, 1])
    pitch = math.degrees(math.asin(min(1.0, max(-1.0, float(z[1]))))) - PITCH_REST
    return turned, (pitch, math.degrees(math.atan2(z[0], z[2])), -math.degrees(math.atan2(x[1], x[0])))


def measured(face: np.ndarray) -> np.ndarray:
    """The distances (mm, in the order of COLUMNS) of a frontal face, from `frontal`."""
    import numpy as np

    rows: list[float] = []
    # Against the upper lip, which a falling jaw leaves in place; the corner itself follows the jaw by about a quarter. Beyond 12 mm
    # the corner is no longer given back what it fell: a shout would pass for a smile.
    lip = face[13, 1] - 0.25 * min(max(float(face[13, 1] - face[14, 1]), 0.0), 12.0)
    for at in (_averages() @ face).reshape(2, len(_PARTS), 3):
        inner, outer, canthi, upper, lower, cheek, ala, corner, _ = at
        apart = upper - lower
        heights = (inner[1], outer[1], upper[1], lower[1], cheek[1], ala[1])
        above = [float(height - canthi[1]) for height in heights]
        rows += [*above[:2], math.sqrt(apart @ apart), *above[2:], abs(float(corner[0])), float(corner[1] - lip)]
    between = lambda a, b: math.dist(face[a].tolist(), face[b].tolist())  # noqa: E731
    rows += [
        between(107, 336),
        between(13, 14),
        between(0, 13) + between(14, 17),
        float(face[2, 1] - face[0, 1]),
        float(face[17, 1] - face[200, 1]),
    ]
    return np.array(rows, dtype=np.float32)


def gaze(face: np.ndarray) -> tuple[float, float]:
    """Where the eyes point relative to the head, in degrees: up, and to the person's left."""
    import numpy as np

    parts = (_averages() @ face).reshape(2, len(_PARTS), 3)
    shift = (parts[:, _PARTS.index("iris")] - parts[:, _PARTS.index("canthi")]) / EYEBALL_MM
    x, y, _ = np.degrees(np.arcsin(np.clip(shift, -1, 1))).mean(0)
    return float(y), float(x)


def at_rest(rows: np.ndarray, own: float) -> np.ndarray:
    """A person's measures at rest, in the order of COLUMNS.

    Args:
        rows: (n, len(COLUMNS)) measures of frames in which the face was well seen.
        own: How far these frames show the person at rest, 0 (use the general values of REST) to 1.
    """
    import numpy as np

    rest = np.empty(len(COLUMNS))
    for i, column in enumerate(COLUMNS):
        usual, differ, percentile = REST[column.removesuffix("_left").removesuffix("_right")]
        seen = float(np.percentile(rows[:, i], percentile)) if own and len(rows) else usual
        rest[i] = np.clip(seen, usual - 1.5 * own * differ, usual + 1.5 * own * differ)
    return rest


def intensities(rows: np.ndarray, rest: np.ndarray, own: float) -> dict[str, np.ndarray]:
    """Intensity of every unit in every frame, 0 to 1; two-sided ones also as `au12_left` and `au12_right`.

    The ranges (how many mm make a full movement) are set by hand after the scoring marks of FACS. Against general values instead of the
    person's own rest, a movement must first exceed half of what people differ by.

    Args:
        rows: (n, len(COLUMNS)) measures.
        rest: Measures at rest, from `at_rest`.
        own: As in `at_rest`.
    """
    import numpy as np

    def moved(name: str) -> np.ndarray:
        """Millimetres away from rest, less what may be this person's build."""
        usual = REST[name.removesuffix("_left").removesuffix("_right")]
        away = rows[:, COLUMNS.index(name)] - rest[COLUMNS.index(name)]
        slack = (0.5 - 0.35 * own) * usual[1]
        return np.sign(away) * np.maximum(np.abs(away) - slack, 0)

    def grade(millimetres: np.ndarray, start: float, full: float) -> np.ndarray:
        return np.clip((millimetres - start) / (full - start), 0, 1)

    open_ = moved("lip_gap")
    shut = grade(-open_, -2.5, -1.0)
    out: dict[str, np.ndarray] = {}
    for side in ("right", "left"):
        m = {name: moved(f"{name}_{side}") for name in SIDED}
        # Lip corners travel up and out, some 40 degrees above the horizontal in a smile.
        smile = grade(0.77 * m["corner_out"] + 0.64 * m["corner_up"], 1.0, 8.0)
        raised = np.minimum(m["inner_brow"], m["outer_brow"] + 3)
        closing = -m["lids"] / np.maximum(rest[COLUMNS.index(f"lids_{side}")], 3.0)
        shutting = grade(closing, 0.45, 0.75)
        out |= {
            f"au1_{side}": grade(raised, 0.8, 6.0),
            f"au2_{side}": grade(m["outer_brow"], 0.8, 6.0),
            f"au4_{side}": grade(-m["inner_brow"] - 0.7 * moved("brow_gap"), 0.8, 5.0),
            f"au5_{side}": grade(m["upper_lid"] + 0.5 * m["lids"], 0.8, 4.0),
            f"au6_{side}": grade(m["cheek"], 0.5, 4.0) * np.minimum(1, 0.3 + smile),
            f"au7_{side}": grade(closing + 0.1 * m["lower_lid"], 0.12, 0.45) * (1 - shutting),
            f"au9_{side}": grade(m["ala"], 0.8, 4.0) * (1 - smile),
            f"au12_{side}": smile,
            f"au15_{side}": grade(-m["corner_up"], 0.8, 5.0) * shut,
            f"au20_{side}": grade(m["corner_out"] - 1.5 * np.maximum(m["corner_up"], 0), 1.0, 6.0),
            f"au45_{side}": shutting,
        }
    # Dimpler and one-sided smile: one corner drawn while the other stays.
    apart = out["au12_left"] - out["au12_right"]
    weak = np.minimum(out["au12_left"], out["au12_right"]) < 0.25
    out["au14_left"], out["au14_right"] = np.maximum(apart, 0) * shut * weak, np.maximum(-apart, 0) * shut * weak
    for number in (1, 2, 4, 5, 6, 7, 9, 12, 15, 20):
        out[f"au{number}"] = (out[f"au{number}_left"] + out[f"au{number}_right"]) / 2
    out["au14"] = np.maximum(out["au14_left"], out["au14_right"])
    out["au45"] = np.minimum(out["au45_left"], out["au45_right"])
    smile = out["au12"]
    # Cheeks that a smile lifts narrow the eyes: that is AU6 (FACS), and lids that tighten besides cannot be told from it.
    for name in ("au7_left", "au7_right", "au7"):
        out[name] = out[name] * np.clip(2 - 4 * smile, 0, 1)
    out["au20"] = out["au20"] * (1 - smile)
    out["au10"] = grade(-moved("philtrum"), 0.8, 4.5) * (1 - smile)
    out["au17"] = grade(-moved("chin"), 1.0, 5.0) * shut
    thin = grade(-moved("lips"), 1.0, 6.0) * shut
    narrow = -(moved("corner_out_left") + moved("corner_out_right")) / 2
    out["au23"] = thin * grade(narrow, -0.5, 3.0)
    out["au24"] = thin
    out["au25"] = grade(open_, 1.5, 11.0)
    # Lips that part in a smile show teeth without a falling jaw.
    out["au26"] = grade(open_ - 7.0 * smile, 7.0, 22.0)
    return out
