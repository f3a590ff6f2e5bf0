"""Anybody's predictions, as a table with what is right and what was said: scored like a run, without models or media."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np

from cuechain.agents.datasets.files import json_lines, sign_of, suffix_of, table
from cuechain.agents.errors import ConfigError
from cuechain.agents.scoring import kinds
from cuechain.agents.scoring.found import Figure, Found, figure
from cuechain.agents.scoring.metrics import regression as numbers
from cuechain.agents.scoring.score import Report
from cuechain.agents.scoring.statistics import from_sums

DECIMAL = re.compile(r"^([+-]?\d+),(\d+)$")
"""A number with a comma, as tables with semicolons write it."""

LISTED = "\x1f"
"""Between the labels of a JSON list."""

FIGURES = (("r", numbers.pearson), ("CCC", numbers.ccc), ("mean absolute error", numbers.mae), ("RMSE", numbers.rmse))


def scored(path: Path, truth: str, said: str, labels: tuple[str, ...] = (), separator: str = "") -> Report:
    """Score a .csv, .tsv or .jsonl of predictions; an item without a prediction counts as wrong.

    Args:
        path: One item a row.
        truth: Column of what is right; a row where it is empty is not judged.
        said: Column of the prediction.
        labels: The closed set; where it is empty, the labels that are right somewhere, and numbers where all of `truth` are numbers.
        separator: Between several labels of one cell; empty for one label each. Lists of JSON hold several labels without it.

    Raises:
        ConfigError: The file cannot be read, has no such columns, or nothing is judged.
    """
    right, answers, broken = _columns(path, truth, said, separator or LISTED)
    if any(LISTED in cell for cell in (*right, *answers)):
        separator = LISTED
    judged = [i for i, t in enumerate(right) if t or separator]
    if not judged:
        raise ConfigError(f"{path}: column '{truth}' is empty", "it holds what people said")
    unjudged = len(right) - len(judged)
    right, answers = [right[i] for i in judged], [answers[i] for i in judged]
    if separator:
        found = _sets(right, answers, labels, separator)
    elif not labels and _numeric(right):
        found = _numbers(right, answers)
    else:
        found = kinds.of_labels(right, answers, labels or tuple(sorted(set(right))))
    known = set(labels or right)
    return Report(
        run=str(path),
        manifest={"task": "predictions", "dataset": str(path), "model": said},
        n=len(right),
        expected=len(right),
        states={
            k: n for k, n in (("answered", sum(map(bool, answers))), ("without an answer", answers.count(""))) if n
        },
        unjudged=unjudged,
        faults={"broken": broken} if broken else {},
        outside=0
        if separator or _numeric(right)
        else sum(n for a, n in Counter(answers).items() if a and a not in known),
        mean_said=None,
        figures=found.figures,
        per_class=found.per_class,
        confusion=found.confusion,
        baselines=_commonest(right, labels) if found.single else {},
        notes=(*found.notes, *_odd(right, answers, separator)),
    )


def _odd(right: list[str], answers: list[str], separator: str) -> list[str]:
    """What looks like a slip in the table."""
    told: list[str] = []
    spelt = {*right, *answers}
    if len({label.lower() for label in spelt}) < len(spelt):
        told.append("some labels differ in their case alone and count as different ones")
    if not separator and not _numeric(right) and any("," in cell or ";" in cell for cell in {*right}):
        told.append("cells with a comma or a semicolon count as one label; --separator parts several")
    return told


def _commonest(right: list[str], labels: tuple[str, ...]) -> dict[str, tuple[Figure, ...]]:
    """What always saying the commonest right label gets."""
    label = Counter(right).most_common(1)[0][0]
    return {
        f"always {label}": kinds.of_labels(right, [label] * len(right), labels or tuple(sorted(set(right)))).figures
    }


def _columns(path: Path, truth: str, said: str, between: str) -> tuple[list[str], list[str], int]:
    right: list[str] = []
    answers: list[str] = []
    broken = 0
    sign = sign_of(path)
    rows = json_lines(path) if suffix_of(path) == ".jsonl" else table(path, (truth, said), delimiter=sign)
    for _, row in rows:
        if not isinstance(row, dict) or truth not in row or said not in row:
            broken += 1
            continue
        pair = [_cell(row[name], between) for name in (truth, said)]
        if sign == ";":
            pair = [DECIMAL.sub(r"\1.\2", cell) for cell in pair]
        right.append(pair[0])
        answers.append(pair[1])
    if not right:
        raise ConfigError(f"{path} has no row with '{truth}' and '{said}'", "--truth and --said name its columns")
    return right, answers, broken


def _cell(value: object, between: str) -> str:
    if isinstance(value, list):
        return "".join(f"{str(part).strip()}{between}" for part in value)
    return "" if value is None else str(value).strip()


def _numeric(cells: list[str]) -> bool:
    try:
        return all(np.isfinite(float(cell)) for cell in set(cells)) and len(set(cells)) > 2
    except ValueError:
        return False


def _numbers(right: list[str], answers: list[str]) -> Found:
    def number(cell: str) -> float:
        try:
            return float(cell)
        except ValueError:
            return float("nan")

    sums = numbers.moments([float(t) for t in right], [number(a) for a in answers])
    n = int(sums[:, 0].sum())
    left = len(right) - n
    figures: list[Figure] = [figure(name, from_sums(f, sums), n, percent=False) for name, f in FIGURES]
    return Found(tuple(figures), notes=(f"{left} items without a number as answer are left out",) if left else ())


def _sets(right: list[str], answers: list[str], labels: tuple[str, ...], separator: str) -> Found:
    def split(cell: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in cell.split(separator) if part.strip())

    truth = [split(cell) for cell in right]
    known = labels or tuple(sorted({label for item in truth for label in item}))
    return kinds.of_sets(truth, [split(cell) for cell in answers], known)
