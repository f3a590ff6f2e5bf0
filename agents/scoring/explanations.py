"""What an explanation is worth: whether it cites what decides, whether what it cites decides, and what it says of a written reference.

No language model judges unless one is named; then its name, temperature and prompt stand in the result.
"""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cuechain.agents import registry
from cuechain.agents.errors import ModelError, ReplyError
from cuechain.agents.perception.texts.language import COMMON
from cuechain.agents.pipeline import think
from cuechain.agents.question.focus import of_turn
from cuechain.agents.scoring.judge import Judged, judged
from cuechain.agents.scoring.metrics.overlap import token_f1, tokens
from cuechain.agents.scoring.statistics import Interval, by_group, from_sums
from cuechain.agents.tasks import Task
from cuechain.agents.values import Answer, Case, CueSheet, Target, Value

if TYPE_CHECKING:
    from cuechain.agents.llm import Model
    from cuechain.agents.settings import Settings

NAN = float("nan")

STATED = 0.5
"""Share of a clue's content words that must stand in one sentence of the explanation. PanoSent holds a rationale for found from a token
F1 of 0.5 on; a sentence may say more than the clue, so its recall is taken here."""

_CITES = re.compile(r"\s*\[[A-Z]+\d+(?:\s*,\s*[A-Z]+\d+)*\]")
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|(?<=[。！？；])|\n+")
_COMMON = frozenset(word.replace("'", "") for word in COMMON)


def cited(answer: Answer, sheet: CueSheet) -> tuple[str, ...]:
    """Cues that are cited for or against the conclusion, in order, each once; those that are called weak or a setting are left out."""
    told = [i for c in answer.claims if c.stance in ("supports", "conflicts") for i in c.cites if i in sheet.cues]
    return tuple(dict.fromkeys(told))


def hits(cites: Sequence[str], decisive: Sequence[str]) -> tuple[float, float]:
    """Precision and recall of citations against the cues that decide; NaN where they are not known, the precision also where nothing
    is cited."""
    one, other = set(cites), set(decisive)
    both = len(one & other)
    return both / len(one) if one and other else NAN, both / len(other) if other else NAN


@dataclass(frozen=True)
class Removals:
    """Ids that are taken out of a sheet to see whether an answer rests on what it cites."""

    bare: tuple[str, ...]
    """All that are cited."""
    cited: tuple[str, ...]
    """As many of the cited ones, leading ones first, as there are others; empty where there are no others."""
    other: tuple[str, ...]
    """As many that are not cited, drawn at random."""


def removals(cites: Sequence[str], cues: Sequence[str], key: str) -> Removals:
    """What to take out: an answer is faithful that changes without what it cites, more often than without as much else.

    The sufficiency and comprehensiveness of rationales (DeYoung et al. 2020, ERASER), on labels instead of probabilities, against a
    random removal of the same size.

    Args:
        cites: Ids that the answer cites.
        cues: Ids of all that it might have cited.
        key: Decides the draw, alone: an item's id.
    """
    others = [i for i in cues if i not in cites]
    count = min(len(others), len(cites))
    drawn = sorted(random.Random(key).sample(others, count)) if count else []
    return Removals(tuple(cites), tuple(cites[:count]), tuple(drawn))


def leading(task: Task, answer: Answer | None) -> str | None:
    """The label that an answer names first; None where it names none, or abstains."""
    if answer is None or answer.abstain:
        return None
    said = task.said(answer).labels if task.said else None
    return said[0] if said else answer.emotion.label if answer.emotion and task.said is None else None


def decision(task: Task, answer: Answer | None) -> Hashable:
    """What may change in an answer: its leading label, else all that people judge in this task; None where there is no answer."""
    if answer is None or answer.abstain:
        return None
    if task.said is None or task.metric in ("labels", "none"):
        return leading(task, answer)
    said = task.said(answer)
    rounded = {name: round(value, 1) for name, value in said.scores.items()}
    told = said.model_copy(update={"text": "", "scores": rounded, "labels": tuple(sorted(said.labels or ()))})
    without = {name: {"__all__": {"cites"}} for name in ("sextuples", "flips", "opinions")}
    return json.dumps(told.model_dump(exclude=without), sort_keys=True)


