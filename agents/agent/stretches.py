"""Stretches of a clip: what of one is left to perceive, and cues of a stretch in the whole clip's time."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import TypeVar

from cuechain.agents.perception.faces.lips import Piece, pieces, written
from cuechain.agents.values import Cue, Gap, Span

T = TypeVar("T", Cue, Gap)

WHOLE = 60.0
"""Seconds up to which a clip is perceived whole: what is usual for somebody needs some time to show, and decoding it takes seconds."""

LEAST = 6.0
"""Seconds that are perceived at least, around what was asked for: an utterance or two."""

SLIVER = 0.5
"""Seconds below which what is left between two stretches is not perceived by itself."""


def widened(span: Span, everything: Span) -> Span:
    """A stretch on whole seconds, LEAST long where the clip is, inside the clip."""
    more = max(0.0, LEAST - span.length) / 2
    start, end = math.floor(max(0.0, span.start - more)), math.ceil(span.end + more)
    return Span(start=min(start, everything.end), end=min(max(end, start + LEAST), everything.end))


def left(span: Span, seen: Sequence[Span]) -> list[Span]:
    """The parts of a stretch that lie in none of the seen ones."""
    parts = [span]
    for one in seen:
        parts = [
            Span(start=start, end=end)
            for part in parts
            for start, end in ((part.start, min(part.end, one.start)), (max(part.start, one.end), part.end))
            if end > start
        ]
    return [p for p in parts if p.length >= min(SLIVER, span.length)]


def joined(seen: Sequence[Span]) -> list[Span]:
    """Stretches in order of time, those that touch as one."""
    done: list[Span] = []
    for one in sorted(seen, key=lambda s: s.start):
        if done and one.start - done[-1].end < SLIVER:
            done[-1] = Span(start=done[-1].start, end=max(done[-1].end, one.end))
        else:
            done.append(one)
    return done


def shifted(item: T, start: float) -> T:
    """A cue or gap of a stretch that begins at `start`, in the whole clip's time; measures and words that tell times with it."""
    if not start:
        return item
    span = item.span and Span(start=item.span.start + start, end=item.span.end + start)
    if isinstance(item, Gap):
        return item.model_copy(update={"span": span})
    measures = dict(item.measures)
    for name in ("lips_seen_spans_s", "lips_moving_spans_s"):
        if found := pieces(measures.get(name)):
            measures[name] = written(Piece(p.start + start, p.end + start, p.fit) for p in found)
    if isinstance(times := measures.get("blink_times_s"), str):
        measures["blink_times_s"] = " ".join(f"{float(t) + start:.1f}" for t in times.split())
    text = item.text
    if isinstance(peak := measures.get("peak_s"), float):
        measures["peak_s"] = peak + start
        text = text.replace(f" at {peak:.1f} s", f" at {peak + start:.1f} s")
    return item.model_copy(update={"span": span, "measures": measures, "text": text})


def clocked(span: Span) -> str:
    """`12:00-13:00`; with tenths where they are not 0."""

    def one(t: float) -> str:
        seconds = round(t, 1)
        rest = f"{seconds % 60:04.1f}".removesuffix(".0")
        return f"{int(seconds // 60)}:{rest}"

    return f"{one(span.start)}-{one(span.end)}"


_AROUND = 1.5
"""Seconds before and after a single moment, as in `focus`."""

_CLOCK = re.compile(r"(?:(\d+):)?(?:(\d{1,2}):)?(\d+(?:\.\d+)?)\s*(?:s|sec|seconds)?$", re.I)


def span_of(value: object) -> object:
    """A stretch as models write it: {"start": 12, "end": 20}, [12, 20], "12:00-13:00", "12.5"; None and "all" for the whole clip.

    Raises:
        ValueError: It cannot be read as one.
    """
    if isinstance(value, str):
        text = value.strip()
        if text.lower() in ("", "all", "whole", "none", "null"):
            return None
        if text.startswith(("{", "[")):
            return span_of(json.loads(text))
        times = [_seconds(part) for part in re.split(r"\s*(?:-|–|to)\s*", text)]
        value = (
            times
            if len(times) == 2
            else [max(0.0, times[0] - _AROUND), times[0] + _AROUND]
            if len(times) == 1
            else text
        )
    if isinstance(value, list | tuple) and len(value) == 2:
        return {"start": value[0], "end": value[1]}
    if isinstance(value, dict):
        return {k: _seconds(v) if isinstance(v, str) else v for k, v in value.items()}
    return value


def _seconds(text: str) -> float:
    found = _CLOCK.match(text.strip())
    if not found:
        raise ValueError(f"'{text}' is no time in seconds")
    first, second, last = found.groups()
    minutes = int(second) + 60 * int(first or 0) if second else int(first or 0)
    return 60 * minutes + float(last)
