"""Where rows come from: what all sources share, written sheets, and generated ones.

Cases are in cases.py, labelled data in corpora.py and published.py.

Each is one entry under `sources:`. A source gives items one at a time, or says why something is none; nothing is held in memory.
"""

from __future__ import annotations

import glob
import os
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from cuechain.agents import registry
from cuechain.agents.errors import ConfigError
from cuechain.agents.question.focus import focus
from cuechain.agents.realise import realise
from cuechain.agents.reason import labels_of
from cuechain.agents.tasks import Task
from cuechain.agents.values import Answer, Claim, Question
from cuechain.finetune.config import CORPUS, Config
from cuechain.finetune.embedded.examples import Example, goemotions, written
from cuechain.finetune.embedded.generate import generated
from cuechain.finetune.gathering.items import Item, Refusal, copies
from cuechain.finetune.gathering.seen import name64, normal
from cuechain.finetune.targets import answer_of, gold_of, pair_of, plainly


def expanded(value: Any) -> Any:
    """A path with its variables; $CORPUS is the folder of written sheets that comes with the project."""
    if not isinstance(value, str):
        return value
    found = os.path.expandvars(re.sub(r"\$(CORPUS\b|\{CORPUS\})", str(CORPUS).replace("\\", "/"), value))
    if lost := re.search(r"\$\{?\w+\}?", found):
        raise ValueError(f"{lost[0]} is not set")
    return found


Place = Annotated[Path, BeforeValidator(expanded)]
"""A path; variables of the environment are filled in, one that is not set is an error."""


def files(patterns: Sequence[Path]) -> list[Path]:
    """The files that patterns name, in order.

    Raises:
        ConfigError: A pattern names none.
    """
    found: list[Path] = []
    for pattern in patterns:
        some = sorted(Path(p) for p in glob.glob(str(pattern), recursive=True) if Path(p).is_file())  # noqa: PTH207 - a pattern may be absolute
        if not some:
            raise ConfigError(f"no file {pattern}", "paths are relative to where the command runs")
        found += [p for p in some if p not in found]
    return found


class Source(Config):
    """What all kinds of sources have."""

    name: str = ""
    """In ids and in the report; its kind by default."""
    tasks: dict[str, float] = Field(default_factory=lambda: {"ask": 1.0})
    """Task to weight: the share of sheets that are asked about in it; 2 takes each twice."""
    order: Literal["reason", "label", "both"] = "reason"
    """Reasons first (the task's steps, the answer last), the label first (the answer at once), or rows of both kinds."""
    senses: float = Field(default=0.0, ge=0)
    """Share of items that also ask for the polarity of each sense and of all together."""
    verifier: float = Field(default=0.0, ge=0)
    """Share of items of which a claim that holds and a spoilt one are also asked about."""
    labels: tuple[str, ...] = ()
    """Closed label set that is asked for, or the name of one of the task's; empty for its own."""

    @property
    def called(self) -> str:
        """Its name."""
        return self.name or str(getattr(self, "kind", ""))

    def items(self, folder: Path, seed: int) -> Iterator[Item | Refusal]:
        """Items, and why others are none.

        Args:
            folder: Where rows go; what is slow to make is kept there.
            seed: Of everything random.
        """
        raise NotImplementedError

    def asked(self, unit: str, seed: int) -> Iterator[tuple[str, Task, tuple[str, ...]]]:
        """Id, task and labels of each time that a unit is taken.

        Raises:
            ConfigError: Unknown task.
        """
        for name, weight in self.weights().items():
            task: Task = registry.get("tasks", name)
            for n in range(copies(weight, seed, unit, name)):
                yield f"{unit}/{name}" + (f"~{n + 1}" if n else ""), task, self.set_of(task)

    def weights(self) -> dict[str, float]:
        """Task to weight."""
        return self.tasks

    def set_of(self, task: Task) -> tuple[str, ...]:
        """The labels that a task is asked with: a closed set, or the name of one of the task's."""
        return self.labels or task.labels


class Written(Source):
    """Sheets that people or models wrote one by one, with a rationale and a rejected one; their file names the author."""

    kind: Literal["written"]
    files: tuple[Place, ...] = (CORPUS / "train" / "*.jsonl",)
    """Files in the form of finetune/corpus."""

    def items(self, folder: Path, seed: int) -> Iterator[Item | Refusal]:
        for path in files(self.files):
            for example in written(path):
                for id, task, labels in self.asked(example.id, seed):
                    yield of_example(id, example, task, labels, self.called)


class Generated(Source):
    """Sheets that generate.py composes around corpus texts, answered from what it composed them for."""

    kind: Literal["generated"]
    texts: Place
    """Folder of GoEmotions."""
    count: int = Field(ge=1)
    """How many."""

    def items(self, folder: Path, seed: int) -> Iterator[Item | Refusal]:
        chance = random.Random(seed)
        for example in generated(list(goemotions(self.texts, "train", chance)), self.count, chance):
            said = next((c.text for c in example.sheet.cues.values() if c.sense == "transcript"), example.id)
            for id, task, labels in self.asked(example.id, seed):
                made = of_example(id, example, task, labels, self.called)
                yield made.model_copy(update={"group": text_group(said), "answer": reasoned(example, task)})


def text_group(text: str) -> str:
    """Group of what has no speaker: the same text falls on the same side of the split in every source."""
    spoken = re.search(r'"(.+)"', text)
    return f"text-{name64(normal(spoken[1] if spoken else text)) & (2**64 - 1):016x}"


def of_example(id: str, example: Example, task: Task, labels: tuple[str, ...], origin: str) -> Item:
    """An example with a rationale as an item, with its pair where its author wrote a rejected one."""
    question = Question(text=example.question or "How does this person feel, and why?", task=task.name, labels=labels)
    # What is right as well counts where it was asked for; the best label must be in the set, and the gate sees to that.
    example = example.model_copy(update={"also": tuple(a for a in example.also if a in labels_of(question, task))})
    pair = pair_of(example, task, labels) if example.rejected else None
    return Item(
        id=id,
        unit=example.id,
        group=example.author,
        origin=origin,
        sheet=example.sheet,
        question=question,
        answer=answer_of(example, task.answer),
        pairs=(pair.model_copy(update={"origin": origin}),) if pair else (),
        gold=gold_of(example, labels_of(question, task)),
    )


def reasoned(example: Example, task: Task) -> Answer:
    """The answer of an example that has no rationale: a sentence for each cue that decides, in the realiser's words."""
    assert example.emotion is not None
    decisive = tuple(example.decisive or ())
    against = [
        i
        for i, c in example.sheet.cues.items()
        if example.relation in ("masked", "sarcastic") and c.sense == "transcript" and c.person == example.person
    ]
    claims = [
        Claim(cites=decisive[:3]),
        *(Claim(cites=(i,), points=example.emotion) for i in decisive if i not in against),
        *(Claim(cites=(i,), stance="conflicts") for i in against),
    ]
    found = answer_of(example.model_copy(update={"rationale": ""}), task.answer)
    found = found.model_copy(update={"claims": tuple(claims)})
    return plainly(
        realise(example.sheet, found, focus(example.sheet, example.question, labels_of(Question(text=""), task)))
    )
