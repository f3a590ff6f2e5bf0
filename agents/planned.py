"""Slot by slot: what a planner decides about the stretches and persons of a sheet, put together into one answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeAlias

from cuechain.agents.course import asked_of, course, halves
from cuechain.agents.evidence import ceiling, closest, evidence, grounded, partial, related, signed
from cuechain.agents.llm import Planner
from cuechain.agents.llm.addressed import without_orders
from cuechain.agents.llm.labels import fitting, meaning
from cuechain.agents.llm.serialise import SETTING
from cuechain.agents.question.focus import nothing_there, of_turn, together, untimed, within
from cuechain.agents.tasks import Task
from cuechain.agents.values import (
    CLASHES,
    Answer,
    Claim,
    Cue,
    CueSheet,
    Emotion,
    EmotionAnswer,
    Focus,
    Plan,
    Question,
    Span,
    Step,
    Usage,
)

PLAINLY = "How does this person feel, and why?"
"""What a planner is asked, whatever the user asked: a question that names a feeling ("is she angry?") must not suggest it."""

FLIMSY = 0.6
"""Ceiling of an answer (`evidence.ceiling`) under which it is not given: all cues that support it are wrong four times in five."""

STRANGE = 0.4
"""Ceiling of the confidence in a label that the table of feelings does not know ("xylophone"): its wording alone decides. Ours."""

ABSTAIN = 0.5
"""Abstain when the probability that the evidence is not enough reaches this."""

SEGMENT_SECONDS = 15.0
"""Longest stretch that a planner reads at once: a few utterances, about what the written sheets that trained it cover."""


Planned: TypeAlias = tuple[Answer, Focus, list[Step], Usage]
"""An answer whose claims have no text yet, whom it turned out to be about, how it came about, what it took."""


def planned(
    sheet: CueSheet, question: Question, task: Task, planner: Planner, found: Focus, labels: tuple[str, ...]
) -> Planned:
    """Plan each stretch, put the plans together, choose the evidence; the sentences are left to the realiser.

    Args:
        sheet: All that may be cited.
        question: What is asked; the planner itself is asked PLAINLY.
        task: Its answer type.
        planner: Fills the slots.
        found: Whom and when the question is about, and what kind it is.
        labels: The closed label set.
    """
    untold = untimed(sheet, question.text) if question.turn is None else ""
    if nothing := untold or nothing_there(sheet, found):
        claims = (Claim(text=nothing, stance="context"),)
        span = None if untold else found.span
        return (
            task.answer(person=found.person, span=span, abstain=True, claims=claims),
            found,
            [_focused(found)],
            Usage(),
        )
    if found.person is not None and sheet.people and found.person not in sheet.people:
        absent = task.answer(person=found.person, span=found.span, abstain=True, claims=(Claim(stance="weak"),))
        return absent, found, [_focused(found)], Usage()
    begin = time.perf_counter()
    plainly = question.model_copy(update={"text": PLAINLY})
    sheet = _read(sheet)
    if found.kind == "change":
        sheet = asked_of(sheet, question.text)
    if found.kind == "everyone" and sheet.people:
        return _each(sheet, question, task, planner, found, labels)
    if found.kind == "who" and len(sheet.people) > 1:
        found = _whose(sheet, plainly, planner, found, labels)
    stretches = segments(within(sheet, found.span))
    plans = [planner.plan(part, plainly, labels, found.person) for _, part in stretches]
    whole = _together(plans)
    steps = [
        _focused(found),
        Step(name="plan", output=whole.model_dump_json(), seconds=time.perf_counter() - begin),
    ]
    if found.kind == "change" and len(plans) == 1 and stretches[0][0] is not None:
        stretches = halves(stretches[0][1], stretches[0][0])
        plans = [planner.plan(part, plainly, labels, found.person) for _, part in stretches]
    # A change is told against what comes before and after it.
    answer = _answer(sheet if found.kind == "change" else within(sheet, found.span), whole, found, task)
    if found.kind == "change" and not answer.abstain:
        able = [(part, p) for (_, part), p in zip(stretches, plans, strict=True) if p.abstain < ABSTAIN and p.weight]
        told = course(able, found.person)
        if not told:  # the answer to all of it, in the words of one
            found = found.model_copy(update={"kind": "how"})
            told = (*answer.claims, Claim(text="No change stands out.", cites=answer.claims[0].cites, stance="context"))
        answer = answer.model_copy(update={"claims": told})
    return answer, found, steps, Usage(calls=len(plans))


def by_turn(sheet: CueSheet, question: Question, planner: Planner, labels: tuple[str, ...]) -> dict[int, Plan]:
    """A plan for each turn of a conversation by itself, under its number; a sheet without turns is turn 1."""
    plainly, sheet = question.model_copy(update={"text": PLAINLY}), _read(sheet)
    lines = sorted({int(n) for c in sheet.cues.values() if isinstance(n := c.measures.get("line"), int | float)})
    plans: dict[int, Plan] = {}
    for line in lines or (None,):
        own = of_turn(sheet, line)
        speaker = next((c.person for c in own.cues.values() if c.sense == "transcript"), None)
        plans[line or 1] = _together([planner.plan(part, plainly, labels, speaker) for _, part in segments(own)])
    return plans


def _focused(found: Focus) -> Step:
    return Step(name="focus", output=found.model_dump_json())


def _alone(
    sheet: CueSheet, question: Question, planner: Planner, found: Focus, labels: tuple[str, ...], person: str
) -> tuple[CueSheet, Plan]:
    """What one of several persons shows, and the plan for it."""
    own = sheet.only({i for i, c in sheet.cues.items() if c.person in (person, None)})
    return own, _together([planner.plan(p, question, labels, person) for _, p in segments(within(own, found.span))])


def _each(
    sheet: CueSheet, question: Question, task: Task, planner: Planner, found: Focus, labels: tuple[str, ...]
) -> Planned:
    """One claim for each person; the answer's own slots are those of the person whose feeling is surest."""
    people = together(sheet, question.text) or sheet.people
    question = question.model_copy(update={"text": PLAINLY})
    begin = time.perf_counter()
    alone: list[tuple[Plan, Answer]] = []
    claims: list[Claim] = []
    for person in people:
        own, plan = _alone(sheet, question, planner, found, labels, person)
        answer = _answer(
            within(own, found.span), plan, found.model_copy(update={"person": person, "kind": "how"}), task
        )
        alone.append((plan, answer))
        seen = tuple(i for i, c in sheet.cues.items() if c.person == person)[:1]
        points = answer.emotion.label if answer.emotion else None
        cites = answer.claims[0].cites or seen
        claims.append(Claim(cites=cites, stance="supports" if points else "weak", points=points))
    steps = [
        _focused(found),
        *(Step(name="plan", output=plan.model_dump_json()) for plan, _ in alone),
    ]
    steps[-1] = steps[-1].model_copy(update={"seconds": time.perf_counter() - begin})
    _, surest = max(alone, key=lambda pair: (pair[1].emotion.confidence or 0.0) if pair[1].emotion else -1.0)
    order = sorted(claims, key=lambda c: c.stance == "weak")
    whole = surest.model_copy(update={"claims": tuple(order), "person": None})
    return whole, found, steps, Usage(calls=len(alone))


