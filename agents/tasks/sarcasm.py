"""Task `sarcasm`: are the words meant as they sound, and if not, what gives it away."""

from __future__ import annotations

from typing import Any

from cuechain.agents.llm.labels import meaning
from cuechain.agents.tasks import Task
from cuechain.agents.values import EKMAN, Answer, CueSheet, LabelAnswer, Plan, Question, Target

LABELS = ("not sarcastic", "sarcastic")
KINDS = ("propositional", "embedded", "illocutionary", "like-prefixed")
"""Camp (2012), as annotated in MUStARD++ (Ray et al. 2022)."""


SPOKEN, WRITTEN = 0.5, 0.1
"""Probability of the planner's "sarcastic" from which it is told: where a face or voice may show it, and for words alone, which the planner
takes at their word. At 0.1 it hears 36 % of the sarcastic lines of our written sheets when it gets nothing but the words (n=101; it was
trained on these sheets, so this is an upper bound), and 3 % of comments and reviews (GoEmotions dev, n=1,000; product reviews and film
sentences, n=1,600), few of which can be sarcastic."""

WRITTEN_SURE = 0.55
"""Of words alone: these shares make twelve to one; where one text in ten is sarcastic, a little more than even."""


def fill(sheet: CueSheet, question: Question, labels: tuple[str, ...], plan: Plan, answer: Answer) -> Answer:
    """Sarcastic where the planner finds that the words mean their opposite; it tells no kinds, and of labels it knows LABELS alone."""
    assert isinstance(answer, LabelAnswer)
    if answer.abstain or set(labels) != set(LABELS):
        blank = {"emotion": None, "sentiment": None, "relation": None}
        return answer.model_copy(update={"abstain": True, **blank})
    p = plan.relation.get("sarcastic", 0.0)
    written = bool(sheet.media) and all(m.kind == "text" for m in sheet.media)
    feeling = answer.emotion.label if answer.emotion else "neutral"
    pleasant = meaning(feeling)[1] > 0
    if p < (WRITTEN if written else SPOKEN):
        felt = "no strong feeling shows" if meaning(feeling)[0] == "neutral" else f"the feeling is probably {feeling}"
        told: dict[str, Any] = {"label": LABELS[0], "confidence": round(1 - p, 3)}
        return _headed(answer, f"There is no clear sign of sarcasm; {felt}.").model_copy(update=told)
    sure = max(p, WRITTEN_SURE) if written else p
    told = {"label": LABELS[1], "confidence": round(sure, 3), "relation": "sarcastic"}
    if pleasant:  # what the words say is then not what is felt, and nothing else is known
        calmed = tuple(c.model_copy(update={"points": None}) for c in answer.claims)
        told |= {"emotion": None, "sentiment": "negative", "claims": calmed}
    answer = answer.model_copy(update=told)
    return _headed(
        answer, f"This is {'probably' if sure >= 0.6 else 'possibly'} sarcastic: it does not seem meant as it sounds."
    )


def _headed(answer: LabelAnswer, text: str) -> LabelAnswer:
    first = answer.claims[0].model_copy(update={"text": text})
    return answer.model_copy(update={"claims": (first, *answer.claims[1:])})


def said(answer: Answer) -> Target:
    """The label, and the kind where the model told one."""
    assert isinstance(answer, LabelAnswer)
    return Target(labels=(answer.label,) if answer.label else (), fields={"kind": answer.kind} if answer.kind else {})


def taught(answer: Answer, target: Target) -> Answer:
    """The answer with people's label and kind; the same answer where nobody judged."""
    if target.labels is None:
        return answer
    label = target.labels[0] if target.labels else None
    return answer.model_copy(update={"label": label, "kind": target.fields.get("kind")})


SARCASM = Task(
    name="sarcasm",
    about="sarcastic or not, of which kind, and what the contrast is",
    answer=LabelAnswer,
    labels=LABELS,
    steps=(("observe", "ask/observe"), ("infer", "ask/infer"), ("conclude", "answer/conclude")),
    direct="answer/direct",
    question="Is this sarcastic, and what gives it away?",
    feelings=EKMAN,
    fill=fill,
    said=said,
    taught=taught,
    metric="labels",
)
