"""Task `compound`: two basic feelings at once, of the seven pairs of C-EXPR-DB (Kollias 2023)."""

from __future__ import annotations

from cuechain.agents.llm.labels import meaning
from cuechain.agents.tasks import Task
from cuechain.agents.tasks.emotion import said, taught
from cuechain.agents.values import EKMAN, Answer, Claim, CueSheet, Emotion, EmotionAnswer, Plan, Question

PAIRS: dict[str, tuple[str, str]] = {
    "fearfully surprised": ("fear", "surprise"),
    "happily surprised": ("joy", "surprise"),
    "sadly surprised": ("sadness", "surprise"),
    "disgustedly surprised": ("disgust", "surprise"),
    "angrily surprised": ("anger", "surprise"),
    "sadly fearful": ("sadness", "fear"),
    "sadly angry": ("sadness", "anger"),
}
"""Each label and its two feelings."""

LEAST = 0.1
"""Share of the weaker feeling under which a pair is not told: with seven feelings chance is 0.14. Ours."""

ALONE = 0.5
"""What a cue that points to a feeling counts for it, of how much it decides: a planner looks for one feeling, and leaves little to a
second one that is plain. Ours."""


def fill(sheet: CueSheet, question: Question, labels: tuple[str, ...], plan: Plan, answer: Answer) -> Answer:
    """The pair whose two feelings have the largest product (`_shown`): the two highest, where they are a pair of the set.

    No surer than of the weaker one. Nothing is told where nothing but calm shows, or one feeling alone. Labels that are no pair of
    PAIRS are not chosen.
    """
    pairs = {name: PAIRS[name] for name in labels if name in PAIRS}
    if answer.abstain or not pairs:
        return answer.model_copy(update={"abstain": True, "emotion": None, "sentiment": None, "relation": None})
    p = {name: _shown(sheet, plan, name, answer.person) for name in EKMAN}

    def weaker(name: str) -> float:
        return min(p.get(part, 0.0) for part in pairs[name])

    def product(name: str) -> float:
        one, two = pairs[name]
        return p.get(one, 0.0) * p.get(two, 0.0)

    ranked = sorted(pairs, key=lambda name: -product(name))
    best = ranked[0]
    alone = answer.emotion.label if answer.emotion else ""
    if weaker(best) < LEAST or meaning(alone)[0] == "neutral":
        claim = _none(sheet, plan, answer, alone)
        empty = {"abstain": True, "emotion": None, "emotions": (), "sentiment": None, "relation": None}
        return answer.model_copy(update={**empty, "claims": (claim,)})
    emotions = tuple(
        Emotion(label=name, intensity=round(plan.intensity, 3), confidence=round(weaker(name), 3))
        for name in ranked
        if weaker(name) >= LEAST and product(name) >= 0.5 * product(best)
    )
    # What points to one half of the pair supports it, and needs no word of its own on which.
    claims = tuple(
        c.model_copy(update={"points": None, "stance": "supports"}) if c.points in pairs[best] else c
        for c in answer.claims
    )
    return answer.model_copy(update={"emotion": emotions[0], "emotions": emotions, "claims": claims})


def _none(sheet: CueSheet, plan: Plan, answer: Answer, alone: str) -> Claim:
    """What there is instead of a pair: calm, one feeling, or two that are no pair of the set."""
    told = {name: _told(sheet, plan, name, answer.person) for name in EKMAN if name not in (alone, "neutral")}
    other = max(told, key=lambda name: max(told[name].values(), default=0.0))
    cites = answer.claims[0].cites
    if meaning(alone)[0] == "neutral":
        text = "The cues speak of no strong feeling, not of two feelings at once."
    elif max(told[other].values(), default=0.0) < LEAST:
        text = f"The cues speak of {alone} alone, not of two feelings at once."
    else:
        text = f"The cues speak of {alone} and {other}, which together are none of the pairs that can be told."
        cites = tuple(dict.fromkeys((*cites, max(told[other], key=lambda i: told[other][i]))))
    return answer.claims[0].model_copy(update={"text": text, "stance": "weak", "cites": cites})


def _shown(sheet: CueSheet, plan: Plan, feeling: str, person: str | None) -> float:
    """How much there is of a feeling, 0 to 1: its probability, or what the plainest cue of the person gives to it by itself."""
    return max(plan.labels.get(feeling, 0.0), *_told(sheet, plan, feeling, person).values(), 0.0)


def _told(sheet: CueSheet, plan: Plan, feeling: str, person: str | None) -> dict[str, float]:
    """What each cue of the person that tells of a feeling gives to it by itself, 0 to 1."""
    own = {i: c for i, c in sheet.cues.items() if c.person in (person, None)}
    told = {i: ALONE * plan.weight.get(i, 0.0) for i in own if plan.points.get(i) == feeling}
    for i, cue in own.items():
        if cue.sense == "words" and isinstance(v := cue.measures.get(feeling), float | int):
            told[i] = max(told.get(i, 0.0), float(v))
    return told


COMPOUND = Task(
    name="compound",
    about="which two feelings are there at once (the seven of C-EXPR: happily surprised, sadly angry …)",
    answer=EmotionAnswer,
    labels=tuple(PAIRS),
    steps=(("observe", "ask/observe"), ("infer", "ask/infer"), ("conclude", "answer/conclude")),
    direct="answer/direct",
    question="Which two feelings does the person show at once?",
    feelings=EKMAN,
    fill=fill,
    said=said,
    taught=taught,
    metric="labels",
)