def _read(sheet: CueSheet) -> CueSheet:
    """The sheet without lines that give orders, and without those in a language that nothing here can read: a planner would take them for
    feelings, or for neutral."""
    sheet = without_orders(sheet)
    foreign = [g for g in sheet.gaps if g.sense == "words" and ("language" in g.reason or "English" in g.reason)]
    if not foreign:
        return sheet
    heard = [_where(c) for c in sheet.cues.values() if c.sense == "words"]

    def unread(cue: Cue) -> bool:
        if cue.sense != "transcript" or _where(cue) in heard:
            return False
        return any(g.span is None or cue.span is None or g.span.overlap(cue.span) > 0 for g in foreign)

    return sheet.only({i for i, c in sheet.cues.items() if not unread(c)})


def _where(cue: Cue) -> tuple[object, ...]:
    """What tells lines apart: the time, or the number of the line where there is none."""
    return cue.media, cue.span, cue.measures.get("line") if cue.span is None else None


def _whose(sheet: CueSheet, question: Question, planner: Planner, found: Focus, labels: tuple[str, ...]) -> Focus:
    """Whom "who" asks for: the person who most likely feels what was asked about, else whoever feels most."""

    def share(person: str) -> float:
        _, plan = _alone(sheet, question, planner, found, labels, person)
        return plan.labels[found.label] if found.label else (1 - _calm(plan)) * (1 - plan.abstain)

    person = max(sheet.people, key=share)
    return found.model_copy(update={"person": person, "pronoun": person})


def segments(sheet: CueSheet) -> list[tuple[Span | None, CueSheet]]:
    """Stretches of at most SEGMENT_SECONDS, cut between utterances, each with the cues that begin in it.

    Cues without a time belong to every stretch.
    """
    timed = [c.span for c in sheet.cues.values() if c.span]
    if not timed:
        return [(None, sheet)]
    end = max(s.end for s in timed)
    if end - min(s.start for s in timed) <= SEGMENT_SECONDS * 1.5:
        return [(Span(start=min(s.start for s in timed), end=end), sheet)]
    starts = sorted(c.span.start for c in sheet.cues.values() if c.span and c.sense == "transcript") or sorted(
        s.start for s in timed
    )
    edges = [0.0]
    while end - edges[-1] > SEGMENT_SECONDS:
        ahead = [s for s in starts if edges[-1] + SEGMENT_SECONDS / 2 < s <= edges[-1] + SEGMENT_SECONDS]
        edges.append(ahead[-1] if ahead else edges[-1] + SEGMENT_SECONDS)
    parts: list[tuple[Span | None, CueSheet]] = []
    for start, stop in zip(edges, [*edges[1:], end + 1e-3], strict=True):
        ids = {i for i, c in sheet.cues.items() if c.span is None or start <= c.span.start < stop}
        if any(sheet.cues[i].span for i in ids):
            parts.append((Span(start=start, end=min(stop, end)), sheet.only(ids)))
    return parts


