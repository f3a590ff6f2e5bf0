"""Cells of datasets: numbers, times and lists as publications write them."""

from __future__ import annotations

import math
import re


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
