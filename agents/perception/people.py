"""Link cues of all senses to persons: whose voice is it? By name, by the only face, by the lips that move, by the sound of the voice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from cuechain.agents.perception.faces.lips import Piece, pieces
from cuechain.agents.values import Cue, Span

_HEARD = ("transcript", "words", "situation", "voice")
_SEEN = ("face",)

ENOUGH = 0.5
"""Share of what is heard during which a face, or its lips, must be seen."""

STILL, MOVE = 0.15, 0.4
"""Share of it, while they can be judged, in which lips may move that do not talk, and in which lips must move that do."""

LONG = 1.0
"""Seconds below which a word may pass without the lips being seen to move."""

FITS, BETTER = 0.15, 0.3
"""Least fit of moving lips to the sound, and least difference from the next face's over 4 s (over shorter stretches more: fits of 4 s that
have nothing to do with each other differ by some 0.18 about 0)."""


@dataclass
class _Seen:
    """What the face cues of one person tell about times."""

    span: Span
    judged: list[Piece] = field(default_factory=list[Piece])
    moving: list[Piece] = field(default_factory=list[Piece])


@dataclass(frozen=True)
class _Lips:
    """What the lips of one person do while something is heard."""

    judged: float
    """Seconds in which they could be judged."""
    share: float
    """Share of it in which they move as in talking."""
    fit: float
    fitted: float
    """Mean correlation with the sound and the seconds that it is of."""
    enough: bool

    @property
    def still(self) -> bool:
        """Plainly not talking."""
        return self.enough and self.judged >= LONG and self.share < STILL


def link(cues: Sequence[Cue]) -> list[Cue]:
    """Give heard cues their person, where one can be meant.

    - Who is named by the source keeps the name. Where it names one speaker and one face is seen, both are that one name.
    - A voice that was told apart by its sound (`measures["speaker"]`) is one person through the whole clip: the name that the source
      gives to most of its cues, else the face whose lips move while it is heard. A voice that fits no face becomes a person of its own
      (`P3` after two faces); where faces are there whose lips could not be judged, it may be any of them and stays nobody's.
    - Any other cue gets the only face in the picture during it, unless its lips plainly stay still; of several faces the one whose lips
      move clearly more than the others', or, where several move, fit the sound clearly better over some seconds.

    How sure that is: the only face may listen to somebody outside the picture when its lips could not be judged, and lips move in chewing
    and laughing too. With two faces side by side, one of which talks, benchmarks/faces.py gives the share of right and of wrong links. Each
    cue keeps its own confidence.
    """
    seen = _faces(cues)
    heard = [c for c in cues if c.sense in _HEARD]
    named = {c.person for c in heard if c.person}
    rename: dict[str, str] = {}
    if len(seen) == 1 and len(named) == 1:
        one, name = next(iter(seen)), next(iter(named))
        if not _lips(seen[one], [c.span for c in heard if c.person and c.span]).still:
            rename = {one: name}
    labels = {c.span: label for c in heard if c.span and (label := _label(c))}
    voices = _voices(heard, {p: s for p, s in seen.items() if p not in rename})

    def person(cue: Cue) -> str | None:
        if cue.person:
            return rename.get(cue.person, cue.person)
        if cue.sense not in _HEARD:
            return None
        label = _label(cue) or (labels.get(cue.span) if cue.span else None)  # what reads a line is of who says it
        if label is not None:
            return voices[label]
        return None if named else _only(seen) if cue.span is None else _whose([cue.span], seen)

    return [c if person(c) == c.person else c.model_copy(update={"person": person(c)}) for c in cues]


def _faces(cues: Iterable[Cue]) -> dict[str, _Seen]:
    seen: dict[str, _Seen] = {}
    for cue in cues:
        if cue.sense not in _SEEN or not cue.person:
            continue
        span = cue.span or Span(start=0, end=0)
        one = seen.setdefault(cue.person, _Seen(span))
        one.span = Span(start=min(one.span.start, span.start), end=max(one.span.end, span.end))
        one.judged += pieces(cue.measures.get("lips_seen_spans_s"))
        one.moving += pieces(cue.measures.get("lips_moving_spans_s"))
    return seen


def _label(cue: Cue) -> str | None:
    label = cue.measures.get("speaker")
    return label if isinstance(label, str) and label else None


def _voices(heard: Sequence[Cue], seen: dict[str, _Seen]) -> dict[str, str | None]:
    """Label of a voice → its person. The voice that is heard longest chooses first; no two voices are one person."""
    spans: dict[str, list[Span]] = {}
    names: dict[str, Counter[str]] = {}
    for cue in heard:
        label = _label(cue)
        if label is None:
            continue
        mine = spans.setdefault(label, [])
        if cue.span and not any(s.overlap(cue.span) >= ENOUGH * cue.span.length for s in mine):
            mine.append(cue.span)  # transcript, words and voice tell of one utterance, which counts once
        if cue.person:
            names.setdefault(label, Counter())[cue.person] += 1
    whose: dict[str, str | None] = {label: name.most_common(1)[0][0] for label, name in names.items()}
    for label in sorted(spans, key=lambda a: -sum(s.length for s in spans[a])):
        if label not in whose:
            free = {p: s for p, s in seen.items() if p not in whose.values()}
            whose[label] = _whose(spans[label], free)
    fresh = _further(seen)
    for label in spans:
        free = [s for p, s in seen.items() if p not in whose.values() and _present(spans[label], s)]
        if whose[label] is None and all(_lips(s, spans[label]).still for s in free):
            whose[label] = next(fresh)
    return whose


def _further(seen: Iterable[str]) -> Iterator[str]:
    """Ids that no face has."""
    number = max((int(p[1:]) for p in seen if re.fullmatch(r"P\d+", p)), default=0)
    while True:
        number += 1
        yield f"P{number}"


def _whose(spans: Sequence[Span], seen: dict[str, _Seen]) -> str | None:
    """The face that talks during the spans; None where it cannot be told."""
    lips = {p: _lips(s, spans) for p, s in seen.items() if _present(spans, s)}
    talking = sorted((p for p in lips if not lips[p].still), key=lambda p: -lips[p].share)
    if len(talking) == 1:
        one = lips[talking[0]]
        return talking[0] if len(lips) == 1 or (one.enough and one.share >= MOVE) else None
    if len(talking) < 2 or not all(lips[p].enough for p in talking):
        return None
    first, second = (lips[p] for p in talking[:2])
    if first.share >= MOVE and second.share <= 0.5 * first.share:
        return talking[0]
    fitting = sorted(talking, key=lambda p: -lips[p].fit)
    best, next_best = (lips[p] for p in fitting[:2])
    over = min(best.fitted, next_best.fitted)
    return fitting[0] if best.fit >= FITS and (best.fit - next_best.fit) * (over / 4) ** 0.5 >= BETTER else None


def _only(seen: dict[str, _Seen]) -> str | None:
    return next(iter(seen)) if len(seen) == 1 else None


def _present(spans: Sequence[Span], seen: _Seen) -> bool:
    """In view at least half of the time; a moment without length must lie within."""
    if not spans:
        return False
    touched = [s for s in spans if seen.span.start <= s.end and s.start <= seen.span.end]
    return bool(touched) and sum(seen.span.overlap(s) for s in touched) >= ENOUGH * sum(s.length for s in spans)


def _lips(seen: _Seen, spans: Sequence[Span]) -> _Lips:
    total = sum(s.length for s in spans)
    judged = sum(p.within(s.start, s.end) for p in seen.judged for s in spans)
    parts = [(p.within(s.start, s.end), p.fit) for p in seen.moving for s in spans]
    moved, fitted = sum(length for length, _ in parts), sum(length for length, fit in parts if fit is not None)
    judged = max(judged, moved)  # what moves can be judged, however few the frames are
    fit = sum(length * f for length, f in parts if f is not None) / fitted if fitted else 0.0
    return _Lips(judged, min(1.0, moved / judged) if judged else 0.0, fit, fitted, judged >= ENOUGH * total > 0)
