"""What senses measured over time, and where two of them point to opposite feelings at once."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from cuechain.agents.llm.labels import PLEASANT, meaning, polarity
from cuechain.agents.llm.weighted import kin
from cuechain.agents.report.lanes import Bar, Level, Track
from cuechain.agents.values import Cue

SHARED = 0.3
"""Seconds that two cues must share to be of one moment: less is where utterances touch."""

_UNIT = re.compile(r"au\d{1,2}")

_SHOWN: tuple[tuple[str, tuple[str, str], float, dict[str, str]], ...] = (
    ("pleasantness", ("unpleasant", "pleasant"), -1.0, {"words": "valence", "voice": "valence_voice"}),
    ("excitement", ("calm", "excited"), -1.0, {"voice": "arousal"}),
    ("strength of feeling in the words", ("none", "strong"), 0.0, {"words": "intensity"}),
)
"""Name, what the ends mean, lowest value (the highest is 1), and which measure of which sense is shown."""

_MOVEMENT = "movement of the face"


def tracks(cues: Mapping[str, Cue]) -> tuple[Track, ...]:
    """The numbers of each person over time, as they were measured; a person without any has no track.

    Args:
        cues: Of one file, all with a time.
    """
    found: dict[tuple[str, str], dict[str, list[Level]]] = {}
    for id, cue in cues.items():
        for name, sense, value in _numbers(cue):
            lines = found.setdefault((cue.person or "", name), defaultdict(list))
            assert cue.span is not None
            lines[sense].append(Level(start=cue.span.start, end=cue.span.end, value=value, cue=id))
    told = {name: (ends, low) for name, ends, low, _ in _SHOWN} | {_MOVEMENT: (("at rest", "full"), 0.0)}
    return tuple(
        Track(
            person=person or None,
            name=name,
            low=told[name][1],
            high=1.0,
            ends=told[name][0],
            lines={sense: tuple(sorted(line, key=lambda v: v.start)) for sense, line in lines.items()},
        )
        for (person, name), lines in sorted(found.items(), key=lambda f: (not f[0][0], f[0][0], [*told].index(f[0][1])))
    )


def _numbers(cue: Cue) -> Iterator[tuple[str, str, float]]:
    """Track, sense and value of what is shown of a cue; what is out of range is not drawn."""
    for name, _, low, measures in _SHOWN:
        value = cue.measures.get(measures.get(cue.sense, ""))
        if isinstance(value, int | float) and low <= value <= 1:
            yield name, cue.sense, float(value)
    units = [v for n, v in cue.measures.items() if _UNIT.fullmatch(n) and isinstance(v, int | float) and 0 <= v <= 1]
    if units:
        yield _MOVEMENT, cue.sense, float(max(units))


def opposed(one: str, two: str) -> bool:
    """Whether one feeling is pleasant and the other unpleasant."""
    return {polarity(meaning(one)[1]), polarity(meaning(two)[1])} == {"positive", "negative"}


def disagreements(cues: Mapping[str, Cue], points: Mapping[str, str]) -> dict[str, list[Bar]]:
    """Person (empty for nobody in particular) to the moments at which two senses point to opposite feelings.

    Args:
        cues: Of one file, all with a time.
        points: Id to the feeling that the cue alone points to; see `PLEASANT` for where a feeling begins to be pleasant.
    """
    found: dict[str, dict[tuple[str, ...], Bar]] = defaultdict(dict)
    open_now: list[tuple[str, Cue]] = []
    timed = [(i, c) for i, c in cues.items() if i in points and abs(meaning(points[i])[1]) > PLEASANT]
    for id, cue in sorted(timed, key=lambda t: t[1].span.start if t[1].span else 0.0):
        assert cue.span is not None
        open_now = [(i, c) for i, c in open_now if c.span and c.span.end > cue.span.start]
        for other_id, other in open_now:
            if other.person != cue.person or kin(other.sense) == kin(cue.sense) or other.span is None:
                continue
            if cue.span.overlap(other.span) < SHARED or not opposed(points[id], points[other_id]):
                continue
            start, end = max(cue.span.start, other.span.start), min(cue.span.end, other.span.end)
            pair = sorted(((kin(c.sense), points[i]) for i, c in ((id, cue), (other_id, other))))
            key = (*pair[0], *pair[1], f"{start:.1f}")
            text = f"{pair[0][0]}: {pair[0][1]}, but {pair[1][0]}: {pair[1][1]}"
            bar = Bar(cues=(other_id, id), start=start, end=end, text=text, against=True)
            before = found[cue.person or ""].get(key)
            found[cue.person or ""][key] = _joined(before, bar) if before else bar
        open_now.append((id, cue))
    return {person: list(bars.values()) for person, bars in found.items()}


def _joined(one: Bar, two: Bar) -> Bar:
    cues = tuple(dict.fromkeys((*one.cues, *two.cues)))
    return one.model_copy(update={"cues": cues, "end": max(one.end, two.end)})
