"""Files of datasets: decoded whatever wrote them, plain or gzipped, and found under the names that publications use."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cuechain.agents.errors import ConfigError

LONGEST = 10_000_000
"""Characters of one cell."""


def find(folder: Path, *names: str) -> Path:
    """The first file that is there: by its name, or with .gz, in the folder or in any below it; a file stands for itself.

    Args:
        folder: As the user gave it.
        *names: Patterns such as `dev_sent_emo.csv` or `*_train.json`, the likeliest first.

    Raises:
        ConfigError: None is there.
    """
    if folder.is_file():
        return folder
    for name in names:
        for pattern in (name, f"{name}.gz"):
            found = sorted(folder.glob(pattern)) or sorted(folder.rglob(pattern))
            if found:
                return found[0]
    raise ConfigError(f"{folder} holds no {' or '.join(names)}", "give the folder as the dataset is published")


def text_of(path: Path) -> str:
    """A whole text, gunzipped, without byte-order mark, line ends as \\n; Latin-1 (Windows) where it is not UTF-8.

    Raises:
        ConfigError: It cannot be read.
    """
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError) as error:
        raise ConfigError(f"cannot read {path}: {error}", "was the download complete?") from error
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def lines_of(path: Path) -> list[str]:
    """Lines without their ends; the empty piece after the last line end is no line."""
    lines = text_of(path).split("\n")
    return lines[:-1] if lines and not lines[-1] else lines


def table(
    path: Path, columns: Sequence[str] = (), *, delimiter: str = ""
) -> Iterator[tuple[int, dict[str, str] | None]]:
    """Rows of a CSV or TSV with the number of the line that each begins on; None for a row with too few or too many cells.

    Args:
        path: .csv (RFC 4180) or .tsv (no quoting: a tab ends a cell, as IANA registers it), perhaps .gz.
        columns: Those that must be there; others may be.
        delimiter: Where the suffix does not tell it.

    Raises:
        ConfigError: No header with these columns.
    """
    kind = path.name.removesuffix(".gz").rsplit(".", 1)[-1].lower()
    csv.field_size_limit(LONGEST)
    sign = delimiter or ("\t" if kind == "tsv" else ",")
    quoting = csv.QUOTE_NONE if sign == "\t" else csv.QUOTE_MINIMAL
    rows = csv.reader(io.StringIO(text_of(path)), delimiter=sign, quoting=quoting)
    names = [name.strip() for name in next(rows, [])]
    if lost := [c for c in columns if c not in names]:
        raise ConfigError(f"{path} has no column '{lost[0]}'", f"it has {', '.join(names) or 'none'}")
    end = rows.line_num
    while True:
        try:
            row = next(rows, None)
        except csv.Error:
            row = [""] * (len(names) + 1)
        if row is None:
            return
        if row:
            yield end + 1, dict(zip(names, row, strict=True)) if len(row) == len(names) else None
        end = rows.line_num


def json_of(path: Path) -> Any:
    """What a JSON file holds.

    Raises:
        ConfigError: It is no JSON.
    """
    try:
        return json.loads(text_of(path))
    except ValueError as error:
        raise ConfigError(f"{path} is no JSON: {error}", "was the download complete?") from error


def json_lines(path: Path) -> Iterator[tuple[int, Any | None]]:
    """Values of a file of JSON lines with their line numbers; None for a line that is broken."""
    for number, line in enumerate(lines_of(path), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except ValueError:
                yield number, None
