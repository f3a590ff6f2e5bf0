"""Bars that overlap are put below each other, and those that no eye could tell apart are put together."""

from __future__ import annotations

from collections.abc import Iterable

from cuechain.agents.report.lanes import Bar

COLUMNS = 300
"""A lane is drawn as so many columns; a bar takes one at least, so that it can be seen and hit."""

ROWS, DENSE_ROWS = 4, 2
"""Rows of a lane before bars are put together; and of a lane with more than DENSE bars."""

DENSE = 60
"""Bars of a lane that is read bar by bar."""

CITED_ROWS = 6
"""Rows where bars that the answer cites would have to be put together."""

TOUCH = 1e-6
"""Seconds by which one utterance may end in the next: what rounding leaves."""

LONGEST = 300
"""Characters of what a bar says."""


def packed(bars: Iterable[Bar], length: float) -> tuple[tuple[Bar, ...], int]:
    """Bars with their rows, by time, and how many rows they take.

    A bar that is cited, or speaks against the answer, stays a bar of its own as long as there is room; of the others those that lie on
    each other become one, which names them all.

    Args:
        bars: Of one lane.
        length: Seconds of the whole lane.
    """
    width = length / COLUMNS
    rows: list[list[Bar]] = []
    ordered = sorted(bars, key=lambda b: (b.start, -b.end))
    most = ROWS if len(ordered) <= DENSE else DENSE_ROWS
    for bar in ordered:
        reach = CITED_ROWS if _apart(bar) else most
        free = next((r for r in rows[:reach] if _shown(r[-1], width) <= bar.start + TOUCH), None)
        if free is not None:
            free.append(bar)
        elif len(rows) < reach:
            rows.append([bar])
        else:
            row = min(rows[:reach], key=lambda r: (_apart(r[-1]), r[-1].end - r[-1].start))
            row[-1] = _together(row[-1], bar)
    placed = [bar.model_copy(update={"row": n}) for n, row in enumerate(rows) for bar in row]
    return tuple(sorted(placed, key=lambda b: (b.start, b.row))), max(1, len(rows))


def _apart(bar: Bar) -> bool:
    """Whether a bar is one that an answer speaks of."""
    return bar.cited or (bar.against and len(bar.cues) == 1)


def _shown(bar: Bar, width: float) -> float:
    """Where a bar ends on the page."""
    return max(bar.end, bar.start + width)


def _together(one: Bar, two: Bar) -> Bar:
    cues = tuple(dict.fromkeys((*one.cues, *two.cues)))
    return Bar(
        cues=cues,
        start=min(one.start, two.start),
        end=max(one.end, two.end),
        text="disagreements" if one.against and two.against else f"{len(cues)} cues",
        label=one.label if one.label == two.label else None,
        cited=one.cited or two.cited,
        against=one.against or two.against,
        strength=max((s for s in (one.strength, two.strength) if s is not None), default=None),
    )
