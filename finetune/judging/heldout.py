"""Held-out data to compare models on: written sheets, training rows, examples, or labelled texts; and what needs no model to answer.

All of it becomes Items: a sheet, a question, and what is right. Nothing here is trained on.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cuechain.agents import registry
from cuechain.agents.datasets import dataset
from cuechain.agents.datasets.files import opened, suffix_of
from cuechain.agents.errors import ConfigError
from cuechain.agents.llm.labels import meaning, spread
from cuechain.agents.llm.one_cue import read_cue
from cuechain.agents.llm.rules import normal
from cuechain.agents.llm.serialise import asked, role
from cuechain.agents.pipeline import SheetReady, see
from cuechain.agents.question.focus import focus, of_turn
from cuechain.agents.reason import OPEN, labels_of
from cuechain.agents.settings import Settings
from cuechain.agents.tasks import Task
from cuechain.agents.values import CueSheet, Question
from cuechain.finetune.embedded.examples import Example, read_examples, written
from cuechain.finetune.gathering.items import Item
from cuechain.finetune.gathering.tables import table
from cuechain.finetune.judged import is_answer
from cuechain.finetune.judging.published import Given, of_dataset, published
from cuechain.finetune.rows import Gold, Row, read
from cuechain.finetune.rows import asked as asked_in
from cuechain.finetune.targets import answer_of, gold_of

TYPED = "How does the writer feel?"
"""What is asked about a text."""


@dataclass(frozen=True)
class Text:
    """A labelled text that nothing has read yet."""

    id: str
    """Unique in its file."""
    origin: str
    """Name of the file."""
    text: str
    """What is written."""
    question: Question
    """What is asked, over which labels."""
    label: str
    """What people said."""

    def perceived(self) -> Item:
        """It as an item.

        Raises:
            MediaError: No sense can read it.
        """
        return Item(
            id=self.id,
            unit=self.id,
            group=self.id,
            origin=self.origin,
            sheet=read_text(self.text),
            question=self.question,
            gold=Gold(labels=(self.label,), allowed=self.question.labels, abstain=False),
        )


def items_of(
    path: Path, columns: tuple[str, str], task: str, labels: Sequence[str], skipped: Counter[str], split: str = ""
) -> list[Item | Text | Given]:
    """Items of one file, whatever its form; texts are yet to be read.

    Args:
        path: Written sheets, examples or rows (.jsonl), a table of texts and labels (.csv, .tsv, perhaps .gz), or NAME:PATH of a
            published dataset.
        columns: Of a table: the text's and the label's.
        task: Name of the task that sheets and texts are asked about in; rows say their own.
            `ask` stands for the dataset's own.
        labels: Closed label set; empty for the task's or the dataset's own, of a table for all of its labels.
        skipped: Counts what cannot be compared on, by reason.
        split: Of a dataset; its first by default.

    Raises:
        ConfigError: The file cannot be read, or a line of it.
    """
    if name := published(path):
        return list(of_dataset(str(path), dataset(name), task, tuple(labels), skipped, split))
    if suffix_of(path) in (".csv", ".tsv"):
        return list(_texts(path, columns, task, tuple(labels), skipped))
    with opened(path, "strict") as lines:
        head = next((line for line in lines if line.strip()), "{}")
    try:
        keys = set(json.loads(head))
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{path.name}, line 1: {error}", "give .jsonl, or a .csv of texts and labels") from error
    if "prompt" in keys or "messages" in keys:
        return list(_of_rows(path, skipped))
    examples = written(path) if "cues" in keys else read_examples(path) if {"sheet", "author"} <= keys else None
    if examples is None:
        raise ConfigError(
            f"{path.name} holds no sheets: keys {', '.join(sorted(keys))}",
            "give written sheets, rows that `cuechain finetune data` wrote, or a .csv",
        )
    return [of_example(x, task, labels) for x in examples]


def of_example(example: Example, task: str = "ask", labels: Sequence[str] = ()) -> Item:
    """An example as an item."""
    found: Task = registry.get("tasks", task)
    question = Question(text=example.question or TYPED, task=task, labels=tuple(labels))
    return Item(
        id=example.id,
        unit=example.id,
        group=example.author,
        origin=example.author,
        sheet=example.sheet,
        question=question,
        answer=answer_of(example, found.answer),
        gold=gold_of(example, labels_of(question, found)),
    )


def _of_rows(path: Path, skipped: Counter[str]) -> Iterator[Item]:
    """An item for each sheet and question, from the row with the final reply."""
    met: set[tuple[str, Question]] = set()
    for row in read(path):
        if not is_answer(row):
            skipped["rows that teach another reply than the answer"] += 1
            continue
        told = asked_in(row)
        if not row.sheet or told is None:
            skipped["rows without a sheet or a question"] += 1
            continue
        if not row.gold.labels and row.gold.abstain is None:
            skipped["rows that nobody judged"] += 1
            continue
        task: Task = registry.get("tasks", row.task)
        own = row.gold.allowed == task.labels and not task.open_vocabulary
        labels = () if own else row.gold.allowed or ("open",)
        question = Question(text=told[0], task=row.task, labels=labels, turn=told[1])
        if (row.sheet, question) in met:
            skipped["rows about a sheet and question that were there already"] += 1
            continue
        met.add((row.sheet, question))
        yield _of_row(row, question, path.parent)


def _of_row(row: Row, question: Question, folder: Path) -> Item:
    images = tuple(str(folder / i) for i in row.images)
    if gone := [i for i in images if not Path(i).is_file()]:
        raise ConfigError(f"row {row.id}: no image {gone[0]}")
    return Item(
        id=row.id,
        unit=row.id,
        group=row.group,
        origin=row.origin,
        sheet=row.perceived,
        question=question,
        gold=row.gold,
        images=images,
    )


def _texts(
    path: Path, columns: tuple[str, str], task: str, labels: tuple[str, ...], skipped: Counter[str]
) -> Iterator[Text]:
    found: list[tuple[int, str, str]] = []
    for number, record in table(path):
        if record is None:
            skipped["lines that are no record"] += 1
            continue
        if lost := [c for c in columns if c not in record]:
            raise ConfigError(
                f"{path.name} has no column '{lost[0]}'",
                f"--columns TEXT,LABEL; there are {', '.join(map(str, record))}",
            )
        text, label = (str(record[c]).strip() for c in columns)
        if text and label:
            found.append((number, text, label))
        else:
            skipped["records without a text or a label"] += 1
    known = labels or tuple(sorted({label for _, _, label in found}))
    for number, text, label in found:
        if label not in known:
            skipped[f"records with a label outside the set ({label})"] += 1
            continue
        yield Text(f"{path.stem}-{number}", path.stem, text, Question(text=TYPED, task=task, labels=known), label)


def read_text(text: str) -> CueSheet:
    """A text as the product perceives it: its lines, what the words carry, what they tell of."""
    settings = Settings(cache=None, senses=("words", "situation"))
    (sheet,) = [e.sheet for e in see([], settings, text=text) if isinstance(e, SheetReady)]
    return sheet


def choices(item: Item) -> tuple[str, ...]:
    """The labels that an answer is chosen from; in an open vocabulary what a planner chooses from."""
    return item.gold.allowed or labels_of(item.question, item.task) or OPEN


def accepted(item: Item) -> set[str]:
    """Labels that count as right; one that is not in the set that was asked for counts as its basic emotion."""
    return {x if x in item.gold.allowed else meaning(x)[0] or x for x in item.gold.labels}


def heard(item: Item, label: str | None) -> str | None:
    """A label of an answer as it is counted: in an open vocabulary a word of the same kind is the same."""
    return label if label is None or item.gold.allowed else meaning(label)[0] or label


def told(item: Item) -> bool:
    """Whether there is an answer to give."""
    return bool(item.gold.labels) and not item.gold.abstain


def majority(items: Sequence[Item]) -> str | None:
    """The label that is right most often in these items themselves: the best that a constant can do."""
    found = Counter(label for item in items if told(item) for label in sorted(accepted(item)))
    return found.most_common(1)[0][0] if found else None


def strongest_words(sheet: CueSheet, person: str | None, labels: Sequence[str]) -> str:
    """The label with the highest score in the person's words cues; neutral without one."""
    who = asked(sheet, person)
    total: Counter[str] = Counter()
    for cue in sheet.cues.values():
        if cue.sense == "words" and role(cue, who) in ("self", "unknown"):
            total.update(read_cue(cue).scores)
    best = total.most_common(1)[0][0] if total else "neutral"
    if best in labels:
        return best
    shares = spread(normal(dict(total)) if total else {best: 1.0}, labels)
    return max(shares, key=lambda label: shares[label])


