"""What the face sense finds in real pictures, and whether its numbers hold when a picture is turned, scaled, blurred or compressed.

    CUECHAIN_DATA=… python benchmarks/faces.py

Then who is who (face_tracks.py) and who speaks (face_speakers.py). Nothing here is a test set: the pictures were looked at while the sense
was written, and one person read the expressions.
"""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import face_speakers
import face_tracks
import numpy as np
from figures import Figure
from PIL import Image

from cuechain.agents.media import Frame, opened
from cuechain.agents.perception.faces.face_words import UNITS
from cuechain.agents.perception.faces.movements import ON, READABLE, Seen, read
from cuechain.agents.perception.faces.tracks import Faces

READ: dict[str, tuple[str, ...]] = {
    "azure_Family1-Dad1": ("so",),
    "azure_Family1-Dad2": ("so",),
    "azure_Family1-Dad3": ("so",),
    "azure_Family1-Daughter1": ("o",),
    "azure_Family1-Daughter2": ("so",),
    "azure_Family1-Daughter3": ("o",),
    "azure_Family1-Mom1": ("so",),
    "azure_Family1-Mom2": ("so",),
    "azure_Family1-Son1": ("o",),
    "azure_Family1-Son2": ("so",),
    "azure_Family2-Lady1": ("so",),
    "azure_Family2-Lady2": ("so",),
    "azure_Family2-Man1": ("so",),
    "azure_Family2-Man2": ("s?",),
    "azure_Family3-Lady1": ("so",),
    "azure_Family3-Man1": ("so",),
    "azure_cv_faces": ("so", "so", "so", "so", "so", "s?"),
    "azure_detection1": ("so",),
    "azure_detection4": ("?", "so", "?"),
    "google_face-input": ("",),
    "google_face_no_surprise": ("o",),
    "pyfeat_0-f1-su-ph": ("o",),
    "pyfeat_0-f15-hao-ph": ("so",),
    "pyfeat_15-f13-anc-ph": ("",),
    "pyfeat_45-m7-di-ph": ("",),
    "pyfeat_multi_face": ("so", "so", "", "so", "so"),
    "pyfeat_single_face": ("so",),
    "skimage_astronaut": ("so",),
    "usgov_biden": ("",),
    "usgov_obama": ("so",),
}
"""Photograph → its faces from left to right as one person read them: s smiles, o lips apart, ? cannot be seen. The last of azure_cv_faces
is the sixth, of whom five are followed."""

FILMS = ("media/videos/talking_wda_aoc.mp4", "media/videos/pyfeat_face_noface.mov")


def turned(image: np.ndarray, degrees: float) -> np.ndarray:
    """Turned about its middle."""
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)


def scaled(image: np.ndarray, by: float) -> np.ndarray:
    """Resized."""
    return cv2.resize(image, None, fx=by, fy=by, interpolation=cv2.INTER_AREA if by < 1 else cv2.INTER_CUBIC)


