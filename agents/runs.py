"""Batch: the items of a dataset through perception and a model into a run folder, one Case a line; what is done is not done again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cuechain import prompts
from cuechain.agents import llm, registry
from cuechain.agents.atomic import write
from cuechain.agents.datasets import Fault
from cuechain.agents.errors import ConfigError, CueChainError, MediaError, ModelError, ReplyError, RunError, ToolError
from cuechain.agents.focus import within
from cuechain.agents.llm import Model
from cuechain.agents.nearest import Known
from cuechain.agents.pipeline import SheetReady, check, see, think
from cuechain.agents.settings import Settings
from cuechain.agents.tasks import Task
from cuechain.agents.values import Case, CueSheet, Question, Sample

DEAD = 5
"""Failures of the model before any answer after which a run ends: the server is away, the key is wrong, the memory too small."""


TURN_TOKENS = 150
"""Tokens that the cues of one turn of a conversation take, at most but for very long ones: a budget leaves out none of them."""


@dataclass(frozen=True)
class Progress:
    """One item is finished."""

    case: Case
    """Its case, done or failed."""
    kept: bool
    """True when an earlier run had done it."""


class Run:
    """A run folder: `manifest.json` says how it was made, `cases.jsonl` holds a Case a line, `faults.jsonl` what could not be used."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def manifest(self) -> dict[str, Any]:
        """How the run was made.

        Raises:
            RunError: There is none, or it cannot be read.
        """
        try:
            made = json.loads((self.folder / "manifest.json").read_text("utf-8"))
            made["task"], made["model"]
            return made
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RunError(f"{self.folder} is no run folder", "`cuechain batch … --out FOLDER` makes one") from error

    def cases(self) -> Iterator[Case]:
        """The finished cases, the last one of each item.

        Raises:
            RunError: The file cannot be read.
        """
        for raw in self.records():
            answer = registry.get("tasks", raw["question"]["task"]).answer
            yield Case.model_validate(raw, context={"answer": answer})

    def records(self) -> Iterator[dict[str, Any]]:
        """The same as plain values; a line that was cut off while it was written is left out.

        Raises:
            RunError: The file cannot be read.
        """
        last: dict[str, int] = {}
        for place, raw in self._lines():
            last[_id_of(raw)] = place
        wanted = set(last.values())
        yield from (raw for place, raw in self._lines() if place in wanted)

    def faults(self) -> list[Fault]:
        """What of the dataset could not be used."""
        path = self.folder / "faults.jsonl"
        return [Fault(**json.loads(x)) for x in path.read_text("utf-8").splitlines()] if path.is_file() else []

    @property
    def finished(self) -> int | None:
        """How many items the dataset has, faults left out; None while the run has not come to its end."""
        path = self.folder / "finished.json"
        return json.loads(path.read_text("utf-8"))["items"] if path.is_file() else None

    def _lines(self) -> Iterator[tuple[int, dict[str, Any]]]:
        path = self.folder / "cases.jsonl"
        if not path.is_file():
            return
        with path.open("rb") as lines:
            for place, line in enumerate(lines):
                try:
                    yield place, json.loads(line)
                except ValueError:
                    continue

    def done(self) -> dict[str, Case]:
        """Cases of an earlier run that need not be asked again, by the id of their item."""
        return {c.sample.id: c for c in self.cases() if c.sample and c.status == "done"}