def by_words(item: Item) -> str | None:
    """What the strongest words cue says, as it is counted."""
    sheet = of_turn(item.sheet, item.question.turn)
    person = focus(sheet, item.question.text, choices(item)).person
    return heard(item, strongest_words(sheet, person, choices(item)))


def wrong_sheets(items: Sequence[Item]) -> list[CueSheet]:
    """For each item the cues of another one, its person called as the item's question calls whom it asks about.

    An answer that needs no cues stays as good as it was; one that reads them falls to chance.
    """
    order = list(range(len(items)))
    random.Random(0).shuffle(order)
    other = dict(zip(order, [*order[1:], *order[:1]], strict=True))
    return [_called(items[other[i]], item) for i, item in enumerate(items)]


def _called(other: Item, item: Item) -> CueSheet:
    name, own = (focus(x.sheet, x.question.text, choices(x)).person for x in (other, item))
    if name is None or own is None or name == own:
        return other.sheet
    swap = {name: own, own: name}
    pattern = re.compile(rf"\b(?:{re.escape(name)}|{re.escape(own)})\b")
    cues = {
        i: c.model_copy(
            update={
                "person": swap.get(c.person, c.person) if c.person else None,
                "text": pattern.sub(lambda found: swap[found[0]], c.text),
            }
        )
        for i, c in other.sheet.cues.items()
    }
    return other.sheet.model_copy(update={"cues": cues})
