"""Labelled tables, a record at a time: CSV, TSV and JSON lines, plain or gzipped, strictly in UTF-8."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cuechain.agents.datasets import files
from cuechain.agents.errors import ConfigError


def table(path: Path, header: Sequence[str] = ()) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Records with their line numbers; None for a line that is no record.

    Args:
        path: .csv (RFC 4180), .tsv (no quoting: a tab ends a cell, as IANA registers it) or .jsonl, each perhaps with .gz.
        header: Names of columns, for a file whose first line is not a header.

    Raises:
        ConfigError: Another kind of file, or it cannot be read.
    """
    kind = files.suffix_of(path)
    if kind not in (".csv", ".tsv", ".jsonl"):
        raise ConfigError(f"cannot read {path.name} as a table", "give .csv, .tsv or .jsonl, each perhaps with .gz")
    yield from objects(path) if kind == ".jsonl" else files.table(path, header=header, errors="strict")


def objects(path: Path) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Objects of a JSON-lines file with their line numbers; None for a line that is none.

    Raises:
        ConfigError: It cannot be read.
    """
    for number, found in files.json_lines(path, "strict"):
        yield number, found if isinstance(found, dict) else None
