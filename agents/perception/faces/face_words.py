"""What one person's face did, in hedged words: a cue for each movement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cuechain.agents.perception.faces.face_reliability import sure
from cuechain.agents.perception.faces.lips import APART, judged, moving, written
from cuechain.agents.perception.faces.movements import ON, READABLE, Seen, Stretch, stretches, swings
from cuechain.agents.values import Cue, Span

if TYPE_CHECKING:
    import numpy as np

UNITS: dict[str, tuple[str, str, float]] = {
    "au1": ("the inner brows", "rise", 1.0),
    "au2": ("the outer brows", "rise", 1.0),
    "au4": ("the brows", "draw down or together", 1.0),
    "au5": ("the upper eyelids", "rise, so that the eyes widen", 0.9),
    "au6": ("the cheeks", "lift towards the eyes", 0.8),
    "au7": ("the eyelids", "tighten", 0.6),
    "au9": ("the nose", "wrinkles", 1.0),
    "au10": ("the upper lip", "rises", 0.9),
    "au12": ("the lip corners", "pull up", 1.0),
    "au14": ("one lip corner", "tightens into a dimple", 0.8),
    "au15": ("the lip corners", "pull down", 1.0),
    "au17": ("the chin", "pushes the lower lip up", 0.7),
    "au20": ("the lips", "stretch sideways", 0.7),
    "au23": ("the lips", "tighten", 0.6),
    "au24": ("the lips", "press together", 0.7),
    "au25": ("the lips", "part", 0.4),
    "au26": ("the jaw", "drops", 0.7),
    "au45": ("the eyes", "stay closed", 0.7),
}
"""Unit → what moves, what it does, weight in salience."""

PROTOTYPES: dict[str, tuple[tuple[str, ...], ...]] = {
    "joy": (("au6",), ("au12",)),
    "sadness": (("au1",), ("au4",), ("au15",)),
    "surprise": (("au1", "au2", "au5"), ("au26",)),
    "fear": (("au1", "au2"), ("au4",), ("au5", "au7"), ("au20", "au26")),
    "anger": (("au4",), ("au5", "au7"), ("au23", "au24")),
    "disgust": (("au9", "au10"), ("au4", "au15", "au17")),
}
"""EMFACS prototypes (Ekman & Friesen 1983). Of each group one unit is enough: a mesh misses many of the small ones."""

BLINK = 0.5
"""Seconds below which tight lids or a wrinkled nose may be a blink, which lasts 0.1 to 0.4 s (VanderWerf et al. 2003) and pulls at both."""


@dataclass(frozen=True)
class Teller:
    """Tells what was seen of one person."""

    person: str
    """`P1`, `P2` …"""
    seen: Seen
    """Intensities, pose and times."""
    source: str
    """`face@version`."""

    def cue(
        self,
        text: str,
        stretch: Stretch | None,
        *,
        reliability: float,
        salience: float,
        measures: dict[str, float | str],
    ) -> Cue:
        """A cue about a stretch (None: all frames) with the trust of its frames; `{hedge}` in the text becomes what follows from it."""
        seen = self.seen
        if stretch is None:
            trust, end = float(seen.trust.mean()), float(seen.times[-1] + seen.holds[-1])
            span = Span(start=float(seen.times[0]), end=max(end, float(seen.times[0])))
        else:
            trust = float(seen.trust[stretch.first : stretch.last + 1].mean())
            span = Span(start=round(stretch.start, 2), end=max(round(stretch.end, 2), round(stretch.start, 2)))
        confidence = round(min(1.0, trust), 2)
        sure = reliability * confidence
        return Cue(
            sense="face",
            text=text.replace("{hedge}", "possibly " if sure < 0.5 else "clearly " if sure > 0.75 else ""),
            span=None if seen.still else span,
            person=self.person,
            confidence=confidence,
            reliability=reliability,
            salience=round(min(1.0, max(0.0, salience)), 2),
            measures={k: round(v, 3) if isinstance(v, float) else v for k, v in measures.items()},
            source=self.source,
        )

    def units(self) -> Iterator[Cue]:
        """Action units, each where it is active."""
        for unit, (parts, does, weight) in UNITS.items():
            if unit == "au2":  # told with au1
                continue
            active = self._active(unit)
            share = sum(s.end - s.start for s in active) / self.seen.length if self.seen.length else 0.0
            for one in active:
                measures, name, what = self._at(unit, one), unit, parts
                if unit == "au1":
                    outer = self._at("au2", one)
                    inner = float(measures["au1"]) >= 0.2
                    if float(outer["au2"]) >= 0.2:
                        measures |= outer
                        name, what = ("au1+2", "the inner and outer brows") if inner else ("au2", "the outer brows")
                side = _side(measures, name[:3] if "+" in name else name)
                where = f" on the {side} side" if side and unit != "au14" else ""
                strength = "strong" if one.peak >= 0.7 else "medium" if one.peak >= 0.45 else "slight"
                own = "" if self.seen.own > 0.2 else ", against an average face"
                yield self.cue(
                    f"{what} {{hedge}}{does}{where} ({name.upper()}, {strength}{own})",
                    one,
                    reliability=sure(unit),
                    salience=weight * one.peak * (1 - 0.5 * min(1.0, share)),
                    measures=measures | ({} if self.seen.still else {"peak_s": one.peak_s}),
                )

    def _active(self, unit: str) -> list[Stretch]:
        import numpy as np

        values = self.seen.units[unit]
        if unit == "au45":  # blinks are counted with the presence
            return stretches(self.seen, values, on=0.6, off=0.3, least=0.7)
        if unit == "au1":
            values = np.maximum(values, self.seen.units["au2"])
        least = BLINK if unit in ("au7", "au9") else 0.2
        return stretches(self.seen, values * (self.seen.trust >= READABLE), least=least)

    def _at(self, unit: str, one: Stretch) -> dict[str, float | str]:
        """Intensities of a unit at its own peak within a stretch, sides included where they are told apart."""
        units = self.seen.units
        peak = one.first + int(units[unit][one.first : one.last + 1].argmax())
        return {n: float(units[n][peak]) for n in (unit, f"{unit}_left", f"{unit}_right") if n in units}

    def head(self) -> Iterator[Cue]:
        """Nods and shakes. A head that swings in both directions at once does neither: that is how people talk."""
        import numpy as np

        pitch, yaw = self.seen.extra["pitch"], self.seen.extra["yaw"]
        for angle, other, least, turns, key in ((pitch, yaw, 4.0, 3, "nods"), (yaw, pitch, 6.0, 4, "shakes")):
            for one, times in swings(self.seen, angle, least, turns):
                frames = slice(one.first, one.last + 1)
                if np.ptp(angle[frames]) < 1.5 * np.ptp(other[frames]):
                    continue
                talking = float(self.seen.talking[frames].mean()) > 0.5
                if talking and (times <= turns // 2 or np.ptp(angle[frames]) < 2 * least):
                    continue  # heads bob with the stress of their own speech
                while_talking = ", while the lips move" if talking else ""
                yield self.cue(
                    f"the head {{hedge}}{key} ({times} time{'s' if times > 1 else ''}{while_talking})",
                    one,
                    reliability=sure(key),
                    salience=0.3 if talking else 0.5,
                    measures={key: float(times)},
                )

    def gaze(self) -> Iterator[Cue]:
        """Glances away from where the person looks for most of the clip."""
        import numpy as np

        seen = self.seen
        if seen.length < 3:
            return
        up, side = seen.extra["pitch"] + seen.extra["gaze_up"], seen.extra["yaw"] + seen.extra["gaze_side"]
        up, side = up - np.median(up), side - np.median(side)
        away = np.hypot(up, side) * (seen.units["au45"] < 0.5)
        for one in stretches(seen, away, on=20, off=14, least=0.5):
            frames = slice(one.first, one.last + 1)
            u, s = float(np.median(up[frames])), float(np.median(side[frames]))
            way = ("up" if u > 0 else "down") if abs(u) > abs(s) else f"to their {'left' if s > 0 else 'right'}"
            yield self.cue(
                f"the gaze {{hedge}}turns away {way} ({one.end - one.start:.1f} s)",
                one,
                reliability=sure("gaze_away_s"),
                salience=0.3 + 0.2 * min(1.0, one.peak / 40),
                measures={"gaze_away_s": one.end - one.start},
            )

    def blinks(self) -> Iterator[Cue]:
        """How often the eyes blink, with the times. Usual are some 17 a minute at rest and 26 in conversation (Bentivoglio et al. 1997)."""
        seen = self.seen
        watched = float(seen.holds[seen.holds <= APART].sum())
        closed = [s for s in stretches(seen, seen.units["au45"], on=0.5, off=0.3, least=0.0) if s.end - s.start < 0.7]
        if seen.still or not closed or watched < 0.5 * seen.length:
            return
        rate = {"blinks_per_min": 60 * len(closed) / watched} if watched >= 10 else {}
        often = f", {rate['blinks_per_min']:.0f} a minute" if rate else ""
        times = " ".join(f"{s.peak_s:.1f}" for s in closed)
        yield self.cue(
            f"the eyes {{hedge}}blink {len(closed)} time{'s' if len(closed) > 1 else ''}{often}",
            None,
            reliability=sure("blinks"),
            salience=0.1,
            measures={"blinks": float(len(closed)), "blink_times_s": times, **rate},
        )

    def peak(self, moved: list[Cue]) -> Iterator[Cue]:
        """The moment at which most of the face moves: what somebody who wants one picture of this person would take."""
        import numpy as np

        seen = self.seen
        if seen.length < 2 or not any(c.salience > 0.2 for c in moved):
            return
        told = [u for u in UNITS if u not in ("au25", "au45")]
        weights = np.array([UNITS[u][2] * sure(u) for u in told])
        strength = weights @ np.stack([seen.units[u] for u in told]) * seen.trust * (seen.trust >= READABLE)
        at = int(strength.argmax())
        active = [u for u in told if seen.units[u][at] >= ON]
        if not active:
            return
        yield self.cue(
            f"the face {{hedge}}moves most at {seen.times[at]:.1f} s",
            Stretch(at, at, float(seen.times[at]), float(seen.times[at] + min(seen.holds[at], 0.6))),
            reliability=sure("peak_s"),
            salience=0.35,
            measures={"peak_s": float(seen.times[at]), "peak_units": "+".join(u[2:] for u in active)},
        )

    def calm(self, moved: list[Cue]) -> Iterator[Cue]:
        """That a face hardly moves is worth saying, but only where it was well seen, and no more than a mesh can see."""
        seen = self.seen
        strongest = max(float(seen.units[u].max()) for u in UNITS if u not in ("au25", "au45"))
        if seen.length < 2 or any(c.salience > 0.2 for c in moved) or strongest > 0.45 or seen.trust.mean() < 0.6:
            return
        text = "the face {hedge}hardly moves beyond blinks and speech"
        yield self.cue(text, None, reliability=sure("still face"), salience=0.3, measures={"strongest_au": strongest})

    def prototypes(self) -> Iterator[Cue]:
        """Combinations that the literature ties to a feeling: a hint of low reliability, apart from the movements themselves."""
        import numpy as np

        for feeling, groups in PROTOTYPES.items():
            strengths = np.stack([np.max([self.seen.units[u] for u in group], axis=0) for group in groups])
            match = strengths.min(axis=0) * (self.seen.trust > 0.4)
            for one in sorted(stretches(self.seen, match, on=0.25, off=0.12, least=0.3), key=lambda s: -s.peak)[:5]:
                frames = slice(one.first, one.last + 1)
                used = [u for g in groups for u in g if float(self.seen.units[u][frames].max()) >= 0.25]
                together = "+".join(u.removeprefix("au") for u in used)
                yield self.cue(
                    f"together these movements are often seen with {feeling}, but not only then (AU{together})",
                    one,
                    reliability=sure("prototype"),
                    salience=0.2 + 0.4 * one.peak,
                    measures={"prototype": feeling, "match": one.peak},
                )

    def spoken(self, sound: np.ndarray | None) -> dict[str, str]:
        """When the lips could be judged, when they moved as in talking, and how well that fits the sound: `people.link` reads it."""
        seen = self.seen
        if seen.still:
            return {}
        return {
            "lips_seen_spans_s": written(judged(seen)),
            "lips_moving_spans_s": written(moving(seen, sound)),
        }

    def lips(self) -> Iterator[Cue]:
        """Stretches in which the lips move as in talking: says who may be speaking, not what is felt."""
        for one in stretches(self.seen, self.seen.talking.astype(float), on=0.5, off=0.5, least=0.8)[:30]:
            yield self.cue(
                "the lips {hedge}move as in talking",
                one,
                reliability=sure("lips_moving_s"),
                salience=0.1,
                measures={"lips_moving_s": one.end - one.start},
            )


def _side(measures: dict[str, float | str], unit: str) -> str:
    """`left` or `right` when one side moves far more than the other."""
    left, right = float(measures.get(f"{unit}_left", 0)), float(measures.get(f"{unit}_right", 0))
    if abs(left - right) < 0.35 or min(left, right) > 0.25:
        return ""
    return "left" if left > right else "right"
