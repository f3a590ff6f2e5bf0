"""Emotion wheels: where a word stands. A wheel maps words to clusters; the published tables are read from a folder that the user names."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cuechain.agents.errors import ConfigError, MissingExtraError

WHEELS = tuple(f"wheel{number}" for number in range(1, 6))
"""The five published wheels, by the names of their files."""

RUNS = 8
"""synonym.xlsx lists the synonyms of each wheel word that many times."""


@dataclass(frozen=True)
class Wheel:
    """Words and where they stand."""

    name: str
    """As a table of results shows it."""
    places: Mapping[str, tuple[str, ...]]
    """A word in lower case to its clusters: one, or two for a word that blends two emotions. A word that is not there is outside the
    vocabulary."""


@dataclass(frozen=True)
class Published:
    """The tables of MER-UniBench, OV-MER and MER2025 (Lian et al. 2025): word forms, synonyms, and five wheels of three rings each."""

    forms: Mapping[str, tuple[str, ...]]
    """A surface form to its base words, in the order of the file."""
    synonyms: Mapping[str, tuple[str, ...]]
    """A base word to the wheel words that have it as a synonym; a wheel word is its own."""
    rings: Mapping[str, Mapping[str, tuple[str, str]]]
    """Wheel to word to (cluster of ring 1, cluster of ring 2)."""

    def wheels(self, level: int) -> tuple[Wheel, ...]:
        """The five wheels, cut at a ring.

        Args:
            level: 1, the inner ring, or 2.

        Raises:
            ConfigError: Another level.
        """
        if level not in (1, 2):
            raise ConfigError(f"a wheel has no clusters at level {level}", "1 is the inner ring, 2 the one around it")
        return tuple(self._wheel(name, level) for name in self.rings)

    def _wheel(self, name: str, level: int) -> Wheel:
        rings = self.rings[name]
        places: dict[str, tuple[str, ...]] = {}
        for form, bases in self.forms.items():
            words = sorted({word for base in bases for word in self.synonyms.get(base, ()) if word in rings})
            if words:
                places[form] = (rings[words[0]][level - 1],)
        return Wheel(f"{name}_level{level}", places)

    def base_forms(self) -> Wheel:
        """M1: the alphabetically first base word of a form."""
        return Wheel("base", {form: (min(bases),) for form, bases in self.forms.items()})

    def base_synonyms(self) -> Wheel:
        """M2: the alphabetically first wheel word of that base word."""
        found = {form: self.synonyms.get(min(bases), ()) for form, bases in self.forms.items()}
        return Wheel("synonym", {form: (min(words),) for form, words in found.items() if words})


def published(folder: Path | str) -> Published:
    """Reads format.csv, synonym.xlsx and wheel1.xlsx … wheel5.xlsx; a folder is read once.

    Raises:
        ConfigError: A file is missing, or has other columns.
        MissingExtraError: openpyxl is not installed.
    """
    return _published(Path(folder).resolve())


@cache
def _published(folder: Path) -> Published:
    synonyms = _grouped(_synonyms(_rows(folder / "synonym.xlsx")))
    rings = {name: _rings(_rows(folder / f"{name}.xlsx"), name) for name in WHEELS}
    return Published(_grouped(_forms(folder / "format.csv")), synonyms, rings)


def _clean(cell: Any) -> str:
    return "" if cell is None else str(cell).strip().lower()


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Key to its values, each once, in order."""
    found: dict[str, dict[str, None]] = {}
    for key, value in pairs:
        found.setdefault(key, {})[value] = None
    return {key: tuple(values) for key, values in found.items()}


def _forms(path: Path) -> Iterator[tuple[str, str]]:
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}", "give the folder with format.csv and the wheels") from error
    for row in rows:
        if row.get("name") is None or row.get("format") is None:
            raise ConfigError(f"{path} has no columns name and format", "was the file changed?")
        base = _clean(row["name"])
        for form in (*row["format"].split(","), base):
            if _clean(form):
                yield _clean(form), base


def _rows(path: Path) -> list[dict[str, str]]:
    """The rows of a workbook's first sheet, cells stripped and in lower case, blank ones empty."""
    try:
        import openpyxl
    except ModuleNotFoundError as error:
        raise MissingExtraError("openpyxl", "score") from error
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # openpyxl has no root of its errors: zip, XML and key errors come through
        raise ConfigError(f"cannot read {path}: {error}", "give the folder with the wheels as published") from error
    try:
        header, *rows = [[_clean(cell) for cell in row] for row in book.worksheets[0].iter_rows(values_only=True)] or [
            []
        ]
    finally:
        book.close()
    return [dict(zip(header, row, strict=False)) for row in rows if any(row)]


def _synonyms(rows: Sequence[Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    for run in range(1, RUNS + 1):
        for row in rows:
            if f"word_run{run}" not in row or f"synonym_run{run}" not in row:
                raise ConfigError(f"synonym.xlsx has no columns for run {run}", "was the file changed?")
            word = row[f"word_run{run}"]
            for synonym in (*row[f"synonym_run{run}"].split(","), word):
                if word and synonym.strip():
                    yield synonym.strip(), word


def _rings(rows: Sequence[Mapping[str, str]], name: str) -> dict[str, tuple[str, str]]:
    """Word to its clusters in ring 1 and ring 2.

    A blank cell repeats the one above. Of a word that stands in several places the last counts, ring 1 before ring 2 before ring 3
    within a branch. A word of ring 1 has the alphabetically first of its children as its cluster in ring 2.
    """
    tree: dict[str, dict[str, list[str]]] = {}
    above = ["", "", ""]
    for row in rows:
        if not {"level1", "level2", "level3"} <= row.keys():
            raise ConfigError(f"{name}.xlsx has no columns level1, level2 and level3", "was the file changed?")
        above = [row[f"level{ring}"] or above[ring - 1] for ring in (1, 2, 3)]
        tree.setdefault(above[0], {}).setdefault(above[1], []).append(above[2])
    places: dict[str, tuple[str, str]] = {}
    for inner, branches in tree.items():
        places[inner] = (inner, min(branches))
        for middle, leaves in branches.items():
            places[middle] = (inner, middle)
            places.update(dict.fromkeys(leaves, (inner, middle)))
    return places
