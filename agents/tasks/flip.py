"""Task `flip`: whose sentiment towards what changes in a dialogue, and what made it change (PanoSent, subtask II).

It goes the four chained steps of `sextuple`, for a flip is seen between sextuples; flips alone are what it is scored by.
"""

from __future__ import annotations

from dataclasses import replace

from cuechain.agents.tasks.sextuple import SEXTUPLE
from cuechain.agents.values import Answer, SextupleAnswer, Target


def said(answer: Answer) -> Target:
    """The flips."""
    assert isinstance(answer, SextupleAnswer)
    return Target(flips=answer.flips)


FLIP = replace(
    SEXTUPLE,
    name="flip",
    about="sentiments that flip in a dialogue: whose, towards what, from what to what, by which trigger (PanoSent)",
    question="Does anybody change their mind about something, and what makes them?",
    said=said,
    metric="flips",
)
