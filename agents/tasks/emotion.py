"""Task `emotion`: which of a set of labels hold, or any emotion word (`--labels open`)."""

from __future__ import annotations

from cuechain.agents.tasks import Task
from cuechain.agents.values import EKMAN, EmotionAnswer

EMOTION = Task(
    name="emotion",
    about="name the emotion from a label set (--labels a,b,c; --labels open for any word)",
    answer=EmotionAnswer,
    labels=EKMAN,
    steps=(("observe", "ask/observe"), ("infer", "ask/infer"), ("conclude", "emotion/conclude")),
    direct="emotion/direct",
    open_vocabulary=True,
)
