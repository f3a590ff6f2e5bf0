"""Task `sarcasm`: are the words meant as they sound, and if not, what gives it away."""

from __future__ import annotations

from cuechain.agents.tasks import Task
from cuechain.agents.values import EKMAN, Answer, CueSheet, LabelAnswer, Plan, Question, Target

LABELS = ("not sarcastic", "sarcastic")
KINDS = ("propositional", "embedded", "illocutionary", "like-prefixed")
"""Camp (2012), as annotated in MUStARD++ (Ray et al. 2022)."""


def fill(sheet: CueSheet, question: Question, labels: tuple[str, ...], plan: Plan, answer: Answer) -> Answer:
    """Sarcastic where the planner finds that the words mean their opposite; it tells no kinds."""
    assert isinstance(answer, LabelAnswer)
    if answer.abstain:
        return answer
    p = plan.relation.get("sarcastic", 0.0)
    label = LABELS[p >= 0.5]
    return answer.model_copy(update={"label": label, "confidence": round(max(p, 1 - p), 3)})


def said(answer: Answer) -> Target:
    """The label, and the kind where the model told one."""
    assert isinstance(answer, LabelAnswer)
    return Target(labels=(answer.label,) if answer.label else (), fields={"kind": answer.kind} if answer.kind else {})


def taught(answer: Answer, target: Target) -> Answer:
    """The answer with people's label and kind."""
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