def clues_of(target: Target) -> tuple[str, ...]:
    """What the reference gives as reasons: the sentences of its text, else the rationales of its sextuples."""
    if target.text:
        return tuple(part.strip() for part in _SENTENCE.split(_CITES.sub("", target.text)) if content(part))
    return tuple(dict.fromkeys(s.rationale.text for s in target.sextuples or () if content(s.rationale.text)))


def sentences_of(case: Case) -> tuple[str, ...]:
    """What an answer gives as reasons: its claims without their citations, and the rationales of its sextuples."""
    if case.answer is None:
        return ()
    task: Task = registry.get("tasks", case.question.task)
    said = task.said(case.answer) if task.said else Target()
    told = [_CITES.sub("", claim.text) for claim in case.answer.claims if claim.text]
    return tuple(dict.fromkeys([*told, *(s.rationale.text for s in said.sextuples or ())]))


def content(text: str) -> set[str]:
    """Tokens of a text, without the commonest English words."""
    return set(tokens(text)) - _COMMON


def coverage(clues: Sequence[str], sentences: Sequence[str]) -> float:
    """Share of the reference's clues of which at least STATED of the content words stand in one sentence; NaN without clues.

    By words alone: what is said in other words is missed, so it is a lower bound, and comes with its value for another item's clues.
    """
    if not clues:
        return NAN
    told = [content(s) for s in sentences]
    found = [max((len(content(c) & t) / len(content(c)) for t in told), default=0.0) >= STATED for c in clues]
    return sum(found) / len(found)


@dataclass(frozen=True)
class Explained:
    """The explanation of one item; NaN for what cannot be judged."""

    id: str
    """Of the item."""
    group: str
    """Dialogue, speaker, author or clip."""
    precision: float = NAN
    """Share of the cited cues that decide."""
    recall: float = NAN
    """Share of the deciding cues that are cited."""
    claims: int = 0
    """Sentences that were checked."""
    problems: int = 0
    """What the mechanical check found wrong in them."""
    bare: float = NAN
    """1 where the answer changes without all that it cites."""
    cited: float = NAN
    """1 where it changes without as many of the cited cues as there are others."""
    other: float = NAN
    """1 where it changes without as many others."""
    coverage: float = NAN
    """Share of the reference's clues that it states."""
    chance: float = NAN
    """Share of another item's clues that it states."""
    f1: float = NAN
    """Token F1 with the whole reference."""
    judged: Judged | None = None
    """What a judge model says; None where none was named, or there is nothing to judge."""
    failed: str = ""
    """Kind of the error where the model or the judge did not answer."""


def explained(
    cases: Sequence[Case],
    settings: Settings,
    *,
    model: Model | None = None,
    decisive: Mapping[str, Sequence[str]] | None = None,
    judge: Model | None = None,
) -> Iterator[Explained]:
    """Judge the explanations of a run's answered cases, one by one; cases without an answer, or that abstain, are left out.

    Args:
        cases: Of a run.
        settings: Of the model and the judge.
        model: The model of the run, to answer again without cues; None to leave faithfulness out.
        decisive: Id of an item to the ids of the cues that decide, where somebody chose them.
        judge: A chat model; None for none.
    """
    told = [c for c in cases if c.answer is not None and not c.answer.abstain]
    written = [clues_of(c.sample.target) if c.sample else () for c in told]
    several = [clues for clues in written if clues]
    for number, (case, clues) in enumerate(zip(told, written, strict=True)):
        others = [x for x in several if x != clues]
        wrong = others[number % len(others)] if others else ()
        yield _explained(case, clues, wrong, settings, model, decisive or {}, judge)


