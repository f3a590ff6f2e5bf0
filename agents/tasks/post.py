"""Task `post`: picture, text and words on it as one message: what it feels, whether it is funny or hurts, what it wants."""

from __future__ import annotations

from typing import get_args

from cuechain.agents.llm.labels import fitting, meaning
from cuechain.agents.tasks import Task
from cuechain.agents.values import EKMAN, Answer, Claim, CueSheet, Emotion, Plan, PostAnswer, Question, Target

POLARITY = ("negative", "neutral", "positive")
SLOTS = ("polarity", "humour", "sarcasm", "offence", "motivation", "hate", "intent")
"""Slots of the answer that are labels of further questions; a Target has them as `fields` under the same names."""


def levels(slot: str) -> tuple[str, ...]:
    """The labels of a slot, as the answer type has them, from least to most."""
    told, _ = get_args(PostAnswer.model_fields[slot].annotation)
    return get_args(told)


def fill(sheet: CueSheet, question: Question, labels: tuple[str, ...], plan: Plan, answer: Answer) -> Answer:
    """Emotion, sentiment and its level from the plan, which says nothing of humour, offence, hate and intent: they stay open."""
    if answer.abstain:
        return answer
    polar = {k: plan.sentiment.get(k, 0.0) for k in POLARITY}  # pyright: ignore[reportArgumentType]
    felt = fitting(answer.emotion.label, answer.relation) if answer.emotion else POLARITY
    label = max((k for k in POLARITY if k in felt), key=lambda k: polar[k])
    valence = sum(p * meaning(name)[1] for name, p in plan.labels.items())
    # Of the levels on the label's side the one that the feelings' valence is nearest to.
    scale = levels("polarity")
    place = int((valence + 1) / 2 * len(scale))
    least, most = {"negative": (0, 1), "neutral": (2, 2), "positive": (3, 4)}[label]
    sure = round(min(1.0, polar[label] / (sum(polar.values()) or 1.0)), 3)
    update: dict[str, object] = {"label": label, "confidence": sure, "polarity": scale[max(least, min(most, place))]}
    if answer.claims and answer.emotion:
        update["claims"] = (_head(answer.claims[0], label, answer.emotion), *answer.claims[1:])
    return answer.model_copy(update=update)


def _head(claim: Claim, label: str, emotion: Emotion) -> Claim:
    """The first claim is about the post; who is in the picture need not feel what the post says."""
    how = {"negative": "unpleasant", "positive": "pleasant"}.get(label, "neither pleasant nor unpleasant")
    felt = f", with {emotion.label} in it" if emotion.label != "neutral" else ""
    sure = "most likely" if (p := emotion.confidence or 0.0) >= 0.75 else "probably" if p >= 0.5 else "possibly"
    return claim.model_copy(update={"text": f"The post {sure} sounds {how}{felt}."})


def said(answer: Answer) -> Target:
    """The sentiment as the label, the emotion and every other slot that was judged as fields."""
    assert isinstance(answer, PostAnswer)
    fields = {slot: value for slot in SLOTS if (value := getattr(answer, slot)) is not None}
    if answer.emotion:
        fields["emotion"] = answer.emotion.label
    return Target(labels=(answer.label,) if answer.label else None, fields=fields, text=answer.implication or "")


def taught(answer: Answer, target: Target) -> Answer:
    """The answer with what people said."""
    update: dict[str, object] = {slot: target.fields[slot] for slot in SLOTS if slot in target.fields}
    if target.labels:
        update["label"] = target.labels[0]
    if "emotion" in target.fields:
        update["emotion"] = Emotion(label=target.fields["emotion"])
    if target.text:
        update["implication"] = target.text
    return answer.model_copy(update=update)


POST = Task(
    name="post",
    about="a post of picture and words: sentiment, emotion, humour, sarcasm, offence, hate, intent, and what it implies",
    answer=PostAnswer,
    labels=POLARITY,
    steps=(("observe", "answer/observe"), ("infer", "post/infer"), ("conclude", "answer/conclude")),
    direct="answer/direct",
    question="What does this post mean, how does it feel, and whom may it hurt?",
    feelings=EKMAN,
    fill=fill,
    said=said,
    taught=taught,
    metric="fields",
)
