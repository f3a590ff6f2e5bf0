"""What kind of picture it is: people, framing, light, colour, movement, camera, words. Setting, not evidence of a feeling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from cuechain.agents.errors import CueChainError
from cuechain.agents.perception.pictures.camera import STANDING, Camera
from cuechain.agents.perception.pictures.captions import captions, keyframe
from cuechain.agents.perception.sense import Reliability, Sense
from cuechain.agents.settings import Settings
from cuechain.agents.values import Cue, Gap, Span

if TYPE_CHECKING:
    import numpy as np

    from cuechain.agents.media import Clip, Frame

LOOK_EVERY = 2.0
"""Seconds between two searches for faces within a shot."""

LIGHT_EVERY = 0.3
"""Seconds between two measurements of light and colour within a shot, which change slowly."""

LOOKS = 4
"""Searches for faces in one shot at most: a shot's framing seldom changes."""

SIDE = 360
"""Longest side of the picture in which faces are searched; those below 24 pixels there do not change the framing."""

MOST_SHOTS = 2000
"""Shots that are kept; later ones extend the last. Two hours of film have about that many."""

CAPTIONED = 4
"""Shots that a captioner describes, the first of a clip: each costs a call of a large model."""

MOST = 12
"""Captions of one clip: the kinds of picture that fill most of it."""


@dataclass
class Shot:
    """Sums over the frames of one shot."""

    start: float
    end: float
    weight: float = 0.0
    """Seconds; 1 for a still image."""
    sums: Any = None
    """Weighted sums of the columns of _looks, over frames that weigh `lit`."""
    lit: float = 0.0
    motion: float = 0.0
    """Weighted sum of Frame.motion."""
    camera: Camera = field(default_factory=Camera)
    faces: list[tuple[int, float]] = field(default_factory=list)
    """Number of faces and height of the largest as a share of the picture, at each search."""


