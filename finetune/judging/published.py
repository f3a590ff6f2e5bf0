"""Published datasets as held-out data, through their readers; nothing is perceived before it is needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cuechain.agents import registry
from cuechain.agents.datasets import Dataset, Fault, samples
from cuechain.agents.pipeline import check
from cuechain.agents.runs import question_of, sheet_of
from cuechain.agents.settings import load
from cuechain.agents.tasks import Task
from cuechain.agents.values import Question, Sample
from cuechain.finetune.gathering.items import Item
from cuechain.finetune.judged import allowed, gold_of, labels_in, tells


@dataclass(frozen=True)
class Given:
    """An item of a published dataset that nothing has perceived yet."""

    sample: Sample
    """What is looked at, and what people said."""
    question: Question
    """What is asked."""

    @property
    def id(self) -> str:
        """Unique in its dataset."""
        return self.sample.id

    def perceived(self) -> Item:
        """It as an item.

        Raises:
            MediaError: A file is missing or cannot be decoded.
        """
        return Item(
            id=self.id,
            unit=self.id,
            group=self.sample.group or self.id,
            origin=self.sample.dataset,
            sheet=sheet_of(self.sample, load()),
            question=self.question,
            gold=gold_of(self.sample.target, self.question, registry.get("tasks", self.question.task)),
        )


def published(path: Path) -> str:
    """The name of the reader in `NAME:PATH`; empty for a file."""
    name, colon, _ = str(path).partition(":")
    return name if colon and name in registry.names("datasets") else ""


def called(path: Path) -> str:
    """How a report calls a file, or a dataset."""
    name = published(path)
    return f"{name}:{path.name.removeprefix(f'{name}:')}" if name else path.name


def of_dataset(
    spec: str, reader: Dataset, task: str, labels: tuple[str, ...], skipped: Counter[str], split: str
) -> Iterator[Given]:
    """Items of a published dataset about which people said what its task asks for.

    Args:
        spec: NAME:PATH.
        reader: Of that name.
        task: What is asked; `ask` stands for the dataset's own.
        labels: Closed label set; empty for the dataset's or the task's own.
        skipped: Counts the others, by reason.
        split: Its first by default.

    Raises:
        ConfigError: Nothing there, an unknown split, or labels that are no set.
    """
    own: Task = registry.get("tasks", reader.tasks[0] if task == "ask" else task)
    labels = labels or ((reader.labels,) if reader.labels in own.sets else ())
    for found in samples(spec, split):
        if isinstance(found, Fault):
            skipped[f"faults of the dataset ({found.reason})"] += 1
            continue
        question = question_of(found, own, labels)
        check(question)
        known = allowed(question, own)
        target = found.target.spelled(known)
        if tells(target, own) and (not known or set(labels_in(target, own)) <= set(known)):
            yield Given(found.model_copy(update={"target": target}), question)
        else:
            skipped[f"items without a label that {own.name} asks for"] += 1
