"""Labelled tables, a record at a time: CSV, TSV and JSON lines, plain or gzipped."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cuechain.agents.errors import ConfigError

LONGEST = 1_000_000
"""Characters of one cell."""


def bare(path: Path) -> str:
    """The suffix that says what is in a file, whether it is gzipped or not."""
    return (path.with_suffix("") if path.suffix == ".gz" else path).suffix.lower()


def lines_of(path: Path, errors: str = "strict") -> io.TextIOBase:
    """An open text file, gunzipped on the way.

    Args:
        path: In UTF-8.
        errors: What to do with bytes that are not, as for `open`.

    Raises:
        ConfigError: It cannot be opened.
    """
    try:
        raw = gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # noqa: SIM115 - the caller closes it
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    return io.TextIOWrapper(raw, encoding="utf-8-sig", errors=errors, newline="")  # type: ignore[arg-type]


def table(path: Path, header: Sequence[str] = ()) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Records with their line numbers; None for a line that is no record.

    Args:
        path: .csv (RFC 4180), .tsv (no quoting: a tab ends a cell, as IANA registers it) or .jsonl, each perhaps with .gz.
        header: Names of columns, for a file whose first line is not a header.

    Raises:
        ConfigError: Another kind of file, or it cannot be read.
    """
    kind = bare(path)
    if kind not in (".csv", ".tsv", ".jsonl"):
        raise ConfigError(f"cannot read {path.name} as a table", "give .csv, .tsv or .jsonl, each perhaps with .gz")
    with lines_of(path) as lines:
        try:
            yield from _objects(lines) if kind == ".jsonl" else _cells(lines, "\t" if kind == ".tsv" else ",", header)
        except (EOFError, OSError) as error:
            raise ConfigError(f"{path.name} ends in the middle or is damaged: {error}", "copy it again") from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path.name} is not UTF-8: {error}", "convert it, for example with iconv") from error


def _cells(lines: io.TextIOBase, delimiter: str, header: Sequence[str]) -> Iterator[tuple[int, dict[str, Any] | None]]:
    csv.field_size_limit(LONGEST)
    cells = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL)
    names = list(header)
    while True:
        try:
            row = next(cells)
        except StopIteration:
            return
        except csv.Error:
            yield cells.line_num, None
            continue
        if not names:
            names = row
        elif row:
            yield cells.line_num, dict(zip(names, row, strict=True)) if len(row) == len(names) else None


def _objects(lines: io.TextIOBase) -> Iterator[tuple[int, dict[str, Any] | None]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except ValueError:
            found = None
        yield number, found if isinstance(found, dict) else None
