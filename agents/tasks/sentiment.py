"""Task `sentiment`: polarity, its levels, or valence, arousal and dominance as numbers."""

from __future__ import annotations

from typing import Any

from cuechain.agents.llm.labels import meaning
from cuechain.agents.tasks import Task
from cuechain.agents.values import EKMAN, Answer, Claim, CueSheet, Plan, Question, SentimentAnswer, Target

POLARITY = ("negative", "neutral", "positive")
SETS: dict[str, tuple[str, ...]] = {
    "polarity": POLARITY,
    "levels5": ("very negative", "negative", "neutral", "positive", "very positive"),
    "mosi": ("-3", "-2", "-1", "0", "1", "2", "3"),
    "binary": ("negative", "positive"),
}
"""From the worst to the best: a planner chooses by where its valence falls in the scale."""


CALM = 0.2
"""Valence, to either side, up to which nothing is positive or negative."""


def fill(sheet: CueSheet, question: Question, labels: tuple[str, ...], plan: Plan, answer: Answer) -> Answer:
    """Valence and arousal that the planned feelings have in the literature, weighted by their probability; the label by its place.

    Where words are all there is, the valence is the mean of this and of what the text model hears. Of the ways that were tried it gets
    three polarities best on texts that neither was trained on: macro recall 0.680 on product reviews (Hu & Liu 2004, n=900), where the
    planner's own polarity gets 0.579, the valence of its feelings 0.657, the text model 0.673 and VADER 0.569; and 0.704 on GoEmotions'
    development comments (n=878), where the planner's own gets 0.724.
    """
    assert isinstance(answer, SentimentAnswer)
    heard = _heard(sheet, question, answer)
    if answer.abstain and not heard:
        return answer
    if answer.abstain:  # which feeling it is cannot be told; how the words sound can
        answer = answer.model_copy(update={"abstain": False, "claims": _words(sheet, heard)})
    valence = sum(p * meaning(name)[1] for name, p in plan.labels.items())
    arousal = sum(p * meaning(name)[2] for name, p in plan.labels.items())
    meant = plan.relation.get("sarcastic", 0.0) < 0.5
    if heard and meant:
        valence = (valence + sum(heard.values()) / len(heard)) / 2
    side = "positive" if valence > CALM else "negative" if valence < -CALM else "neutral"
    polar = {k: plan.sentiment.get(k, 0.0) for k in POLARITY}  # pyright: ignore[reportArgumentType]
    if set(labels) == set(POLARITY):
        label = side if heard and meant else max(polar, key=lambda k: polar[k])
    else:
        label = labels[min(len(labels) - 1, max(0, int((valence + 1) / 2 * len(labels))))]
    # Of a level it is known how sure its side is, and no more.
    sure = polar[label if label in polar else side] / (sum(polar.values()) or 1.0)
    told: dict[str, Any] = {"label": label, "confidence": round(min(1.0, sure), 3)}
    told |= {"valence": round(valence, 3), "arousal": round(arousal, 3)}
    if label in POLARITY:
        told["sentiment"] = label
    return answer.model_copy(update={**told, "claims": _headed(answer, label, sure, valence)})


def _heard(sheet: CueSheet, question: Question, answer: Answer) -> dict[str, float]:
    """What the text model hears in the words, -1 to 1, by cue id; nothing where a face or a voice is there to be read too."""
    own = {
        i: c
        for i, c in sheet.cues.items()
        if c.person in (answer.person, None) and question.turn in (None, c.measures.get("line"))
    }
    if any(c.sense in ("face", "voice") for c in own.values()):
        return {}
    heard = {i: c.measures.get("valence_model") for i, c in own.items() if c.sense == "words"}
    return {i: float(v) for i, v in heard.items() if isinstance(v, float | int)}


def _words(sheet: CueSheet, heard: dict[str, float]) -> tuple[Claim, ...]:
    """Claims that rest on the plainest words alone; the first is given its text by `_headed`."""
    plainest = max(heard, key=lambda i: abs(heard[i]))
    text = sheet.cues[plainest].text
    return Claim(cites=(plainest,)), Claim(text=f"{text[0].upper()}{text[1:]}.", cites=(plainest,))


def _headed(answer: Answer, label: str, sure: float, valence: float) -> tuple[Claim, ...]:
    """The claims, the first of which says the label, and the feeling where it goes with it."""
    hedge = "most likely" if sure >= 0.75 else "probably" if sure >= 0.5 else "possibly"
    text = f"{'This is' if label[-1:].isalpha() else 'On the scale this is'} {hedge} {label}"
    feeling = answer.emotion.label if answer.emotion else "neutral"
    if meaning(feeling)[1] * valence > 0 and label != "neutral":
        text += f", for the feeling seems to be {feeling}"
    return (answer.claims[0].model_copy(update={"text": f"{text}."}), *answer.claims[1:])


def said(answer: Answer) -> Target:
    """The label and the numbers that were told."""
    assert isinstance(answer, SentimentAnswer)
    numbers = {"valence": answer.valence, "arousal": answer.arousal, "dominance": answer.dominance}
    return Target(
        labels=(answer.label,) if answer.label else (), scores={k: v for k, v in numbers.items() if v is not None}
    )


def taught(answer: Answer, target: Target) -> Answer:
    """The answer with people's label and numbers; where they gave numbers alone its own label stays."""
    assert isinstance(answer, SentimentAnswer)
    label = answer.label if target.labels is None else next(iter(target.labels), None)
    numbers = {k: v for k, v in target.scores.items() if k in ("valence", "arousal", "dominance")}
    return answer.model_copy(update={"label": label, **numbers})


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
