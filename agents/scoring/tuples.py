"""Tasks whose answers are tuples: emotion–cause pairs, sextuples with their flips, opinions about aspects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from cuechain.agents.scoring.found import Figure, Found, figure
from cuechain.agents.scoring.metrics import tuples as metrics
from cuechain.agents.scoring.metrics.overlap import token_f1
from cuechain.agents.scoring.statistics import from_sums
from cuechain.agents.scoring.tally import Outcome
from cuechain.agents.values import CausePair, Element, Flip, Opinion, Sextuple, Target

T = TypeVar("T")

ALIKE = 0.5
"""Token F1 from which two rationales tell the same (PanoSent)."""


def _pairs(target: Target | None) -> tuple[CausePair, ...]:
    return (target.pairs or ()) if target else ()


def _sextuples(target: Target | None) -> tuple[Sextuple, ...]:
    return (target.sextuples or ()) if target else ()


def _flips(target: Target | None) -> tuple[Flip, ...]:
    return (target.flips or ()) if target else ()


def _opinions(target: Target | None) -> tuple[Opinion, ...]:
    return (target.opinions or ()) if target else ()


def _sides(
    outcomes: Sequence[Outcome], things: Callable[[Target | None], tuple[T, ...]]
) -> tuple[list[tuple[T, ...]], list[tuple[T, ...]]]:
    return [things(o.truth) for o in outcomes], [things(o.said) for o in outcomes]


def _keys(sides: tuple[Sequence[Sequence[T]], Sequence[Sequence[T]]], key: Callable[[T], Any]) -> tuple[Any, Any]:
    truth, said = ([[key(x) for x in item] for item in side] for side in sides)
    return truth, said


def _three(name: str, rows: Any, n: int) -> tuple[Figure, ...]:
    made = (("F1", metrics.f1), ("precision", metrics.precision), ("recall", metrics.recall))
    return tuple(figure(f"{name}, {what}", from_sums(f, rows), n) for what, f in made)


def of_pairs(outcomes: Sequence[Outcome]) -> Found:
    """Emotion–cause pairs: turns with the emotion (weighted over emotions first, then all together), and turns alone."""
    sides = _sides(outcomes, _pairs)
    n = len(outcomes)
    classes, table = metrics.by_class(
        *_keys(sides, lambda p: (p.emotion, p.turn, p.cause)), label=lambda k: k[0], rows=metrics.exact
    )
    flat, shape = table.reshape(n, -1), table.shape[1:]
    weighted = from_sums(lambda x: metrics.weighted_f1(x.reshape(-1, *shape)), flat)
    scores = metrics.class_score(classes, table).classes
    return Found(
        figures=(
            figure("pairs with emotion, weighted F1", weighted, n),
            *_three("pairs with emotion", table.sum(1), n),
            *_three("pairs", metrics.exact(*_keys(sides, lambda p: (p.turn, p.cause))), n),
        ),
        per_class=tuple(
            {
                "label": k,
                "precision": _known(s.precision),
                "recall": _known(s.recall),
                "f1": _known(s.f1),
                "n": int(s.n_gold),
            }
            for k, s in scores.items()
        ),
        notes=("intervals draw whole conversations",),
    )


def _known(value: float) -> float | None:
    return None if value != value else round(value, 6)


def of_sextuples(outcomes: Sequence[Outcome]) -> Found:
    """Sextuples matched one to one, with and without sentiment; each element by itself; flips and their triggers.

    Elements agree when their words do, whatever case and punctuation; rationales when their token F1 reaches ALIKE. An element that people
    inferred counts like one that stands in the text: no judge decides about meaning here.
    """
    sides, n = _sides(outcomes, _sextuples), len(outcomes)
    whole = metrics.matched(*sides, lambda a, b: float(a.sentiment == b.sentiment and _same(a, b)))
    bare = metrics.matched(*sides, lambda a, b: float(_same(a, b)))
    figures = [*_three("sextuples", whole, n)[:1], *_three("sextuples but for sentiment", bare, n)[:1]]
    for name in ("holder", "target", "aspect", "opinion"):
        figures += _three(name, metrics.exact(*_keys(sides, lambda s, name=name: _plain(getattr(s, name)))), n)[:1]
    figures += _three(
        "rationale (token overlap)", metrics.matched(*sides, lambda a, b: _overlap(a.rationale, b.rationale)), n
    )[:1]
    flips = _sides(outcomes, _flips)
    if any(flips[0]) or any(flips[1]):
        keys = _keys(flips, lambda f: (_words(f.holder), _words(f.target), _words(f.aspect), f.initial, f.flipped))
        figures += _three("flips", metrics.exact(*keys), n)[:1]
    return Found(tuple(figures), notes=("intervals draw whole dialogues",))


def _same(one: Sextuple, other: Sextuple) -> bool:
    same = all(_plain(getattr(one, k)) == _plain(getattr(other, k)) for k in ("holder", "target", "aspect", "opinion"))
    return same and _overlap(one.rationale, other.rationale) >= ALIKE


def _overlap(one: Element, other: Element) -> float:
    return token_f1(one.text, other.text)


def _plain(element: Element) -> str:
    return _words(element.text)


def _words(text: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in text.lower()).split())


def of_opinions(outcomes: Sequence[Outcome]) -> Found:
    """Opinions: target, aspect and sentiment; target and aspect alone; and how often the sentiment is right where these are."""
    sides, n = _sides(outcomes, _opinions), len(outcomes)
    key = _keys(sides, lambda o: (_words(o.target), _words(o.aspect), o.sentiment))
    bare = _keys(sides, lambda o: (_words(o.target), _words(o.aspect)))
    both, found = metrics.exact(*key), metrics.exact(*bare)
    # Columns: opinions whose target, aspect and sentiment are right; those whose target and aspect are.
    right = from_sums(lambda x: x[:, 0] / x[:, 1], _side(both, found))
    return Found(
        figures=(
            *_three("opinions", both, n),
            *_three("target and aspect", found, n)[:1],
            figure("sentiment of those found", right, int(found[:, 0].sum())),
        ),
    )


def _side(both: Any, found: Any) -> Any:
    import numpy as np

    return np.column_stack([both[:, 0], found[:, 0]])
