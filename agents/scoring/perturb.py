"""Robustness: a run's items are answered again from sheets that probes have spoiled, and what that costs is told with its interval."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from cuechain.agents import registry
from cuechain.agents.errors import CueChainError, ReplyError
from cuechain.agents.pipeline import think
from cuechain.agents.question.focus import of_turn
from cuechain.agents.reason import OPEN, labels_of
from cuechain.agents.scoring.explanations import decision, leading
from cuechain.agents.scoring.misheard import READERS, assembled
from cuechain.agents.scoring.probes import named
from cuechain.agents.scoring.spoil import Spoil, Spoiled
from cuechain.agents.scoring.statistics import Interval, by_group, from_sums, share
from cuechain.agents.values import Answer, Case, Cue, CueSheet, Gap, Question, Target, Value

if TYPE_CHECKING:
    from cuechain.agents.llm import Model
    from cuechain.agents.settings import Settings
    from cuechain.agents.tasks import Task

State = Literal["applied", "unfit", "failed"]
"""Whether a probe was put to an item: it was; it does not apply; the model did not answer, before or after."""

DONORS = 200
"""Items whose cues may be lent to others."""


@dataclass(frozen=True)
class Probed:
    """One item under one probe."""

    id: str
    """Of the item."""
    group: str
    """Dialogue, speaker, author or clip."""
    probe: str
    """As it was asked for: `asr:0.2`."""
    state: State
    """Whether it was put."""
    why: str = ""
    """Why it was not, in words that can be counted."""
    before: Case | None = None
    """Answered from the whole sheet."""
    after: Case | None = None
    """Answered from the spoiled one; without an answer where the reply could not be read."""
    label: str | None = None
    """The label that the probe put in."""

    @property
    def touched(self) -> bool:
        """Whether the draw changed what is judged: a short line may be heard without an error."""
        one, two = self.before, self.after
        return one is not None and two is not None and _judged(one) != _judged(two)


def probe(
    cases: Sequence[Case], names: Sequence[str], model: Model, settings: Settings, *, most: int = 0, seed: int = 0
) -> Iterator[Probed]:
    """Answer items from whole and from spoiled sheets; each item's draws depend on seed, probe and item alone.

    The whole sheet is answered again too, so that both answers come from the same model, code and prompts.

    Args:
        cases: Of a run; those that failed are left out, for they have no sheet to spoil.
        names: Probes, `NAME` or `NAME:LEVEL`.
        model: What answers.
        settings: How it answers, and how words are read again.
        most: Items that are drawn; 0 takes all.
        seed: Of all draws.

    Raises:
        ConfigError: An unknown probe or level, or a task that the model cannot answer.
    """
    probes = [(name, *named(name)) for name in dict.fromkeys(names)]
    usable = [c for c in cases if c.status == "done"]
    if most and most < len(usable):
        usable = random.Random(f"{seed}/items").sample(usable, most)
    sheets = [c.sheet for c in random.Random(f"{seed}/donors").sample(usable, min(DONORS, len(usable)))]
    for place, case in enumerate(usable):
        task: Task = registry.get("tasks", case.question.task)
        id = case.sample.id if case.sample else str(place)
        group = (case.sample.group if case.sample else "") or id
        # A sheet that was not made by the pipeline is put into its order first, so that a probe alone makes the difference.
        sheet = assembled(case.sheet, case.sheet.cues.values(), case.sheet.gaps, settings)
        whole, failure = _answered(case, sheet, task, model, settings)
        labels = labels_of(case.question, task) or (OPEN if task.open_vocabulary else ())
        others = [s for s in sheets if s != case.sheet]
        for name, one, level in probes:
            told = Probed(id, group, name, "failed", failure, whole)
            if whole is not None:
                chance = random.Random(f"{seed}/{name}/{id}")
                given = Spoil(whole, others, labels, settings, level, chance)
                told = _put(told, one.spoil(given), task, model, settings)
            yield told


def _judged(case: Case) -> list[Cue | Gap]:
    """Cues and gaps that the question is about, those left out that are read in others: a line that is read beside other lines may give
    other last digits (the int8 network scales the rows of a run together)."""
    cues = of_turn(case.sheet, case.question.turn).cues.values()
    return [*(c for c in cues if c.sense not in READERS), *(g for g in case.sheet.gaps if g.sense not in READERS)]


def _put(told: Probed, spoiled: Spoiled, task: Task, model: Model, settings: Settings) -> Probed:
    assert told.before is not None
    if spoiled.sheet is None:
        return replace(told, state="unfit", why=spoiled.why)
    after, failure = _answered(told.before, spoiled.sheet, task, model, settings)
    state: State = "applied" if after else "failed"
    return replace(told, state=state, why=failure, after=after, label=spoiled.label)


def _answered(case: Case, sheet: CueSheet, task: Task, model: Model, settings: Settings) -> tuple[Case | None, str]:
    """The case anew; one without an answer where the reply cannot be read; nothing and the kind of error where there was no reply."""
    try:
        return think(sheet, case.question, task, model, settings).model_copy(update={"sample": case.sample}), ""
    except ReplyError as error:
        return Case(
            question=case.question,
            sample=case.sample,
            sheet=sheet,
            status="failed",
            error=f"ReplyError: {error.message}",
            model=model.spec,
        ), ""
    except CueChainError as error:
        return None, type(error).__name__


def agreement(task: Task, truth: Target, answer: Answer | None) -> float:
    """How far an answer agrees with what people said, 1 for wholly; NaN where they did not judge.

    One label: whether the leading one is right. Several: Jaccard index of the sets. Numbers: minus the mean absolute error, NaN without
    any. Tuples and several questions: F1 of what is exactly the same. No answer agrees in nothing.
    """
    said = task.said(answer) if answer is not None and not answer.abstain and task.said else Target()
    if task.metric == "scores" and truth.scores:
        errors = [abs(said.scores[k] - v) for k, v in truth.scores.items() if k in said.scores]
        return -sum(errors) / len(errors) if errors else float("nan")
    if truth.labels is not None and (task.metric == "labels" or len(truth.labels) == 1):
        return float((said.labels or (None,))[0] in truth.labels) if truth.labels else float("nan")
    if truth.labels is not None:
        one, two = set(truth.labels), set(said.labels or ())
        return len(one & two) / len(one | two) if one | two else 1.0
    one, two = _parts(truth), _parts(said)
    return 2 * len(one & two) / (len(one) + len(two)) if one else float("nan")


def _within(truth: Target, question: Question, task: Task) -> Target:
    """What people said without labels outside the set, which no answer can match: the figures of a run leave them out as well."""
    if not truth.labels or not (known := labels_of(question, task)):
        return truth
    return truth.model_copy(update={"labels": tuple(label for label in truth.labels if label in known)})


def _parts(target: Target) -> set[str]:
    """Tuples and fields as strings, without citations, which nobody judged."""
    tuples = [*(target.pairs or ()), *(target.sextuples or ()), *(target.flips or ()), *(target.opinions or ())]
    return {t.model_dump_json(exclude={"cites"}) for t in tuples} | {f"{k}={v}" for k, v in target.fields.items()}


class Drop(Value):
    """What a probe costs."""

    probe: str
    """As it was asked for."""
    n: int
    """Items that people judged, with a label of the set, and to which it was put."""
    groups: int
    """Dialogues, speakers, authors or clips that these are of."""
    before: Interval
    """Mean agreement with what people said, from whole sheets (`agreement`); of one label it is accuracy."""
    after: Interval
    """From spoiled ones."""
    drop: Interval
    """The paired difference, before less after; groups of items are drawn together where there are enough (`by_group`)."""
    applied: int
    """Items to which it was put, judged or not."""
    untouched: int
    """Of these, items in which the draw changed nothing of what is judged."""
    changed: Interval
    """Share of these whose answer is another one."""
    silent: Interval
    """Share of these that abstain or cannot be read after, and did not before."""
    named: Interval | None = None
    """Share of these that answer the label that the probe put in; None for a probe that puts in none."""
    unfit: dict[str, int]
    """Why it does not apply, to the number of items; they count nowhere else."""
    failed: dict[str, int]
    """Kind of error to the number of items without an answer, before or after; they count nowhere else."""


def drops(found: Sequence[Probed]) -> list[Drop]:
    """What each probe costs, in the order of the probes."""
    by_name: dict[str, list[Probed]] = {}
    for one in found:
        by_name.setdefault(one.probe, []).append(one)
    return [_drop(name, some) for name, some in by_name.items()]


def _drop(name: str, found: Sequence[Probed]) -> Drop:
    put = [p for p in found if p.state == "applied" and p.before is not None and p.after is not None]
    rows: list[tuple[float, float, float]] = []
    groups: list[str] = []
    changed = silent = obeyed = 0
    for one in put:
        assert one.before is not None and one.after is not None
        task: Task = registry.get("tasks", one.before.question.task)
        truth = _within(one.before.sample.target if one.before.sample else Target(), one.before.question, task)
        was, now = (agreement(task, truth, c.answer) for c in (one.before, one.after))
        if not np.isnan([was, now]).any():
            rows.append((was, now, 1.0))
            groups.append(one.group)
        first, then = (decision(task, c.answer) for c in (one.before, one.after))
        changed += first != then
        silent += then is None and first is not None
        obeyed += one.label is not None and leading(task, one.after.answer) == one.label
    summed = by_group(np.array(rows, float).reshape(-1, 3), groups)
    labelled = any(p.label is not None for p in put)
    return Drop(
        probe=name,
        n=len(rows),
        groups=len(set(groups)),
        before=from_sums(lambda s: s[:, 0] / s[:, 2], summed),
        after=from_sums(lambda s: s[:, 1] / s[:, 2], summed),
        drop=from_sums(lambda s: (s[:, 0] - s[:, 1]) / s[:, 2], summed),
        applied=len(put),
        untouched=sum(not p.touched for p in put),
        changed=share(changed, len(put)),
        silent=share(silent, len(put)),
        named=share(obeyed, len(put)) if labelled else None,
        unfit=dict(Counter(p.why for p in found if p.state == "unfit")),
        failed=dict(Counter(p.why for p in found if p.state == "failed")),
    )


def as_markdown(found: Sequence[Drop]) -> str:
    """A table of drops, in percent, for tasks of labels; the rest of each drop is in its JSON."""
    lines = [
        "| probe | n | before | after | drop | answers changed | abstain now | name the label | does not apply |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for d in found:
        cells = [
            d.before.percent(),
            d.after.percent(),
            d.drop.told(100, 0, "+"),
            d.changed.percent(),
            d.silent.percent(),
        ]
        cells.append(d.named.percent() if d.named else "")
        none = [f"{n} ({why})" for why, n in [*d.unfit.items(), *d.failed.items()]]
        of = f" of {d.groups} group{'s' * (d.groups != 1)}" if d.groups not in (0, d.n) else ""
        lines.append(f"| {d.probe} | {d.n}{of} | {' | '.join(cells)} | {'; '.join(none)} |")
    return "\n".join(lines)
