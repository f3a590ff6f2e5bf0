"""MMAFFBen (Liu et al. 2025): instructions with the answer that is right, as text, picture or video."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cuechain.agents.datasets import Dataset, Fault
from cuechain.agents.datasets.cells import number_of
from cuechain.agents.datasets.files import json_lines, json_of
from cuechain.agents.errors import ConfigError
from cuechain.agents.values import Sample, Target

SPLITS = {"test": ("test",), "val": ("val", "dev"), "train": ("train",)}
CODED = re.compile(r"\{?(-?\d+)\}?\s*[.:)]\s*([^,;]+)")
"""`2. sadness`, `-1: negative`: a number of the instruction's list, and its name."""


def read(folder: Path, split: str) -> Iterator[Sample | Fault]:
    """Instructions of a file, or of all files of a split; each is its own question.

    A right answer that is a number becomes a score, `valence` where the instruction speaks of valence or sentiment, else
    `intensity`; names become labels in small letters, without their numbers.

    Raises:
        ConfigError: No file of this split, or no JSON.
    """
    ends = tuple(f"_{name}{suffix}" for name in SPLITS[split] for suffix in (".json", ".jsonl"))
    paths = [folder] if folder.is_file() else [p for p in sorted(folder.rglob("*.json*")) if p.name.endswith(ends)]
    if not paths:
        raise ConfigError(f"{folder} holds no *_{split}.json", "give the folder or one file as published")
    root = folder if folder.is_dir() else folder.parent
    for path in paths:
        for number, row in _rows(path):
            yield _sample(f"{path.stem}:{number}", row, root)


def _rows(path: Path) -> Iterator[tuple[int, Any]]:
    if path.suffix == ".jsonl":
        yield from json_lines(path)
        return
    rows: Any = json_of(path)
    if not isinstance(rows, list):
        raise ConfigError(f"{path} is no list", "give the file as published")
    yield from enumerate(rows, 1)


def _sample(id: str, row: Any, root: Path) -> Sample | Fault:
    told = _parts(row)
    if told is None:
        return Fault(id, "broken", "neither instruction and output nor messages of a user and an assistant")
    question, text, answer, names = told
    paths = [root / name for name in names]
    absent = [str(path) for path in paths if not path.is_file()]
    if not question:
        return Fault(id, "empty", "no instruction")
    if absent:
        return Fault(id, "missing", f"there is no {absent[0]}")
    if not answer:
        return Fault(id, "no_label", "no answer, as in a part that is kept back")
    files = tuple(str(path) for path in paths)
    if not text and not files:
        question, text = question.partition("\n")[::2] if "\n" in question else (question, question)
    score = number_of(answer)
    if score is None:
        coded = CODED.findall(answer)
        labels = [name for _, name in coded] or re.split(r"[,;]", answer)
        target = Target(labels=tuple(dict.fromkeys(w for x in labels if (w := x.strip().strip(".").lower()))))
    else:
        target = Target(scores={"valence" if re.search("valence|sentiment", question, re.I) else "intensity": score})
    return Sample(id=id, group=id, text=text.strip() or None, files=files, question=question.strip(), target=target)


def _parts(row: Any) -> tuple[str, str, str, list[str]] | None:
    """Instruction, text, right answer and files of either form (instruction and input, or messages)."""
    if not isinstance(row, dict):
        return None
    found: dict[str, Any] = row
    listed = [v for key in ("images", "videos", "audios") for v in _listed(found.get(key))]
    names = [str(x) for x in listed]
    if "instruction" in found and "output" in found:
        question, text, answer = (str(found.get(key) or "").strip() for key in ("instruction", "input", "output"))
        return question, text, answer if found["output"] != 0 else "0", names
    messages = [m for m in _listed(found.get("messages")) if isinstance(m, dict) and "content" in m]
    by_role = {str(m.get("role")): str(m["content"]).strip() for m in messages}
    if not {"user", "assistant"} <= set(by_role):
        return None
    return re.sub(r"<(?:image|video|audio)>", "", by_role["user"]).strip(), "", by_role["assistant"], names


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


MMAFFBEN = Dataset(
    "mmaffben",
    "MMAFFBen, emotion and sentiment in 35 languages as instructions (Liu et al. 2025); format from publications",
    ("emotion", "sentiment"),
    tuple(SPLITS),
    read,
    verified=False,
)
