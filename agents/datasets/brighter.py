"""BRIGHTER (SemEval-2025 Task 11, Muhammad et al. 2025): texts with the emotions perceived (track A) or their strength (track B).

A language is a file, English where none is asked for (`brighter-a:FOLDER?language=deu`). The columns of a file are its emotions, since
languages differ in them. Strengths of 0 to 3 are mapped to 0 to 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from cuechain.agents.datasets import Dataset, Fault
from cuechain.agents.datasets.files import find, table
from cuechain.agents.errors import ConfigError
from cuechain.agents.values import Sample, Target

EMOTIONS = ("anger", "disgust", "fear", "joy", "sadness", "surprise")

STRONGEST = {"a": 1, "b": 3}
"""The highest number of each track."""


def read(folder: Path, split: str, *, track: str, language: str = "eng") -> Iterator[Sample | Fault]:
    """Texts of a split. Test parts may be published without labels: each of their texts is then told as one without.

    Args:
        folder: With `track_a/dev/eng.csv` and so on.
        split: train, dev or test.
        track: a or b.
        language: ISO 639-3 code, as the files are named.

    Raises:
        ConfigError: No such table, or a column is missing.
    """
    places = (f"track_{track}/{split}/{language}.csv", f"track_{track}_{split}_{language}.csv", f"{language}.csv")
    path = find(folder, *places)
    top = STRONGEST[track]
    labels: tuple[str, ...] = ()
    for line, row in table(path, ("id", "text")):
        if row is None or not row["id"].strip():
            yield Fault(f"{path.name}:{line}", "broken", "the row has too few or too many cells, or no id")
            continue
        labels = labels or tuple(e for e in EMOTIONS if e in {name.lower() for name in row})
        if not labels:
            raise ConfigError(f"{path} has no column '{EMOTIONS[0]}'", f"it has {', '.join(row)}")
        id, cells = row["id"].strip(), {name.lower(): value.strip() for name, value in row.items()}
        numbers = {label: cells[label].removesuffix(".0") for label in labels}
        if not any(numbers.values()):
            yield Fault(id, "no_label", "a text without labels")
        elif wrong := [f"{k} is '{n}'" for k, n in numbers.items() if n not in map(str, range(top + 1))]:
            yield Fault(id, "label_outside", f"{', '.join(wrong)}, not 0 to {top}")
        elif not cells["text"]:
            yield Fault(id, "empty", "a text without words")
        else:
            held = tuple(label for label in labels if numbers[label] != "0")
            scores = {label: int(n) / top for label, n in numbers.items()} if track == "b" else {}
            target = Target(labels=held, scores=scores)
            yield Sample(id=id, group=id, text=cells["text"], labels=labels, target=target)


def _track(track: str, what: str) -> Dataset:
    about = f"BRIGHTER, track {track.upper()}: {what} (Muhammad et al. 2025)"
    return Dataset(
        f"brighter-{track}",
        about,
        ("emotion",),
        ("test", "dev", "train"),
        partial(read, track=track),
        labels="brighter",
        protocol=f"brighter-{track}",
        options=("language",),
    )


A = _track("a", "emotions that are perceived")
B = _track("b", "their strength")
