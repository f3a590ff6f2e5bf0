"""Task `mismatch`: does a headline, caption or post fit what is seen and heard beside it."""

from __future__ import annotations

from cuechain.agents.llm.labels import meaning
from cuechain.agents.tasks import Task
from cuechain.agents.tasks.sarcasm import said, taught
from cuechain.agents.values import EKMAN, Answer, Claim, CueSheet, LabelAnswer, Plan, Question

LABELS = ("fits", "does not fit")

CLEAR = 0.3
"""Valence, to either side, from which a mood counts as one; VADER's compound calls 0.3 probable in our words cues. Ours."""


DECISIVE = 0.35
"""How much the plainest cue beside the text must decide, 0 to 1: from there on cues are told as evidence in every task."""


def fill(sheet: CueSheet, question: Question, labels: tuple[str, ...], plan: Plan, answer: Answer) -> Answer:
    """The mood of the text against the mood of what is seen and heard; where one of them has none, nothing is told.

    Events, people and places are not compared: a planner does not understand either side. So it can miss a mismatch, and its "fits" says
    no more than that the moods agree. No confidence is told, as none was measured.
    """
    assert isinstance(answer, LabelAnswer)
    text, rest = sides(sheet)
    moods = {i: v for i in text if (v := _mood(sheet, plan, i)) is not None}
    felt = {i: meaning(plan.points[i])[1] for i in rest if i in plan.points}
    shown = {i: v if abs(v) >= CLEAR else 0.0 for i, v in felt.items()}  # surprise and calm are neither
    read = sum(moods.values()) / len(moods) if moods else 0.0
    decides = {i: plan.weight.get(i, 0.0) for i in shown}
    weights = {i: (decides[i] + 0.01) * sheet.cues[i].salience for i in shown}
    seen = sum(weights[i] * v for i, v in shown.items()) / (sum(weights.values()) or 1.0)
    blank = {"emotion": None, "sentiment": None, "relation": None, "span": None, "person": None}
    told = tuple(sorted((i for i in shown if shown[i] * seen > 0), key=lambda i: -abs(shown[i]) * weights[i]))[:2]
    if max(decides.values(), default=0.0) < DECISIVE:  # a slight smile is no mood
        seen = 0.0
    if set(labels) != set(LABELS) or min(abs(read), abs(seen)) < CLEAR:
        why = (
            "there is no text beside what is seen and heard"
            if not text
            else "there is nothing beside the text"
            if not rest
            else "only moods can be compared, and the text has none that is clear"
            if abs(read) < CLEAR
            else "only moods can be compared, and what is seen and heard has none that is clear"
        )
        claim = Claim(text=f"Whether the text fits cannot be told: {why}.", cites=tuple(moods)[:1], stance="weak")
        return answer.model_copy(update={**blank, "abstain": True, "claims": (claim,)})
    fits = read * seen > 0
    mood, other = ("pleasant" if v > 0 else "unpleasant" for v in (read, seen))
    verdict = (
        f"The text fits in mood: it is {mood}, and so is what is seen and heard"
        if fits
        else f"The text does not seem to fit: it is {mood}, while what is seen and heard is {other}"
    )
    lines = tuple(i for i in moods if moods[i] * read > 0)[:2]
    claims = [
        Claim(text=f"{verdict}.", cites=(*lines[:1], *told)),
        *(Claim(text=f"{_capital(sheet.cues[i].text)}.", cites=(i,)) for i in lines),
        *(Claim(text=f"{_capital(sheet.cues[i].text)}.", cites=(i,)) for i in told),
    ]  # fmt: skip
    update = {"abstain": False, "label": LABELS[not fits], "kind": None if fits else "mood", "claims": tuple(claims)}
    return answer.model_copy(update={**blank, **update})


def sides(sheet: CueSheet) -> tuple[list[str], list[str]]:
    """Ids of the words cues of the text, and of the cues of feeling beside it.

    The text is a text medium beside others; without one the words on a picture, or in a film.
    """
    texts = {m.id for m in sheet.media if m.kind == "text"} if len(sheet.media) > 1 else set[str]()
    beside = {i: c for i, c in sheet.cues.items() if c.sense in ("face", "voice", "sound", "words", "screen")}
    if texts:
        text = [i for i, c in beside.items() if c.media in texts and c.sense == "words"]
        return text, [i for i, c in beside.items() if c.media not in texts and c.sense != "screen"]
    kinds = {m.kind for m in sheet.media}
    text = [i for i, c in beside.items() if c.sense == "words" and kinds in ({"image"}, {"text"})]
    return text, [i for i, c in beside.items() if i not in text and c.sense != "screen" and kinds == {"image"}]


def _mood(sheet: CueSheet, plan: Plan, id: str) -> float | None:
    """Valence of a words cue, -1 to 1: the mean of what the text model hears and of the feeling that the planner reads in it alone."""
    cue = sheet.cues[id]
    line = [i for i, c in sheet.cues.items() if c.sense == "transcript" and (c.media, c.span) == (cue.media, cue.span)]
    heard = cue.measures.get("valence_model", cue.measures.get("valence"))
    found = [float(heard)] if isinstance(heard, float | int) else []
    found += [meaning(plan.points[i])[1] for i in (id, *line) if i in plan.points][:1]
    return sum(found) / len(found) if found else None


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".")


MISMATCH = Task(
    name="mismatch",
    about="does the headline or text (--text) fit what is seen and heard; a planner compares moods alone",
    answer=LabelAnswer,
    labels=LABELS,
    steps=(("observe", "answer/observe"), ("infer", "mismatch/infer"), ("conclude", "answer/conclude")),
    direct="answer/direct",
    question="Does the text fit what is seen and heard?",
    feelings=EKMAN,
    fill=fill,
    said=said,
    taught=taught,
    metric="labels",
)
