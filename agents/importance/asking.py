"""Ask a model about every set of the senses of a clip."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cuechain.agents import registry
from cuechain.agents.errors import ConfigError
from cuechain.agents.llm import Model, load
from cuechain.agents.llm.weighted import WeightedPlanner, kin, of_senses, senses_of
from cuechain.agents.pipeline import SheetReady, check, see
from cuechain.agents.reason import labels_of, reason
from cuechain.agents.tasks import Task
from cuechain.agents.values import Answer, CueSheet, Focus, Question
from cuechain.agents.weigh import Ask, Heard, Weighing
from cuechain.agents.weigh import weigh as weighed

if TYPE_CHECKING:
    from cuechain.agents.settings import Settings

COMPARED = ("labels", "multilabel", "open")
"""Metrics of tasks whose answers have a label that can be compared."""


def weigh(
    inputs: str | Path | Sequence[str | Path],
    question: str = "How does the person feel, and why?",
    *,
    task: str = "ask",
    labels: Sequence[str] = (),
    gold: Sequence[str] = (),
    weights: Mapping[str, float] | None = None,
    settings: Settings | None = None,
) -> Weighing:
    """Which sense mattered for an answer about a clip: `weigh("clip.mp4").counterfactuals`.

    Args:
        inputs: A file, or several that belong together.
        question: What is asked.
        task: Registered name of a task whose answers are labels.
        labels: Closed label set; the task's own where empty.
        gold: What is right, where that is known.
        weights: Sense (words, voice, face, scene …) to how much it counts; see `WeightedPlanner`.
        settings: How; from environment and cuechain.toml where not given.

    Raises:
        CueChainError: The input cannot be used, a name is unknown, or the model did not answer.
    """
    from cuechain.agents import settings as settings_module

    settings = settings or settings_module.load()
    asked = Question(text=question, task=task, labels=tuple(labels))
    model = load(settings.model, settings)
    checked(asked, model, gold, weights)
    paths = [inputs] if isinstance(inputs, str | Path) else list(inputs)
    sheet = next(e.sheet for e in see(paths, settings) if isinstance(e, SheetReady))
    return weigh_sheet(sheet, asked, model, settings, gold=gold, weights=weights)


def weigh_sheet(
    sheet: CueSheet,
    question: Question,
    model: Model,
    settings: Settings,
    *,
    gold: Sequence[str] = (),
    weights: Mapping[str, float] | None = None,
) -> Weighing:
    """The same for a sheet that is there.

    A sense with a weight of 0 is left out and is no player.

    Raises:
        ConfigError: The task's answers have no label; `gold` is outside the label set; weights that are none, or a chat model beside
            them, whose probabilities nobody sees.
        ModelError, ReplyError: The model did not answer.
    """
    task = checked(question, model, gold, weights)
    model = model.remembering()
    if not weights:
        return weighed(sheet, asker(question, task, model, settings), gold=gold)
    assert model.planner is not None
    if all(weights.get(s, 1.0) == 0 for s in senses_of(sheet)):
        raise ConfigError("every sense that has cues has a weight of 0", "leave one that counts")
    plain = asker(question, task, model, settings)(sheet)
    kept = of_senses(sheet, {s for s in senses_of(sheet) if weights.get(s, 1.0) > 0})
    tuned = replace(model, planner=WeightedPlanner(model.planner, weights))
    found = weighed(kept, asker(question, task, tuned, settings), gold=gold, weights=weights)
    return found.model_copy(update={"unweighted": plain})


def asker(question: Question, task: Task, model: Model, settings: Settings) -> Ask:
    """Asks one question about sheets of one clip; whom it is about is what the first sheet, the whole one, makes of it."""
    about: Focus | None = None

    def ask(sheet: CueSheet) -> Heard:
        nonlocal about
        done = reason(sheet, question, task, model, settings, about=about)
        if about is None:
            about = done.focus.model_copy(update={"kind": "how"}) if done.focus.kind == "who" else done.focus
        return heard(done.answer, task)

    return ask


def heard(answer: Answer, task: Task) -> Heard:
    """The leading label of an answer and how sure it is."""
    if answer.abstain:
        return Heard()
    told = (task.said(answer).labels or ()) if task.said else ()
    label = told[0] if told else answer.emotion.label if answer.emotion else None
    sure = getattr(answer, "confidence", None)
    if sure is None and answer.emotion and answer.emotion.label == label:
        sure = answer.emotion.confidence
    return Heard(label=label, confidence=sure if label else None)


def comparable(task: Task) -> Task:
    """The task, where its answers have a label to compare.

    Raises:
        ConfigError: They have none.
    """
    if task.answer is not Answer and task.metric not in COMPARED:
        raise ConfigError(
            f"answers of task '{task.name}' are no labels that sets of senses could be compared by", "--task ask"
        )
    return task


def checked(
    question: Question, model: Model, gold: Sequence[str] = (), weights: Mapping[str, float] | None = None
) -> Task:
    """The task of a question that can be weighed.

    Raises:
        ConfigError: See `weigh_sheet`.
    """
    task = comparable(check(question))
    labels = labels_of(question, task)
    if odd := [g for g in gold if labels and g.lower() not in {label.lower() for label in labels}]:
        raise ConfigError(f"{', '.join(odd)} is none of the labels", f"one of {', '.join(labels)}")
    known = {kin(name) for name in registry.names("perception")}
    for sense, weight in (weights or {}).items():
        if sense not in known:
            own = f"it belongs to {kin(sense)}" if kin(sense) in known else registry.did_you_mean(sense, sorted(known))
            raise ConfigError(f"no sense is called '{sense}'", own)
        if not (math.isfinite(weight) and weight >= 0):
            hint = "0 leaves a sense out, 1 changes nothing, 2 counts it twice"
            raise ConfigError(f"the weight of {sense} is {weight:g}", hint)
    if weights and model.planner is None:
        hint = "--model embedded or rules; or choose senses with --senses"
        raise ConfigError(f"{model.spec} is a chat model, whose probabilities cannot be weighed", hint)
    return task


def weights_of(told: str | None) -> dict[str, float]:
    """`voice=2,words=0.5` as a mapping.

    Raises:
        ConfigError: It reads otherwise, or names a sense twice.
    """
    found: dict[str, float] = {}
    for part in (told or "").split(",") if told else ():
        name, sign, number = (piece.strip() for piece in part.partition("="))
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if not (name and sign) or math.isnan(value) or name in found:
            raise ConfigError(f"'{part.strip()}' is no weight of a sense", "for example --weights voice=2,words=0.5")
        found[name] = value
    return found
