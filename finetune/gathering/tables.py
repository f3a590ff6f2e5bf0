"""Labelled tables, a record at a time: CSV, TSV and JSON lines, plain or gzipped."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
    if bare(path) == ".jsonl":
        yield from objects(path)
        return
    names = list(header)
    for number, row in cells(path):
        if not names:
            names = row or []
        elif row is None or row:
            yield number, dict(zip(names, row, strict=True)) if row and len(row) == len(names) else None


def cells(path: Path) -> Iterator[tuple[int, list[str] | None]]:
    """Rows of a .csv or .tsv with their line numbers, the header among them; None for a line that is no row.

    Raises:
        ConfigError: Another kind of file, or it cannot be read.
    """
    kind = bare(path)
    if kind not in (".csv", ".tsv"):
        raise ConfigError(f"cannot read {path.name} as a table", "give .csv, .tsv or .jsonl, each perhaps with .gz")
    csv.field_size_limit(LONGEST)
    with _readable(path) as lines:
        quoting = csv.QUOTE_NONE if kind == ".tsv" else csv.QUOTE_MINIMAL
        rows = csv.reader(lines, delimiter="\t" if kind == ".tsv" else ",", quoting=quoting)
        while True:
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error:
                row = None
            yield rows.line_num, row


def objects(path: Path) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Objects of a JSON-lines file with their line numbers; None for a line that is none.

    Raises:
        ConfigError: It cannot be read.
    """
    with _readable(path) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                found = json.loads(line)
            except ValueError:
                found = None
            yield number, found if isinstance(found, dict) else None


@contextmanager
def _readable(path: Path) -> Iterator[io.TextIOBase]:
    """An open text file, whose damage is told as such."""
    with lines_of(path) as lines:
        try:
            yield lines
        except (EOFError, OSError) as error:
            raise ConfigError(f"{path.name} ends in the middle or is damaged: {error}", "copy it again") from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path.name} is not UTF-8: {error}", "convert it, for example with iconv") from error
