"""What the faces in the picture do: movements of the face and head per person, never a feeling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from cuechain.agents.errors import ToolError
from cuechain.agents.perception.movements import Seen, Stretch, read, stretches, swings
from cuechain.agents.perception.sense import Sense
from cuechain.agents.perception.tracks import MAX_FACES, SMALL, Faces, Person
from cuechain.agents.settings import Settings
from cuechain.agents.values import Cue, Gap, Span

if TYPE_CHECKING:
    from cuechain.agents.media import Clip, Frame

UNITS: dict[str, tuple[str, str, float, float]] = {
    "au1": ("the inner brows", "rise", 0.40, 1.0),
    "au2": ("the outer brows", "rise", 0.40, 1.0),
    "au4": ("the brows", "draw down or together", 0.35, 1.0),
    "au5": ("the upper eyelids", "rise, so that the eyes widen", 0.15, 0.9),
    "au6": ("the cheeks", "lift towards the eyes", 0.45, 0.8),
    "au7": ("the eyelids", "tighten", 0.15, 0.6),
    "au9": ("the nose", "wrinkles", 0.25, 1.0),
    "au10": ("the upper lip", "rises", 0.25, 0.9),
    "au12": ("the lip corners", "pull up", 0.70, 1.0),
    "au14": ("one lip corner", "tightens into a dimple", 0.15, 0.8),
    "au15": ("the lip corners", "pull down", 0.25, 1.0),
    "au17": ("the chin", "pushes the lower lip up", 0.20, 0.7),
    "au20": ("the lips", "stretch sideways", 0.20, 0.7),
    "au23": ("the lips", "tighten", 0.10, 0.6),
    "au24": ("the lips", "press together", 0.15, 0.7),
    "au25": ("the lips", "part", 0.80, 0.4),
    "au26": ("the jaw", "drops", 0.55, 0.7),
    "au45": ("the eyes", "stay closed", 0.60, 0.7),
}
"""Unit → (what moves, what it does, reliability, weight in salience).

