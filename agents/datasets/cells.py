"""Cells of datasets: numbers, times, lists, places and earlier turns as publications write them."""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, urljoin

from cuechain.agents.fetch import is_address, is_web, shown
from cuechain.agents.values import Turn


def number_of(cell: object) -> float | None:
    """A finite number; None for anything else, an empty cell and NaN among it."""
    if isinstance(cell, bool):
        return None
    try:
        number = float(str(cell).strip())
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def seconds_of(cell: object) -> float | None:
    """Seconds of `12.5`, `01:02.5` or `00:01:02,500`; None for anything else."""
    parts = [number_of(part) for part in str(cell).strip().replace(",", ".").split(":")]
    if not 1 <= len(parts) <= 3 or any(part is None or part < 0 for part in parts):
        return None
    return sum((part or 0.0) * 60**power for power, part in enumerate(reversed(parts)))


def list_of(cell: object, separator: str = "[,;]") -> tuple[str, ...]:
    """The words of `['happy', 'sad']`, `[happy, sad]`, `happy; sad` or a list, each once, in their order.

    Args:
        cell: A list, or a text with or without brackets and quotes.
        separator: Regular expression of what stands between two words.
    """
    if isinstance(cell, list):
        pieces = ["" if x is None else str(x) for x in cell]
    else:
        pieces = re.split(separator, "" if cell is None else str(cell).strip().strip("[]"))
    return tuple(dict.fromkeys(word for piece in pieces if (word := piece.strip().strip("'\"").strip())))


def place_of(cell: str, base: str) -> str:
    """The path or address that a cell names, seen from a folder or an address.

    A table that came over the network names no files of this machine: they would not be its to give.

    Raises:
        ValueError: It leads out of where it may.
    """
    if not is_address(base):
        return cell if is_address(cell) else str(Path(base).expanduser() / Path(cell).expanduser())
    scheme = base.partition("://")[0]
    if is_address(cell):
        if not is_web(cell) and cell.partition("://")[0] != scheme:
            raise ValueError(f"{shown(cell)} is of another kind than {shown(base)}")
        return cell
    base = base.rstrip("/") + "/"
    if is_web(base):
        return urljoin(base, quote(cell))
    if cell.startswith("/") or ".." in PurePosixPath(cell).parts:
        raise ValueError(f"{cell} leads out of {shown(base)}")
    return base + cell


def turns_before(cell: object) -> tuple[Turn, ...]:
    """What was said before, of a cell: a list, one written as JSON, or lines; of words, or of objects with `speaker` and `text`."""
    if isinstance(cell, str) and cell.lstrip().startswith("["):
        with suppress(ValueError):  # it may be said in brackets
            cell = json.loads(cell)
    said: list[Any] = cell if isinstance(cell, list) else cell.splitlines() if isinstance(cell, str) else []
    turns = [
        Turn(speaker=str(one.get("speaker") or ""), text=str(one.get("text") or "").strip())
        if isinstance(one, dict)
        else Turn(text=str(one or "").strip())
        for one in said
    ]
    return tuple(turn for turn in turns if turn.text)