class Scene(Sense):
    """One caption per kind of shot from what can be measured without learning.

    People are counted by OpenCV's frontal-face cascade and by the face sense, words on the picture come from the screen sense; without
    them it tells less.
    """

    name: ClassVar[str] = "scene"
    version: ClassVar[str] = "4"
    about: ClassVar[str] = "Shots: people, framing, light, colour, movement, camera."
    streams: ClassVar[frozenset[str]] = frozenset({"video", "image"})
    after: ClassVar[tuple[str, ...]] = ("screen", "face")
    reliabilities: ClassVar[tuple[Reliability, ...]] = (
        Reliability(
            "caption", 0.9, "framing right in 39 of 40 pictures, light in 26 of 28 (benchmarks/media_visual.md)"
        ),
        Reliability("pace of cuts", 0.9, "a guess; the cuts are counted"),
        Reliability("described by a captioner", 0.5, "a guess: the model is the user's choice"),
    )

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._shots: list[Shot] = []
        self._shot = -1
        self._looked = self._lit = -1e9
        self._cuts = 0
        self._keyframes: list[tuple[float, bytes]] = []

    @classmethod
    def fingerprint(cls, settings: Settings) -> str:
        return f"{settings.captioner} {settings.base_url}" if settings.captioner else ""

    def watch(self, frame: Frame) -> None:
        """Add one frame to its shot."""
        if frame.shot != self._shot:
            self._cuts += self._shot >= 0
            self._shot, self._looked, self._lit = frame.shot, -1e9, -1e9
            if len(self._shots) < MOST_SHOTS:
                self._shots.append(Shot(frame.time, frame.time))
            if self.settings.captioner and len(self._keyframes) < CAPTIONED:
                self._keyframes.append((frame.time, keyframe(frame.image)))
        shot = self._shots[-1]
        weight = frame.hold or 1.0
        if frame.time - self._lit >= LIGHT_EVERY:
            self._lit, looks = frame.time, _looks(frame.small) * weight
            shot.sums, shot.lit = looks if shot.sums is None else shot.sums + looks, shot.lit + weight
        shot.weight += weight
        shot.end = frame.time + frame.hold
        shot.motion += frame.motion * weight
        shot.camera.watch(frame)
        if frame.time - self._looked >= LOOK_EVERY and len(shot.faces) < LOOKS:
            self._looked = frame.time
            shot.faces.append(_faces(frame.image))

    def perceive(self, clip: Clip, heard: Sequence[Cue]) -> Iterator[Cue | Gap]:
        """A caption for each kind of shot, and the pace of the cuts."""
        still = clip.media.kind == "image" and not clip.media.duration
        groups: dict[str, list[tuple[Shot, dict[str, float | str]]]] = {}
        for shot in self._shots:
            caption, measures = _caption(shot, still, *_seen(shot, heard))
            groups.setdefault(caption, []).append((shot, measures))
        largest = sorted(groups, key=lambda c: -sum(s.weight for s, _ in groups[c]))[:MOST]
        for caption in sorted(largest, key=lambda c: groups[c][0][0].start):
            shots = [s for s, _ in groups[caption]]
            yield self._cue(
                f"{caption} ({len(shots)} shots)" if len(shots) > 1 else caption,
                None if still else Span(start=shots[0].start, end=max(shots[0].start, shots[-1].end)),
                _mean([m for _, m in groups[caption]]) | {"shots": float(len(shots))},
                "caption",
                0.1 if caption.endswith(" view") else 0.25,  # "a still view" says next to nothing
            )
        yield from self._described(still)
        if not still and self._cuts >= 3:
            each = (self._shots[-1].end - self._shots[0].start) / (self._cuts + 1)
            pace = "quickly" if each < 2.5 else "calmly" if each > 8 else "at a usual pace"
            yield self._cue(
                f"the picture is cut {pace} ({self._cuts + 1} shots of {each:.1f} s on average)",
                Span(start=self._shots[0].start, end=self._shots[-1].end),
                {"cuts": float(self._cuts), "shot_mean_s": each},
                "pace of cuts",
                0.2,
            )

    def _described(self, still: bool) -> Iterator[Cue | Gap]:
        """What a captioner says, where one is configured; its failure costs the captions, not the measures."""
        if not self._keyframes:
            return
        try:
            said = captions([image for _, image in self._keyframes], self.settings)
        except CueChainError as error:
            if self.settings.strict:
                raise
            yield Gap(sense=self.name, reason=f"the captioner failed: {error.message}", hint=error.hint, retry=True)
            return
        for (time, _), text in zip(self._keyframes, said, strict=True):
            shot = next((s for s in self._shots if s.start <= time <= s.end), self._shots[-1])
            span = None if still else Span(start=shot.start, end=max(shot.start, shot.end))
            if text:
                yield self._cue(
                    f'a captioning model describes the picture as "{text}"',
                    span,
                    {"captioner": str(self.settings.captioner)},
                    "described by a captioner",
                    0.4,
                )

    def _cue(
        self, text: str, span: Span | None, measures: dict[str, float | str], measure: str, salience: float
    ) -> Cue:
        return Cue(
            sense=self.name,
            text=text,
            span=span,
            confidence=0.7,
            reliability=next(r.value for r in self.reliabilities if r.measure == measure),
            salience=salience,
            measures={k: round(v, 3) if isinstance(v, float) else v for k, v in measures.items()},
            source=self.source(),
        )


def _looks(small: np.ndarray) -> np.ndarray:
    """Light, contrast and saturation 0-1, warmth (b* of CIELAB and half of a*), share of the commonest colour, share of flat areas."""
    import cv2
    import numpy as np

    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    saturation = cv2.cvtColor(small, cv2.COLOR_RGB2HSV)[..., 1]
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB)
    warmth = float(lab[..., 2].mean()) - 128 + 0.5 * (float(lab[..., 1].mean()) - 128)
    coarse = (small >> 5).reshape(-1, 3).astype(np.int32) @ np.array([64, 8, 1])
    # Black in HSV is fully saturated by accident, and black bars are no plain ground: only what has light counts.
    lit = grey > 30
    common = np.bincount(coarse[lit.ravel()], minlength=512).max() / coarse.size
    vivid = float(saturation[lit].mean()) / 255 if lit.any() else 0.0
    flat = float((np.abs(np.diff(grey.astype(np.int16), axis=1)) <= 1).mean())
    return np.array([grey.mean() / 255, grey.std() / 255, vivid, warmth, common, flat])


