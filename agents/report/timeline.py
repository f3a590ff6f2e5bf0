"""Cues in order of time: lanes for each person and sense, what was measured along the way, and where senses disagree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from cuechain.agents.fetch import shown
from cuechain.agents.report.lanes import Bar, Lane, Strip, Timeline
from cuechain.agents.report.packing import LONGEST, packed
from cuechain.agents.report.readings import disagreements, tracks
from cuechain.agents.values import Case, Claim, Cue, CueSheet, Media, Plan

ORDER = ("answer", "conflict", "transcript", "words", "situation", "voice", "face", "screen", "scene", "sound")
"""Lanes of a person from top to bottom; senses of others come last."""

MOST_PEOPLE = 12
"""Persons of one file who have lanes of their own; those of whom least is told share the last."""

REST = "others"


@dataclass(frozen=True)
class _Marks:
    """What answers and plans say of cues."""

    cited: frozenset[str]
    against: frozenset[str]
    points: Mapping[str, str]
    weight: Mapping[str, float]


def timeline(about: Case | CueSheet | Sequence[Case]) -> Timeline:
    """Everything that has a time: of a sheet, of a case, or of several cases about the same files.

    Args:
        about: Several cases share one sheet that may grow, as in a conversation: an id names the same cue in all of them.
    """
    cases = [about] if isinstance(about, Case) else [] if isinstance(about, CueSheet) else list(about)
    sheets = [about] if isinstance(about, CueSheet) else [c.sheet for c in cases]
    cues = {i: c for sheet in sheets for i, c in cues_of(sheet).items()}
    media = {m.id: m for sheet in sheets for m in sheet.media}
    claims = [claim for case in cases if case.answer for claim in case.answer.claims]
    plans = list(_plans(cases))
    marks = _Marks(
        cited=frozenset(i for c in claims for i in c.cites),
        against=frozenset(i for c in claims if c.stance == "conflicts" for i in c.cites),
        points=_points(claims, plans),
        weight={i: w for plan in plans for i, w in plan.weight.items()},
    )
    strips: list[Strip] = []
    for one in media.values():
        own = {i: c for i, c in cues.items() if c.span is not None and c.media == one.id}
        if any(c.span and c.span.end > 0 for c in own.values()):
            strips.append(_strip(one, own, marks, cases))
    return Timeline(
        strips=tuple(strips),
        cues=cues,
        cited=tuple(i for i in cues if i in marks.cited),
        against=tuple(i for i in cues if i in marks.against),
        points={i: label for i, label in marks.points.items() if i in cues},
    )


def name_of(media: Media) -> str:
    """What a file is called, without its folder, and of an address without what holds a key."""
    return PurePath(shown(media.path)).name if media.path else "text"


def cues_of(sheet: CueSheet) -> dict[str, Cue]:
    """The cues of a sheet, each with the file that it is from: a sheet of one file leaves that out, and a later one has it."""
    only = sheet.media[0].id if len(sheet.media) == 1 else None
    return {i: c if c.media else c.model_copy(update={"media": only}) for i, c in sheet.cues.items()}


def _plans(cases: Iterable[Case]) -> Iterator[Plan]:
    for case in cases:
        for step in case.steps:
            if step.name == "plan":
                try:
                    yield Plan.model_validate_json(step.output)
                except ValueError:
                    continue  # of another version, or of somebody else's planner: it says nothing that can be read here


def _points(claims: Iterable[Claim], plans: Iterable[Plan]) -> dict[str, str]:
    """Id to the feeling that a cue alone points to: what a plan says, else the claim that cites nothing else."""
    found = {c.cites[0]: c.points for c in claims if c.points and len(c.cites) == 1}
    for plan in plans:
        found.update(plan.points)
    return found


def _strip(media: Media, cues: dict[str, Cue], marks: _Marks, cases: Sequence[Case]) -> Strip:
    end = max((c.span.end for c in cues.values() if c.span), default=0.0)
    duration = max(media.duration or 0.0, end)
    begin = _begin(media, cues, cases)
    start = begin if begin < duration else 0.0
    people = Counter(c.person for c in cues.values() if c.person)
    kept = {person for person, _ in people.most_common(MOST_PEOPLE if len(people) <= MOST_PEOPLE else MOST_PEOPLE - 1)}
    lanes: dict[tuple[str, str], list[Bar]] = defaultdict(list)

    def lane(person: str | None, sense: str) -> list[Bar]:
        return lanes[(person if person in kept else REST) if person else "", sense]

    for id, cue in cues.items():
        assert cue.span is not None
        lane(cue.person, cue.sense).append(
            Bar(
                cues=(id,),
                start=cue.span.start,
                end=cue.span.end,
                text=cue.text if len(cue.text) <= LONGEST else f"{cue.text[: LONGEST - 1]}…",
                label=marks.points.get(id),
                cited=id in marks.cited,
                against=id in marks.against,
                strength=marks.weight.get(id),
            )
        )
    for person, bars in disagreements(cues, marks.points).items():
        lane(person or None, "conflict").extend(bars)
    for case in cases:
        bar = _answered(case)
        if bar and case.answer and _about(case) == media.id:
            lane(case.answer.person, "answer").append(bar)
    order = {sense: place for place, sense in enumerate(ORDER)}
    made: list[Lane] = []
    for (person, sense), bars in sorted(
        lanes.items(), key=lambda one: (not one[0][0], one[0][0] == REST, _natural(one[0][0]), order.get(one[0][1], 99))
    ):
        placed, rows = packed(bars, duration - start)
        made.append(Lane(person=person or None, sense=sense, rows=rows, bars=placed))
    measured = {i: c for i, c in cues.items() if not c.person or c.person in kept}
    return Strip(
        media=media.id,
        name=name_of(media),
        start=start,
        duration=duration,
        lanes=tuple(made),
        tracks=tracks(measured),
    )


def _begin(media: Media, cues: Mapping[str, Cue], cases: Sequence[Case]) -> float:
    """Where a file was begun to be looked at: items may be stretches of it."""
    about = [c.sample.span if c.sample else None for c in cases if any(m.id == media.id for m in c.sheet.media)]
    starts = [span.start if span else 0.0 for span in about] or [0.0]
    return max(0.0, min([*starts, *(c.span.start for c in cues.values() if c.span)]))


def _natural(person: str) -> tuple[str, int]:
    """P2 before P10."""
    digits = person[len(person.rstrip("0123456789")) :]
    return person[: len(person) - len(digits)], int(digits or 0)


def _answered(case: Case) -> Bar | None:
    """What was answered about a stretch; None for an answer about the whole clip."""
    answer = case.answer
    span = (answer.span if answer else None) or (case.sample.span if case.sample else None)
    if answer is None or span is None:
        return None
    named: str | None = getattr(answer, "label", None) or (answer.emotion.label if answer.emotion else None)
    if answer.abstain or named is None:
        return None
    strong = answer.emotion.intensity if answer.emotion else None
    text = f"answer: {named}" + (f", intensity {strong:.2f}" if strong is not None else "")
    return Bar(cues=(), start=span.start, end=span.end, text=text, label=named, strength=strong)


def _about(case: Case) -> str | None:
    """The file that an answer is about: the one that it cites, or the only one."""
    cues = cues_of(case.sheet)
    cited = {cues[i].media for claim in (case.answer.claims if case.answer else ()) for i in claim.cites if i in cues}
    held = cited or {m.id for m in case.sheet.media}
    return held.pop() if len(held) == 1 else None
