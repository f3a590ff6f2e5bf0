"""Bars that overlap are put below each other, and those that no eye could tell apart are put together."""

from __future__ import annotations

from collections.abc import Iterable

from cuechain.agents.report.lanes import Bar

COLUMNS = 600
"""A lane is drawn as so many columns; a bar takes one at least, so that it can be seen and hit."""

ROWS = 4
"""Rows of a lane before bars are put together."""

CITED_ROWS = 6
"""Rows where bars that the answer cites would have to be put together."""

LONGEST = 300
"""Characters of what a bar says."""


def packed(bars: Iterable[Bar], duration: float) -> tuple[tuple[Bar, ...], int]:
    """Bars with their rows, by time, and how many rows they take.

    A bar that is cited, or speaks against the answer, stays a bar of its own as long as there is room; of the others those that lie on
    each other become one, which names them all.

    Args:
        bars: Of one lane.
        duration: Seconds of the whole lane.
    """
    width = duration / COLUMNS
    rows: list[list[Bar]] = []
    for bar in sorted(bars, key=lambda b: (b.start, -b.end)):
        free = next((n for n, row in enumerate(rows) if _shown(row[-1], width) <= bar.start + width / 10), None)
        if free is None and len(rows) < (CITED_ROWS if bar.cited or bar.against else ROWS):
            rows.append([])
            free = len(rows) - 1
        if free is not None:
            rows[free].append(bar)
            continue
        row = min(rows, key=lambda r: (r[-1].cited or r[-1].against, r[-1].end - r[-1].start))
        row[-1] = _together(row[-1], bar)
    placed = [bar.model_copy(update={"row": n}) for n, row in enumerate(rows) for bar in row]
    return tuple(sorted(placed, key=lambda b: (b.start, b.row))), max(1, len(rows))


def _shown(bar: Bar, width: float) -> float:
    """Where a bar ends on the page."""
    return max(bar.end, bar.start + width)


def _together(one: Bar, two: Bar) -> Bar:
    cues = (*one.cues, *two.cues)
    return Bar(
        cues=cues,
        start=min(one.start, two.start),
        end=max(one.end, two.end),
        text=f"{len(cues)} cues",
        label=one.label if one.label == two.label else None,
        cited=one.cited or two.cited,
        against=one.against or two.against,
        strength=max((s for s in (one.strength, two.strength) if s is not None), default=None),
    )
