"""Sextuples and sentiment flips of dialogues (PanoSent, Luo et al. 2024), matched one to one and independent of order.

Explicit elements agree by their words, whatever case and spacing; implicit ones also by the answers of a judge, which the caller asks and
passes in; rationales by the tokens that they share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from cuechain.agents.scoring.metrics.overlap import token_f1
from cuechain.agents.scoring.metrics.tuples import ClassScore, MatchScore, by_class, class_score, exact, matched, total

ALIKE = 0.5
"""Token F1 from which two rationales say the same, as published."""

ELEMENTS = ("holder", "target", "aspect", "opinion")
"""Elements that are words of the dialogue, or are meant in it."""

Judge = Mapping[tuple[str, str], bool]
"""(predicted, true) text of an implicit element to whether they mean the same."""


class Six(NamedTuple):
    """Who feels what about which aspect of what, and why."""

    holder: str
    """Who has the opinion."""
    target: str
    """What it is about."""
    aspect: str
    """Which side of it."""
    opinion: str
    """The words that judge."""
    sentiment: str
    """positive, neutral or negative."""
    rationale: str
    """Why."""
    implicit: str = ""
    """First letters (h, t, a, o, r) of the elements that are meant and not said; in the truth alone."""


class Change(NamedTuple):
    """A sentiment that changes in a dialogue."""

    holder: str
    """Whose."""
    target: str
    """About what."""
    aspect: str
    """Which side of it."""
    initial: str
    """Polarity before."""
    flipped: str
    """Polarity after."""
    trigger: str
    """What made it change, one of four."""


@dataclass(frozen=True)
class SextupleScore:
    """Sextuples of dialogues."""

    micro: MatchScore
    """All six elements agree."""
    identification: MatchScore
    """All but the sentiment agree."""
    final: float
    """Mean of the two F1: the figure of the ACM MM 2025 challenge."""
    exact: Mapping[str, MatchScore]
    """Element by element, by equal words."""
    binary: Mapping[str, MatchScore]
    """Element by element, by equal words or the judge's yes."""
    proportional: Mapping[str, MatchScore]
    """Element by element, by the token F1 of the pairs."""
    unjudged: int
    """Questions to the judge that have no answer: taken as no."""


@dataclass(frozen=True)
class FlipScore:
    """Sentiment flips of dialogues."""

    flip: MatchScore
    """Holder, target, aspect and both polarities agree."""
    flip_and_trigger: MatchScore
    """The trigger too."""
    triggers: ClassScore
    """`flip_and_trigger` by trigger: its `macro_f1` counts a missed flip against the trigger that it has, and an invented one against the
    trigger that it names."""


@lru_cache(maxsize=2**16)
def plain(text: str) -> str:
    """Words in lower case with one blank between them."""
    return " ".join(text.casefold().split())


def questions(gold: Sequence[Sequence[Six]], predicted: Sequence[Sequence[Six]]) -> tuple[tuple[str, str], ...]:
    """What a judge has to answer: (predicted, true) texts of implicit elements that differ in their words, each once."""
    asked: dict[tuple[str, str], None] = {}
    for there, said in zip(gold, predicted, strict=True):
        for true in there:
            for name in ELEMENTS:
                if name[0] in true.implicit:
                    texts = ((getattr(six, name).strip(), getattr(true, name).strip()) for six in said)
                    asked.update(dict.fromkeys(pair for pair in texts if plain(pair[0]) != plain(pair[1])))
    return tuple(asked)


def sextuple_score(
    gold: Sequence[Sequence[Six]], predicted: Sequence[Sequence[Six]], judged: Judge | None = None
) -> SextupleScore:
    """Scores sextuples; differs from the published scorer in the best instead of the first assignment, and in case.

    Args:
        gold: True sextuples per dialogue.
        predicted: Those of the model per dialogue.
        judged: Answers to `questions`, of a judge that the caller names in the report; None: implicit elements agree by words alone.

    Raises:
        ConfigError: Lengths differ.
    """
    judge = judged or {}
    micro, identification = map(total, rows(gold, predicted, judge))
    names = (*ELEMENTS, "sentiment", "rationale")
    return SextupleScore(
        micro=micro,
        identification=identification,
        final=(micro.f1 + identification.f1) / 2,
        exact={name: total(exact(_texts(gold, name), _texts(predicted, name))) for name in names},
        binary={name: total(matched(gold, predicted, lambda t, s, n=name: _same(t, s, n, judge))) for name in ELEMENTS},
        proportional={
            name: total(matched(gold, predicted, lambda t, s, n=name: token_f1(getattr(t, n), getattr(s, n))))
            for name in (*ELEMENTS, "rationale")
        },
        unjudged=sum(pair not in judge for pair in questions(gold, predicted)),
    )


def rows(gold: Sequence[Sequence[Six]], predicted: Sequence[Sequence[Six]], judge: Judge) -> tuple[Any, Any]:
    """Rows of `tuples.matched` (n, 4): sextuples whose six elements agree, and those that agree but for the sentiment."""

    def identified(true: Six, said: Six) -> float:
        rationale = all(_same(true, said, n, judge) for n in ELEMENTS) and token_f1(true.rationale, said.rationale)
        return float(rationale >= ALIKE)

    def whole(true: Six, said: Six) -> float:
        return identified(true, said) if plain(true.sentiment) == plain(said.sentiment) else 0.0

    return matched(gold, predicted, whole), matched(gold, predicted, identified)


def _same(true: Six, said: Six, name: str, judge: Judge) -> float:
    one, other = getattr(true, name), getattr(said, name)
    return float(
        plain(one) == plain(other) or (name[0] in true.implicit and judge.get((other.strip(), one.strip()), False))
    )


def _texts(side: Sequence[Sequence[Six]], name: str) -> list[list[str]]:
    return [[plain(getattr(six, name)) for six in sixes] for sixes in side]


def flip_score(gold: Sequence[Sequence[Change]], predicted: Sequence[Sequence[Change]]) -> FlipScore:
    """Scores flips, by words whatever their case.

    Args:
        gold: True flips per dialogue.
        predicted: Those of the model per dialogue.

    Raises:
        ConfigError: Lengths differ.
    """
    there, said = ([[tuple(map(plain, change)) for change in item] for item in side] for side in (gold, predicted))
    bare = [[[change[:5] for change in item] for item in side] for side in (there, said)]
    return FlipScore(
        flip=total(exact(*bare)),
        flip_and_trigger=total(exact(there, said)),
        triggers=class_score(*by_class(there, said, lambda change: change[5], exact)),
    )