def _together(plans: Sequence[Plan]) -> Plan:
    """One plan for several stretches: each counts by how much its cues decide and how sure it is that it may answer."""
    if len(plans) == 1:
        return plans[0]
    shares = [(1 - p.abstain) * (sum(sorted(p.weight.values())[-3:]) + 1e-3) * (1.2 - _calm(p)) for p in plans]
    total = sum(shares) or 1.0

    def mean(pick: Callable[[Plan], dict[str, float]]) -> dict[str, float]:
        keys = list(dict.fromkeys(k for p in plans for k in pick(p)))
        return {k: sum(s * pick(p).get(k, 0.0) for s, p in zip(shares, plans, strict=True)) / total for k in keys}

    return Plan(
        labels=mean(lambda p: p.labels),
        relation=mean(lambda p: {str(k): v for k, v in p.relation.items()}),  # pyright: ignore[reportArgumentType]
        sentiment=mean(lambda p: {str(k): v for k, v in p.sentiment.items()}),  # pyright: ignore[reportArgumentType]
        abstain=min(p.abstain for p in plans),
        intensity=max(p.intensity for p in plans),
        weight={
            i: w * s / max(shares) for s, p in zip(shares, plans, strict=True) for i, w in sorted(p.weight.items())
        },
        points={i: label for p in plans for i, label in p.points.items()},
    )


def _calm(plan: Plan) -> float:
    """Share of the label mass that is neutral: an eventful stretch tells more about a clip than a calm one."""
    return sum(p for label, p in plan.labels.items() if meaning(label)[0] == "neutral")


def _answer(sheet: CueSheet, plan: Plan, found: Focus, task: Task) -> Answer:
    ranked = sorted(plan.labels.items(), key=lambda kv: -kv[1])
    if len(ranked) > 1 and signed(plan, ranked):
        ranked = [ranked[1], ranked[0], *ranked[2:]]
    label, confidence = ranked[0]
    telling = [c for c in sheet.cues.values() if c.sense not in SETTING]
    kind = meaning(label)[0]
    calm = kind == "neutral"
    if not telling or plan.abstain >= ABSTAIN or (calm and partial(sheet)):
        return task.answer(person=found.person, span=found.span, abstain=True, claims=(closest(sheet, plan, found),))
    if kind is None and not grounded(plan, label):
        text = f"This cannot be told: {label}, which comes nearest, is no feeling that is known here, and no cue by itself points to it."
        nearest = closest(sheet, plan, found).model_copy(update={"text": text})
        return task.answer(person=found.person, span=found.span, abstain=True, claims=(nearest,))
    relation = related(plan, pleasant=meaning(label)[1] > 0.3)
    claims = evidence(sheet, plan, label, found.person, torn=relation in CLASHES)
    lead = tuple(i for c in claims if c.stance == "supports" for i in c.cites)[:3]
    leading = {sheet.cues[i].sense for i in lead}
    against = [i for c in claims if c.stance == "conflicts" for i in c.cites]
    doubt = tuple(sorted(against, key=lambda i: sheet.cues[i].sense in leading))[:1]
    if relation == "sarcastic" and not any(sheet.cues[i].sense == "transcript" for i in (*lead, *doubt)):
        # Words that mean their opposite must be shown.
        spoken = [i for i, c in sheet.cues.items() if c.sense == "transcript" and c.person in (found.person, None)]
        doubt = (*doubt, *sorted(spoken, key=lambda i: -plan.weight.get(i, 0.0))[:1])
    head = Claim(cites=(*lead, *doubt) or claims[0].cites if claims else (), points=label)
    most = ceiling(sheet, claims)
    if most < FLIMSY and not calm:
        return task.answer(person=found.person, span=found.span, abstain=True, claims=(closest(sheet, plan, found),))
    confidence = min(confidence, most, STRANGE if kind is None else 1.0)
    answer = task.answer(
        person=found.person,
        span=found.span,
        emotion=Emotion(label=label, intensity=round(plan.intensity, 3), confidence=round(confidence, 3)),
        sentiment=max(fitting(label, relation), key=lambda s: plan.sentiment.get(s, 0.0)),
        relation=relation,
        claims=(head, *claims),
    )
    if isinstance(answer, EmotionAnswer):
        # Several labels where the next ones hold at least half of the first one's mass.
        named = [(n, p) for n, p in ranked if p >= max(0.5 * ranked[0][1], 0.1)][:4]
        emotions = tuple(
            Emotion(
                label=n, intensity=round(plan.intensity * p / named[0][1], 3), confidence=round(min(p, confidence), 3)
            )
            for n, p in named
        )
        answer = answer.model_copy(update={"emotions": emotions})
    return answer
