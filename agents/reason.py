"""Sheet + question + task → Answer: a chain of prompts for a chat model, slot by slot for a planner."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cuechain import prompts
from cuechain.agents.focus import focus, within
from cuechain.agents.llm import Model, Planner
from cuechain.agents.llm.labels import meaning
from cuechain.agents.settings import Settings
from cuechain.agents.tasks import Task
from cuechain.agents.values import (
    Answer,
    Claim,
    Cue,
    CueSheet,
    Emotion,
    EmotionAnswer,
    Focus,
    Plan,
    Problem,
    Question,
    Relation,
    Span,
    Stance,
    Step,
    Usage,
)

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

PLAINLY = "How does this person feel, and why?"
"""What a planner is asked, whatever the user asked: a question that names a feeling ("is she angry?") must not suggest it."""

SETTING = ("scene", "screen")
"""Senses that show where somebody is, not how that person feels: alone they decide nothing."""

GROUNDED = 0.75
"""Under this confidence a label is only told when some cue by itself points to it or to its kin."""

HAIR = 0.1
"""Lead of neutral that counts as none where a cue that decides points to a feeling."""

SEGMENT_SECONDS = 15.0
"""Longest stretch that a planner reads at once: a few utterances, about what the written sheets that trained it cover."""

ABSTAIN = 0.5
"""Abstain when the probability that the evidence is not enough reaches this."""

DECISIVE = 0.35
"""Weight from which a cue is told as evidence."""

MOST_CLAIMS = 5
"""Evidence sentences in one answer: more are not read."""

MOST_OF_A_SENSE = 2
"""Evidence sentences of one sense: a third line of talk convinces less than a first look at the face."""

OPEN = (
    "joy", "amusement", "love", "gratitude", "pride", "relief", "excitement", "admiration", "curiosity", "surprise", "confusion",
    "sadness", "disappointment", "grief", "remorse", "embarrassment", "anger", "annoyance", "disapproval", "fear", "nervousness",
    "disgust", "contempt", "neutral",
)  # fmt: skip
"""What a planner chooses from when the vocabulary is open: the GoEmotions inventory (Demszky et al. 2020) without its near-doubles."""


@dataclass
class Reasoned:
    """What the model concluded and how."""

    answer: Answer
    """The answer; claims of a planner have no text yet."""
    focus: Focus
    """What the question was taken to be about."""
    steps: list[Step] = field(default_factory=list[Step])
    """Each step with its output."""
    usage: Usage = field(default_factory=Usage)
    """What the model consumed."""
    messages: list[BaseMessage] = field(default_factory=list["BaseMessage"])
    """The conversation with a chat model, for a repair round."""


def labels_of(question: Question, task: Task) -> tuple[str, ...]:
    """The closed label set; empty where any word may be used."""
    if question.labels == ("open",):
        return ()
    return question.labels or task.labels


def reason(
    sheet: CueSheet,
    question: Question,
    task: Task,
    model: Model,
    settings: Settings,
    *,
    images: Sequence[bytes] = (),
    on_token: Callable[[str], None] | None = None,
) -> Reasoned:
    """Answer a question about a sheet.

    Args:
        sheet: All that may be cited.
        question: What is asked.
        task: Its steps and answer type.
        model: A planner or a chat model.
        settings: Time-outs, retries, temperature.
        images: Keyframes (JPEG) for a vision model.
        on_token: Called with each piece of text as a chat model writes it.

    Raises:
        ModelError: The model did not answer.
        ReplyError: It answered, twice, in another form than asked for.
    """
    found = focus(sheet, question.text, labels_of(question, task) or OPEN)
    if model.planner is not None:
        return _plan(sheet, question, task, model.planner, found)
    return _chain(sheet, question, task, model, settings, found, images, on_token)


def repair(
    done: Reasoned,
    problems: Sequence[Problem],
    task: Task,
    model: Model,
    settings: Settings,
    on_token: Callable[[str], None] | None = None,
) -> Reasoned:
    """One more round of a chat model, with what the check found."""
    from langchain_core.messages import HumanMessage

    from cuechain.agents.llm.reply import ask

    messages = [*done.messages, HumanMessage(prompts.render("repair", problems=problems))]
    reply = ask(model, messages, schema=task.answer, settings=settings, on_token=on_token)
    step = Step(name="repair", output=reply.text, seconds=reply.seconds)
    return Reasoned(reply.value, done.focus, [*done.steps, step], done.usage + reply.usage, messages)


def _chain(
    sheet: CueSheet,
    question: Question,
    task: Task,
    model: Model,
    settings: Settings,
    found: Focus,
    images: Sequence[bytes],
    on_token: Callable[[str], None] | None,
) -> Reasoned:
    """The chained prompts: each step reads the sheet and the outputs before it; the last one answers as JSON."""
    import base64

    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

    from cuechain.agents.llm.reply import ask
    from cuechain.agents.llm.schema import json_schema

    variables = {
        "sheet": sheet,
        "question": question,
        "labels": labels_of(question, task) if question.labels or not task.open_vocabulary else (),
        "schema": json.dumps(json_schema(task.answer)),
    }
    messages: list[BaseMessage] = [SystemMessage(prompts.render("system"))]
    steps: list[Step] = []
    usage = Usage()
    value: Answer | None = None
    for number, (name, template) in enumerate(task.steps):
        last = number == len(task.steps) - 1
        text = prompts.render(template, **variables)
        shown = [
            {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{base64.b64encode(i).decode()}"}}
            for i in (images if number == 0 and model.vision else ())
        ]
        messages.append(HumanMessage([*shown, {"type": "text", "text": text}] if shown else text))
        reply = ask(model, messages, schema=task.answer if last else None, settings=settings, on_token=on_token)
        messages.append(AIMessage(reply.text))
        steps.append(Step(name=name, output=reply.text, seconds=reply.seconds))
        usage += reply.usage
        value = reply.value
    assert value is not None
    return Reasoned(value, found, steps, usage, messages)


def _plan(sheet: CueSheet, question: Question, task: Task, planner: Planner, found: Focus) -> Reasoned:
    """Plan each stretch, put the plans together, leave the sentences to the realiser."""
    labels = labels_of(question, task) or OPEN
    focused = Step(name="focus", output=found.model_dump_json())
    if found.person is not None and sheet.people and found.person not in sheet.people:
        absent = task.answer(person=found.person, span=found.span, abstain=True, claims=(Claim(stance="weak"),))
        return Reasoned(absent, found, [focused])
    begin = time.perf_counter()
    plainly = question.model_copy(update={"text": PLAINLY})
    if found.kind == "everyone":
        return _each(_read(sheet), plainly, task, planner, found, labels)
    sheet = _read(sheet)
    if found.kind == "who" and len(sheet.people) > 1:
        found = _whose(sheet, plainly, planner, found, labels)
    stretches = segments(within(sheet, found.span))
    plans = [planner.plan(part, plainly, labels, found.person) for _, part in stretches]
    whole = _together(plans)
    steps = [
        focused,
        Step(name="plan", output=whole.model_dump_json(), seconds=time.perf_counter() - begin),
    ]
    if found.kind == "change" and len(plans) == 1 and stretches[0][0] is not None:
        stretches = _halves(stretches[0][1], stretches[0][0])
        plans = [planner.plan(part, plainly, labels, found.person) for _, part in stretches]
    answer = _answer(sheet, whole, found, task)
    if found.kind == "change" and not answer.abstain:
        answer = answer.model_copy(update={"claims": (*_course(stretches, plans), *answer.claims[1:])})
    return Reasoned(answer, found, steps, Usage(calls=len(plans)))


def _read(sheet: CueSheet) -> CueSheet:
    """The sheet without lines in a language that nothing here can read: a planner would take them for neutral."""
    foreign = [
        g for g in sheet.gaps if (g.sense == "words" and "language" in f"{g.reason} {g.hint}") or "English" in g.reason
    ]
    if not foreign:
        return sheet
    heard = [c.span for c in sheet.cues.values() if c.sense == "words"]

    def unread(cue: Cue) -> bool:
        if cue.sense != "transcript" or cue.span in heard:
            return False
        return any(g.span is None or cue.span is None or g.span.overlap(cue.span) > 0 for g in foreign)

    return sheet.only({i for i, c in sheet.cues.items() if not unread(c)})


def _whose(sheet: CueSheet, question: Question, planner: Planner, found: Focus, labels: tuple[str, ...]) -> Focus:
    """Whom "who" asks for: the person who most likely feels what was asked about, else whoever feels most."""

    def share(person: str) -> float:
        own = sheet.only({i for i, c in sheet.cues.items() if c.person in (person, None)})
        plan = _together([planner.plan(p, question, labels, person) for _, p in segments(within(own, found.span))])
        return plan.labels[found.label] if found.label else (1 - _calm(plan)) * (1 - plan.abstain)

    person = max(sheet.people, key=share)
    return found.model_copy(update={"person": person, "pronoun": person})


def _each(
    sheet: CueSheet, question: Question, task: Task, planner: Planner, found: Focus, labels: tuple[str, ...]
) -> Reasoned:
    """One claim for each person; the answer's own slots are those of the person whose feeling is surest."""
    begin = time.perf_counter()
    alone: list[tuple[Plan, Answer]] = []
    claims: list[Claim] = []
    for person in sheet.people:
        own = sheet.only({i for i, c in sheet.cues.items() if c.person in (person, None)})
        plan = _together([planner.plan(p, question, labels, person) for _, p in segments(within(own, found.span))])
        answer = _answer(own, plan, found.model_copy(update={"person": person, "kind": "how"}), task)
        alone.append((plan, answer))
        seen = tuple(i for i, c in sheet.cues.items() if c.person == person)[:1]
        points = answer.emotion.label if answer.emotion else None
        cites = answer.claims[0].cites or seen
        claims.append(Claim(cites=cites, stance="supports" if points else "weak", points=points))
    steps = [
        Step(name="focus", output=found.model_dump_json()),
        *(Step(name="plan", output=plan.model_dump_json()) for plan, _ in alone),
    ]
    steps[-1] = steps[-1].model_copy(update={"seconds": time.perf_counter() - begin})
    _, surest = max(alone, key=lambda pair: (pair[1].emotion.confidence or 0.0) if pair[1].emotion else -1.0)
    order = sorted(claims, key=lambda c: c.stance == "weak")
    whole = surest.model_copy(update={"claims": tuple(order), "person": None})
    return Reasoned(whole, found, steps, Usage(calls=len(alone)))


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


