"""Task `sentiment`: polarity, its levels, or valence, arousal and dominance as numbers."""

from __future__ import annotations

from cuechain.agents.llm.labels import meaning
from cuechain.agents.tasks import Task
from cuechain.agents.values import EKMAN, Answer, CueSheet, Plan, Question, SentimentAnswer, Target

POLARITY = ("negative", "neutral", "positive")
SETS: dict[str, tuple[str, ...]] = {
    "polarity": POLARITY,
    "levels5": ("very negative", "negative", "neutral", "positive", "very positive"),
    "mosi": ("-3", "-2", "-1", "0", "1", "2", "3"),
    "binary": ("negative", "positive"),
}
"""From the worst to the best: a planner chooses by where its valence falls in the scale."""


def fill(sheet: CueSheet, question: Question, labels: tuple[str, ...], plan: Plan, answer: Answer) -> Answer:
    """Valence and arousal that the planned feelings have in the literature, weighted by their probability; the label by its place."""
    assert isinstance(answer, SentimentAnswer)
    if answer.abstain:
        return answer
    valence = sum(p * meaning(name)[1] for name, p in plan.labels.items())
    arousal = sum(p * meaning(name)[2] for name, p in plan.labels.items())
    polar = {k: plan.sentiment.get(k, 0.0) for k in POLARITY}  # pyright: ignore[reportArgumentType]
    if set(labels) == set(POLARITY):
        label = max(polar, key=lambda k: polar[k])
        sure = polar[label] / (sum(polar.values()) or 1.0)
    else:
        place = min(len(labels) - 1, max(0, int((valence + 1) / 2 * len(labels))))
        label, sure = labels[place], 1 - plan.abstain
    told = {"label": label, "confidence": round(min(1.0, sure), 3)}
    return answer.model_copy(update={**told, "valence": round(valence, 3), "arousal": round(arousal, 3)})


def said(answer: Answer) -> Target:
    """The label and the numbers that were told."""
    assert isinstance(answer, SentimentAnswer)
    numbers = {"valence": answer.valence, "arousal": answer.arousal, "dominance": answer.dominance}
    return Target(
        labels=(answer.label,) if answer.label else (), scores={k: v for k, v in numbers.items() if v is not None}
    )


def taught(answer: Answer, target: Target) -> Answer:
    """The answer with people's label and numbers."""
    label = target.labels[0] if target.labels else None
    return answer.model_copy(update={"label": label, **{k: v for k, v in target.scores.items() if k != "intensity"}})


SENTIMENT = Task(
    name="sentiment",
    about="positive, neutral or negative (--labels levels5, mosi, binary …), with valence, arousal and dominance from -1 to 1",
    answer=SentimentAnswer,
    labels=POLARITY,
    steps=(("observe", "ask/observe"), ("infer", "ask/infer"), ("conclude", "answer/conclude")),
    direct="answer/direct",
    sets=SETS,
    question="How positive or negative is this, and why?",
    feelings=EKMAN,
    fill=fill,
    said=said,
    taught=taught,
    metric="labels",
)
