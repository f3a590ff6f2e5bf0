"""PanoSent (Luo et al. 2024) as the three versions of its published scorers compute it, quirks included.

`challenge` is that of the ACM MM 2025 challenge; the two older ones are kept to compare with figures that were made with them.
`metrics/sextuples.py` has the sound definition.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cuechain.agents.errors import ConfigError
from cuechain.agents.scoring.metrics.sextuples import ALIKE, ELEMENTS, Change, Judge, Six

SENTIMENTS = ("positive", "neutral", "negative")


@dataclass(frozen=True)
class Rates:
    """Hits against both sides; 0 where a side is empty."""

    precision: float
    """Hits per prediction."""
    recall: float
    """Hits per truth."""
    f1: float
    """Harmonic mean."""


@dataclass(frozen=True)
class Challenge:
    """Subtask I of the ACM MM 2025 challenge."""

    micro: Rates
    """All six elements."""
    identification: Rates
    """Without the sentiment."""
    final: float
    """Mean of the two F1: the ranking."""
    matched_micro: int
    """Predictions that found a sextuple."""
    matched_identification: int
    """The same without the sentiment."""
    n_predicted: int
    """Predicted sextuples of dialogues that the truth has."""
    n_gold: int
    """True sextuples."""


@dataclass(frozen=True)
class Combined:
    """Subtask I, version of April 2025."""

    elements: Mapping[str, float]
    """Element to the mean of its scores over all combinations of a dialogue's true and predicted sextuples: low by construction."""
    micro_f1: float
    """Different sextuples that both sides have."""
    identification_f1: float
    """The same without the sentiment; published as pairwise F1 too."""


@dataclass(frozen=True)
class Flips:
    """Subtask II, version of April 2025."""

    flip: float
    """F1 of holder, target, aspect and both polarities."""
    flip_and_trigger: float
    """The same with the trigger; too high where flips are missing, whose number is not in its denominator."""
    trigger_macro: float
    """Macro F1 of triggers over flips that both sides name; NaN where one names others, for which it is not defined."""


def _rates(hits: float, predicted: float, gold: float) -> Rates:
    precision, recall = (hits / side if side else 0.0 for side in (predicted, gold))
    return Rates(precision, recall, 2 * precision * recall / (precision + recall) if hits else 0.0)


def rationale_f1(predicted: str, gold: str) -> float:
    """F1 of the sets of lower-cased tokens between blanks; 0 when a set is empty, both too."""
    said, there = set(predicted.lower().split()), set(gold.lower().split())
    return 2 * len(said & there) / (len(said) + len(there)) if said and there else 0.0


def challenge(
    gold: Mapping[str, Sequence[Six]], predicted: Mapping[str, Sequence[Six]], judged: Judge | None = None
) -> Challenge:
    """Predictions in their order each take the first true sextuple that matches and is still free.

    Args:
        gold: Dialogue id to its sextuples.
        predicted: The same of the model; unknown ids are ignored, missing ones count as empty.
        judged: (predicted, true) text of an implicit element to the judge's answer; no answer is a no.
    """
    judge = judged or {}

    def identified(said: Six, true: Six) -> bool:
        for name in ELEMENTS:
            one, other = getattr(said, name).strip(), getattr(true, name).strip()
            if not (judge.get((one, other), False) if name[0] in true.implicit else one == other):
                return False
        return rationale_f1(said.rationale, true.rationale) >= ALIKE

    def whole(said: Six, true: Six) -> bool:
        return said.sentiment.strip().lower() == true.sentiment.strip().lower() and identified(said, true)

    pairs = [(predicted.get(name, ()), there) for name, there in gold.items()]
    n_predicted, n_gold = (sum(len(pair[side]) for pair in pairs) for side in (0, 1))
    micro, identification = (sum(_greedy(said, there, same) for said, there in pairs) for same in (whole, identified))
    whole_rates, bare_rates = (_rates(hits, n_predicted, n_gold) for hits in (micro, identification))
    return Challenge(
        micro=whole_rates,
        identification=bare_rates,
        final=(whole_rates.f1 + bare_rates.f1) / 2,
        matched_micro=micro,
        matched_identification=identification,
        n_predicted=n_predicted,
        n_gold=n_gold,
    )


