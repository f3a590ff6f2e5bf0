"""Task `preference`: which of two descriptions of somebody's feelings fits better. They stand in the question, each on its line:

    Which description fits better?
    First: She smiles politely and is annoyed.
    Second: She is delighted.

The labels are `first` and `second`, so that a model need not repeat a long text and answers to different items can be compared.
"""

from __future__ import annotations

import re

from cuechain.agents.errors import ConfigError
from cuechain.agents.llm.labels import is_known, meaning
from cuechain.agents.tasks import Task
from cuechain.agents.tasks.sarcasm import said, taught
from cuechain.agents.values import EKMAN, Answer, Claim, CueSheet, LabelAnswer, Plan, Question

LABELS = ("first", "second")

LEAD = 0.1
"""Difference of probability from which one of them is preferred; ours."""

_TWO = re.compile(r"\bfirst\s*:\s*(?P<first>.+?)\s*\bsecond\s*:\s*(?P<second>.+)", re.I | re.S)
_NEGATED = re.compile(
    r"\b(?:not|no|never|neither|nor|without|hardly|\w+n't|rather than|instead of)\b(?:\W+\w+){0,2}\W*$", re.I
)
_EMPTY = frozenset(
    ["other", "none", "normal", "content", "interest", "concern", "fun", "pain", "hate", "hope", "desire", "trust"]
)
"""Words of the table that mostly mean something else in a description."""


def descriptions(text: str) -> tuple[str, str]:
    """The two descriptions of a question.

    Raises:
        ConfigError: It does not hold two.
    """
    found = _TWO.search(text)
    if found is None or not found["first"].strip() or not found["second"].strip():
        raise ConfigError(
            "the question holds no two descriptions", 'write them on lines of their own, "First: …" and "Second: …"'
        )
    return found["first"].strip(), found["second"].strip()


def asked(first: str, second: str) -> str:
    """The question for two descriptions, as readers of datasets make it."""
    one, two = (" ".join(text.split()) for text in (first, second))
    return f"Which description fits better?\nFirst: {one}\nSecond: {two}"


def named(description: str) -> dict[str, str]:
    """Feelings that a description names and does not deny: Ekman's to the word."""
    found: dict[str, str] = {}
    for word in re.finditer(r"[A-Za-z]+", description):
        plain = word.group().lower()
        forms = [plain, plain.removesuffix("ly"), plain.removesuffix("ily") + "y"]
        known = next((f for f in forms if is_known(f) and f not in _EMPTY), None)
        core = meaning(known)[0] if known else None
        if core and not _NEGATED.search(description[: word.start()]):
            found.setdefault(core, word.group())
    return found


def fill(sheet: CueSheet, question: Question, labels: tuple[str, ...], plan: Plan, answer: Answer) -> Answer:
    """The description whose feelings are the likelier: mean probability, over Ekman's, of those that it names.

    Nothing else of a description is read. Where one of them names no feeling, or both are about as likely, nothing is told.
    """
    assert isinstance(answer, LabelAnswer)
    feelings = [named(text) for text in descriptions(question.text)]
    empty = {"abstain": True, "emotion": None, "sentiment": None, "relation": None}
    if answer.abstain:
        return answer.model_copy(update=empty)
    cites = answer.claims[0].cites if answer.claims else ()

    def told(why: str) -> Answer:
        claim = Claim(text=f"Which of the two fits better cannot be told: {why}.", cites=cites, stance="weak")
        return answer.model_copy(update={**empty, "claims": (claim,)})

    if set(labels) != set(LABELS) or not all(feelings):
        which = [name for name, found in zip(LABELS, feelings, strict=True) if not found]
        return told(f"only feelings can be compared, and the {' and the '.join(which) or 'labels'} name none")
    one, two = (sum(plan.labels.get(core, 0.0) for core in found) / len(found) for found in feelings)
    if abs(one - two) < LEAD:
        return told("the feelings that they name are about as likely")
    best = int(two > one)
    words = sorted(feelings[best], key=lambda core: -plan.labels.get(core, 0.0))
    shown = feelings[best][words[0]]
    text = f"The {LABELS[best]} description fits better: the feeling that it calls {shown} is the likelier by the cues."
    head = Claim(text=text, cites=cites)
    confidence = round(max(one, two) / (one + two), 3)
    claims = (head, *answer.claims[1:])
    return answer.model_copy(update={"label": LABELS[best], "confidence": confidence, "claims": claims})


PREFERENCE = Task(
    name="preference",
    about='which of two descriptions fits better (in the question, on lines "First: …" and "Second: …")',
    answer=LabelAnswer,
    labels=LABELS,
    steps=(("observe", "answer/observe"), ("infer", "preference/infer"), ("conclude", "answer/conclude")),
    direct="answer/direct",
    question="Which description fits better, the first or the second?",
    feelings=EKMAN,
    fill=fill,
    said=said,
    taught=taught,
    metric="labels",
)
