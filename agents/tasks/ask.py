"""Task `ask`: any question about how somebody feels and why, in three steps of a chain of sentiment."""

from __future__ import annotations

from cuechain.agents.tasks import Task
from cuechain.agents.tasks.emotion import said
from cuechain.agents.values import EKMAN, Answer

ASK = Task(
    name="ask",
    about="answer a question about feelings in prose, each sentence with its cues",
    answer=Answer,
    labels=EKMAN,
    steps=(("observe", "ask/observe"), ("infer", "ask/infer"), ("conclude", "ask/conclude")),
    said=said,
)
