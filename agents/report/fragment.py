"""Pieces of HTML that a page puts together: the timeline, the answer with citations that play their moment, the weight of the senses.

Everything that comes from a clip, a question or a model is escaped. One stylesheet and one script, which any page may carry, serve all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined

from cuechain.agents.explain import clock
from cuechain.agents.llm.labels import meaning, polarity
from cuechain.agents.report.lanes import Bar, Level, Strip, Timeline, Track
from cuechain.agents.report.timeline import cues_of
from cuechain.agents.values import EKMAN, Case, Cue, Span
from cuechain.agents.weigh import Heard, Weighing, percent

MOST_ROWS = 300
"""Cues in the table beside a timeline: the cited ones, then those that stand out most."""

MOST_READ = 30
"""Numbers of a track that are read out instead of seen."""

STEPS = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400)
"""Seconds between two marks of the time axis."""

TICKS = 8
"""Marks of a time axis, at most."""

NAMES = {
    "answer": "answer",
    "conflict": "disagreement",
    "transcript": "what is said",
    "words": "wording",
    "scene": "setting",
    "screen": "on screen",
    "sound": "sounds",
}
"""Senses by other names than their own."""

Theme = Literal["system", "class"]
"""Where light and dark come from: the reader's system, or a class `dark` on an element around the piece."""


@cache
def environment() -> Environment:
    """The templates of this room; all they show is escaped."""
    made = Environment(
        loader=PackageLoader("cuechain.agents.report"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shown: dict[str, Any] = {
        "at": moment, "clock": clock, "counted": _counted, "heard": _heard, "path": _path, "read": _read, "place": _place, "share": _share,
        "spoken": spoken, "tint": tint, "sense": lambda name: NAMES.get(name, name),
    }  # fmt: skip
    made.filters.update(shown)
    return made


@cache
def css() -> str:
    """The stylesheet; all of its rules stay within elements of class `cc`."""
    return files("cuechain.agents.report").joinpath("static", "pieces.css").read_text("utf-8")


@cache
def js() -> str:
    """The script. On a click or Enter on any `[data-start]` it plays that moment in the player that belongs to it, and marks the cue.

    The player is the `<video>` or `<audio>` in, or with, `data-player="m1"` for an element with `data-media="m1"`; else the nearest one.
    A cue's bars, citations and table row are marked together: in the whole document, or within the nearest `data-scope`, which a page
    with several sheets puts around each, for ids mean different cues there. It listens to the whole document, so pieces may come and go;
    run twice, it does nothing the second time.
    """
    return files("cuechain.agents.report").joinpath("static", "pieces.js").read_text("utf-8")


def fragment(shown: Timeline, *, table: bool = True, theme: Theme = "system") -> str:
    """A timeline as HTML, without stylesheet and script.

    Args:
        shown: What is drawn.
        table: Whether the cues follow as a table; without it another one on the page should say the same.
        theme: Where light and dark come from.
    """
    cited = set(shown.cited)
    ranked = sorted(shown.cues, key=lambda i: (i not in cited, -shown.cues[i].salience))
    kept = set(ranked[:MOST_ROWS])
    return _render(
        "timeline",
        timeline=shown,
        marks=[_axis(strip) for strip in shown.strips],
        rows={i: c for i, c in shown.cues.items() if i in kept} if table else {},
        left=max(0, len(shown.cues) - MOST_ROWS) if table else 0,
        table=table,
        theme=theme,
        labels=_labels(shown),
    )


def prose(case: Case, *, theme: Theme = "system") -> str:
    """The answer as HTML: a paragraph a sentence, each with its citations as buttons that play their moment."""
    return _render("prose", case=case, cues=cues_of(case.sheet), theme=theme)


def weighed(found: Weighing, *, theme: Theme = "system") -> str:
    """Which sense mattered, as bars in a table, and what would change the answer."""
    return _render("weighed", found=found, judged=found.by_answer, theme=theme)


def _heard(heard: Heard) -> str:
    return f"{heard.label}{percent(heard)}" if heard.label else "no answer"


def _render(name: str, **told: Any) -> str:
    return environment().get_template(f"{name}.html.jinja").render(**told)


def tint(label: str | None) -> str:
    """Class of a feeling's colour: its Ekman group, else whether it is pleasant."""
    if label is None:
        return "cc-none"
    core, valence, _ = meaning(label)
    return f"cc-{core}" if core in EKMAN else f"cc-{polarity(valence)}"


def moment(seconds: float) -> str:
    """`9.2 s`; `61:02` from a minute on."""
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)}:{int(seconds % 60):02}"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def _place(seconds: float, strip: Strip) -> str:
    """Where a time stands on the axis, in percent."""
    return _share(seconds - strip.start, strip)


def _share(seconds: float, strip: Strip) -> str:
    """Seconds as a part of the whole, in percent."""
    return f"{min(100.0, max(0.0, 100 * seconds / strip.length)):.3f}".rstrip("0").rstrip(".")


def _axis(strip: Strip) -> list[tuple[float, bool]]:
    """Marks in seconds, and whether each is one that is always labelled rather than from near by alone."""
    step = next((s for s in STEPS if strip.length / s <= TICKS), STEPS[-1])
    small = step / 5
    numbers = range(math.ceil(strip.start / small), int(strip.duration / small) + 1)
    return [(n * small, n % 5 == 0) for n in numbers if n * small <= strip.duration]


def _labels(shown: Timeline) -> list[str]:
    """Feelings that stand on bars, by name."""
    bars: Sequence[Bar] = [b for strip in shown.strips for lane in strip.lanes for b in lane.bars]
    return sorted({b.label for b in bars if b.label})


def _path(levels: Sequence[Level], track: Track, strip: Strip) -> str:
    """A path in a box of 1000 by 100: a flat stroke for each number, nothing between them."""
    high, low = track.high, track.low

    def across(seconds: float) -> float:
        return 1000 * (seconds - strip.start) / strip.length

    parts = [
        f"M{across(v.start):.1f} {100 * (high - v.value) / (high - low):.1f}"
        f"H{max(across(v.end), across(v.start) + 2):.1f}"
        for v in levels
    ]
    return "".join(parts)


def _read(track: Track) -> str:
    """A track in words."""
    told: list[str] = []
    for sense, levels in track.lines.items():
        some = [
            f"{v.value:.2f} at {clock(Span(start=v.start, end=v.end))}" for v in levels[:: 1 + len(levels) // MOST_READ]
        ]
        told.append(f"{sense} {', '.join(some)}")
    who = f"{track.person}, " if track.person else ""
    return (
        f"{who}{track.name} from {track.low:g} ({track.ends[0]}) to {track.high:g} ({track.ends[1]}): {'; '.join(told)}"
    )


def spoken(cue: Cue, id: str) -> str:
    """A cue in a line, for a title and for readers of the screen."""
    where = ", ".join(x for x in (cue.person, NAMES.get(cue.sense, cue.sense), clock(cue.span)) if x)
    return f"{id}, {where}: {cue.text}"
