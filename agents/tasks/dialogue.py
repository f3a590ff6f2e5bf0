"""Task `dialogue`: what a turn does in a conversation: its intent, dialogue act, speaking style or communication behaviour."""

from __future__ import annotations

from cuechain.agents.tasks import Task
from cuechain.agents.values import Answer, LabelAnswer, Target

ACTS = (
    "greeting", "question", "answer", "statement-opinion", "statement-non-opinion", "apology", "command", "agreement",
    "disagreement", "acknowledge", "backchannel", "others",
)  # fmt: skip
"""EMOTyDA's dialogue acts (Saha et al. 2020), for MELD and IEMOCAP alike."""

SETS: dict[str, tuple[str, ...]] = {
    "mintrec": (
        "complain", "praise", "apologise", "thank", "criticize", "agree", "taunt", "flaunt", "joke", "oppose", "comfort", "care",
        "inform", "advise", "arrange", "introduce", "leave", "prevent", "greet", "ask for help",
    ),
    "mintrec2": (
        "acknowledge", "advise", "agree", "apologise", "arrange", "ask for help", "asking for opinions", "care", "comfort", "complain",
        "confirm", "criticize", "doubt", "emphasize", "explain", "flaunt", "greet", "inform", "introduce", "invite", "joke", "leave",
        "oppose", "plan", "praise", "prevent", "refuse", "taunt", "thank", "warn",
    ),
    "meld-da": ACTS,
    "iemocap-da": ACTS,
    "ur-funny": ("humorous", "serious"),
    "mustard": ("sincere", "sarcastic"),
    "annomi-client": ("neutral", "change", "sustain"),
    "annomi-therapist": ("question", "therapist_input", "reflection", "other"),
}  # fmt: skip
"""Label sets as MMLA (Zhang et al. 2025) has them: intent (MIntRec, MIntRec2.0), dialogue act, speaking style (UR-FUNNY, MUStARD),
communication behaviour (AnnoMI)."""


def said(answer: Answer) -> Target:
    """The label."""
    assert isinstance(answer, LabelAnswer)
    return Target(labels=(answer.label,) if answer.label else ())


def taught(answer: Answer, target: Target) -> Answer:
    """The answer with people's label."""
    return answer.model_copy(update={"label": target.labels[0] if target.labels else None})


DIALOGUE = Task(
    name="dialogue",
    about="intent, dialogue act, style or communication behaviour of a turn (--labels mintrec, meld-da, ur-funny, annomi-client …)",
    answer=LabelAnswer,
    labels=ACTS,
    steps=(("observe", "answer/observe"), ("infer", "dialogue/infer"), ("conclude", "answer/conclude")),
    direct="answer/direct",
    sets=SETS,
    question="What does the speaker do by saying this?",
    said=said,
    taught=taught,
    metric="labels",
)
