"""What a comparison says: figures side by side, as a table, as JSON, and as a section of a model card."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from cuechain.agents.errors import ConfigError, RunError
from cuechain.agents.scoring.statistics import Interval, estimated
from cuechain.finetune.judging.judge import Lines


def compared(columns: dict[str, Lines], n: int, pair: tuple[str, str]) -> list[dict[str, Any]]:
    """Every figure of every column, with the paired difference of the pair."""
    one, two = (columns[name] for name in pair)
    rows: list[dict[str, Any]] = []
    for key in two:
        values = {name: estimated(lines[key].figure, n) for name, lines in columns.items() if key in lines}
        rows.append(
            {
                "section": key[0],
                "name": key[1],
                "unit": two[key].unit,
                "n": {name: lines[key].n for name, lines in columns.items() if key in lines},
                "values": {name: asdict(v) for name, v in values.items()},
                "difference": asdict(estimated(two[key].figure, n, less=one[key].figure)),
            }
        )
    return [r for r in rows if any(r["n"].values())]


def table(rows: Sequence[dict[str, Any]], columns: Sequence[str], pair: tuple[str, str]) -> str:
    """Markdown: a line per figure. A difference whose interval leaves out 0 is bold; each n is that of the pair."""
    head = ["", "n", *columns, f"{pair[1]} − {pair[0]}"]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    section = ""
    for row in rows:
        if row["section"] != section:
            section = row["section"]
            lines.append(f"| **{section}** |" + " |" * (len(head) - 1))
        counts = list(dict.fromkeys(row["n"][name] for name in pair))
        cells = [_cell(row["values"].get(name), row["unit"]) for name in columns]
        lines.append(
            f"| {row['name']}{'' if row['unit'] == '%' else _UNITS[row['unit']]} | {', '.join(map(str, counts))} | "
            f"{' | '.join(cells)} | {_apart(row['difference'], row['unit'])} |"
        )
    return "\n".join(lines)


_UNITS = {"each": "", "of 1": "", "words": "", "s": "", "×": " (times)"}
_SCALES = {"%": (100, 0), "each": (1, 3), "of 1": (1, 3), "words": (1, 0), "s": (1, 3), "×": (1, 1)}


def _cell(value: dict[str, float] | None, unit: str) -> str:
    return "" if value is None else Interval(**value).told(*_SCALES[unit])


def _apart(value: dict[str, float], unit: str) -> str:
    text = Interval(**value).told(*_SCALES[unit], sign="+")
    return f"**{text}**" if value["low"] > 0 or value["high"] < 0 else text


def finite(value: Any) -> Any:
    """Plain JSON: null for what is not a number, a string for what is infinite."""
    if isinstance(value, dict):
        return {k: finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [finite(v) for v in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None if np.isnan(value) else "infinite"
    return value


def into_card(card: Path, name: str, section: str) -> None:
    """Write a section into a model card between its marks, in place of an older one of the same name, else at the end.

    Args:
        card: README.md, or the folder that holds it.
        name: Of the section: what it was measured on.
        section: Markdown.

    Raises:
        ConfigError: The card has one of the two marks alone.
        RunError: It cannot be read or written.
    """
    path = card / "README.md" if card.is_dir() else card
    begin, end = f"<!-- cuechain compare: {name} -->", f"<!-- end of cuechain compare: {name} -->"
    block = f"{begin}\n{section.strip()}\n{end}\n"
    try:
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if (begin in text) != (end in text) or text.count(begin) > 1:
            raise ConfigError(f"{path} has a broken section '{name}'", f"it stands between {begin} and {end}")
        if begin in text:
            text = re.sub(f"{re.escape(begin)}.*?{re.escape(end)}\n?", lambda _: block, text, flags=re.S)
        else:
            text = f"{text.rstrip()}\n\n{block}".lstrip()
        beside = path.with_suffix(".part")
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise RunError(f"cannot write {path}: {error.strerror}") from error


def as_json(told: dict[str, Any]) -> str:
    """A report for programs."""
    return json.dumps(finite(told), indent=1, ensure_ascii=False) + "\n"
