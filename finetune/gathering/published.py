"""A published dataset as `cuechain batch` reads it: `mustard:FOLDER`, `ecf:FOLDER`, `table:FILE?text=Utterance&label=Emotion`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from cuechain.agents.datasets import Dataset, Fault, dataset, samples
from cuechain.agents.tasks import Task
from cuechain.agents.values import Sample
from cuechain.finetune.gathering.items import Refusal
from cuechain.finetune.gathering.labelled import Labelled
from cuechain.finetune.gathering.sources import expanded


class Published(Labelled):
    """A published dataset through its reader; what is wrong with it is told as the reader tells it, beside what it still gives."""

    kind: Literal["dataset"]
    dataset: Annotated[str, BeforeValidator(expanded)]
    """NAME:PATH, perhaps with options, as `cuechain batch` takes it."""
    split: str = ""
    """One of its official splits; the first by default."""
    tasks: dict[str, float] = Field(default_factory=dict)
    """Task to weight: the share of items that are asked about in it; 2 takes each twice. By default the dataset's own once."""

    @property
    def reader(self) -> Dataset:
        """How it is read.

        Raises:
            ConfigError: Unknown name.
        """
        return dataset(self.dataset.partition(":")[0])

    def weights(self) -> dict[str, float]:
        return self.tasks or {self.reader.tasks[0]: 1.0}

    def set_of(self, task: Task) -> tuple[str, ...]:
        own = self.reader.labels
        return self.labels or ((own,) if own in task.sets else ())

    def samples(self, seed: int) -> Iterator[Sample | Refusal]:
        for found in samples(self.dataset, self.split):
            id = f"{self.called}-{found.id}"
            if isinstance(found, Fault):
                yield Refusal(id, self.called, found.reason, found.detail)
            elif any(self.asked(id, seed)):
                yield found.model_copy(update={"id": id})
