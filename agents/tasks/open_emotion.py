"""Task `open_emotion`: feelings in any words, as many as there are evidence for (OV-MER, Lian et al. 2024)."""

from __future__ import annotations

from cuechain.agents.tasks import Task
from cuechain.agents.tasks.emotion import said, taught
from cuechain.agents.values import EmotionAnswer

OPEN_EMOTION = Task(
    name="open_emotion",
    about="name every feeling that the evidence supports, in any words; a planner chooses from 24",
    answer=EmotionAnswer,
    labels=(),
    steps=(("observe", "ask/observe"), ("infer", "ask/infer"), ("conclude", "answer/conclude")),
    direct="answer/direct",
    open_vocabulary=True,
    question="What does the person feel, and why?",
    said=said,
    taught=taught,
    metric="open",
)
