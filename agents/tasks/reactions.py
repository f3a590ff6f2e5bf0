"""Task `reactions`: what an audience may feel about what is told or shown, and why (Socratis, Deng et al. 2023)."""

from __future__ import annotations

from cuechain.agents.llm.labels import affinity, spread
from cuechain.agents.tasks import Task
from cuechain.agents.tasks.emotion import said as named
from cuechain.agents.tasks.emotion import taught
from cuechain.agents.values import EKMAN, Answer, Claim, Cue, CueSheet, Emotion, EmotionAnswer, Plan, Question, Target

MOST = 3
"""Reactions that a planner tells at most: a situation cue names two."""

LEAST = 0.1
"""Share of people under which a reaction is not told; ours."""


def fill(sheet: CueSheet, question: Question, labels: tuple[str, ...], plan: Plan, answer: Answer) -> Answer:
    """What such events usually make people feel, as the `situation` cues have it; the plan itself, which is about the person, is not used.

    Without such a cue nothing is told: what somebody shows is not what those who watch will feel.
    """
    told = {
        i: shares
        for i, cue in sheet.cues.items()
        if cue.sense == "situation"
        and question.turn in (None, cue.measures.get("line"))
        and (shares := _shares(cue, labels))
    }
    blank = {"person": None, "emotion": None, "emotions": (), "sentiment": None, "relation": None}
    if not told:
        why = "No cue tells of an event of which it is known what it makes people feel."
        return answer.model_copy(update={**blank, "abstain": True, "claims": (Claim(text=why, stance="weak"),)})
    names = dict.fromkeys(name for shares in told.values() for name in shares)
    most = {name: max(shares.get(name, 0.0) for shares in told.values()) for name in names}
    ranked = [n for n in sorted(most, key=lambda n: -most[n]) if most[n] >= LEAST][:MOST] or [
        max(most, key=most.__getitem__)
    ]
    emotions = tuple(Emotion(label=n, confidence=round(most[n], 3)) for n in ranked)
    cites = {n: tuple(i for i, shares in told.items() if n in shares)[:2] for n in ranked}
    head = Claim(
        text=f"An audience may feel {_listed(ranked)}, for that is what such things often make people feel.",
        cites=tuple(dict.fromkeys(i for n in ranked for i in cites[n])),
        points=ranked[0],
    )
    by_cue: dict[str, list[str]] = {}
    for n in ranked:
        by_cue.setdefault(cites[n][0], []).append(n)
    reasons = tuple(
        Claim(
            text=f"{_listed(names).capitalize()}, because of what is told: {_words(sheet, i)}.",
            cites=_both(sheet, i),
            points=names[0],
        )
        for i, names in by_cue.items()
    )
    update = {**blank, "abstain": False, "emotion": emotions[0], "emotions": emotions, "claims": (head, *reasons)}
    return answer.model_copy(update=update)


def _shares(cue: Cue, labels: tuple[str, ...]) -> dict[str, float]:
    """Reactions that a cue tells, with the share of people; in the words of the label set where there is one."""
    own = {n: float(v) for n, v in cue.measures.items() if isinstance(v, float | int) and f"{n} ({v:.2f})" in cue.text}
    if not labels or set(own) <= set(labels):
        return own
    total = sum(own.values()) or 1.0
    core = {k: sum(v * affinity(n)[k] for n, v in own.items()) / total for k in EKMAN}
    mapped = spread(core, labels)
    best = max(mapped, key=lambda n: mapped[n])
    return {best: total * mapped[best]} if own else {}


def _line(sheet: CueSheet, id: str) -> str | None:
    """The line that a situation cue reads."""
    cue = sheet.cues[id]
    key = (cue.person, cue.span, cue.measures.get("line"), cue.media)
    for i, c in sheet.cues.items():
        if c.sense == "transcript" and (c.person, c.span, c.measures.get("line"), c.media) == key:
            return i
    return None


def _words(sheet: CueSheet, id: str) -> str:
    """The line that a situation cue reads, with its speaker's name."""
    cue = sheet.cues[_line(sheet, id) or id]
    text = cue.text.strip().rstrip(".")
    return text.replace("the speaker says", f"{cue.person} says", 1) if cue.person else text


def _both(sheet: CueSheet, id: str) -> tuple[str, ...]:
    line = _line(sheet, id)
    return (line, id) if line else (id,)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def said(answer: Answer) -> Target:
    """The reactions, and the reasons as one text."""
    reasons = [c.text for c in answer.claims[1:] if c.text]
    return named(answer).model_copy(update={"text": " ".join(reasons)})


REACTIONS = Task(
    name="reactions",
    about="what an audience may feel about it, several, each with its reason",
    answer=EmotionAnswer,
    labels=(),
    steps=(("observe", "answer/observe"), ("infer", "reactions/infer"), ("conclude", "answer/conclude")),
    direct="answer/direct",
    open_vocabulary=True,
    question="What may people feel who see, hear or read this, and why?",
    feelings=EKMAN,
    fill=fill,
    said=said,
    taught=taught,
    metric="open",
)
