"""Any table: `table:FILE?text=Utterance&label=Emotion&label_sep=,`. CSV, TSV, JSON lines, Parquet; a row is an item or a turn.

Files are named from where the table lies, or by addresses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cuechain.agents.datasets import Dataset, Fault
from cuechain.agents.datasets.cells import list_of, number_of, place_of, seconds_of, turns_before
from cuechain.agents.datasets.files import json_lines, sign_of, table
from cuechain.agents.errors import ConfigError, MissingExtraError
from cuechain.agents.fetch import is_address
from cuechain.agents.registry import did_you_mean
from cuechain.agents.values import Sample, Span, Target, Turn

CONVENTION: dict[str, tuple[str, ...]] = {
    "text": ("text", "utterance", "sentence", "transcript"),
    "file": ("file", "path", "file_name"),
    "label": ("label", "labels", "emotion", "emotions", "sentiment"),
    "id": ("id",),
    "group": ("group",),
    "split": ("split",),
    "dialogue": ("dialogue", "dialogue_id", "conversation"),
    "turn": ("turn", "turn_id", "utterance_id"),
    "speaker": ("speaker",),
    "start": ("start", "start_time"),
    "end": ("end", "end_time"),
    "question": ("question",),
    "context": ("context",),
    "explanation": ("explanation", "rationale"),
}
"""What a column is for, and the names by which it is found where nobody names it; capitals do not matter."""

SCORES = ("valence", "arousal", "dominance", "intensity")
"""Columns of numbers by convention, in the scale of the task."""

SPLITS = {"all": (), "train": ("train", "training"), "dev": ("dev", "val", "valid", "validation"), "test": ("test",)}
"""Split to what its column says; `all` is every row."""

Row = dict[str, Any]


def read(folder: Path, split: str, **options: str) -> Iterator[Sample | Fault]:
    """Rows as items; rows that share a dialogue as one conversation, in which each row with a label is judged in its turn.

    Args:
        folder: The file.
        split: `all`, or one that a column tells.
        **options: What a column is for → its name, or nothing where none is for it; `label_sep`: what separates several labels in
            one cell; `scores`: columns of numbers, separated by commas; `base`: folder or address that files are named from, that of
            the table by default.

    Raises:
        ConfigError: No such column, no text and no file, or a split that the table does not have.
        MissingExtraError: A Parquet file without pyarrow.
    """
    if not folder.is_file():
        raise ConfigError(f"{folder} is no file", "give table:FILE, a .csv, .tsv, .jsonl or .parquet")
    whole = list(_rows(folder))
    if not whole:
        raise ConfigError(f"{folder} has no rows", "it is empty, or holds a header alone")
    known = list(dict.fromkeys(name for _, row in whole for name in row or ()))
    columns, numbers = _columns(known, options, folder)
    kept: list[tuple[int, Row]] = []
    groups: dict[str, set[str]] = defaultdict(set)
    for line, row in whole:
        if row is None:
            yield Fault(f"{folder.name}:{line}", "broken", "no row of the columns that the file has")
            continue
        told = _cell(row, columns, "split").lower()
        if group := _cell(row, columns, "group") or _cell(row, columns, "dialogue"):
            groups[group].add(told)
        if split == "all" or told in SPLITS[split]:
            kept.append((line, row))
    if whole and not kept and split != "all":
        there = sorted({_cell(row, columns, "split") for _, row in whole if row})
        raise ConfigError(f"{folder} has no row of the split {split}", f"its split column says {', '.join(there)}")
    for group, of in groups.items():
        if "split" in columns and len(of) > 1:
            yield Fault(group, "misaligned", f"the group {group} runs through {', '.join(sorted(of))}")
    maker = _Maker(folder, columns, numbers, options.get("label_sep", ""), options.get("base", ""))
    dialogues: dict[str, list[tuple[int, Row]]] = {}
    for line, row in kept:
        if dialogue := _cell(row, columns, "dialogue"):
            dialogues.setdefault(dialogue, []).append((line, row))
        elif "dialogue" in columns:
            yield Fault(f"{folder.name}:{line}", "broken", f"no {columns['dialogue']}")
        else:
            yield from maker.alone(line, row)
    for dialogue, rows in dialogues.items():
        yield from maker.together(dialogue, rows)


def values(path: Path, names: Sequence[str], **options: str) -> dict[str, tuple[str, ...]]:
    """Cells of any columns by the id of their item, for what a Sample does not carry: a condition, an age.

    Args:
        path: The table.
        names: Columns.
        **options: As `read` takes them; `id` alone counts.

    Raises:
        ConfigError: No such column, or no table.
        MissingExtraError: A Parquet file without pyarrow.
    """
    if not path.is_file():
        raise ConfigError(f"{path} is no file", "give a .csv, .tsv, .jsonl or .parquet")
    whole = [(line, row) for line, row in _rows(path) if row is not None]
    known = list(dict.fromkeys(name for _, row in whole for name in row))
    for name in names:
        if name not in known:
            raise ConfigError(f"{path} has no column '{name}'", did_you_mean(name, known))
    by = options.get("id") or next((n for n in known if n.lower() in CONVENTION["id"]), "")
    columns = {"id": by} if by else {}
    return {_id(path, line, row, columns): tuple(_text(row.get(name)) for name in names) for line, row in whole}


def _id(path: Path, line: int, row: Row, columns: Mapping[str, str]) -> str:
    return _cell(row, columns, "id") or f"{path.stem}-{line}"


def _rows(path: Path) -> Iterator[tuple[int, Row | None]]:
    kind = path.name.lower().removesuffix(".gz").rpartition(".")[2]
    if kind in ("jsonl", "ndjson"):
        for line, row in json_lines(path):
            yield line, {str(k): v for k, v in row.items()} if isinstance(row, dict) else None
    elif kind == "parquet":
        try:
            from pyarrow import ArrowException
            from pyarrow.parquet import read_table
        except ImportError as error:
            raise MissingExtraError("pyarrow, which reads .parquet,", "finetune") from error
        try:
            yield from enumerate(read_table(path).to_pylist(), 1)
        except (OSError, ArrowException) as error:
            raise ConfigError(f"{path} is no Parquet file: {error}", "was the download complete?") from error
    elif kind in ("csv", "tsv", "txt"):
        yield from table(path, delimiter="\t" if kind == "txt" else sign_of(path))
    else:
        raise ConfigError(f"{path} is no table", "give a .csv, .tsv, .jsonl or .parquet, or one of them with .gz")


def _columns(known: list[str], options: Mapping[str, str], path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """What each column is for, and the columns of numbers with the names of their scores."""
    small = {name.lower(): name for name in reversed(known)}
    asked = {key: name for key, name in options.items() if key in CONVENTION and name}
    left_out = {key for key, name in options.items() if key in CONVENTION and not name}
    wanted = [name.strip() for name in options["scores"].split(",")] if options.get("scores") else []
    for name in (*asked.values(), *wanted):
        if name not in known:
            raise ConfigError(f"{path} has no column '{name}'", did_you_mean(name, known))
    found = {key: small[n] for key, ways in CONVENTION.items() for n in reversed(ways) if n in small}
    columns = {**{k: v for k, v in found.items() if v not in asked.values() and k not in left_out}, **asked}
    if not {"text", "file"} & set(columns):
        raise ConfigError(f"{path} has neither a text nor a file column", f"add ?text=… to it: {', '.join(known)}")
    numbers = {name.lower(): name for name in wanted or [small[n] for n in SCORES if n in small]}
    return columns, numbers


def _cell(row: Row, columns: Mapping[str, str], key: str) -> str:
    return _text(row.get(columns[key])) if key in columns else ""


def _text(value: Any) -> str:
    """A cell as text; what is missing, NaN of a column of numbers among it, is empty."""
    return "" if value is None or value != value else str(value).strip()


class _Maker:
    """Rows of one table to items."""

    def __init__(
        self, path: Path, columns: dict[str, str], numbers: dict[str, str], separator: str, base: str = ""
    ) -> None:
        self.path, self.columns, self.numbers, self.separator = path, columns, numbers, separator
        self.base = base or str(path.parent)

    def alone(self, line: int, row: Row) -> Iterator[Sample | Fault]:
        """A row without a dialogue."""
        id = self._id(line, row)
        turn = self._turn(id, row)
        target = self._target(id, row)
        if isinstance(turn, Fault) or isinstance(target, Fault):
            yield from (x for x in (turn, target) if isinstance(x, Fault))
            return
        group, question = _cell(row, self.columns, "group") or id, _cell(row, self.columns, "question")
        before = turns_before(row.get(self.columns["context"])) if "context" in self.columns else ()
        if before:
            turns = (*before, turn)
            yield Sample(
                id=id, group=group, turns=turns, turn=len(turns), span=turn.span, question=question, target=target
            )
            return
        yield Sample(
            id=id,
            group=group,
            text=turn.text or None,
            files=(turn.file,) if turn.file else (),
            span=turn.span,
            question=question,
            target=target,
        )

    def together(self, dialogue: str, rows: list[tuple[int, Row]]) -> Iterator[Sample | Fault]:
        """Rows of one dialogue; a turn that cannot be used is told and left out, and so is a hole in the numbers."""
        placed: dict[float, tuple[str, Row, Turn]] = {}
        for order, (line, row) in enumerate(rows):
            id = self._id(line, row)
            place = number_of(row.get(self.columns["turn"])) if "turn" in self.columns else float(order)
            turn = self._turn(id, row)
            if place is None or place != int(place):
                yield Fault(id, "broken", f"'{_cell(row, self.columns, 'turn')}' is no number of a turn")
            elif place in placed:
                yield Fault(id, "duplicate", f"turn {place:g} of dialogue {dialogue} stands more than once")
            elif isinstance(turn, Fault):
                yield turn
            else:
                placed[place] = (id, row, turn)
        order = sorted(placed)
        if order and (holes := int(order[-1] - order[0]) + 1 - len(order)):
            yield Fault(
                f"{self.path.name}:{dialogue}", "missing", f"{holes} turns of dialogue {dialogue} are not there"
            )
        turns = tuple(placed[place][2] for place in order)
        for number, place in enumerate(order, 1):
            id, row, _ = placed[place]
            target = self._target(id, row)
            group, question = _cell(row, self.columns, "group") or dialogue, _cell(row, self.columns, "question")
            sample = Sample(id=id, group=group, turns=turns, turn=number, question=question)
            yield target if isinstance(target, Fault) else sample.model_copy(update={"target": target})

    def _id(self, line: int, row: Row) -> str:
        return _id(self.path, line, row, self.columns)

    def _turn(self, id: str, row: Row) -> Turn | Fault:
        text, name = _cell(row, self.columns, "text"), _cell(row, self.columns, "file")
        if not text and not name:
            return Fault(id, "empty", "neither words nor a file")
        try:
            file = place_of(name, self.base) if name else None
        except ValueError as error:
            return Fault(id, "broken", str(error))
        if file and not is_address(file) and not Path(file).is_file():
            return Fault(id, "missing", f"there is no {file}")
        times = [_cell(row, self.columns, key) for key in ("start", "end")]
        start, end = (seconds_of(time) for time in times)
        if any(times) and (start is None or end is None or end <= start):
            return Fault(id, "miscut", f"'{times[0]}' to '{times[1]}' is no stretch of time")
        span = Span(start=start, end=end) if start is not None and end is not None else None
        return Turn(speaker=_cell(row, self.columns, "speaker"), text=text, file=file, span=span)

    def _target(self, id: str, row: Row) -> Target | Fault:
        scores: dict[str, float] = {}
        for name, column in self.numbers.items():
            number, cell = number_of(row.get(column)), _text(row.get(column))
            if number is None and cell:
                return Fault(id, "broken", f"{column} is '{cell}', no number")
            if number is not None:
                scores[name] = number
        labels: tuple[str, ...] | None = None
        if "label" in self.columns:
            value = row.get(self.columns["label"])
            several = isinstance(value, list) or bool(self.separator)
            cell = _cell(row, self.columns, "label")
            labels = list_of(value if isinstance(value, list) else cell, self._pattern()) if several else (cell,)
            if not "".join(labels) and not (several and isinstance(value, list)):
                return Fault(id, "no_label", f"{self.columns['label']} is empty")
        elif self.numbers and not scores:
            return Fault(id, "no_label", f"{', '.join(self.numbers.values())} are empty")
        return Target(labels=labels, scores=scores, text=_cell(row, self.columns, "explanation"))

    def _pattern(self) -> str:
        import re

        return re.escape(self.separator or ",")


TABLE = Dataset(
    "table",
    "any .csv, .tsv, .jsonl or .parquet: table:FILE?text=COLUMN&label=COLUMN&label_sep=,&dialogue=COLUMN …",
    ("emotion",),
    tuple(SPLITS),
    read,
    verified=True,
    options=(*CONVENTION, "label_sep", "scores", "base"),
)
