"""Files of datasets: found under the names that publications use, and read a record at a time, plain or gzipped, whatever wrote them."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from cuechain.agents.errors import ConfigError

LONGEST = 1_000_000
"""Characters of one cell."""

WINDOWS = "windows-1252"
"""How bytes are read that are not UTF-8: by themselves, since published tables mix both."""


def _windows(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(WINDOWS, _windows)


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


@contextmanager
def opened(path: Path, errors: str = WINDOWS) -> Generator[TextIO]:
    """A text, gunzipped and decoded on the way: without byte-order mark, line ends as \\n.

    Args:
        path: In UTF-8, or in UTF-16 with its mark.
        errors: What to do with bytes that are not, as for `open`; by default they are read as Windows wrote them.

    Raises:
        ConfigError: It cannot be opened, ends in the middle, or is of another encoding where that is an error.
    """
    try:
        raw = gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    with raw:
        try:
            wide = raw.peek(2)[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
            yield io.TextIOWrapper(raw, "utf-16" if wide else "utf-8-sig", errors)  # type: ignore[arg-type]
        except (EOFError, OSError, zlib.error) as error:
            raise ConfigError(f"{path.name} ends in the middle or is damaged: {error}", "copy it again") from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path.name} is not UTF-8: {error}", "convert it, for example with iconv") from error


def suffix_of(path: Path) -> str:
    """The suffix that says what is in a file, whether it is gzipped or not."""
    return (path.with_suffix("") if path.suffix == ".gz" else path).suffix.lower()


def text_of(path: Path) -> str:
    """A whole text, as `opened` reads it."""
    with opened(path) as file:
        return file.read()


def lines_of(path: Path) -> list[str]:
    """Lines without their ends; the empty piece after the last line end is no line."""
    with opened(path) as file:
        return [line.removesuffix("\n") for line in file]


def cells(path: Path, *, delimiter: str = "", errors: str = WINDOWS) -> Iterator[tuple[int, list[str] | None]]:
    """Rows of a CSV or TSV, the header among them, each with the number of the line that it begins on; None for what is no row.

    Args:
        path: .csv (RFC 4180) or .tsv (no quoting: a tab ends a cell, as IANA registers it), perhaps .gz.
        delimiter: Where the suffix does not tell it.
        errors: As for `opened`.

    Raises:
        ConfigError: Another kind of file, or it cannot be read.
    """
    kind = suffix_of(path)
    if not delimiter and kind not in (".csv", ".tsv"):
        raise ConfigError(f"cannot read {path.name} as a table", "give .csv or .tsv, perhaps with .gz")
    sign = delimiter or ("\t" if kind == ".tsv" else ",")
    csv.field_size_limit(LONGEST)
    with opened(path, errors) as file:
        rows = csv.reader(file, delimiter=sign, quoting=csv.QUOTE_NONE if sign == "\t" else csv.QUOTE_MINIMAL)
        while True:
            line = rows.line_num + 1
            try:
                yield line, next(rows)
            except StopIteration:
                return
            except csv.Error:
                yield line, None


def sign_of(path: Path) -> str:
    """What separates the cells of a .csv whose header has no comma, a semicolon (spreadsheets of many languages) or a tab; else ""."""
    if suffix_of(path) != ".csv":
        return ""
    with opened(path, WINDOWS) as file:
        header = file.readline(LONGEST)
    return "" if "," in header else next((sign for sign in ";\t" if sign in header), "")


def table(
    path: Path, columns: Sequence[str] = (), *, delimiter: str = "", header: Sequence[str] = (), errors: str = WINDOWS
) -> Iterator[tuple[int, dict[str, str] | None]]:
    """Rows by the names of their columns, with line numbers; None for a row with too few or too many cells.

    Args:
        path: As for `cells`.
        columns: Those that must be there; others may be.
        delimiter: As for `cells`.
        header: Names of columns, for a file whose first line is not a header.
        errors: As for `opened`.

    Raises:
        ConfigError: No header with these columns, another kind of file, or it cannot be read.
    """
    names = list(header)
    for line, row in cells(path, delimiter=delimiter, errors=errors):
        if not names:
            names = [name.strip() for name in row or ()]
            if lost := [c for c in columns if names and c not in names]:
                raise ConfigError(f"{path} has no column '{lost[0]}'", f"it has {', '.join(names)}")
        elif row is None or row:
            yield line, dict(zip(names, row, strict=True)) if row and len(row) == len(names) else None
    if not names and columns:
        raise ConfigError(f"{path} has no column '{columns[0]}'", "it is empty")


def json_of(path: Path) -> Any:
    """What a JSON file holds.

    Raises:
        ConfigError: It is no JSON.
    """
    try:
        return json.loads(text_of(path))
    except ValueError as error:
        raise ConfigError(f"{path} is no JSON: {error}", "was the download complete?") from error


def json_lines(path: Path, errors: str = WINDOWS) -> Iterator[tuple[int, Any | None]]:
    """Values of a file of JSON lines with their line numbers; None for a line that is broken."""
    with opened(path, errors) as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    yield number, json.loads(line)
                except ValueError:
                    yield number, None
