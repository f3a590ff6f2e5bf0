"""What the faces in the picture do: movements of the face and head per person, never a feeling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from cuechain.agents.errors import ToolError
from cuechain.agents.perception.faces.face_reliability import RELIABILITIES, sure
from cuechain.agents.perception.faces.face_words import Teller
from cuechain.agents.perception.faces.movements import READABLE, read
from cuechain.agents.perception.faces.tracks import MAX_FACES, SMALL, Faces
from cuechain.agents.perception.sense import Reliability, Sense
from cuechain.agents.settings import Settings
from cuechain.agents.values import Cue, Gap

if TYPE_CHECKING:
    import numpy as np

    from cuechain.agents.media import Clip, Frame

MOST = 40
"""Movement cues kept for one person: the most salient ones."""


class Face(Sense):
    """Faces: action units, head movements, gaze and blinks of up to five people at once."""

    name: ClassVar[str] = "face"
    version: ClassVar[str] = "4"
    about: ClassVar[str] = "Movements of faces (action units), head, gaze and blinks, per person."
    streams: ClassVar[frozenset[str]] = frozenset({"video", "image"})
    reliabilities: ClassVar[tuple[Reliability, ...]] = RELIABILITIES

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._faces = Faces()
        self._seconds = 0.0
        self._frames = 0

    @classmethod
    def missing(cls) -> Gap | None:
        """A Gap when MediaPipe is not installed."""
        from importlib.util import find_spec

        from cuechain.agents.errors import MissingExtraError

        if find_spec("mediapipe") is not None:
            return None
        lacking = MissingExtraError("MediaPipe, which finds faces,", "face")
        return Gap(sense=cls.name, reason=lacking.message, hint=lacking.hint)

    def watch(self, frame: Frame) -> None:
        """Find and measure the faces of one frame."""
        self._frames += 1
        self._seconds += frame.hold
        try:
            self._faces.watch(frame)
        except (RuntimeError, ValueError) as error:  # what MediaPipe's graph raises
            raise ToolError(f"the face mesh failed: {error}") from error

    def perceive(self, clip: Clip, heard: Sequence[Cue]) -> Iterator[Cue | Gap]:
        """Movements of every person, then what could not be seen."""
        self._faces.close()
        enough = min(0.4, 0.5 * self._seconds)
        people = [p for p in self._faces.people if sum(p.holds) >= enough]
        seen = [s for p in people if (s := read(p)).trust.max() >= READABLE]
        for number, one in enumerate(seen, 1):
            yield from self._person(Teller(f"P{number}", one, self.source()), several=len(seen) > 1, sound=clip.sound)
        if len(seen) < len(people):
            yield Gap(
                sense=self.name,
                reason="a face is turned too far away to read",
                hint="only faces within some 40 degrees are read",
            )
        yield from self._gaps(bool(people))

    def _gaps(self, found: bool) -> Iterator[Gap]:
        small = self._faces.too_small
        if self._frames and not found:
            if small:
                yield Gap(
                    sense=self.name,
                    reason="a face was found, but too small to read",
                    hint=f"the face has to be at least {SMALL} pixels wide",
                )
            else:
                yield Gap(sense=self.name, reason="no face was seen")
        elif small and (not self._seconds or small > 0.2 * self._seconds):
            yield Gap(sense=self.name, reason="further faces are too small to read")
        if self._faces.crowded:
            yield Gap(
                sense=self.name, reason=f"more faces than the {MAX_FACES} largest are there; the others were not read"
            )

    def _person(self, teller: Teller, several: bool, sound: np.ndarray | None) -> Iterator[Cue]:
        moved = [*teller.units(), *teller.head(), *teller.gaze()]
        yield self._presence(teller, several, sound)
        yield from teller.calm(moved)
        yield from teller.peak(moved)
        yield from teller.blinks()
        yield from sorted(sorted(moved, key=lambda c: -c.salience)[:MOST], key=lambda c: c.span.start if c.span else 0)
        yield from teller.prototypes()
        yield from teller.lips()

    def _presence(self, teller: Teller, several: bool, sound: np.ndarray | None) -> Cue:
        """Who is meant, and how the head is held."""
        import numpy as np

        seen = teller.seen
        pitch, yaw, roll = (float(np.median(seen.extra[a])) for a in ("pitch", "yaw", "roll"))
        share = min(1.0, seen.length / self._seconds) if self._seconds else 1.0
        measures: dict[str, float | str] = {
            "visible_share": share,
            "pitch_deg": pitch,
            "yaw_deg": yaw,
            "roll_deg": roll,
            **teller.spoken(sound),
        }
        x = float(np.median(seen.extra["x"]))
        place = "" if not several else f" at the {'left' if x < 0.4 else 'right' if x > 0.6 else 'centre'}"
        turned = "turned to the camera" if abs(yaw) < 20 else f"turned to their {'left' if yaw > 0 else 'right'}"
        tilt = ", raised" if pitch > 18 else ", lowered" if pitch < -18 else ""
        often = "" if seen.still else f" for {share:.0%} of the time"
        return teller.cue(
            f"a face{place} is in view{often}, {turned}{tilt}",
            None,
            reliability=sure("view"),
            salience=0.15,
            measures=measures,
        )
