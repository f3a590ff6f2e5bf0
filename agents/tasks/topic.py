"""Task `topic`: what happens, told from the words of the cues alone; the classes are the user's (zero-shot)."""

from __future__ import annotations

from cuechain.agents.tasks import Task
from cuechain.agents.tasks.sarcasm import said, taught
from cuechain.agents.values import LabelAnswer

TOPIC = Task(
    name="topic",
    about="what happens, as one of your own classes (--labels concert,match,lecture); needs a chat model",
    answer=LabelAnswer,
    labels=(),
    steps=(("observe", "answer/observe"), ("infer", "topic/infer"), ("conclude", "answer/conclude")),
    direct="answer/direct",
    open_vocabulary=True,
    question="What happens here?",
    said=said,
    taught=taught,
    metric="labels",
)
"""The planners' encoder was trained to tell feelings and has learnt nothing of subjects: they do not answer this."""
