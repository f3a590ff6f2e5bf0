"""Task `sextuple`: who feels what about which aspect of what, and why, and whose sentiment flips (PanoSent, Luo et al. 2024).

A chat model takes the published chain of sentiment: targets and aspects, then holders and opinions, then sentiments and reasons, then
flips, each step verified as a paraphrase. A planner's answer is made from the words: see `opinions`.
"""

from __future__ import annotations

from collections.abc import Sequence

from cuechain.agents.tasks import Form, Task
from cuechain.agents.tasks.opinions import Judged, judgements, strongest
from cuechain.agents.tasks.turns import Line, capital, cited, first_words, lines_of, plain, quoted, stands_in, thing
from cuechain.agents.values import (
    EKMAN,
    Answer,
    Claim,
    CueSheet,
    Element,
    Flip,
    Plan,
    Question,
    Sextuple,
    SextupleAnswer,
    Target,
    Value,
)


class Aspect(Value):
    """A target and one side of it."""

    target: Element
    """What is judged."""
    aspect: Element
    """Which side of it."""


class Aspects(Value):
    """What the first step returns."""

    pairs: tuple[Aspect, ...]
    """Every target and aspect that is judged."""


class Quadruple(Value):
    """Who judges which aspect of what, in which words."""

    holder: Element
    """Who."""
    target: Element
    """What is judged."""
    aspect: Element
    """Which side of it."""
    opinion: Element
    """The words that judge."""


class Quadruples(Value):
    """What the second step returns."""

    quadruples: tuple[Quadruple, ...]
    """One for each time that somebody judges."""


class Sextuples(Value):
    """What the third step returns."""

    sextuples: tuple[Sextuple, ...]
    """The quadruples with sentiment and rationale."""


def _aspects(answer: Answer) -> Aspects:
    assert isinstance(answer, SextupleAnswer)
    return Aspects(pairs=tuple(dict.fromkeys(Aspect(target=s.target, aspect=s.aspect) for s in answer.sextuples)))


def _quadruples(answer: Answer) -> Quadruples:
    assert isinstance(answer, SextupleAnswer)
    return Quadruples(
        quadruples=tuple(
            Quadruple(holder=s.holder, target=s.target, aspect=s.aspect, opinion=s.opinion) for s in answer.sextuples
        )
    )


def _sextuples(answer: Answer) -> Sextuples:
    assert isinstance(answer, SextupleAnswer)
    return Sextuples(sextuples=answer.sextuples)


def fill(sheet: CueSheet, question: Question, labels: tuple[str, ...], plan: Plan, answer: Answer) -> SextupleAnswer:
    """What the turns judge, read from their words; the plan is not asked. A flip is told where a holder judges one aspect twice, well and
    ill; its trigger is a guess: another speaker's turn between the two, else the holder's own thoughts."""
    lines = lines_of(sheet)
    found = [j for j in strongest(judgements(list(lines.values()))) if question.turn in (None, j.line.number)]
    return SextupleAnswer(sextuples=tuple(map(_sextuple, found)), flips=_flips(found))


def _sextuple(judged: Judged) -> Sextuple:
    holder = judged.line.speaker
    return Sextuple(
        holder=Element(text=holder or "the speaker", explicit=bool(holder)),
        target=Element(text=judged.target),
        aspect=Element(text=judged.aspect),
        opinion=Element(text=judged.opinion),
        sentiment=judged.sentiment,
        rationale=Element(text=judged.rationale),
        cites=judged.line.ids,
    )


def _flips(found: Sequence[Judged]) -> tuple[Flip, ...]:
    """One for each holder, target and aspect that is judged first one way and then another, neutral left out."""
    first: dict[tuple[str, str], Judged] = {}
    flips: list[Flip] = []
    for one in found:
        if one.sentiment == "neutral":
            continue
        before = first.setdefault((one.line.speaker, plain(one.aspect)), one)
        if before.sentiment != one.sentiment:
            heard = any(before.line.number < j.line.number < one.line.number for j in found)
            flips.append(
                Flip(
                    holder=one.line.speaker or "the speaker",
                    target=before.target,
                    aspect=before.aspect,
                    initial=before.sentiment,
                    flipped=one.sentiment,
                    trigger="participant feedback and interaction"
                    if heard
                    else "personal experience and self-reflection",
                    cites=(*before.line.ids, *one.line.ids),
                )
            )
            first[one.line.speaker, plain(one.aspect)] = one
    return tuple(flips)


def worded(sheet: CueSheet, answer: Answer) -> Answer:
    """A claim for each sextuple and each flip."""
    assert isinstance(answer, SextupleAnswer)
    if answer.abstain:
        return answer
    lines = lines_of(sheet)
    claims = [_opinion(s, lines) for s in answer.sextuples] + [_turned(f, lines) for f in answer.flips]
    nothing = Claim(text="No turn gives an opinion.", cites=first_words(lines), stance="context")
    return answer.model_copy(update={"claims": tuple(claims) or (nothing,)})


_SPEAKS = {"positive": "well of", "negative": "ill of", "neutral": "neither well nor ill of"}


def _opinion(one: Sextuple, lines: dict[int, Line]) -> Claim:
    opinion, why = one.opinion, one.rationale
    text = f"{one.holder.text} speaks {_SPEAKS[one.sentiment]} {thing(one.target.text, one.aspect.text)}"
    ids = cited(one.cites, lines, one.target.text, one.aspect.text, opinion.text, why.text)
    own = [line for line in lines.values() if set(line.ids) & set(ids)]
    text += f": {quoted(opinion.text)}" if stands_in(opinion.text, own) else ""
    gives = stands_in(why.text, own) and plain(opinion.text) not in plain(why.text)
    text += f", for this reason: {quoted(why.text)}" if gives else ""
    return Claim(text=f"{capital(text)}.", cites=ids)


def _turned(one: Flip, lines: dict[int, Line]) -> Claim:
    ways = {k: v.removesuffix(" of") for k, v in _SPEAKS.items()}
    text = (
        f"{one.holder} first speaks {_SPEAKS[one.initial]} {thing(one.target, one.aspect)} and later {ways[one.flipped]}"
        f" ({one.trigger})"
    )
    return Claim(text=f"{capital(text)}.", cites=cited(one.cites, lines, one.target, one.aspect))


def said(answer: Answer) -> Target:
    """The sextuples and the flips."""
    assert isinstance(answer, SextupleAnswer)
    return Target(sextuples=answer.sextuples, flips=answer.flips)


def taught(answer: Answer, target: Target) -> Answer:
    """The answer with people's sextuples and flips; its claims are made from them again."""
    return answer.model_copy(update={"sextuples": target.sextuples or (), "flips": target.flips or (), "claims": ()})


SEXTUPLE = Task(
    name="sextuple",
    about="holder, target, aspect, opinion, sentiment and rationale of each judgement, and sentiments that flip (PanoSent)",
    answer=SextupleAnswer,
    labels=(),
    steps=(
        ("targets", "sextuple/targets"),
        ("opinions", "sextuple/opinions"),
        ("sentiments", "sextuple/sentiments"),
        ("flips", "sextuple/flips"),
    ),
    forms={
        "targets": Form(Aspects, _aspects),
        "opinions": Form(Quadruples, _quadruples),
        "sentiments": Form(Sextuples, _sextuples),
    },
    paraphrase="sextuple/paraphrase",
    direct="answer/direct",
    question="Who feels what about what, why, and does anybody change their mind?",
    feelings=EKMAN,
    fill=fill,
    worded=worded,
    said=said,
    taught=taught,
    metric="sextuples",
)
