"""Memotion 1.0 (SemEval-2020 Task 8, Sharma et al. 2020): memes with sentiment, humour, sarcasm, offence and motivation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cuechain.agents.datasets import Dataset, Fault
from cuechain.agents.datasets.clips import Clips
from cuechain.agents.datasets.files import find, table
from cuechain.agents.errors import ConfigError
from cuechain.agents.values import Sample, Target

FIELDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "humour": ("humour", ("not funny", "funny", "very funny", "hilarious")),
    "sarcasm": ("sarcasm", ("not sarcastic", "general", "twisted meaning", "very twisted")),
    "offensive": ("offence", ("not offensive", "slight", "very offensive", "hateful offensive")),
    "motivational": ("motivation", ("not motivational", "motivational")),
    "overall_sentiment": ("polarity", ("very negative", "negative", "neutral", "positive", "very positive")),
}
"""Column → name of the field and its labels, as published, with blanks for underscores."""

COLUMNS = {
    "image_name": "image",
    "text_corrected": "corrected", "corrected_text": "corrected", "text_ocr": "ocr", "ocr_extracted_text": "ocr",
    **{name: name for name in FIELDS},
}  # fmt: skip
"""Columns in small letters, of labels.csv of the release and of the table in the organisers' repository."""


def read(folder: Path, split: str) -> Iterator[Sample | Fault]:
    """Memes in the order of the table: the corrected words of the picture, the words that OCR read where there are none.

    Raises:
        ConfigError: No such table, or a column is missing.
    """
    path = find(folder, "labels.csv", "data_6512.csv", "data_7000*.csv", "sample_*.csv")
    images = Clips(folder, "images", "memes")
    for line, row in table(path):
        if row is None:
            yield Fault(f"{path.name}:{line}", "broken", "the row has too few or too many cells")
            continue
        cells = {COLUMNS[name.lower()]: value.strip() for name, value in row.items() if name.lower() in COLUMNS}
        if lost := [name for name in COLUMNS if COLUMNS[name] not in cells]:
            raise ConfigError(f"{path} has no column '{lost[0]}'", f"it has {', '.join(row)}")
        id = cells["image"] or f"{path.name}:{line}"
        file, faults = images.find(id, cells["image"])
        yield from faults
        fields: dict[str, str] = {}
        for column, (name, labels) in FIELDS.items():
            label = cells[column].lower().replace("_", " ")
            if label in labels:
                fields[name] = label
            else:
                what = "label_outside" if label else "no_label"
                yield Fault(id, what, f"{name}: '{label}' is none of {', '.join(labels)}")
        text, files = cells["corrected"] or cells["ocr"], (file,) if file else ()
        if not text and not files:
            yield Fault(id, "empty", "a meme without words and picture")
        elif fields:
            yield Sample(id=id, group=id, text=text or None, files=files, target=Target(fields=fields))


MEMOTION = Dataset("memotion", "Memotion 1.0, memes (Sharma et al. 2020)", ("post",), ("train",), read)
