"""Published scorers by the name that a dataset's reader gives: the same run as the paper's own script would score it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cuechain.agents.scoring.protocols import brighter, ecac, mosi, panosent, single, tweeteval
from cuechain.agents.scoring.tally import NOTHING, Outcome, Tally
from cuechain.agents.scoring.tuples import changes, sixes
from cuechain.agents.values import Target

Scores = dict[str, float | None]


def figures(name: str, lined: Tally) -> dict[str, Scores]:
    """The figures of a protocol and of its variants; empty where a dataset has none, or its items are not of its form.

    Args:
        name: `Dataset.protocol`.
        lined: The run.
    """
    found = _PROTOCOLS.get(name)
    return (
        {} if found is None else {k: {n: _finite(v) for n, v in scores.items()} for k, scores in found(lined).items()}
    )


def _finite(value: Any) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None


def _single(lined: Tally) -> dict[str, Scores]:
    truth, said = _labels(lined)
    told = single.conventions(truth, said, lined.labels)
    kept = ("weighted_f1", "macro_f1", "micro_f1", "accuracy")
    return {f"scikit-learn, as MELD and MER report{_over(said)}": {k: told[k] for k in kept}}


def _recalls(lined: Tally) -> dict[str, Scores]:
    truth, said = _labels(lined)
    return {f"UAR and WAR as R1-Omni prints them{_over(said)}": dict(single.r1_omni(truth, said))}


def _tweets(part: str) -> Callable[[Tally], dict[str, Scores]]:
    def score(lined: Tally) -> dict[str, Scores]:
        numbers = {label: str(place) for place, label in enumerate(lined.labels)}
        truth, said = ([numbers.get(x, x) for x in labels] for labels in _labels(lined))
        return {f"TweetEval, {part}{_over(said)}": {"score": tweeteval.tweeteval(part, truth, said)["score"]}}

    return score


def _brighter_a(lined: Tally) -> dict[str, Scores]:
    truth, said = (np.array([[int(x in labels) for x in lined.labels] for labels in sets]) for sets in _sets(lined))
    told = brighter.track_a(truth, said)
    return {"SemEval-2025 task 11, track A": {f"{k}_f1": told[k]["f1"] for k in ("macro", "micro")}}


def _brighter_b(lined: Tally) -> dict[str, Scores]:
    def row(target: Target | None) -> list[float]:
        return [target.scores.get(x, 0.0) if target else 0.0 for x in lined.labels]

    truth, said = (np.array(rows) for rows in zip(*((row(o.truth), row(o.said)) for o in lined.outcomes), strict=True))
    told = brighter.track_b(truth, said, lined.labels)
    return {"SemEval-2025 task 11, track B": {"average r": told["average_of_unrounded"]}}


def _mosi(scale: float, scorer: Callable[..., dict[str, float]], name: str) -> Callable[[Tally], dict[str, Scores]]:
    def score(lined: Tally) -> dict[str, Scores]:
        pairs = [
            (o.truth.scores["valence"], o.said.scores["valence"])
            for o in lined.outcomes
            if o.said and "valence" in o.truth.scores and "valence" in o.said.scores
        ]
        if not pairs:
            return {}
        truth, said = (np.array(side) * scale for side in zip(*pairs, strict=True))
        return {f"{name} as MMSA scores it, {len(pairs)} items with an answer": dict(scorer(truth, said))}

    return score


def _panosent(lined: Tally) -> dict[str, Scores]:
    truth, said = sixes(lined.outcomes)
    ids = [o.id for o in lined.outcomes]
    told = panosent.challenge(dict(zip(ids, truth, strict=True)), dict(zip(ids, said, strict=True)))
    scores: Scores = {"micro F1": told.micro.f1, "identification F1": told.identification.f1, "final": told.final}
    flips = panosent.flips(*changes(lined.outcomes))
    return {
        "PanoSent, ACM MM 2025, implicit elements without a judge": scores,
        "PanoSent, flips, April 2025": {
            "flip": flips.flip,
            "with trigger": flips.flip_and_trigger,
            "trigger": flips.trigger_macro,
        },
    }


def _ecf(lined: Tally) -> dict[str, Scores]:
    def talk(number: int, target: Target | None) -> dict[str, Any]:
        pairs = (target.pairs or ()) if target else ()
        legal = [[f"{p.turn}_{p.emotion}", str(p.cause)] for p in pairs if p.emotion in ecac.LEGAL]
        return {"conversation_ID": number, "emotion-cause_pairs": legal}

    truth = [talk(number, o.truth) for number, o in enumerate(lined.outcomes)]
    told = ecac.utterances(truth, [talk(number, o.said) for number, o in enumerate(lined.outcomes)])
    return {"SemEval-2024 task 3, subtask 2": {"weighted F1": told.weighted_f1, "micro F1": told.micro_f1}}


def _labels(lined: Tally) -> tuple[list[str], list[str]]:
    """Of the items with an answer: published scripts know no missing ones, and would take their mark for one class more."""
    told = [o for o in lined.outcomes if o.label]
    return [(o.truth.labels or (NOTHING,))[0] for o in told], [o.label for o in told]


def _over(said: Sequence[str]) -> str:
    return f", {len(said)} items with an answer"


def _sets(lined: Tally) -> tuple[list[set[str]], list[set[str]]]:
    def said(outcome: Outcome) -> set[str]:
        return set(outcome.said.labels or ()) if outcome.said else set()

    return [set(o.truth.labels or ()) for o in lined.outcomes], [said(o) for o in lined.outcomes]


_PROTOCOLS: dict[str, Callable[[Tally], dict[str, Scores]]] = {
    "meld": _single,
    "iemocap4": _recalls,
    "iemocap6": _recalls,
    "brighter-a": _brighter_a,
    "brighter-b": _brighter_b,
    "ecf": _ecf,
    "panosent": _panosent,
    **{name: _mosi(3.0, mosi.mosi, name.upper()) for name in ("mosi", "mosei")},
    **{name: _mosi(1.0, mosi.sims, name.upper()) for name in ("sims", "simsv2")},
    **{f"tweeteval-{part}": _tweets(part) for part in ("emotion", "sentiment", "irony")},
}
