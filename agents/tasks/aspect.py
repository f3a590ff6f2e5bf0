"""Task `aspect`: which targets a text judges, under which aspect, and how."""

from __future__ import annotations

import re

from cuechain.agents.llm.labels import vader
from cuechain.agents.tasks import Task
from cuechain.agents.tasks.opinions import judgements
from cuechain.agents.tasks.turns import Line, cited, first_words, lines_of, plain, stands_in, thing
from cuechain.agents.values import (
    EKMAN,
    Answer,
    AspectAnswer,
    Claim,
    CueSheet,
    Opinion,
    Plan,
    Question,
    Sentiment,
    Target,
)

SETS: dict[str, tuple[str, ...]] = {
    "sentihood": (
        "general", "price", "transit-location", "safety", "live", "dining", "quiet", "nightlife", "multicultural", "shopping",
        "green-culture", "touristy",
    ),
    "restaurants14": ("food", "service", "price", "ambience", "anecdotes/miscellaneous"),
    "restaurants16": (
        "RESTAURANT#GENERAL", "RESTAURANT#PRICES", "RESTAURANT#MISCELLANEOUS", "FOOD#QUALITY", "FOOD#PRICES", "FOOD#STYLE_OPTIONS",
        "DRINKS#QUALITY", "DRINKS#PRICES", "DRINKS#STYLE_OPTIONS", "AMBIENCE#GENERAL", "SERVICE#GENERAL", "LOCATION#GENERAL",
    ),
}  # fmt: skip
"""Closed sets of aspects: SentiHood (Saeidi et al. 2016), SemEval-2014 Task 4 and SemEval-2016 Task 5, restaurants. No set: any words."""

_NAMED = re.compile(r"[\"“]([^\"“”]+)[\"”]")


def fill(sheet: CueSheet, question: Question, labels: tuple[str, ...], plan: Plan, answer: Answer) -> AspectAnswer:
    """What the words judge; where the question names targets in quotation marks, these, each by the clause that it stands in, and by the
    plan where no clause judges it. With a closed set of aspects, only targets whose aspect is named in its words are told."""
    lines = {n: line for n, line in lines_of(sheet).items() if question.turn in (None, n)}
    found = [
        Opinion(
            target=j.target,
            aspect=j.aspect if plain(j.aspect) != plain(j.target) else "",
            sentiment=j.sentiment,
            cites=j.line.ids,
        )
        for j in judgements(list(lines.values()))
    ]
    if named := _NAMED.findall(question.text):
        found = [_of(target, lines, answer.sentiment or "neutral") for target in named]
    if labels:
        words = {label: set(plain(re.sub(r"[#_/-]", " ", label)).split()) for label in labels}
        told = [
            (o, next((x for x, w in words.items() if w & set(plain(f"{o.aspect} {o.target}").split())), ""))
            for o in found
        ]
        found = [o.model_copy(update={"aspect": aspect}) for o, aspect in told if aspect]
    return AspectAnswer(opinions=tuple(dict.fromkeys(found)))


def _of(target: str, lines: dict[int, Line], otherwise: Sentiment) -> Opinion:
    """How the clauses that hold a target speak of it; where they are neither well nor ill meant, how the whole text feels."""
    line = stands_in(target, lines.values())
    text = line.text if line else ""
    clauses = [c for c in re.split(r"[.!?;]+|,\s+|\bbut\b", text) if plain(target) in plain(c)]
    scores = [float(vader().polarity_scores(c)["compound"]) for c in clauses]
    score = max(scores, key=abs, default=0.0)
    sentiment: Sentiment = "positive" if score > 0.05 else "negative" if score < -0.05 else otherwise
    return Opinion(target=target, sentiment=sentiment, cites=line.ids if line else first_words(lines))


_SPEAK = {
    "positive": "well of",
    "negative": "ill of",
    "neutral": "neither well nor ill of",
    "mixed": "both well and ill of",
}


def worded(sheet: CueSheet, answer: Answer) -> Answer:
    """A claim for each opinion."""
    assert isinstance(answer, AspectAnswer)
    if answer.abstain:
        return answer
    lines = lines_of(sheet)
    claims = [
        Claim(
            text=f"The words speak {_SPEAK[o.sentiment]} {thing(o.target, o.aspect)}.",
            cites=cited(o.cites, lines, o.target, o.aspect),
        )
        for o in answer.opinions
    ]
    nothing = Claim(text="The words judge nothing in particular.", cites=first_words(lines), stance="context")
    return answer.model_copy(update={"claims": tuple(claims) or (nothing,)})


def said(answer: Answer) -> Target:
    """The opinions."""
    assert isinstance(answer, AspectAnswer)
    return Target(opinions=answer.opinions)


def taught(answer: Answer, target: Target) -> Answer:
    """The answer with people's opinions; its claims are made from them again."""
    return answer.model_copy(update={"opinions": target.opinions or (), "claims": ()})


ASPECT = Task(
    name="aspect",
    about='sentiment towards targets and their aspects (--labels sentihood, restaurants14 …; put "targets" of your own into the question)',
    answer=AspectAnswer,
    labels=(),
    steps=(("observe", "answer/observe"), ("infer", "aspect/infer"), ("conclude", "answer/conclude")),
    direct="answer/direct",
    sets=SETS,
    question="What is judged, and how?",
    feelings=EKMAN,
    fill=fill,
    worded=worded,
    said=said,
    taught=taught,
    metric="opinions",
)
