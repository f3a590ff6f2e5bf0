"""Tables: one row a case (CSV, Parquet), one row a cue (CSV)."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cuechain.agents.errors import MissingExtraError
from cuechain.agents.exports.files import OneFile
from cuechain.agents.exports.record import COLUMNS, Cell, Origin, as_json, flat
from cuechain.agents.judged import gold_of, labels_said
from cuechain.agents.values import Case

if TYPE_CHECKING:
    import pyarrow
    from pyarrow.parquet import ParquetWriter

ROWS = 512
"""Cases that are held before they are written: a row group."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""First characters by which spreadsheets take a cell for a formula (OWASP, CSV Injection)."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def plain(text: str) -> str:
    """A text as a CSV cell: no spreadsheet runs it. A cell that looks like a formula gets an apostrophe before it."""
    # A bare carriage return would end a row for some readers.
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return f"'{text}" if text.startswith(_FORMULA) else text


def cell(value: Cell) -> str | float | int:
    """A value as a CSV cell; empty where there is none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return plain("; ".join(value))
    return plain(value) if isinstance(value, str) else value


def delimiter(path: Path) -> str:
    """What stands between the cells of a CSV; or of a TSV, where the file is called so."""
    return "\t" if path.suffix.lower() == ".tsv" else ","


class _Rows(OneFile):
    """A CSV or TSV of some columns."""

    def __init__(self, path: Path, origin: Origin, columns: Iterable[str]) -> None:
        super().__init__(path)
        self._origin, self._columns = origin, tuple(columns)
        self._csv = csv.writer(self._file.out, delimiter=delimiter(path), lineterminator="\n")
        self._csv.writerow(self._columns)

    def _put(self, row: Mapping[str, Cell]) -> None:
        self._csv.writerow([cell(row[name]) for name in self._columns])
        self.written += 1


class Cases(_Rows):
    """One row a case, whether it was answered or failed (see `record.COLUMNS`)."""

    def __init__(self, path: Path, origin: Origin) -> None:
        super().__init__(path, origin, COLUMNS)

    def add(self, case: Case) -> None:
        """Take the next case."""
        self._put(flat(case, self._origin))


class Parquet:
    """One row a case, in typed columns (see `record.COLUMNS`)."""

    def __init__(self, path: Path, origin: Origin) -> None:
        try:
            import pyarrow as arrow
            from pyarrow.parquet import ParquetWriter
        except ImportError as error:
            raise MissingExtraError("pyarrow, which writes .parquet,", "batch") from error
        kinds: dict[type, Any] = {
            str: arrow.string(), float: arrow.float64(), int: arrow.int64(), bool: arrow.bool_(), list: arrow.list_(arrow.string())
        }  # fmt: skip
        self.left: Counter[str] = Counter()
        self.written = 0
        self._origin = origin
        self._path, self._part = path, path.with_name(f"{path.name}.part")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._schema: pyarrow.Schema = arrow.schema([(name, kinds[kind]) for name, kind in COLUMNS.items()])
        self._writer: ParquetWriter = ParquetWriter(self._part, self._schema, compression="zstd")
        self._rows: list[dict[str, Cell]] = []

    def add(self, case: Case) -> None:
        """Take the next case."""
        self._rows.append(flat(case, self._origin))
        self.written += 1
        if len(self._rows) >= ROWS:
            self._flush()

    def _flush(self) -> None:
        import pyarrow

        self._writer.write_table(pyarrow.Table.from_pylist(self._rows, schema=self._schema))
        self._rows.clear()

    def finish(self) -> list[Path]:
        """Put the file in place."""
        if self._rows:
            self._flush()
        self._writer.close()
        self._part.replace(self._path)
        return [self._path]

    def drop(self) -> None:
        """Leave what was there before."""
        self._writer.close()
        self._part.unlink(missing_ok=True)


SEGMENT = (
    "run", "id", "group", "dataset", "split", "task", "model", "template_hash", "file", "cue", "sense", "tool", "start_s", "end_s",
    "turn", "person", "text", "measures", "confidence", "reliability", "salience", "cited", "stance", "points", "label", "abstain",
    "gold",
)  # fmt: skip
"""Columns of the table of cues. `stance` and `points` are those of the first sentence beyond the head that cites the cue."""


class Segments(_Rows):
    """One row a cue: when, who, which sense, what, its raw measures, and whether the case's answer rests on it."""

    def __init__(self, path: Path, origin: Origin) -> None:
        super().__init__(path, origin, SEGMENT)

    def add(self, case: Case) -> None:
        """Take the next case."""
        if not case.sheet.cues:
            self.left["no cues"] += 1
            return
        origin = self._origin.of(case)
        paths = {m.id: m.path for m in case.sheet.media}
        only = next(iter(paths.values()), None) if len(paths) == 1 else None
        answer = case.answer
        claims = answer.claims if answer else ()
        cites = {i: c for c in (*claims[:1], *reversed(claims[1:])) for i in c.cites}
        labels, gold = labels_said(case), gold_of(case)
        for id, cue in case.sheet.cues.items():
            row: dict[str, Cell] = {
                **origin,
                "file": paths.get(cue.media or "") or only,
                "cue": id,
                "sense": cue.sense,
                "tool": cue.source,
                "start_s": cue.span.start if cue.span else None,
                "end_s": cue.span.end if cue.span else None,
                "turn": int(line) if isinstance(line := cue.measures.get("line"), int | float) else None,
                "person": cue.person,
                "text": cue.text,
                "measures": as_json(cue.measures),
                "confidence": cue.confidence,
                "reliability": cue.reliability,
                "salience": cue.salience,
                "cited": id in cites,
                "stance": cites[id].stance if id in cites else None,
                "points": cites[id].points if id in cites else None,
                "label": labels[0] if labels else None,
                "abstain": answer.abstain if answer else None,
                "gold": gold[0] if gold else None,
            }
            self._put(row)