Reliability: py-feat v1 reports F1 on DISFA+ with a mean of 0.36 over units, 0.54 for AU12 and 0.05 for AU5 (Cheong et al. 2023); those
are the guide, from above, for geometry without learning. 12, 25, 26, 45 stand higher because large displacements of lips, jaw and lids
are what a mesh measures best: on 51 photographs and posters all 25 plain smiles were found (benchmarks/media_visual.md).
5, 7, 14, 23, 24 move skin by a millimetre or less and are little better than guesses."""

PROTOTYPES: dict[str, tuple[tuple[str, ...], ...]] = {
    "joy": (("au6",), ("au12",)),
    "sadness": (("au1",), ("au4",), ("au15",)),
    "surprise": (("au1", "au2", "au5"), ("au26",)),
    "fear": (("au1", "au2"), ("au4",), ("au5", "au7"), ("au20", "au26")),
    "anger": (("au4",), ("au5", "au7"), ("au23", "au24")),
    "disgust": (("au9", "au10"), ("au4", "au15", "au17")),
}
"""EMFACS prototypes (Ekman & Friesen 1983). Of each group one unit is enough: a mesh misses many of the small ones."""

PROTOTYPE_RELIABILITY = 0.3
"""Below that of any unit it needs; faces show prototypes in a minority of felt emotions (Barrett et al. 2019)."""

MOST = 40
"""Movement cues kept for one person: the most salient ones."""


class Face(Sense):
    """Faces: action units, head movements, gaze and blinks of up to five people at once."""

    name: ClassVar[str] = "face"
    version: ClassVar[str] = "1"
    about: ClassVar[str] = "Movements of faces (action units), head, gaze and blinks, per person."
    streams: ClassVar[frozenset[str]] = frozenset({"video", "image"})

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
        for number, person in enumerate(people, 1):
            yield from self._person(f"P{number}", person, several=len(people) > 1)
        yield from self._gaps(people)

    def _gaps(self, people: list[Person]) -> Iterator[Gap]:
        small = self._faces.too_small
        if self._frames and not people:
            if small:
                yield Gap(
                    sense=self.name,
                    reason="a face was found, but too small to read",
                    hint=f"give a picture in which the face is at least {SMALL} pixels wide",
                )
            else:
                yield Gap(sense=self.name, reason="no face was seen")
        elif small and (not self._seconds or small > 0.2 * self._seconds):
            yield Gap(sense=self.name, reason="further faces are too small to read")
        if self._faces.crowded:
            yield Gap(
                sense=self.name, reason=f"more faces than the {MAX_FACES} largest are there; the others were not read"
            )

    def _person(self, name: str, person: Person, several: bool) -> Iterator[Cue | Gap]:
        seen = read(person)
        moved = [*self._units(name, seen), *self._head(name, seen), *self._gaze(name, seen)]
        yield self._presence(name, seen, several)
        yield from self._calm(name, seen, moved)
        yield from sorted(sorted(moved, key=lambda c: -c.salience)[:MOST], key=lambda c: c.span.start if c.span else 0)
        yield from self._prototypes(name, seen)
        yield from self._lips(name, seen)
        if seen.trust.max() < 0.35:
            yield Gap(
                sense=self.name, reason=f"the face of {name} is turned away or very small: few movements can be read"
            )

    def _cue(
        self,
        name: str,
        seen: Seen,
        text: str,
        stretch: Stretch | None,
        *,
        reliability: float,
        salience: float,
        measures: dict[str, float | str],
    ) -> Cue:
        """A cue with the confidence of its frames and the hedge that follows from it."""
        if stretch is None:
            trust, span = float(seen.trust.mean()), Span(start=float(seen.times[0]), end=_end(seen))
        else:
            trust = float(seen.trust[stretch.first : stretch.last + 1].mean())
            span = Span(start=round(stretch.start, 2), end=round(stretch.end, 2))
        confidence = round(min(1.0, trust), 2)
        return Cue(
            sense=self.name,
            text=text.replace("{hedge}", _hedge(reliability * confidence)),
            span=None if seen.still else span,
            person=name,
            confidence=confidence,
            reliability=reliability,
            salience=round(min(1.0, max(0.0, salience)), 2),
            measures={k: round(v, 3) if isinstance(v, float) else v for k, v in measures.items()},
            source=self.source(),
        )

    def _units(self, name: str, seen: Seen) -> Iterator[Cue]:
        found = {unit: self._active(seen, unit) for unit in UNITS}
        for unit, active in found.items():
            if unit == "au2":
                continue  # told with au1
            share = sum(s.end - s.start for s in active) / max(seen.length, 1e-6) if not seen.still else 0.0
            for one in active:
                parts, does, reliability, weight = UNITS[unit]
                measures = _at(seen, unit, one)
                label = unit.upper()
                if unit == "au1" and measures_peak(seen, "au2", one) >= 0.2:
                    measures |= _at(seen, "au2", one)
                    parts, label = "the inner and outer brows", "AU1+2"
                side = _side(measures, unit)
                strength = "strong" if one.peak >= 0.7 else "medium" if one.peak >= 0.45 else "slight"
                where = f" on the {side} side" if side and unit != "au14" else ""
                own = "" if seen.own else ", against an average face"
                yield self._cue(
                    name,
                    seen,
                    f"{parts} {{hedge}}{does}{where} ({label}, {strength}{own})",
                    one,
                    reliability=reliability,
                    salience=weight * one.peak * (1 - 0.5 * min(1.0, share)),
                    measures=measures | ({} if seen.still else {"peak_s": one.peak_s}),
                )

    def _active(self, seen: Seen, unit: str) -> list[Stretch]:
        values = seen.units[unit]
        if unit == "au45":  # blinks are counted elsewhere
            return stretches(seen, values, on=0.6, off=0.3, least=0.7)
        if unit == "au1":
            import numpy as np

            values = np.maximum(values, seen.units["au2"])
        return stretches(seen, values * (seen.trust > 0.3), least=0.2)

    def _head(self, name: str, seen: Seen) -> Iterator[Cue]:
        if seen.still:
            return
        for angle, least, turns, word, key in (("pitch", 4.0, 3, "nods", "nods"), ("yaw", 6.0, 4, "shakes", "shakes")):
            for one, times in swings(seen, seen.extra[angle], least, turns):
                yield self._cue(
                    name,
                    seen,
                    f"the head {{hedge}}{word} ({times} time{'s' if times > 1 else ''})",
                    one,
                    reliability=0.5,
                    salience=0.5,
                    measures={key: float(times)},
                )

    def _gaze(self, name: str, seen: Seen) -> Iterator[Cue]:
        import numpy as np

        if seen.still or seen.length < 3:
            return
        up, side = seen.extra["pitch"] + seen.extra["gaze_up"], seen.extra["yaw"] + seen.extra["gaze_side"]
        up, side = up - np.median(up), side - np.median(side)
        away = np.hypot(up, side) * (seen.units["au45"] < 0.5)
        for one in stretches(seen, away, on=20, off=14, least=0.5):
            middle = slice(one.first, one.last + 1)
            u, s = float(np.median(up[middle])), float(np.median(side[middle]))
            way = ("up" if u > 0 else "down") if abs(u) > abs(s) else ("to their left" if s > 0 else "to their right")
            yield self._cue(
                name,
                seen,
                f"the gaze {{hedge}}turns away {way} ({one.end - one.start:.1f} s)",
                one,
                reliability=0.45,
                salience=0.3 + 0.2 * min(1.0, one.peak / 40),
                measures={"gaze_away_s": one.end - one.start},
            )

    def _presence(self, name: str, seen: Seen, several: bool) -> Cue:
        """Who is meant, and how the head is held."""
        import numpy as np

        pitch, yaw, roll = (float(np.median(seen.extra[a])) for a in ("pitch", "yaw", "roll"))
        share = min(1.0, seen.length / self._seconds) if self._seconds else 1.0
        measures: dict[str, float | str] = {
            "visible_share": share,
            "pitch_deg": pitch,
            "yaw_deg": yaw,
            "roll_deg": roll,
        }
        closed = stretches(seen, seen.units["au45"], on=0.5, off=0.3, least=0.0)
        blinks = sum(s.end - s.start < 0.7 for s in closed)
        if seen.length >= 10:
            measures["blinks_per_min"] = 60 * blinks / seen.length
        x = float(np.median(seen.extra["x"]))
        place = "" if not several else f" at the {'left' if x < 0.4 else 'right' if x > 0.6 else 'centre'}"
        turned = "turned to the camera" if abs(yaw) < 20 else f"turned to their {'left' if yaw > 0 else 'right'}"
        tilt = ", raised" if pitch > 18 else ", lowered" if pitch < -18 else ""
        often = "" if seen.still else f" for {share:.0%} of the time"
        return self._cue(
            name,
            seen,
            f"a face{place} is in view{often}, {turned}{tilt}",
            None,
            reliability=0.7,
            salience=0.15,
            measures=measures,
        )

    def _calm(self, name: str, seen: Seen, moved: list[Cue]) -> Iterator[Cue]:
        """That a face hardly moves is worth saying, but only where it was well seen."""
        strongest = max((float(seen.units[u].max()) for u in UNITS if u not in ("au25", "au45")), default=0.0)
        if any(c.salience > 0.2 for c in moved) or strongest > 0.45 or seen.trust.mean() < 0.6:
            return
        if seen.still:
            text = "the face {hedge}shows no clear movement"
        elif seen.length >= 2:
            text = "the face {hedge}hardly moves beyond blinks and speech"
        else:
            return
        yield self._cue(name, seen, text, None, reliability=0.5, salience=0.35, measures={"strongest_au": strongest})

    def _prototypes(self, name: str, seen: Seen) -> Iterator[Cue]:
        import numpy as np

        for feeling, groups in PROTOTYPES.items():
            strengths = np.stack([np.max([seen.units[u] for u in group], axis=0) for group in groups])
            match = strengths.min(axis=0) * (seen.trust > 0.4)
            for one in sorted(stretches(seen, match, on=0.25, off=0.12, least=0.3), key=lambda s: -s.peak)[:5]:
                frames = slice(one.first, one.last + 1)
                used = [u for g in groups for u in g if float(seen.units[u][frames].max()) >= 0.25]
                together = "+".join(u.removeprefix("au") for u in used)
                yield self._cue(
                    name,
                    seen,
                    f"together these movements are often seen with {feeling}, but not only then (AU{together})",
                    one,
                    reliability=PROTOTYPE_RELIABILITY,
                    salience=0.2 + 0.4 * one.peak,
                    measures={"prototype": feeling, "match": one.peak},
                )

    def _lips(self, name: str, seen: Seen) -> Iterator[Cue]:
        """Stretches in which the lips move as in talking: says who may be speaking, not what is felt."""
        for one in stretches(seen, seen.talking.astype(float), on=0.5, off=0.5, least=0.8)[:30]:
            yield self._cue(
                name,
                seen,
                "the lips {hedge}move as in talking",
                one,
                reliability=0.6,
                salience=0.1,
                measures={"lips_moving_s": one.end - one.start},
            )


def measures_peak(seen: Seen, unit: str, one: Stretch) -> float:
    """Largest intensity of a unit within a stretch."""
    return float(seen.units[unit][one.first : one.last + 1].max())


def _at(seen: Seen, unit: str, one: Stretch) -> dict[str, float | str]:
    """Intensities of a unit at its own peak within a stretch, sides included where they are told apart."""
    frames = slice(one.first, one.last + 1)
    peak = one.first + int(seen.units[unit][frames].argmax())
    names = [n for n in (unit, f"{unit}_left", f"{unit}_right") if n in seen.units]
    return {n: float(abs(seen.units[n][peak])) for n in names}


def _side(measures: dict[str, float | str], unit: str) -> str:
    """`left` or `right` when one side moves far more than the other."""
    left, right = float(measures.get(f"{unit}_left", 0)), float(measures.get(f"{unit}_right", 0))
    if abs(left - right) < 0.35 or min(left, right) > 0.25:
        return ""
    return "left" if left > right else "right"


def _hedge(sure: float) -> str:
    return "possibly " if sure < 0.5 else "clearly " if sure > 0.75 else ""


def _end(seen: Seen) -> float:
    return float(max(seen.times[-1] + seen.holds[-1], seen.times[0]))
