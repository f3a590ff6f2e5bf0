"""Self-consistency: several sampled answers to one question, and what most of them say (Wang et al. 2023, ICLR)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable

from cuechain.agents.errors import ConfigError, ReplyError
from cuechain.agents.tasks import Task
from cuechain.agents.values import Case, LabelAnswer, Step, Usage


def voted(sample: Callable[[], Case], task: Task, votes: int) -> Case:
    """The answer that most of several samples agree with; its confidence is their share.

    Of the samples that agree, the one with the fewest problems in the check speaks for them. Samples that cannot be read do not vote, but
    count in the share. A tie goes to the label that was said first.

    Args:
        sample: Answers the question once more.
        task: A task whose answer leads with one label.
        votes: How many samples, at least 2.

    Raises:
        ConfigError: A task without a leading label.
        ReplyError: No sample could be read.
    """
    if task.said is None or task.metric not in ("labels", "open", "none"):
        raise ConfigError(
            f"answers of task '{task.name}' cannot be counted", "--votes needs a task with one leading label"
        )
    samples: list[Case] = []
    unread: ReplyError | None = None
    for _ in range(votes):
        try:
            samples.append(sample())
        except ReplyError as error:
            unread = error
    if not samples:
        assert unread is not None
        raise unread
    counts = Counter(_voice(case, task) for case in samples)
    winner, count = counts.most_common(1)[0]
    best = min(
        (c for c in samples if _voice(c, task) == winner), key=lambda c: len(c.verdict.problems) if c.verdict else 0
    )
    step = Step(name="votes", output=json.dumps({**counts, "unreadable": votes - len(samples)}, ensure_ascii=False))
    usage = sum((case.usage for case in samples), Usage())
    return _sure(best, count / votes).model_copy(update={"steps": (*best.steps, step), "usage": usage})


def _voice(case: Case, task: Task) -> str:
    """What a sample votes for: its leading label, or that nothing can be told."""
    assert case.answer is not None and task.said is not None
    if case.answer.abstain:
        return "abstain"
    return (task.said(case.answer).labels or ("",))[0]


def _sure(case: Case, share: float) -> Case:
    answer = case.answer
    assert answer is not None
    if isinstance(answer, LabelAnswer):
        answer = answer.model_copy(update={"confidence": round(share, 3)})
    elif answer.emotion is not None:
        answer = answer.model_copy(
            update={"emotion": answer.emotion.model_copy(update={"confidence": round(share, 3)})}
        )
    return case.model_copy(update={"answer": answer})
