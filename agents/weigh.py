"""Which sense mattered: importance from every set of senses, what each says alone, and what would change the answer.

The modality importance score (MIS) is that of Park et al. 2024 (arXiv 2408.12763); with neither its code nor its thresholds published, the
classes and the treatment of single senses are those of tests/golden/modality_importance_score.json. The interaction follows the idea of
MMoE (Yu et al. 2023, arXiv 2311.09580): whether single senses reach what all reach together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Literal, TypeAlias

from pydantic import Field

from cuechain.agents.errors import ConfigError
from cuechain.agents.llm.labels import is_known, meaning
from cuechain.agents.llm.weighted import of_senses, senses_of
from cuechain.agents.values import CueSheet, Value

EXACT = 1e-9
"""What lies nearer to 0 is 0: a difference of two means of the same few fractions."""


class Heard(Value):
    """What a model says when it has some of the senses."""

    label: str | None = None
    """The label; None where it gave no answer."""
    confidence: float | None = None
    """How sure, 0 to 1; None where there is no answer or the model does not say."""


class Importance(Value):
    """What a sense adds, on the scale of an accuracy."""

    together: float | None
    """Mean accuracy of the sets that hold the sense and another one; None for a sense that is alone."""
    without: float | None
    """Mean accuracy of the sets that do not hold it; None for a sense that is alone."""
    score: float | None
    """MIS = together - without, -1 to 1; negative where the sense leads astray."""
    with_alone: float | None
    """The same where the sense by itself counts among the sets that hold it."""


class Judged(Value):
    """One item, or the mean of many, with the importance of its senses."""

    right: dict[str, float]
    """`words+voice` to how right that set of senses is, 0 to 1."""
    senses: dict[str, Importance]
    """Sense to importance."""
    kind: str
    """`biased:SENSE` (one sense alone has a positive score), `complementary` (several have), `agnostic` (all are 0), `interfering`
    (none is positive, some are negative); empty where there is but one sense."""


class Conflict(Value):
    """A sense that alone points elsewhere than all together."""

    sense: str
    """Which."""
    label: str
    """Where it points."""
    confidence: float | None
    """How sure it is alone, 0 to 1."""
    opposed: bool
    """True for a pleasant feeling against an unpleasant one, and for any two labels that are no feelings."""


Interaction: TypeAlias = Literal["redundancy", "uniqueness", "synergy"]


class Weighing(Value):
    """How much each sense mattered for one answer."""

    senses: tuple[str, ...]
    """The senses that had cues."""
    weights: dict[str, float] = Field(default_factory=dict)
    """What the user let each count; 1 where it is not named."""
    answer: Heard
    """What all senses together say."""
    unweighted: Heard | None = None
    """What they would say if each counted 1; None where the user set no weights."""
    sets: dict[str, Heard]
    """`words+voice` to what these senses say."""
    by_answer: Judged | None
    """Importance for reaching the answer that all senses reach; None where that is no answer."""
    by_gold: Judged | None = None
    """Importance for reaching what people said; None where nobody judged."""
    gold: tuple[str, ...] = ()
    """What people said."""
    interaction: Interaction | None
    """redundancy: two or more senses reach the joint answer alone; uniqueness: exactly one does; synergy: none does, it only emerges from
    several. None with one sense or without an answer."""
    alone: tuple[str, ...]
    """Senses that reach the joint answer alone."""
    conflicts: tuple[Conflict, ...]
    """Senses that alone point elsewhere, surest first."""
    counterfactuals: tuple[str, ...]
    """A sentence for each sense: what is said without it."""
    change: str
    """What would change the answer, in a sentence; empty with one sense."""

    def without(self, sense: str) -> Heard:
        """What the other senses say; nothing where there are none."""
        return self.sets.get("+".join(s for s in self.senses if s != sense), Heard())


Ask: TypeAlias = Callable[[CueSheet], Heard]
"""Asks a model about a sheet. The first call has the whole sheet."""


def weigh(
    sheet: CueSheet, ask: Ask, *, gold: Sequence[str] = (), weights: Mapping[str, float] | None = None
) -> Weighing:
    """Ask about every set of the senses that a sheet has: 2^n - 1 answers for n senses.

    Args:
        sheet: All cues; a sense without cues is no player.
        ask: Answers for a sheet.
        gold: Labels that people gave; an answer is right when it is one of them. Empty where nobody judged.
        weights: What the user let senses count, to be told beside the result.

    Raises:
        ConfigError: The sheet has no cues.
    """
    senses = senses_of(sheet)
    if not senses:
        raise ConfigError("there are no cues to weigh", "`cuechain perceive` shows what was found, and why nothing was")
    heard = {
        "+".join(chosen): ask(of_senses(sheet, set(chosen)))
        for size in range(len(senses), 0, -1)
        for chosen in combinations(senses, size)
    }
    joint = heard["+".join(senses)]

    def reach(labels: Iterable[str]) -> Judged:
        wanted = {label.lower() for label in labels}
        return judged({k: float((h.label or "").lower() in wanted) for k, h in heard.items()}, senses)

    alone = tuple(s for s in senses if joint.label and heard[s].label == joint.label)
    several = len(senses) > 1 and joint.label is not None
    return Weighing(
        senses=senses,
        weights=dict(weights or {}),
        answer=joint,
        sets=heard,
        by_answer=reach([joint.label]) if joint.label else None,
        by_gold=reach(gold) if gold else None,
        gold=tuple(gold),
        interaction=("synergy", "uniqueness", "redundancy")[min(2, len(alone))] if several else None,
        alone=alone,
        conflicts=_conflicts(senses, heard, joint),
        counterfactuals=tuple(_without(s, senses, heard, joint) for s in senses) if len(senses) > 1 else (),
        change=_change(senses, heard, joint) if len(senses) > 1 else "",
    )


def judged(right: Mapping[str, float], senses: Sequence[str]) -> Judged:
    """Importance of each sense from how right each set of senses is.

    MIS of a sense is the mean over the sets of two and more that hold it, less the mean over the sets that do not (Park et al. 2024).

    Args:
        right: Names of senses, joined by `+` in their order, to accuracy 0 to 1; one for each set but the empty one.
        senses: Names of the senses.

    Raises:
        ConfigError: A set is missing, or its accuracy is no number from 0 to 1.
    """
    sets = [chosen for size in range(1, len(senses) + 1) for chosen in combinations(senses, size)]
    bad = [k for k in map("+".join, sets) if not 0 <= right.get(k, math.nan) <= 1]
    if bad:
        raise ConfigError(f"no accuracy from 0 to 1 for {', '.join(bad)}", "every set of senses has to be answered")

    def mean(chosen: list[tuple[str, ...]]) -> float | None:
        return sum(right["+".join(c)] for c in chosen) / len(chosen) if chosen else None

    found: dict[str, Importance] = {}
    for sense in senses:
        holding = [c for c in sets if sense in c]
        together, without = mean([c for c in holding if len(c) > 1]), mean([c for c in sets if sense not in c])
        whole = mean(holding)
        found[sense] = Importance(
            together=together,
            without=without,
            score=None if together is None or without is None else together - without,
            with_alone=None if whole is None or without is None else whole - without,
        )
    return Judged(right={"+".join(c): right["+".join(c)] for c in sets}, senses=found, kind=_kind(found))


def _kind(found: Mapping[str, Importance]) -> str:
    scores = {s: i.score for s, i in found.items() if i.score is not None}
    helping = [s for s, score in scores.items() if score > EXACT]
    if not scores:
        return ""
    if len(helping) == 1:
        return f"biased:{helping[0]}"
    if helping:
        return "complementary"
    return "interfering" if min(scores.values()) < -EXACT else "agnostic"


def _conflicts(senses: Sequence[str], heard: Mapping[str, Heard], joint: Heard) -> tuple[Conflict, ...]:
    found = [
        Conflict(sense=s, label=label, confidence=heard[s].confidence, opposed=_opposed(label, joint.label))
        for s in senses
        if (label := heard[s].label) and label != joint.label and len(senses) > 1
    ]
    return tuple(sorted(found, key=lambda c: -(c.confidence or 0.0)))


def _opposed(one: str, other: str | None) -> bool:
    if other is None:
        return False
    if not (is_known(one) and is_known(other)):
        return True
    return meaning(one)[1] * meaning(other)[1] < 0 and min(abs(meaning(one)[1]), abs(meaning(other)[1])) >= 0.3


def named(senses: Sequence[str]) -> str:
    """`the words, the voice and the face`."""
    told = [f"the {s}" for s in senses]
    return " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)


def percent(heard: Heard) -> str:
    """` (63 %)`, or nothing where the confidence is not known."""
    return f" ({heard.confidence:.0%})".replace("%", " %") if heard.confidence is not None else ""


def _without(sense: str, senses: Sequence[str], heard: Mapping[str, Heard], joint: Heard) -> str:
    rest = heard["+".join(s for s in senses if s != sense)]
    if rest.label is None:
        return f"Without the {sense}: no answer{' either' if joint.label is None else ''}."
    same = "still " if rest.label == joint.label else ""
    return f"Without the {sense}: {same}{rest.label}{percent(rest)}."


def _change(senses: Sequence[str], heard: Mapping[str, Heard], joint: Heard) -> str:
    """The fewest senses whose absence changes the answer; to another one rather than to none."""
    for size in range(1, len(senses)):
        flips = [
            (gone, other)
            for gone in combinations(senses, size)
            if (other := heard["+".join(s for s in senses if s not in gone)]).label != joint.label
        ]
        flips = [f for f in flips if f[1].label] or flips
        if flips:
            lead = "" if size == 1 else "No sense by itself changes the answer. "
            told = "; ".join(f"without {named(gone)} {_would(other)}" for gone, other in flips)
            return f"{lead}{told[0].upper()}{told[1:]}."
    return (
        "Nothing changes the answer: each sense alone gives it." if joint.label else "No set of senses gives an answer."
    )


def _would(other: Heard) -> str:
    return f"it would be {other.label}" if other.label else "there would be no answer"