def batch(
    items: Iterable[Sample | Fault],
    made: dict[str, Any],
    settings: Settings,
    folder: Path,
    examples: Callable[[Sample, CueSheet], Sequence[Known]] | None = None,
) -> Iterator[Progress]:
    """Answer a task for each item; failures are kept with their error and tried again by the next call.

    Args:
        items: Samples and faults of a reader.
        made: What the run is about: `task`, `labels`, `dataset`, `split` …; kept as its manifest.
        settings: Model and perception.
        folder: The run folder; made where it is not there.
        examples: Finds solved examples for an item, for a chat model.

    Raises:
        ConfigError: The task cannot be asked of the model.
        RunError: The folder belongs to another run, or cannot be written.
        ModelError: The model failed for each of the first items.
    """
    task: Task = registry.get("tasks", made["task"])
    labels = tuple(made.get("labels", ()))
    manifest = {**made, "model": settings.model, "templates": prompts.template_hash()}
    run = _begun(folder, manifest)
    kept, model, failed, count = run.done(), None, 0, 0
    (folder / "finished.json").unlink(missing_ok=True)
    answered = bool(kept)
    try:
        with (folder / "cases.jsonl").open("a", encoding="utf-8") as out, (folder / "faults.jsonl").open("w") as told:
            if out.tell() and not _ends_whole(folder / "cases.jsonl"):
                out.write("\n")
            for item in items:
                if isinstance(item, Fault):
                    told.write(json.dumps(vars(item)) + "\n")
                    continue
                count += 1
                if item.id in kept:
                    yield Progress(kept[item.id], kept=True)
                    continue
                model = model or llm.load(settings.model, settings)
                case = _case(item, task, labels, model, settings, examples)
                answered = answered or case.status == "done"
                failed += case.error.startswith("ModelError")
                out.write(case.model_dump_json(exclude_defaults=True) + "\n")
                out.flush()
                yield Progress(case, kept=False)
                if failed >= DEAD and not answered:
                    raise ModelError(
                        f"the first {DEAD} items failed: {case.error}", "try one of them with `cuechain ask`"
                    )
        (folder / "finished.json").write_text(json.dumps({"items": count}) + "\n", "utf-8")
    except OSError as error:
        raise RunError(f"{folder} cannot be written: {error.strerror}", "free some space and call it again") from error


def sheet_of(item: Sample, settings: Settings) -> CueSheet:
    """What the senses perceive of an item.

    Raises:
        MediaError: A file is missing or cannot be decoded.
    """
    # All turns must be there, whichever is judged.
    budget = max(settings.budget, TURN_TOKENS * len(item.turns))
    whole = settings.model_copy(update={"budget": budget})
    for event in see(item.files, whole, text=item.text, turns=item.turns):
        if isinstance(event, SheetReady):
            return within(event.sheet, item.span)
    raise AssertionError("perceiving ends with SheetReady")


def question_of(item: Sample, task: Task, labels: tuple[str, ...]) -> Question:
    """What is asked about an item: its own words and labels where it has some."""
    return Question(text=item.question or task.question, task=task.name, labels=item.labels or labels, turn=item.turn)


def _case(
    item: Sample,
    task: Task,
    labels: tuple[str, ...],
    model: Model,
    settings: Settings,
    examples: Callable[[Sample, CueSheet], Sequence[Known]] | None,
) -> Case:
    """An item's case; what is wrong with the item or the reply fails it alone, what is wrong with the run ends the run."""
    question = question_of(item, task, labels)
    sheet = CueSheet()
    try:
        check(question)
    except ConfigError as error:
        return _failed(item, question, sheet, error, model)
    try:
        sheet = sheet_of(item, settings)
        shots = examples(item, sheet) if examples else ()
        return think(sheet, question, task, model, settings, shots=shots).model_copy(update={"sample": item})
    except (MediaError, ToolError, ModelError, ReplyError) as error:
        return _failed(item, question, sheet, error, model)


def _failed(item: Sample, question: Question, sheet: CueSheet, error: CueChainError, model: Model) -> Case:
    told = f"{type(error).__name__}: {error.message}"
    return Case(question=question, sample=item, sheet=sheet, status="failed", error=told, model=model.spec)


def known(run: Run) -> list[Known]:
    """The items of a run that people judged, as examples."""
    return [Known(c.sample.id, c.sample.group, c.sheet, c.sample.target) for c in run.cases() if c.sample]


def _begun(folder: Path, manifest: dict[str, Any]) -> Run:
    run = Run(folder)
    path = folder / "manifest.json"
    told = json.loads(json.dumps(manifest))
    if path.is_file():
        if run.manifest != told:
            changed = sorted(k for k in {*told, *run.manifest} if told.get(k) != run.manifest.get(k))
            raise RunError(
                f"{folder} holds another run: {', '.join(changed)} differ{'s' * (len(changed) == 1)}",
                "choose another --out",
            )
        return run
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write(path, json.dumps(told, indent=2) + "\n")
    except OSError as error:
        raise RunError(
            f"{folder} cannot be written: {error.strerror}", "check the folder and the free space"
        ) from error
    return run


def _id_of(raw: dict[str, Any]) -> str:
    return str((raw.get("sample") or {}).get("id", ""))


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