def compressed(image: np.ndarray) -> np.ndarray:
    """JPEG, quality 30."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=30)
    return np.asarray(Image.open(file))


VERSIONS: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {
    "mirrored": lambda image, _: np.ascontiguousarray(image[:, ::-1]),
    "turned by 15°": lambda image, _: turned(image, 15),
    "turned by -15°": lambda image, _: turned(image, -15),
    "scaled to 0.7": lambda image, _: scaled(image, 0.7),
    "JPEG 30": lambda image, _: compressed(image),
    "blurred": lambda image, width: cv2.GaussianBlur(image, (0, 0), width / 100),
    "darkened": lambda image, _: (image * 0.45).astype(np.uint8),
    "face of 64 pixels": lambda image, width: scaled(image, 64 / width),
}
"""Name → function of a picture and the width of its face in pixels: what must not change a movement of the face."""


def followed(frames: Iterator[Frame]) -> tuple[Seen, float] | None:
    """The face that is seen most and largest, and its width in pixels."""
    faces = Faces()
    for frame in frames:
        faces.watch(frame)
    faces.close()
    if not faces.people:
        return None
    one = max(faces.people, key=lambda p: (len(p.times), float(np.median(p.table[:, -1]))))
    return read(one), float(np.median(one.table[:, -1]))


def pictures(data: Path) -> Iterator[list[Frame]]:
    """Every photograph with some margin, as a clip of one frame, and two films of one face."""
    for name in READ:
        image = Image.open(next((data / "media/faces").glob(f"{name}.*"))).convert("RGB")
        image.thumbnail((1280, 1280))
        array = np.asarray(image)
        high, wide = array.shape[0] // 6, array.shape[1] // 6
        yield [_frame(0.0, cv2.copyMakeBorder(array, high, high, wide, wide, cv2.BORDER_REPLICATE), 0.0)]
    for name in FILMS:
        with opened(data / name) as clip:
            yield [_frame(f.time, f.image.copy(), f.hold) for f in clip.frames(12.5) if f.shot == 0]


def _frame(at: float, image: np.ndarray, hold: float) -> Frame:
    return Frame(at, image, 0, 0, 0.0, hold, (image.shape[1], image.shape[0]))


def retested(data: Path) -> tuple[dict[str, np.ndarray], int, int]:
    """Unit → (n, 2) intensities in pairs of a picture and another version of it; pictures and films; versions without a face."""
    pairs: dict[str, list[np.ndarray]] = {unit: [] for unit in UNITS}
    used = lost = 0
    for frames in pictures(data):
        first = followed(iter(frames))
        if first is None or first[1] < 60:
            continue
        used += 1
        for change in VERSIONS.values():
            second = followed(_frame(f.time, change(f.image, first[1]), f.hold) for f in frames)
            if second is None:
                lost += 1
                continue
            _, mine, theirs = np.intersect1d(first[0].times, second[0].times, return_indices=True)
            for unit, found in pairs.items():
                found.append(np.stack([first[0].units[unit][mine], second[0].units[unit][theirs]], axis=1))
    return {unit: np.concatenate(found) for unit, found in pairs.items()}, used, lost


def agreement(pairs: np.ndarray) -> tuple[float, int]:
    """How far two versions agree that a unit is active (Dice), and in how many pairs either says so."""
    on = pairs >= ON
    either = int(on.any(1).sum())
    return (2 * on.all(1).sum() / max(int(on.sum()), 1), either)


def photographs(data: Path) -> Iterator[Figure]:
    """Faces, smiles and parted lips found in photographs."""
    found, smiles, parted = 0, [], []
    for name, read_as in READ.items():
        faces = Faces()
        with opened(next((data / "media/faces").glob(f"{name}.*"))) as clip:
            for frame in clip.frames(12.5):
                faces.watch(frame)
        faces.close()
        found += len(faces.people)
        for person, seen_as in zip(faces.people, read_as, strict=False):
            seen = read(person)
            if seen.trust[0] < READABLE:
                continue
            smiles.append(("s" in seen_as, bool(seen.units["au12"][0] >= ON)))
            if "?" not in seen_as:
                parted.append(("o" in seen_as, bool(seen.units["au25"][0] >= ON)))
    of = sum(len(r) for r in READ.values())
    where = "30 photographs (media/faces), read by one person"
    yield Figure("face", "faces found", f"{found} of {of}", "-", of, where)
    for what, told in (("smiles (AU12)", smiles), ("lips apart (AU25)", parted)):
        right, all_ = sum(a and b for a, b in told), sum(a for a, _ in told)
        wrong = sum(b and not a for a, b in told)
        value = f"{right} of {all_} found; {wrong} told where there is none"
        yield Figure("face", what, value, f"always told: {len(told) - all_} wrong", len(told), where)


def cost(data: Path) -> Iterator[Figure]:
    """CPU time of a frame of a talking head."""
    with opened(data / FILMS[0]) as clip:
        frames = [_frame(f.time, f.image.copy(), f.hold) for f in clip.frames(12.5)]
    faces = Faces()
    faces.watch(frames[0])
    begin = time.process_time()
    for frame in frames[1:]:
        faces.watch(frame)
    spent = 1000 * (time.process_time() - begin) / (len(frames) - 1)
    faces.close()
    yield Figure("face", "CPU ms a frame, one face, 512×512", f"{spent:.1f}", "-", len(frames) - 1, FILMS[0])


def figures(data: Path) -> Iterator[Figure]:
    """All rows of the face sense and of who speaks."""
    yield from photographs(data)
    pairs, used, lost = retested(data)
    yield Figure(
        "face", "pictures and films in which another version lost the face", str(lost), "-", used * len(VERSIONS), "32"
    )
    for unit, both in pairs.items():
        alike, either = agreement(both)
        apart = float(np.abs(both[:, 0] - both[:, 1]).mean())
        yield Figure(
            sense="face",
            what=f"{unit.upper()}: agreement of two versions that it is active; mean difference of intensity",
            value=f"{alike:.2f}; {apart:.3f}" if either else f"never active; {apart:.3f}",
            baseline="-",
            n=either,
            data=f"{len(READ)} photographs, {len(FILMS)} films, {len(VERSIONS)} versions of each",
        )
    yield from cost(data)
    yield from face_tracks.figures(data)
    yield from face_speakers.figures(data)


if __name__ == "__main__":
    for row in figures(Path(os.environ["CUECHAIN_DATA"])):
        print(f"{row.what}: {row.value} ({row.baseline}; n={row.n})", flush=True)