def _greedy(said: Sequence[Six], there: Sequence[Six], same: Callable[[Six, Six], bool]) -> int:
    free = list(there)
    for six in said:
        taken = next((place for place, true in enumerate(free) if same(six, true)), None)
        if taken is not None:
            free.pop(taken)
    return len(there) - len(free)


def combined(gold: Sequence[Sequence[Six]], predicted: Sequence[Sequence[Six]]) -> Combined:
    """Version of April 2025, subtask I: every true sextuple against every predicted one of its dialogue.

    Args:
        gold: Sextuples per dialogue.
        predicted: The same of the model, in the same order.

    Raises:
        ConfigError: Lengths differ.
    """
    _checked(gold, predicted)
    names = Six._fields[:6]
    sums, count, hits, named = dict.fromkeys(names, 0.0), 0, 0, 0
    for there, said in zip(gold, predicted, strict=True):
        count += len(there) * len(said) + sum(all(true[:6] != six[:6] for six in said) for true in there)
        for true in there:
            for six in said:
                for name in names[:5]:
                    sums[name] += getattr(true, name) == getattr(six, name)
                sums["rationale"] += rationale_f1(six.rationale, true.rationale)
        hits += len({true[:6] for true in there} & {six[:6] for six in said})
        named += len({(true[:4], true[5]) for true in there} & {(six[:4], six[5]) for six in said})
    n_predicted, n_gold = (sum(map(len, side)) for side in (predicted, gold))
    elements = {name: value / count if count else 0.0 for name, value in sums.items()}
    return Combined(elements, _rates(hits, n_predicted, n_gold).f1, _rates(named, n_predicted, n_gold).f1)


def flips(gold: Sequence[Sequence[Change] | None], predicted: Sequence[Sequence[Change] | None]) -> Flips:
    """Version of April 2025, subtask II; of flips with the same holder, target and aspect the last counts.

    Args:
        gold: Flips per dialogue; None where the file has no such key.
        predicted: The same of the model, in the same order.

    Raises:
        ConfigError: Lengths differ.
    """
    _checked(gold, predicted)
    flip = triggered = n_common = n_predicted = n_gold = 0
    triggers: list[tuple[str, str]] = []
    for sides in zip(gold, predicted, strict=True):
        there, said = ({change[:3]: change for change in side or ()} for side in sides)
        common = [(there[key], said[key]) for key in there if key in said]
        same = [one.trigger == other.trigger for one, other in common if one[3:5] == other[3:5]]
        flip += len(same)
        triggered += sum(same)
        n_common, n_predicted, n_gold = n_common + len(common), n_predicted + len(said), n_gold + len(there)
        triggers += [(one.trigger, other.trigger) for one, other in common]
    macro = float("nan")
    if triggers and n_common == n_predicted == n_gold:
        from sklearn.metrics import f1_score

        macro = float(f1_score(*zip(*triggers, strict=True), average="macro"))
    return Flips(_rates(flip, n_predicted, n_gold).f1, _rates(triggered, n_predicted, n_common).f1, macro)


def in_order(gold: Sequence[object], predicted: Sequence[object]) -> Rates:
    """Version of May 2024: elements, pairs or sextuples that are equal at the same place."""
    return _rates(sum(one == other for one, other in zip(predicted, gold, strict=False)), len(predicted), len(gold))


def rationale_lengths(gold: Sequence[str], predicted: Sequence[str]) -> Rates:
    """Version of May 2024: rationales at the same place, by the ratio of their numbers of characters; what they say is not looked at."""
    sizes = [sorted((len(one), len(other))) for one, other in zip(predicted, gold, strict=False)]
    return _rates(sum(less / more for less, more in sizes if more), len(predicted), len(gold))


def sentiment_shares(gold: Sequence[str], predicted: Sequence[str]) -> float:
    """Version of May 2024: "macro F1" of shares of the three sentiments among the predictions; the truth is only counted."""
    shares = [sum(label == sentiment for label in predicted) for sentiment in SENTIMENTS]
    return sum(_rates(hits, len(predicted), len(gold)).f1 for hits in shares) / len(SENTIMENTS)


def _checked(gold: Sequence[object], predicted: Sequence[object]) -> None:
    if len(gold) != len(predicted):
        raise ConfigError(f"{len(gold)} dialogues and {len(predicted)} predictions", "give one list for each dialogue")
