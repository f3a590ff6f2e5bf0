"""What tests of the data verb have in common: its configuration, its files, and a table of texts."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from cuechain.finetune.data import RowsConfig
from cuechain.finetune.rows import Row
from cuechain.finetune.rows import read as read_rows

LABELS = ["joy", "sadness", "anger", "neutral"]


def config(folder: Path, *sources: dict[str, Any], **more: Any) -> RowsConfig:
    return RowsConfig.model_validate({"out": folder / "rows", "sources": sources, "dev": 0.0, **more})


def rows(folder: Path, name: str = "train") -> list[Row]:
    file = folder / "rows" / f"{name}.jsonl"
    return list(read_rows(file)) if file.is_file() else []


def refused(folder: Path) -> dict[str, str]:
    """Id to reason."""
    file = folder / "rows" / "refused.jsonl"
    return {f["id"]: f["reason"] for f in map(json.loads, file.read_text().splitlines())} if file.is_file() else {}


def texts(path: Path, *records: tuple[str, ...]) -> dict[str, Any]:
    """A table of texts with ids, and the source that reads it."""
    with path.open("w", newline="") as out:
        csv.writer(out).writerows([("key", "said", "who", "felt"), *records])
    columns = {"text": "said", "label": "felt", "id": "key", "group": "who"}
    return {"kind": "corpus", "name": "talk", "table": path, "columns": columns, "labels": LABELS, "teacher": "rules"}


TALK = (
    ("1", "I am so happy today, this is wonderful, thank you so much!", "ann", "joy"),
    ("2", "This is terrible, I am furious and I hate every minute of it!", "ben", "anger"),
    ("3", "I am so sad, I cried all night because she is gone.", "ann", "sadness"),
)