@cache
def _cascade() -> Any:
    from pathlib import Path

    import cv2

    return cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_alt2.xml"))


def _faces(image: np.ndarray) -> tuple[int, float]:
    """How many frontal faces, and the height of the largest as a share of the picture's. Viola & Jones (2001); a cascade of OpenCV."""
    import cv2

    height, width = image.shape[:2]
    scale = SIDE / max(height, width)
    if min(height, width) * min(scale, 1.0) < 24:
        return 0, 0.0
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    grey = cv2.equalizeHist(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
    found = _cascade().detectMultiScale(grey, 1.15, 5, minSize=(24, 24))
    return len(found), max((float(h) / grey.shape[0] for *_, h in found), default=0.0)


def _seen(shot: Shot, heard: Sequence[Cue]) -> tuple[int, set[str]]:
    """How many people the face sense saw in a shot, and at which places the screen sense read words for a third of it."""
    here = [c for c in heard if c.span is None or min(c.span.end, shot.end) - max(c.span.start, shot.start) > 0]
    people = {c.person for c in here if c.sense == "face" and "visible_share" in c.measures}
    length = shot.end - shot.start
    places = {
        str(c.measures.get("place"))
        for c in here
        if c.sense == "screen"
        and (not c.span or min(c.span.end, shot.end) - max(c.span.start, shot.start) > length / 3)
    }
    return len(people), places


def _caption(shot: Shot, still: bool, people: int, places: set[str]) -> tuple[str, dict[str, float | str]]:
    """The caption of a shot, and the measures that it was made from."""
    light, contrast, vivid, warmth, common, flat = (float(v) for v in shot.sums / shot.lit)
    motion = shot.motion / shot.weight
    frontal, height = max(shot.faces, default=(0, 0.0))
    people = max(frontal, people)
    page = common > 0.6 and light > 0.7 and vivid < 0.12  # mist and snow have more tones
    drawing = not page and common > 0.5 and flat > 0.7
    measures: dict[str, float | str] = {
        "luma": light,
        "contrast": contrast,
        "saturation": vivid,
        "warmth": warmth,
        "motion": motion,
        "faces": float(people),
        "face_height_share": height,
    }
    if contrast < 0.02:
        return f"the picture is an even {'dark' if light < 0.3 else 'bright' if light > 0.7 else 'grey'} area", measures
    brightness = "dark" if light < 0.27 else "bright" if light > 0.6 else ""
    camera = "" if still else shot.camera.told()
    moves = camera not in ("", STANDING)
    movement = "" if still else "restless" if motion > 0.06 else "still" if motion < 0.012 and not moves else ""
    # Borders after the usual shot sizes: the face fills a third of the height in a close-up, an eighth in a medium shot.
    view = (
        "view on a plain light ground"
        if page
        else "drawing or plain graphic"
        if drawing and not people
        else "close-up"
        if height > 0.3
        else "medium view"
        if height > 0.12
        else "wide view"
        if frontal
        else "view"
    )
    words = ", ".join(w for w in (brightness, movement) if w)
    # Faces that are turned away or small are missed, so that there are none, or no more, is not said; a close-up has room for one.
    alone = "one person" if height > 0.3 else "at least one person"
    who = "" if page or not people else f" of {alone}" if people == 1 else f" of at least {people} people"
    tone = (
        "hardly any colour"
        if vivid < 0.08
        else "warm colours"
        if warmth > 11 + 20 * height  # skin is warm by itself
        else "cold colours"
        if warmth < -4
        else "vivid colours"
        if vivid > 0.5
        else "muted colours"
        if vivid < 0.22
        else ""
    )
    written = "" if not places else f", with words at the {places.pop()}" if len(places) == 1 else ", with words on it"
    article = "an" if (words or view)[0] in "aeiou" else "a"
    parts = f"{words}{' ' if words else ''}{view}{who}{', ' + tone if tone else ''}{camera}{written}"
    return f"the picture is {article} {parts}", measures | {"camera": camera.removeprefix(", ") or "unknown"}


def _mean(rows: list[dict[str, float | str]]) -> dict[str, float | str]:
    return {k: sum(float(r[k]) for r in rows) / len(rows) if isinstance(v, float) else v for k, v in rows[0].items()}
