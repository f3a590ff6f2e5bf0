"""What a run says of participants and conditions: shares of labels and means of numbers in each group, one figure a row (CSV)."""

from __future__ import annotations

import csv
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cuechain.agents.exports.files import OneFile
from cuechain.agents.exports.record import Cell, Origin, turn_of
from cuechain.agents.exports.tables import cell, delimiter
from cuechain.agents.judged import agrees, confidence, gold_of, labels_said, name_of
from cuechain.agents.justify import supported
from cuechain.agents.values import Case

OWN = ("group", "dataset", "split", "model", "task", "speaker", "person")
"""Columns that every case has; others are those of the table that the run was made from."""

FIGURES = ("kind", "name", "n", "count", "value", "sd")
"""`state`: share of all cases; `label` and `gold`: share of the answers, and of the judged items, that lead with a label;
`mean`: of a number, with the sample standard deviation."""


@dataclass
class Group:
    """What was counted in one group."""

    states: Counter[str] = field(default_factory=Counter[str])
    labels: Counter[str] = field(default_factory=Counter[str])
    gold: Counter[str] = field(default_factory=Counter[str])
    sums: dict[str, tuple[int, float, float]] = field(default_factory=dict[str, tuple[int, float, float]])
    """Name to number, mean and sum of squared deviations."""

    def add(self, case: Case) -> None:
        """Count a case."""
        answer = case.answer
        self.states["failed" if answer is None else "abstained" if answer.abstain else "answered"] += 1
        self.labels.update(labels_said(case)[:1])
        self.gold.update(gold_of(case)[:1])
        numbers = {
            "confidence": confidence(answer),
            "agrees": agrees(case) if answer else None,
            "supported": supported(case),
        }
        if answer is not None and not answer.abstain:
            numbers["intensity"] = answer.emotion.intensity if answer.emotion else None
            numbers |= {name: getattr(answer, name, None) for name in ("valence", "arousal", "dominance")}
        for name, value in numbers.items():
            if value is not None:
                # Welford (1962): one pass, nothing is held.
                n, mean, squares = self.sums.get(name, (0, 0.0, 0.0))
                step = float(value) - mean
                mean += step / (n + 1)
                self.sums[name] = (n + 1, mean, squares + step * (float(value) - mean))

    def figures(self) -> Iterator[tuple[str, str, int, int | None, float, float | None]]:
        """Rows of FIGURES."""
        for kind, counts in (("state", self.states), ("label", self.labels), ("gold", self.gold)):
            n = counts.total()
            for name, count in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
                yield kind, name, n, count, round(count / n, 4), None
        for name, (n, mean, squares) in sorted(self.sums.items()):
            yield "mean", name, n, None, round(mean, 4), round(math.sqrt(squares / (n - 1)), 4) if n > 1 else None


class Aggregates(OneFile):
    """Counts by the values of columns; what is held grows with the number of groups, not of cases."""

    def __init__(
        self,
        path: Path,
        origin: Origin,
        by: Sequence[str] = ("group",),
        table: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Begin to count.

        Args:
            path: The CSV.
            origin: The run.
            by: Columns whose values make a group, together.
            table: Item id to the values of those of `by` that are not OWN, in order.
        """
        super().__init__(path)
        self._origin, self._by, self._table = origin, tuple(by), table or {}
        self._foreign = [name for name in self._by if name not in OWN]
        self._groups: dict[tuple[str, ...], Group] = defaultdict(Group)
        self._made: dict[str, Cell] = {}

    def add(self, case: Case) -> None:
        """Take the next case."""
        own = self._origin.of(case)
        self._made = self._made or {name: own[name] for name in ("run", "task", "model", "template_hash")}
        turn = turn_of(case)
        values = {**own, "speaker": turn.speaker if turn else "", "person": (case.answer and case.answer.person) or ""}
        if self._foreign:
            told = self._table.get(name_of(case))
            if told is None:
                self.left["not in the table"] += 1
                return
            values |= dict(zip(self._foreign, told, strict=True))
        self._groups[tuple(values[name] for name in self._by)].add(case)

    def finish(self) -> list[Path]:
        """Write the figures and put the file in place."""
        out = csv.writer(self._file.out, delimiter=delimiter(self._file.path), lineterminator="\n")
        made = {name: value for name, value in self._made.items() if name not in self._by}
        out.writerow([*made, *self._by, *FIGURES])
        for key, group in sorted(self._groups.items()):
            for row in group.figures():
                out.writerow([cell(value) for value in (*made.values(), *key, *row)])
                self.written += 1
        return [self._file.finish()]
