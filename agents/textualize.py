"""Cues → cue sheet: merge what repeats, number in time, keep within a budget what matters most."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from cuechain.agents.llm.addressed import gives_orders
from cuechain.agents.values import Cue, CueSheet, Gap, Media, Span

_LETTERS = {
    "transcript": "T",
    "words": "W",
    "situation": "E",
    "voice": "V",
    "face": "F",
    "scene": "S",
    "screen": "X",
    "sound": "N",
}
"""First letters of ids. A sense that is not listed gets two letters of its name, which none of these is."""

_JOIN_SECONDS = 0.5
"""Equal cues closer than this are one cue: below the length of a spoken syllable group nobody tells them apart."""

_NONE: Mapping[str, Cue] = {}

_BINS = 12
"""Stretches of a clip that compete for the budget with diminishing returns, so that no stretch is lost."""


def textualize(
    media: Sequence[Media], cues: Iterable[Cue], gaps: Iterable[Gap], *, budget: int, known: Mapping[str, Cue] = _NONE
) -> CueSheet:
    """A sheet of all that was perceived, within a budget.

    Ids are given before anything is dropped, so they are the same under every budget.

    Args:
        media: What was perceived.
        cues: All cues, in any order.
        gaps: All gaps.
        budget: Tokens that the cue lines may take (`tokens`).
        known: Cues that have their ids already and keep them; the sheet is in order of time all the same.
    """
    places = {m.id: place for place, m in enumerate(media)}
    fresh = _number(sorted(_merged(cues, places), key=lambda cue: _order(cue, places)), known)
    numbered = dict(sorted({**known, **fresh}.items(), key=lambda pair: _order(pair[1], places)))
    kept = _within(numbered, budget)
    return CueSheet(
        media=tuple(media),
        cues={i: c for i, c in numbered.items() if i in kept},
        gaps=tuple(dict.fromkeys([*gaps, *_orders(kept, numbered)])),
        dropped=len(numbered) - len(kept),
    )


def _orders(kept: set[str], numbered: dict[str, Cue]) -> list[Gap]:
    """Lines that give orders to whoever answers: they stay in the sheet, and the reader is told that they are no evidence."""
    reason = "this line gives orders to whoever answers; it is no evidence of a feeling"
    lines = [numbered[i] for i in numbered if i in kept and numbered[i].sense in ("transcript", "screen")]
    return [Gap(sense=c.sense, reason=reason, span=c.span) for c in lines if gives_orders(c.text)]


def tokens(cue: Cue) -> int:
    """Tokens that a cue's line takes, estimated: four characters a token (English BPE vocabularies), ten for id, sense and times."""
    return 10 + math.ceil(len(cue.text) / 4)


def letter(sense: str) -> str:
    """What the ids of a sense begin with."""
    return _LETTERS.get(sense, sense[:2].upper())


def _order(cue: Cue, places: dict[str, int]) -> tuple[int, float, float, str, str, str]:
    """File by file, in time; cues without a time come first and keep the order in which they were perceived, as lines of a thread do."""
    place = places.get(cue.media or "", 0)
    if not cue.span:
        return place, -1.0, -1.0, "", "", ""
    return place, cue.span.start, cue.span.end, cue.sense, cue.text, cue.person or ""


def _merged(cues: Iterable[Cue], places: dict[str, int]) -> list[Cue]:
    """Join cues that say the same of the same person and touch in time."""
    done: list[Cue] = []
    # A repeated line of a text without times is said twice, not one thing seen for longer.
    latest: dict[tuple[str, str, str | None, str | None], int] = {}
    for cue in sorted(cues, key=lambda cue: _order(cue, places)):
        key = (cue.sense, cue.text, cue.person, cue.media)
        before = done[latest[key]] if key in latest else None
        if before and before.span and before.span == cue.span:
            continue
        if before and before.span and cue.span and cue.span.start - before.span.end <= _JOIN_SECONDS:
            span = Span(start=before.span.start, end=max(before.span.end, cue.span.end))
            done[latest[key]] = before.model_copy(update={"span": span, "salience": max(before.salience, cue.salience)})
            continue
        latest[key] = len(done)
        done.append(cue)
    return done


def _number(cues: list[Cue], known: Mapping[str, Cue]) -> dict[str, Cue]:
    counts: dict[str, int] = defaultdict(int)
    for id in known:
        first = id.rstrip("0123456789")
        counts[first] = max(counts[first], int(id[len(first) :] or 0))
    sheet: dict[str, Cue] = {}
    for cue in cues:
        first = letter(cue.sense)
        counts[first] += 1
        sheet[f"{first}{counts[first]}"] = cue
    return sheet


def _within(cues: dict[str, Cue], budget: int) -> set[str]:
    """Choose ids greedily by salience, with diminishing returns for one sense of one person in one stretch of the clip.

    A strong cue that is alone in its stretch wins over the twentieth ordinary line of talk, however long the clip is. The value of
    the n-th cue of a cell is its salience over n, as in DCG-like discounts; reliability counts half, so that a rare strong sign of
    a weak detector is not lost.
    """
    if sum(tokens(c) for c in cues.values()) <= budget:
        return set(cues)
    end = max((c.span.end for c in cues.values() if c.span), default=0.0) or 1.0

    def cell(cue: Cue) -> tuple[str, str | None, str | None, int]:
        middle = (cue.span.start + cue.span.end) / 2 if cue.span else 0.0
        return cue.sense, cue.person, cue.media, min(_BINS - 1, int(_BINS * middle / end))

    def worth(cue: Cue) -> float:
        return cue.salience * (0.5 + 0.5 * (0.5 if cue.reliability is None else cue.reliability))

    cells: dict[tuple[str, str | None, str | None, int], list[str]] = defaultdict(list)
    for i in sorted(cues, key=lambda i: -worth(cues[i])):
        cells[cell(cues[i])].append(i)
    ranked = sorted((-worth(cues[i]) / (place + 1), place, i) for ids in cells.values() for place, i in enumerate(ids))
    kept: set[str] = set()
    left = budget
    for _, _, i in ranked:
        cost = tokens(cues[i])
        if cost <= left:
            kept.add(i)
            left -= cost
    return kept
