"""Published datasets as they are: each reader is one file that turns a folder into Samples, and tells what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from cuechain.agents import registry
from cuechain.agents.errors import ConfigError, MediaError
from cuechain.agents.values import Sample


@dataclass(frozen=True)
class Fault:
    """One thing in a dataset that cannot be used, or that looks wrong."""

    id: str
    """Of the item, or file and line where there is none."""
    reason: str
    """One of a few words, to be counted: missing, duplicate, misaligned, miscut, label_outside, no_label, broken, empty."""
    detail: str
    """What exactly, in a sentence."""


@dataclass(frozen=True)
class Dataset:
    """How a published dataset is read."""

    name: str
    """Registered name."""
    about: str
    """One line with authors and year for `cuechain list datasets`."""
    tasks: tuple[str, ...]
    """Tasks whose targets it holds, its own first."""
    splits: tuple[str, ...]
    """Names of the official splits, in the order of the publication."""
    read: Callable[..., Iterator[Sample | Fault]]
    """(folder or file, split, **options) → its items in the order of the file; a file that is not there is a ConfigError."""
    labels: str = ""
    """Name of the task's label set (`Task.sets`) that its labels come from; empty for the task's default or none."""
    protocol: str = ""
    """Name of the published scorer (`cuechain.agents.scoring.protocols`); empty where the sound metrics are the published ones."""
    verified: bool = True
    """Whether the reader was tried on real files of the dataset; False where its format is known from publications alone."""
    options: tuple[str, ...] = ()
    """What a spec may tell it after a question mark: `table:FILE?text=Utterance&label=Emotion`."""


def dataset(name: str) -> Dataset:
    """A reader by its name.

    Raises:
        ConfigError: Unknown name; the hint offers the nearest.
    """
    return registry.get("datasets", name)


def samples(spec: str, split: str = "") -> Iterator[Sample | Fault]:
    """The items of `NAME:PATH` or `NAME:PATH?OPTION=VALUE&…`; ids that occur twice are told as faults, and so is a split without items.

    Args:
        spec: Name of a reader and the folder or file as published, perhaps with its options (written as in a web address).
        split: One of its official splits; the first where none is named.

    Raises:
        MediaError: The folder or file does not exist.
        ConfigError: Unknown name, split or option, or a folder or file of another form.
    """
    name, _, place = spec.partition(":")
    one = dataset(name)
    place, options = _asked(place, one)
    path = Path(place).expanduser()
    if not place or not path.exists():
        kind = MediaError if place else ConfigError
        raise kind(
            f"{spec}: there is no {place or 'path'}",
            "check the path; table:FILE takes a .csv, .tsv, .jsonl or .parquet"
            if name == "table"
            else f"give {name}:FOLDER, the dataset as it is published",
        )
    asked, split = bool(split), split or one.splits[0]
    if split not in one.splits:
        raise ConfigError(f"{name} has no split '{split}'", f"it has {', '.join(one.splits)}")
    seen: set[str] = set()
    told = False
    for item in _read(one, path, split, options, asked):
        told = True
        if isinstance(item, Fault):
            yield item
        elif item.id in seen:
            yield Fault(item.id, "duplicate", f"the id {item.id} stands more than once; the first one counts")
        else:
            seen.add(item.id)
            yield item.model_copy(update={"dataset": name, "split": split})
    if not told:
        yield Fault(path.name, "empty", f"the split {split} has no items")


def _read(one: Dataset, path: Path, split: str, options: dict[str, str], asked: bool) -> Iterator[Sample | Fault]:
    """The reader's items; that the part which is taken by default is not there is told with the others."""
    try:
        yield from one.read(path, split, **options)
    except ConfigError as error:
        if asked or len(one.splits) < 2:
            raise
        others = ", ".join(one.splits[1:])
        raise ConfigError(f"{error.message} (split {split})", f"{error.hint}; --split takes {others} too") from error


def _asked(place: str, one: Dataset) -> tuple[str, dict[str, str]]:
    """Path and options of what follows the name; a path that is there stands for itself."""
    path, mark, query = place.rpartition("?")
    if not mark or Path(place).expanduser().exists():
        return place, {}
    told = parse_qsl(query, keep_blank_values=True)
    options = dict(told)
    if lost := [key for key in options if key not in one.options]:
        hint = registry.did_you_mean(lost[0], one.options) if one.options else f"{one.name} takes no options"
        raise ConfigError(f"{one.name} has no option '{lost[0]}'", hint)
    if len(options) < len(told) or not options:
        raise ConfigError(f"cannot read the options '{query}'", "write ?text=Utterance&label=Emotion, each once")
    return path, options
