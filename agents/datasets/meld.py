"""MELD (Poria et al. 2019) and EmoryNLP (Zahiri & Choi 2018, in the form of MELD's repository): utterances of Friends, one a row.

The times of the tables are those of the episode, not of the clip, so turns have none; the length of a stretch tells whether its clip
is cut as annotated. Each utterance is an item: the words of the whole dialogue, and the clip of the utterance alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

from cuechain.agents.datasets import Dataset, Fault
from cuechain.agents.datasets.cells import seconds_of
from cuechain.agents.datasets.clips import Clips
from cuechain.agents.datasets.files import find, table
from cuechain.agents.values import Sample, Target, Turn


@dataclass(frozen=True)
class Form:
    """How one of the two is laid out."""

    file: str
    """Name of the table, `{}` for the split."""
    dialogue: tuple[str, ...]
    """Columns that tell a dialogue."""
    label: str
    """Column of the label."""
    labels: tuple[str, ...]
    """Labels in the words of the task."""
    first: int = 0
    """Number of a dialogue's first utterance."""
    times: tuple[str, str] | None = None
    """Columns of begin and end."""


EMOTIONS = ("neutral", "surprise", "fear", "sadness", "joy", "disgust", "anger")
EMORY = ("joyful", "mad", "peaceful", "neutral", "sad", "powerful", "scared")
SENTIMENTS = ("negative", "neutral", "positive")

_MELD = Form("{}_sent_emo.csv", ("Dialogue_ID",), "Emotion", EMOTIONS, times=("StartTime", "EndTime"))
_POLAR = Form("{}_sent_emo.csv", ("Dialogue_ID",), "Sentiment", SENTIMENTS, times=("StartTime", "EndTime"))
_EMORY = Form("emorynlp_{}_final.csv", ("Season", "Episode", "Scene_ID"), "Emotion", EMORY, first=1)

PLACES = {
    "train": ("train_splits",),
    "dev": ("dev_splits_complete",),
    "test": ("output_repeated_splits_test", "test_splits_complete"),
}
"""Folders of MELD's clips in MELD.Raw."""

Row = dict[str, str]


def read(folder: Path, split: str, *, form: Form) -> Iterator[Sample | Fault]:
    """Utterances in the order of the table, each with its whole dialogue.

    Raises:
        ConfigError: No such table, or a column is missing.
    """
    clips = Clips(folder, *(PLACES[split] if form.times else ()))
    dialogues: dict[str, dict[int, Row]] = {}
    needed = ("Utterance", "Speaker", "Utterance_ID", form.label, *form.dialogue, *(form.times or ()))
    path = find(folder, form.file.format(split))
    for line, row in table(path, needed):
        number = (row or {}).get("Utterance_ID", "").strip()
        if row is None or not number.isdigit() or not all(row[column].strip() for column in form.dialogue):
            yield Fault(f"{path.name}:{line}", "broken", "the row does not say which utterance of which dialogue it is")
            continue
        dialogue = "dia" + "-".join(row[column].strip() for column in form.dialogue)
        turns = dialogues.setdefault(dialogue, {})
        if int(number) in turns:
            yield Fault(f"{dialogue}_utt{number}", "duplicate", f"{path.name} has it again on line {line}")
        else:
            turns[int(number)] = row
    for dialogue, rows in dialogues.items():
        yield from _dialogue(dialogue, rows, form, clips)


def _dialogue(dialogue: str, rows: dict[int, Row], form: Form, clips: Clips) -> Iterator[Sample | Fault]:
    numbers = sorted(rows)
    if list(rows) != numbers:
        yield Fault(
            dialogue, "misaligned", "its utterances do not stand in their order; they are read by their numbers"
        )
    holes = [
        f"{a + 1} to {b - 1}" if b > a + 2 else f"{a + 1}" for a, b in pairwise([form.first - 1, *numbers]) if b > a + 1
    ]
    if holes:
        yield Fault(dialogue, "misaligned", f"it has no utterances {', '.join(holes)}")
    turns = tuple(Turn(speaker=_speaker(rows[n]["Speaker"]), text=rows[n]["Utterance"].strip()) for n in numbers)
    for place, number in enumerate(numbers):
        id, row = f"{dialogue}_utt{number}", rows[number]
        label = row[form.label].strip().lower()
        if label not in form.labels:
            yield Fault(id, "label_outside" if label else "no_label", f"'{label}' is none of {', '.join(form.labels)}")
            continue
        seconds, faults = _seconds(id, row, form)
        file, more = clips.find(id, f"{id}.mp4", seconds)
        yield from faults + more
        if not turns[place].text and file is None:
            yield Fault(id, "empty", "an utterance without words")
            continue
        own = turns[place].model_copy(update={"file": file})
        whole = (*turns[:place], own, *turns[place + 1 :])
        yield Sample(id=id, group=dialogue, turns=whole, turn=place + 1, target=Target(labels=(label,)))


def _seconds(id: str, row: Row, form: Form) -> tuple[float | None, list[Fault]]:
    """How long the annotated stretch is."""
    if form.times is None:
        return None, []
    start, end = (seconds_of(row[column]) for column in form.times)
    if start is None or end is None or end <= start:
        return None, [
            Fault(id, "misaligned", f"from {row[form.times[0]]} to {row[form.times[1]]} is no stretch of time")
        ]
    return end - start, []


def _speaker(text: str) -> str:
    """`['Rachel Green', 'Joey Tribbiani']` as names; a plain name stays."""
    text = text.strip()
    if text.startswith("["):
        try:
            return ", ".join(map(str, ast.literal_eval(text)))
        except (ValueError, SyntaxError):
            return text.strip("[]'\" ")
    return text


_SPLITS = ("test", "dev", "train")
MELD = Dataset(
    "meld",
    "MELD, emotions in Friends (Poria et al. 2019)",
    ("emotion",),
    _SPLITS,
    partial(read, form=_MELD),
    labels="meld",
    protocol="meld",
)
POLAR = Dataset(
    "meld-sentiment",
    "MELD, sentiment in Friends (Poria et al. 2019)",
    ("sentiment",),
    _SPLITS,
    partial(read, form=_POLAR),
    protocol="meld",
)
EMORYNLP = Dataset(
    "emorynlp",
    "EmoryNLP, emotions in Friends (Zahiri & Choi 2018)",
    ("emotion",),
    _SPLITS,
    partial(read, form=_EMORY),
    labels="emorynlp",
    protocol="meld",
    verified=False,
)
