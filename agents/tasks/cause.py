"""Task `cause`: which turn of a conversation shows which feeling, and which turn caused it."""

from __future__ import annotations

from collections.abc import Mapping

from cuechain.agents.llm.labels import meaning
from cuechain.agents.tasks import Task
from cuechain.agents.tasks.turns import Line, capital, first_words, lines_of, quoted
from cuechain.agents.values import EKMAN, Answer, CauseAnswer, CausePair, Claim, CueSheet, Plan, Question, Target

SETS: dict[str, tuple[str, ...]] = {
    "ecf": ("neutral", "surprise", "fear", "sadness", "joy", "disgust", "anger"),
    "reccon": ("neutral", "happiness", "sadness", "anger", "fear", "surprise", "disgust", "excited"),
}
"""ECF (Wang et al. 2023; SemEval-2024 Task 3) and RECCON (Poria et al. 2021); a neutral turn has no cause."""

UNSURE = 0.5
"""Probability of too little evidence from which a turn is not said to feel anything: the planner's own limit (`planned.ABSTAIN`)."""

_TELLS = 4
"""Words from which a turn may hold its own cause; what is shorter ("What?", "Oh my god!") reacts to somebody else's."""


def fill_turns(sheet: CueSheet, question: Question, labels: tuple[str, ...], plans: Mapping[int, Plan]) -> CauseAnswer:
    """A pair for each turn whose leading feeling is not neutral: its own words where they may tell of something, and the turn of
    another speaker right before it where that one is felt too, tells of an event, or is all there is."""
    lines = lines_of(sheet)
    felt = {n: label for n, plan in plans.items() if (label := _felt(plan)) and n in lines}
    pairs: list[CausePair] = []
    for n, label in felt.items():
        if question.turn is not None and n != question.turn:
            continue
        before = lines.get(n - 1)
        own = len(lines[n].text.split()) >= _TELLS
        causes = [lines[n]] if own or before is None else []
        if (
            before is not None
            and before.speaker != lines[n].speaker
            and (not own or before.number in felt or before.event)
        ):
            causes.append(before)
        pairs += [CausePair(turn=n, emotion=label, cause=c.number, span=c.text) for c in causes or [lines[n]]]
    return CauseAnswer(pairs=tuple(pairs))


def _felt(plan: Plan) -> str:
    """The leading feeling; empty where that is neutral or the evidence too little."""
    label = max(plan.labels, key=lambda name: plan.labels[name])
    return "" if plan.abstain >= UNSURE or meaning(label)[0] == "neutral" else label


def worded(sheet: CueSheet, answer: Answer) -> Answer:
    """A claim for each pair, with the words of both turns as evidence."""
    assert isinstance(answer, CauseAnswer)
    if answer.abstain:
        return answer
    lines = lines_of(sheet)
    claims = [_claim(pair, lines) for pair in answer.pairs]
    nothing = Claim(text="No turn shows a feeling.", cites=first_words(lines), stance="context")
    return answer.model_copy(update={"claims": tuple(claims) or (nothing,)})


def _claim(pair: CausePair, lines: dict[int, Line]) -> Claim:
    """One sentence; a turn that the conversation does not have is cited by nothing, which the check tells."""
    shows, told = lines.get(pair.turn), lines.get(pair.cause)
    who = (shows and shows.speaker) or "the speaker"
    cause = (told and told.speaker) or "the speaker"
    where = f"{cause} says in turn {pair.cause}" if pair.cause != pair.turn else "is said in the turn itself"
    text = f"{capital(who)} probably feels {pair.emotion} in turn {pair.turn} because of what {where}"
    words = pair.span or (told.text if told else "")
    cites = (*shows.ids, *told.ids[:1]) if shows and told else ()
    return Claim(
        text=f"{text}: {quoted(words)}." if words else f"{text}.",
        cites=tuple(dict.fromkeys(cites)),
        points=pair.emotion,
    )


def said(answer: Answer) -> Target:
    """The pairs."""
    assert isinstance(answer, CauseAnswer)
    return Target(pairs=answer.pairs)


def taught(answer: Answer, target: Target) -> Answer:
    """The answer with people's pairs; its claims are made from them again."""
    return answer.model_copy(update={"pairs": target.pairs or (), "claims": ()})


CAUSE = Task(
    name="cause",
    about="emotion-cause pairs: which turn shows which feeling, and which turn (and words) caused it",
    answer=CauseAnswer,
    labels=EKMAN,
    steps=(("observe", "answer/observe"), ("infer", "cause/infer"), ("conclude", "answer/conclude")),
    direct="answer/direct",
    sets=SETS,
    question="Which turns show a feeling, and what caused it?",
    fill_turns=fill_turns,
    worded=worded,
    said=said,
    taught=taught,
    metric="pairs",
)
