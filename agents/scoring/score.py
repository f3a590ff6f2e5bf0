"""A finished run against what people said: figures with intervals, what could not be scored, published protocols, baselines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from cuechain.agents import llm
from cuechain.agents.datasets import dataset
from cuechain.agents.errors import ConfigError, MissingExtraError, RunError
from cuechain.agents.llm import Model
from cuechain.agents.runs import Run
from cuechain.agents.scoring import baselines, explanations, kinds, published
from cuechain.agents.scoring.explanations import Measured
from cuechain.agents.scoring.found import Figure, Found, Matrix
from cuechain.agents.scoring.perturb import Drop, drops, probe
from cuechain.agents.scoring.raters import agreement
from cuechain.agents.scoring.tally import NOTHING, Tally, tally
from cuechain.agents.settings import Settings
from cuechain.agents.values import CueSheet, Value

MOST_FOR_BASELINES = 5_000
"""Items up to which neighbours and trees are fitted: they need every sheet in memory."""


class Report(Value):
    """What scoring a run found."""

    run: str
    """Its folder."""
    manifest: dict[str, Any]
    """How it was made: task, labels, dataset, split, model, templates."""
    n: int
    """Items that people judged."""
    expected: int | None
    """Items that the dataset has; None for a run that was not finished."""
    states: dict[str, int]
    """What came of the judged items: answered, abstained, unreadable, refused, failed."""
    unjudged: int
    """Finished items about which people said nothing."""
    faults: dict[str, int]
    """Reason to items of the dataset that could not be used."""
    outside: int
    """Answers with a label outside the set; they are wrong."""
    mean_said: float | None
    """Labels in an answer, on average."""
    figures: tuple[Figure, ...]
    """The sound figures, the leading one first."""
    per_class: tuple[dict[str, Any], ...] = ()
    """Precision, recall, F1 and support of each label."""
    confusion: Matrix | None = None
    """Right labels against answers."""
    published: dict[str, dict[str, float | None]] = Field(default_factory=dict)
    """Published scorer to its figures, with its quirks."""
    baselines: dict[str, tuple[Figure, ...]] = Field(default_factory=dict)
    """Name to the same figures of what little knowledge gets."""
    agreement: dict[str, float] = Field(default_factory=dict[str, float])
    """How far people agree among themselves; empty where a file has one judgement of each item."""
    notes: tuple[str, ...] = ()
    """What a reader must know to read the figures."""
    probes: tuple[Drop, ...] = ()
    """What each way of spoiling the sheets costs."""
    explanations: dict[str, Measured] = Field(default_factory=dict[str, Measured])
    """Figures of the explanations."""
    judge: str = ""
    """Spec string of the model that judged explanations; empty where none did."""


def scored(run: Run, *, with_baselines: bool = True, wheels: Path | None = None) -> Report:
    """Score a run.

    Args:
        run: A run folder, finished or not.
        with_baselines: Compute what majority, words alone, neighbours and features get on the same items.
        wheels: Folder with the published emotion wheels, for open vocabularies; Plutchik's by default.

    Raises:
        RunError: No run folder, nothing that people judged, or a task that is not scored.
        MissingExtraError: scikit-learn is not installed.
    """
    if find_spec("sklearn") is None:
        raise MissingExtraError("scikit-learn", "score")
    if run.manifest.get("explain_labels"):
        told = f"{run.folder} explains labels that were given: they cannot be scored"
        raise RunError(told, "`cuechain export RUN --as aggregates` counts which the cues bear out")
    lined = tally(run)
    if lined.task.metric == "none":
        raise RunError(
            f"task '{lined.task.name}' has no right answers to compare with", "its cases can be shown, not scored"
        )
    if not lined.outcomes:
        raise RunError(f"{run.folder} holds no item that people judged", "score a run over a labelled dataset")
    found = kinds.of(lined, wheels)
    if not any(f.n for f in found.figures):
        raise RunError(
            f"{run.folder}: nothing can be scored: {'; '.join(found.notes)}",
            "another --task or --labels may fit the dataset",
        )
    manifest = run.manifest
    name = str(manifest.get("dataset", "")).partition(":")[0]
    return Report(
        run=str(run.folder),
        manifest=manifest,
        n=len(lined.outcomes),
        expected=lined.expected,
        states={str(k): v for k, v in lined.states.items()},
        unjudged=lined.unjudged,
        faults=lined.faults,
        outside=lined.outside,
        mean_said=None if np.isnan(lined.mean_said) else round(lined.mean_said, 3),
        figures=found.figures,
        per_class=found.per_class,
        confusion=found.confusion,
        published=published.figures(_protocol(name), lined),
        agreement=agreement([o.truth for o in lined.outcomes]),
        baselines=dict(_baselines(run, lined)) if with_baselines and found.single else {},
        notes=tuple(_notes(lined, found)),
    )


def probed(report: Report, run: Run, names: Sequence[str], settings: Settings, most: int) -> Report:
    """The report with what probes cost.

    Args:
        report: Of the run.
        run: Its folder.
        names: Probes, `NAME` or `NAME:LEVEL`.
        settings: How the model answers; its name is the run's.
        most: Items that are drawn; 0 takes all.

    Raises:
        ConfigError: An unknown probe.
        ModelError: The model cannot be loaded.
    """
    model, own = _model(report, settings)
    return report.model_copy(
        update={"probes": tuple(drops(list(probe(list(run.cases()), names, model, own, most=most))))}
    )


def explained(report: Report, run: Run, settings: Settings, most: int, judge: str = "") -> Report:
    """The report with figures of the explanations: citations, faithfulness by removal, clues of written references.

    Args:
        report: Of the run.
        run: Its folder.
        settings: How the model answers; its name is the run's.
        most: Items, from the first on; 0 takes all.
        judge: Spec string of a chat model that judges explanations; empty for none.

    Raises:
        ModelError: A model cannot be loaded.
    """
    model, own = _model(report, settings)
    cases = [case for case in run.cases() if case.status == "done"]
    found = explanations.explained(
        cases[: most or None], own, model=model, judge=llm.load(judge, settings) if judge else None
    )
    return report.model_copy(update={"explanations": explanations.measured(list(found)), "judge": judge})


def _model(report: Report, settings: Settings) -> tuple[Model, Settings]:
    own = settings.model_copy(update={"model": str(report.manifest["model"])})
    return llm.load(own.model, own), own


def _protocol(name: str) -> str:
    try:
        return dataset(name).protocol
    except ConfigError:  # a dataset of a plugin that is not installed here: the run can be scored all the same
        return ""


def _baselines(run: Run, lined: Tally) -> Iterator[tuple[str, tuple[Figure, ...]]]:
    """Baselines for one label of a set per item, each scored on the same items in the same way."""
    truth = [(o.truth.labels or (NOTHING,))[0] for o in lined.outcomes]
    groups = [o.group for o in lined.outcomes]
    sheets = _sheets(run, [o.id for o in lined.outcomes])
    several = len(set(groups)) > 1

    def told(labels: Sequence[str]) -> tuple[Figure, ...]:
        return kinds.of_labels(truth, labels, lined.labels or tuple(dict.fromkeys(truth))).figures

    if several:
        yield "majority label", told(baselines.majority(truth, groups))
    if lined.task.name == "emotion" and lined.labels:
        yield "words alone (rules)", told(baselines.words_alone(sheets, lined.labels))
    if several and len(truth) <= MOST_FOR_BASELINES:
        yield f"vote of {baselines.NEIGHBOURS} neighbours", told(baselines.neighbours(sheets, truth, groups))
        yield "boosted trees on measures", told(baselines.features(sheets, truth, groups))


def _sheets(run: Run, ids: Sequence[str]) -> list[CueSheet]:
    """The sheets of items, without their texts' copies: a run of thousands must fit into memory."""
    wanted = {id: place for place, id in enumerate(ids)}
    found: list[CueSheet] = [CueSheet()] * len(ids)
    for case in run.cases():
        if case.sample and case.sample.id in wanted:
            found[wanted[case.sample.id]] = case.sheet.model_copy(update={"media": ()})
    return found


def _notes(lined: Tally, found: Found) -> Iterator[str]:
    if lined.expected is None:
        yield "the run is not finished: these are figures of the items that are done"
    elif len(lined.outcomes) + lined.unjudged < lined.expected:
        yield f"{lined.expected - len(lined.outcomes) - lined.unjudged} items have no case"
    if len(lined.outcomes) < 30:
        yield f"only {len(lined.outcomes)} items"
    if lined.states.get("answered", 0) < len(lined.outcomes):
        yield "an item without an answer counts as wrong"
    yield from found.notes
