"""EmoBank (Buechel & Hahn 2017): sentences with valence, arousal and dominance from 1 to 5, mapped to -1 to 1."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cuechain.agents.datasets import Dataset, Fault
from cuechain.agents.datasets.files import find, table
from cuechain.agents.values import Sample, Target

SCALES = {"V": "valence", "A": "arousal", "D": "dominance"}


def read(folder: Path, split: str) -> Iterator[Sample | Fault]:
    """Sentences of a split, means of what readers and writers were taken to feel.

    The published split runs through documents; the document is the group, so that intervals may be drawn by it.

    Raises:
        ConfigError: No such table, or a column is missing.
    """
    path = find(folder, "emobank.csv")
    for line, row in table(path, ("id", "split", *SCALES, "text")):
        if row is None or not row["id"].strip():
            yield Fault(f"{path.name}:{line}", "broken", "the row has too few or too many cells, or no id")
            continue
        id = row["id"].strip()
        if row["split"].strip() not in SPLITS:
            yield Fault(id, "label_outside", f"'{row['split']}' is no split")
        if row["split"].strip() != split:
            continue
        scores = {name: _score(row[column]) for column, name in SCALES.items()}
        told = {name: score for name, score in scores.items() if score is not None}
        if len(told) < len(scores):
            yield Fault(id, "label_outside", f"{', '.join(scores.keys() - told.keys())} does not lie in 1 to 5")
        elif not row["text"].strip():
            yield Fault(id, "empty", "a sentence without words")
        else:
            yield Sample(id=id, group=id.rsplit("_", 2)[0], text=row["text"].strip(), target=Target(scores=told))


def _score(cell: str) -> float | None:
    """1 to 5 as -1 to 1; None where it is no such number."""
    try:
        number = float(cell)
    except ValueError:
        return None
    return round((number - 3) / 2, 6) if 1 <= number <= 5 else None


SPLITS = ("test", "dev", "train")
EMOBANK = Dataset("emobank", "EmoBank, valence, arousal, dominance (Buechel & Hahn 2017)", ("sentiment",), SPLITS, read)