def _halves(sheet: CueSheet, span: Span) -> list[tuple[Span | None, CueSheet]]:
    middle = (span.start + span.end) / 2
    halves = [Span(start=span.start, end=middle), Span(start=middle, end=span.end)]
    parts: list[tuple[Span | None, CueSheet]] = []
    for half in halves:
        ids = {i for i, c in sheet.cues.items() if c.span and half.start <= (c.span.start + c.span.end) / 2 <= half.end}
        if ids:
            parts.append((half, sheet.only(ids)))
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
    if len(ranked) > 1 and _signed(plan, ranked):
        ranked = [ranked[1], ranked[0], *ranked[2:]]
    label, confidence = ranked[0]
    telling = [c for c in sheet.cues.values() if c.sense not in SETTING]
    baseless = confidence < GROUNDED and not _grounded(plan, label)
    if not telling or plan.abstain >= ABSTAIN or baseless or (meaning(label)[0] == "neutral" and _partial(telling)):
        return task.answer(person=found.person, span=found.span, abstain=True, claims=(_closest(sheet, plan, found),))
    pleasant = meaning(label)[1] > 0.3
    # Words that mean their opposite and a pleasant feeling exclude each other.
    relation: Relation = max(plan.relation, key=lambda r: plan.relation[r] * (not (pleasant and r == "sarcastic")))
    claims = _evidence(sheet, plan, label, torn=relation in ("masked", "sarcastic", "mixed"))
    lead = tuple(i for c in claims if c.stance == "supports" for i in c.cites)[:3]
    doubt = tuple(i for c in claims if c.stance == "conflicts" for i in c.cites)[:1]
    if relation == "sarcastic" and not any(sheet.cues[i].sense == "transcript" for i in (*lead, *doubt)):
        # Words that mean their opposite must be shown.
        spoken = [i for i, c in sheet.cues.items() if c.sense == "transcript" and c.person in (found.person, None)]
        doubt = (*doubt, *sorted(spoken, key=lambda i: -plan.weight.get(i, 0.0))[:1])
    head = Claim(cites=(*lead, *doubt) or claims[0].cites if claims else (), points=label)
    confidence = min(confidence, _ceiling(sheet, claims))
    answer = task.answer(
        person=found.person,
        span=found.span,
        emotion=Emotion(label=label, intensity=round(plan.intensity, 3), confidence=round(confidence, 3)),
        sentiment=max(plan.sentiment, key=lambda s: plan.sentiment[s]),
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


def _partial(telling: list[Cue]) -> bool:
    """Whether only parts of the words were made out and no face was seen: calm may then be what was missed."""
    kept = [c.measures.get("kept_share", 1.0) for c in telling if c.sense == "transcript"]
    return any(isinstance(k, float) and k <= 0.9 for k in kept) and not any(c.sense == "face" for c in telling)


def _signed(plan: Plan, ranked: list[tuple[str, float]]) -> bool:
    """Whether neutral leads by a hair over a feeling that a deciding cue points to: neutral is the want of a sign, and there is one."""
    (first, p), (second, q) = ranked[:2]
    if meaning(first)[0] != "neutral" or p - q > HAIR:
        return False
    return any(points == second and plan.weight.get(i, 0.0) >= 0.5 for i, points in plan.points.items())


def _grounded(plan: Plan, label: str) -> bool:
    """Whether some cue by itself points to a label or to one of the same kind."""
    kind = meaning(label)[0]
    return any(points == label or (kind and meaning(points)[0] == kind) for points in plan.points.values())


def _ceiling(sheet: CueSheet, claims: Sequence[Claim]) -> float:
    """No answer is surer than its evidence: between a half and one, by the chance that some supporting cue is right (noisy-or).

    Cues whose tool states no reliability do not lower it.
    """
    cues = [sheet.cues[i] for c in claims if c.stance == "supports" for i in c.cites]
    if not cues or any(c.reliability is None for c in cues):
        return 1.0
    wrong = 1.0
    for cue in cues:
        wrong *= 1 - (cue.reliability or 0.0) * (0.5 if cue.confidence is None else cue.confidence)
    return 0.5 + 0.5 * (1 - wrong)


def _closest(sheet: CueSheet, plan: Plan, found: Focus) -> Claim:
    """What an answer that abstains may still point at: the cue of the person that came nearest to deciding."""
    own = [
        i
        for i, c in sheet.cues.items()
        if c.sense not in SETTING and (found.person is None or c.person in (found.person, None))
    ]
    best = max(own, key=lambda i: plan.weight.get(i, 0.0), default=None)
    return Claim(cites=(best,) if best else (), stance="weak")


def _evidence(sheet: CueSheet, plan: Plan, label: str, *, torn: bool) -> tuple[Claim, ...]:
    """A claim for each cue that decides, strongest first; words go together with the line they read.

    Where the senses are torn, the strongest cue against the conclusion is told too, however little it decided.
    """
    order = sorted((i for i in plan.weight if i in sheet.cues), key=lambda i: -plan.weight[i])
    order = [i for i in order if sheet.cues[i].sense not in SETTING] or order
    # What points nowhere is told after what points somewhere.
    order.sort(key=lambda i: -plan.weight[i] * (0.4 if _stance(sheet, i, plan.points.get(i), label) == "weak" else 1.0))
    told: list[str] = []
    for i in [i for i in order if plan.weight[i] >= DECISIVE] or order[:1]:
        same = [j for j in told if sheet.cues[j].sense == sheet.cues[i].sense]
        if len(told) < MOST_CLAIMS and len(same) < MOST_OF_A_SENSE:
            told.append(i)
    against = [i for i in order if _stance(sheet, i, plan.points.get(i), label) == "conflicts"]
    if torn and against and not set(against) & set(told):
        told = [*told[: MOST_CLAIMS - 1], against[0]]
    claims: list[Claim] = []
    used: set[str] = set()
    for i in told:
        if i in used:
            continue
        partner = _partner(sheet, i)
        cites = [j for j in ((partner, i) if sheet.cues[i].sense == "words" else (i, partner)) if j]
        # What was seen or heard in the same words at another time goes into the same sentence.
        cites += [j for j in order if j not in cites and j not in used and _repeats(sheet.cues[j], sheet.cues[i])]
        used.update(cites)
        points = plan.points.get(i) or (plan.points.get(partner) if partner else None)
        claims.append(Claim(cites=tuple(cites), stance=_stance(sheet, i, points, label), points=points))
    return tuple(sorted(claims, key=lambda c: c.stance == "conflicts"))


def _repeats(one: Cue, other: Cue) -> bool:
    return (one.sense, one.text, one.person) == (other.sense, other.text, other.person)


def _partner(sheet: CueSheet, id: str) -> str | None:
    """The line that a words cue reads, or the words cue of a line."""
    cue = sheet.cues[id]
    other = {"words": "transcript", "transcript": "words"}.get(cue.sense)
    line = cue.measures.get("line")
    same = [
        i
        for i, c in sheet.cues.items()
        if c.sense == other and (c.person, c.span, c.measures.get("line")) == (cue.person, cue.span, line)
    ]
    return same[0] if len(same) == 1 else None


def _stance(sheet: CueSheet, id: str, points: str | None, label: str) -> Stance:
    if sheet.cues[id].sense in SETTING:
        return "context"
    if points is None:
        return "supports"
    if points == label or meaning(points)[0] == meaning(label)[0]:
        return "supports"
    one, two = meaning(points)[1], meaning(label)[1]
    if (
        min(abs(one), abs(two)) < 0.3
    ):  # neutral and surprise lie between pleasant and unpleasant, and contradict neither
        return "weak"
    return "conflicts" if one * two < 0 else "supports"


def _course(stretches: Sequence[tuple[Span | None, CueSheet]], plans: Sequence[Plan]) -> tuple[Claim, ...]:
    """One claim for each stretch whose feeling differs from the one before, for a question about change."""
    claims: list[Claim] = []
    for (_, part), plan in zip(stretches, plans, strict=True):
        if plan.abstain >= ABSTAIN or not plan.weight:
            continue
        label = max(plan.labels, key=lambda n: plan.labels[n])
        best = sorted((i for i in plan.weight if i in part.cues), key=lambda i: -plan.weight[i])[:2]
        if best and (not claims or claims[-1].points != label):
            claims.append(Claim(cites=tuple(best), points=label))
    return tuple(claims[:MOST_CLAIMS])
