"""Reference values of published scorers: `tests/golden/*.json` as pytest parameters, and the comparison that each file states."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

FOLDER = Path(__file__).parents[2] / "golden"
TOLERANCE = 1e-6


class Case(NamedTuple):
    """One entry of a file."""

    id: str
    inputs: dict[str, Any]
    expected: dict[str, Any]


def cases(name: str) -> list[Any]:
    """Every case of tests/golden/<name>.json, for `pytest.mark.parametrize("case", cases(name))`."""
    told = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    assert told["format"] == "golden-v1"
    return [pytest.param(Case(c["id"], c["inputs"], c["expected"]), id=c["id"]) for c in told["cases"]]


def number(value: Any) -> Any:
    """A value of a file; "nan", "inf" and "-inf" as numbers."""
    return float(value) if value in ("nan", "inf", "-inf") else value


def assert_agrees(got: Any, expected: Any, where: str = "", tolerance: float = TOLERANCE) -> None:
    """Fail where a value differs from the reference's.

    Each key of `expected` has to be in `got`, which may hold more; lists agree item by item; numbers to 1e-6, those under a name that
    says "rounded" or "printed" to a unit of their last digit; None asserts nothing.

    Args:
        got: What our code gives: mappings, sequences, arrays, numbers, strings.
        expected: The file's value.
        where: Keys that led here, for the message.
        tolerance: Absolute.
    """
    if expected is None:
        return
    if isinstance(expected, Mapping):
        for key, value in expected.items():
            at = f"{where}.{key}"
            assert key in got, f"{at} is missing"
            assert_agrees(got[key], value, at, max(tolerance, _digits(key)))
    elif isinstance(expected, list):
        items = got.tolist() if hasattr(got, "tolist") else got
        assert isinstance(items, Sequence), f"{where}: {got!r} is no sequence"
        assert len(items) == len(expected), f"{where}: {len(items)} items, not {len(expected)}"
        for place, (one, other) in enumerate(zip(items, expected, strict=True)):
            assert_agrees(one, other, f"{where}[{place}]", tolerance)
    elif isinstance(expected, str) and isinstance(got, str):
        assert got == expected, f"{where}: {got!r}, not {expected!r}"
    else:
        wanted = number(expected)
        if isinstance(wanted, float) and math.isnan(wanted):
            assert math.isnan(got), f"{where}: {got!r}, not NaN"
        else:
            assert got == pytest.approx(wanted, abs=tolerance, rel=0), f"{where}: {got!r}, not {wanted!r}"


def _digits(key: str) -> float:
    """Tolerance of a field whose name says rounded (to the digits in the name) or printed (percent with two)."""
    if found := re.search(r"(?<!un)(?:rounded|printed)\D*(\d*)", key):
        return 1.01 * 10.0 ** -int(found[1] or 2)
    return 0.0
