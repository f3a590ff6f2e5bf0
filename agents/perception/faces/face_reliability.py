"""How far each measure of a face may be believed, and how that is known.

"Agreement" is that of two versions of one picture (mirrored, turned by 15°, scaled, compressed, blurred, darkened, a face of 64 pixels)
that a unit is active, over the n pairs in which either says so; 30 photographs and 2 films (benchmarks/faces.py). It bounds a
reliability from above: a number that changes with the picture's size says nothing of the face. py-feat v1, which learned its units from
people's codes, reports F1 on DISFA+ with a mean of 0.36, 0.54 for AU12 and 0.05 for AU5 (Cheong et al. 2023): a guide for what is not
learned.
"""

from __future__ import annotations

from cuechain.agents.perception.sense import Reliability

_GUESS = "a guess, near py-feat's mean F1 of 0.36 on DISFA+; agreement"
_SMALL = "a guess, low because the skin moves by a millimetre or less; agreement"

RELIABILITIES: tuple[Reliability, ...] = (
    Reliability("au1", 0.4, f"{_GUESS} 0.89 (n=97)"),
    Reliability("au2", 0.4, f"{_GUESS} 0.81 (n=37)"),
    Reliability("au4", 0.35, f"{_GUESS} 0.78 (n=53)"),
    Reliability("au5", 0.1, "py-feat on DISFA+ 0.05; agreement 0.55 (n=66)"),
    Reliability("au6", 0.45, f"{_GUESS} 0.98 (n=239); told with a smile only"),
    Reliability("au7", 0.15, f"{_SMALL} 0.90 (n=173); never told in a smile, which narrows the eyes too"),
    Reliability("au9", 0.2, f"{_GUESS} 0.47 (n=26)"),
    Reliability("au10", 0.15, f"{_GUESS} 0 (n=5)"),
    Reliability(
        "au12",
        0.75,
        "27 of 28 smiles found in 39 photographed faces, 1 invented; 6 invented on 27 faces of memes; agreement 0.97 (n=312)",
    ),
    Reliability("au14", 0.15, f"{_SMALL} 0.67 (n=16)"),
    Reliability("au15", 0.25, "a guess, under py-feat's mean F1 of 0.36; never active in the pictures at hand (n=0)"),
    Reliability("au17", 0.2, "a guess; never active in the pictures at hand (n=0)"),
    Reliability("au20", 0.2, f"{_GUESS} 1.00 (n=16)"),
    Reliability("au23", 0.1, f"{_SMALL} unknown (n=0)"),
    Reliability("au24", 0.15, f"{_SMALL} unknown (n=0)"),
    Reliability(
        "au25", 0.85, "32 of 32 parted lips found in 36 photographed faces, none invented; agreement 0.98 (n=281)"
    ),
    Reliability("au26", 0.55, "2 of 2 dropped jaws, but parted lips of children too; agreement 0.97 (n=49)"),
    Reliability("au45", 0.6, "9 of 10 blinks of one talking head found, none invented; agreement 0.99 (n=88)"),
    Reliability("prototype", 0.3, "faces show prototypes in a minority of felt emotions (Barrett et al. 2019)"),
    Reliability("nods", 0.45, "a guess; meshes of one face turned by known angles: tests of the face sense"),
    Reliability("shakes", 0.45, "a guess; as nods"),
    Reliability("gaze_away_s", 0.45, "a guess; as nods, with the iris moved"),
    Reliability("blinks", 0.6, "9 of 10 blinks of one talking head found, none invented"),
    Reliability(
        "lips_moving_s", 0.6, "moving in 99 % of the frames of one talking head and in none of two smiling faces"
    ),
    Reliability("still face", 0.4, "a guess"),
    Reliability("peak_s", 0.5, "a guess: as far as the units at that moment"),
    Reliability(
        "view", 0.9, "40 of 41 faces found in 30 photographs, none on 14 pictures without people, 2 on 7 drawings"
    ),
)
"""What the cues of the face sense are hedged by."""

_VALUES = {one.measure: one.value for one in RELIABILITIES}


def sure(measure: str) -> float:
    """Reliability of a measure."""
    return _VALUES[measure]
