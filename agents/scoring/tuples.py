"""Tasks whose answers are tuples: emotion–cause pairs, sextuples with their flips, opinions about aspects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from cuechain.agents.scoring.found import Figure, Found, figure
from cuechain.agents.scoring.metrics import sextuples as six
from cuechain.agents.scoring.metrics import tuples as metrics
from cuechain.agents.scoring.statistics import from_sums
from cuechain.agents.scoring.tally import Outcome
from cuechain.agents.values import CausePair, Flip, Opinion, Sextuple, Target

T = TypeVar("T")


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

    An element that people inferred counts like one that stands in the text: no judge decides about meaning here.
    """
    n = len(outcomes)
    truth, said = sixes(outcomes)
    whole, bare = six.rows(truth, said, {})
    told = six.sextuple_score(truth, said)
    shared = {f"{name} (words shared)": score for name, score in told.proportional.items()}
    elements = {f"{name} (same words)": told.exact[name] for name in six.ELEMENTS} | shared
    figures = [*_three("sextuples", whole, n), *_three("sextuples but for the sentiment", bare, n)]
    figures += [Figure(name=f"{name}, F1", value=_known(score.f1), n=n) for name, score in elements.items()]
    there, found = changes(outcomes)
    if any(there) or any(found):
        figures += of_flips(outcomes).figures
    return Found(tuple(figures), notes=("intervals draw whole dialogues",))


def of_flips(outcomes: Sequence[Outcome]) -> Found:
    """Flips: holder, target, aspect and both polarities; with the trigger too; and the macro F1 over triggers."""
    n = len(outcomes)
    there, found = changes(outcomes)
    score = six.flip_score(there, found)
    bare = metrics.exact(*_keys((there, found), lambda f: tuple(map(six.plain, f[:5]))))
    values = (
        ("flips with their trigger, F1", score.flip_and_trigger.f1),
        ("triggers, macro F1", score.triggers.macro_f1),
    )
    figures = [*_three("flips", bare, n), *(Figure(name=name, value=_known(value), n=n) for name, value in values)]
    return Found(tuple(figures), notes=("intervals draw whole dialogues",))


def sixes(outcomes: Sequence[Outcome]) -> tuple[list[list[six.Six]], list[list[six.Six]]]:
    """Sextuples per dialogue, of people and of the answers, as the metrics take them."""
    truth, said = _sides(outcomes, _sextuples)
    return [[_six(s) for s in item] for item in truth], [[_six(s) for s in item] for item in said]


def _six(one: Sextuple) -> six.Six:
    elements = {name: getattr(one, name) for name in (*six.ELEMENTS, "rationale")}
    implicit = "".join(name[0] for name, element in elements.items() if not element.explicit)
    return six.Six(**{name: e.text for name, e in elements.items()}, sentiment=one.sentiment, implicit=implicit)


def changes(outcomes: Sequence[Outcome]) -> tuple[list[list[six.Change]], list[list[six.Change]]]:
    """Flips per dialogue, of people and of the answers."""
    truth, said = _sides(outcomes, _flips)
    return [[_change(f) for f in item] for item in truth], [[_change(f) for f in item] for item in said]


def _change(one: Flip) -> six.Change:
    return six.Change(one.holder, one.target, one.aspect, one.initial, one.flipped, one.trigger)


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