def _explained(
    case: Case,
    clues: Sequence[str],
    wrong: Sequence[str],
    settings: Settings,
    model: Model | None,
    decisive: Mapping[str, Sequence[str]],
    judge: Model | None,
) -> Explained:
    assert case.answer is not None
    id = case.sample.id if case.sample else ""
    cites, sentences, failed = cited(case.answer, case.sheet), sentences_of(case), ""
    precision, recall = hits(cites, decisive.get(id, ()))
    bare = less = other = NAN
    found: Judged | None = None
    try:
        if model is not None and cites:
            bare, less, other = _faithful(case, cites, id, model, settings)
        if judge is not None and clues:
            found = judged(clues, sentences, judge, settings)
    except (ModelError, ReplyError) as error:
        failed = type(error).__name__
    return Explained(
        id=id,
        group=(case.sample.group if case.sample else "") or id,
        precision=precision,
        recall=recall,
        claims=case.verdict.claims if case.verdict else 0,
        problems=len(case.verdict.problems) if case.verdict else 0,
        bare=bare,
        cited=less,
        other=other,
        coverage=coverage(clues, sentences),
        chance=coverage(wrong, sentences) if clues else NAN,
        f1=token_f1(" ".join(clues), " ".join(sentences)) if clues else NAN,
        judged=found,
        failed=failed,
    )


def _faithful(case: Case, cites: Sequence[str], id: str, model: Model, settings: Settings) -> tuple[float, ...]:
    """Whether the answer changes without all cited cues, some of them, as many others; cues of other turns are no others."""
    task: Task = registry.get("tasks", case.question.task)
    out = removals(cites, list(of_turn(case.sheet, case.question.turn).cues), id)

    def changed(ids: Sequence[str]) -> float:
        if not ids:
            return math.nan
        left = case.sheet.only(set(case.sheet.cues) - set(ids))
        again = think(left, case.question, task, model, settings).answer
        return float(decision(task, again) != decision(task, case.answer))

    return changed(out.bare), changed(out.cited), changed(out.other)


class Measured(Value):
    """One figure of a run's explanations."""

    value: Interval
    """The figure with its interval; groups of items are drawn together where there are enough (`by_group`)."""
    n: int
    """Items that it is computed on."""


def measured(found: Sequence[Explained]) -> dict[str, Measured]:
    """The figures of a run's explanations; those that nothing can be said about are left out."""

    def ratio(name: str, above: Sequence[float], below: Sequence[float]) -> None:
        kept = [i for i, (a, b) in enumerate(zip(above, below, strict=True)) if not (math.isnan(a) or math.isnan(b))]
        if kept:
            pairs = np.array([(above[i], below[i]) for i in kept])
            summed = by_group(pairs, [found[i].group for i in kept])
            told[name] = Measured(value=from_sums(lambda s: s[:, 0] / s[:, 1], summed), n=len(kept))

    told: dict[str, Measured] = {}
    ones = [1.0] * len(found)
    ratio("cited cues that decide (precision)", [e.precision for e in found], ones)
    ratio("deciding cues that are cited (recall)", [e.recall for e in found], ones)
    ratio("problems in the check, per sentence", [float(e.problems) for e in found], [float(e.claims) for e in found])
    ratio("answers that change without all cited cues", [e.bare for e in found], ones)
    ratio("… without as many cited ones as there are others", [e.cited for e in found], ones)
    ratio("… without as many others", [e.other for e in found], ones)
    ratio("ratio of the last two", [e.cited for e in found], [e.other for e in found])
    ratio("clues of the reference that are stated", [e.coverage for e in found], ones)
    ratio("clues of another item's reference that are stated", [e.chance for e in found], ones)
    ratio("token F1 with the reference", [e.f1 for e in found], ones)
    for judge in dict.fromkeys(e.judged.judge for e in found if e.judged):
        own = [e.judged if e.judged and e.judged.judge == judge else None for e in found]
        ratio(f"clues that {judge} finds stated", [j.stated if j else NAN for j in own], ones)
        ratio(f"clues that {judge} finds contradicted", [j.contradicted if j else NAN for j in own], ones)
    return told
