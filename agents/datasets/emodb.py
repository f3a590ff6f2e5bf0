"""EmoDB (Burkhardt et al. 2005): ten German actors who speak neutral sentences in seven emotions; the file name tells all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from cuechain.agents.datasets import Dataset, Fault
from cuechain.agents.datasets.files import table
from cuechain.agents.errors import ConfigError
from cuechain.agents.values import Sample, Target

CODES = {
    "W": "anger", "L": "boredom", "E": "disgust", "A": "fear", "F": "joy", "T": "sadness", "N": "neutral",
}  # fmt: skip
"""Sixth letter of a name: Wut/Ärger, Langeweile, Ekel, Angst, Freude, Trauer, neutral."""

WORDS = {**{name: name for name in CODES.values()}, "happiness": "joy"}
"""Words of labels.csv in those of the task."""

NAME = re.compile(r"(?P<speaker>\d\d)(?P<text>[ab]\d\d)(?P<emotion>[A-Z])(?P<version>[a-z])")
"""Speaker, text, emotion and version: 03a01Fa."""


def read(folder: Path, split: str) -> Iterator[Sample | Fault]:
    """Recordings in the order of their names; a labels.csv beside them must say what the names say.

    Raises:
        ConfigError: No recordings, or a column of labels.csv is missing.
    """
    root = folder if folder.is_dir() else folder.parent
    sounds = {f.name: f for f in sorted(root.rglob("*")) if f.suffix.lower() in (".wav", ".flac")}
    listed = next(iter(sorted(root.rglob("labels.csv"))), None)
    if not sounds and listed is None:
        raise ConfigError(f"{root} holds no *.wav or *.flac", "give the folder as the dataset is published")
    told: dict[str, str] = {}
    for line, row in table(listed, ("file", "speaker", "emotion")) if listed else ():
        if row is None:
            yield Fault(f"labels.csv:{line}", "broken", "the row has too few or too many cells")
            continue
        name = row["file"].strip()
        if name in told:
            yield Fault(name, "duplicate", f"labels.csv has it again on line {line}")
        told.setdefault(name, row["emotion"].strip().lower())
    for name in sorted({*sounds, *told}):
        yield _recording(name, sounds.get(name), told.get(name) if listed else "")


def _recording(name: str, file: Path | None, word: str | None) -> Sample | Fault:
    """One recording. `word`: its label in labels.csv; empty without such a table, None where the table lacks it."""
    code = NAME.fullmatch(name.rsplit(".", 1)[0])
    if file is None:
        return Fault(name, "missing", "labels.csv lists it, and no such file is there")
    if word is None:
        return Fault(name, "no_label", "labels.csv does not list it")
    if not file.stat().st_size:
        return Fault(name, "broken", "the file is empty")
    if code is None or code["emotion"] not in CODES:
        return Fault(name, "label_outside", f"its name is none such as 03a01Fa, with an emotion of {', '.join(CODES)}")
    emotion = CODES[code["emotion"]]
    if word and WORDS.get(word) != emotion:
        return Fault(name, "misaligned", f"labels.csv says {word}, its name {emotion}")
    return Sample(id=code[0], group=code["speaker"], files=(str(file),), target=Target(labels=(emotion,)))


EMODB = Dataset(
    "emodb", "EmoDB, acted German speech (Burkhardt et al. 2005)", ("emotion",), ("all",), read, labels="emodb"
)
