"""GoEmotions (Demszky et al. 2020): Reddit comments with any of 28 labels, one comment a line: text, numbers of labels, id."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cuechain.agents.datasets import Dataset, Fault
from cuechain.agents.datasets.files import find, lines_of, table
from cuechain.agents.values import Sample, Target

LABELS = (
    "admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion", "curiosity", "desire", "disappointment",
    "disapproval", "disgust", "embarrassment", "excitement", "fear", "gratitude", "grief", "joy", "love", "nervousness", "optimism",
    "pride", "realization", "relief", "remorse", "sadness", "surprise", "neutral",
)  # fmt: skip
"""In the order of the published emotions.txt."""


def read(folder: Path, split: str) -> Iterator[Sample | Fault]:
    """Comments of a split; what each rater said where the raw tables (`goemotions_1.csv` to `_3.csv`) lie in the folder, too.

    Raises:
        ConfigError: No such table, or a column of a raw table is missing.
    """
    path = find(folder, f"{split}.tsv")
    raters = _raters(folder) if folder.is_dir() else {}
    for number, line in enumerate(lines_of(path), 1):
        cells = line.split("\t")
        if len(cells) != 3:
            yield Fault(f"{path.name}:{number}", "broken", f"the line has {len(cells)} cells instead of 3")
            continue
        text, listed, id = (cell.strip() for cell in cells)
        numbers = [n.strip() for n in listed.split(",")]
        if not listed or not all(n.isdigit() and int(n) < len(LABELS) for n in numbers):
            yield Fault(id, "label_outside" if listed else "no_label", f"'{listed}' is none of 0 to {len(LABELS) - 1}")
        elif not text:
            yield Fault(id, "empty", "a comment without words")
        else:
            labels = tuple(LABELS[int(n)] for n in numbers)
            yield Sample(id=id, group=id, text=text, target=Target(labels=labels, raters=raters.get(id, {})))


def _raters(folder: Path) -> dict[str, dict[str, tuple[str, ...]]]:
    """What each rater said of each comment; a comment that a rater called unclear has no labels of that rater."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for path in sorted({*folder.rglob("goemotions_[123].csv"), *folder.rglob("goemotions_[123].csv.gz")}):
        for _, row in table(path, ("id", "rater_id", *LABELS)):
            if row is not None:
                labels = tuple(label for label in LABELS if row[label].strip() in ("1", "1.0"))
                found.setdefault(row["id"].strip(), {})[row["rater_id"].strip()] = labels
    return found


GOEMOTIONS = Dataset(
    "goemotions",
    "GoEmotions, 28 labels of Reddit comments (Demszky et al. 2020)",
    ("emotion",),
    ("test", "dev", "train"),
    read,
    labels="goemotions",
)
