"""What a run may be over: a published dataset, a table, a folder of media, or files by a pattern; and what is odd about it."""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from cuechain.agents import registry
from cuechain.agents.datasets import Fault, samples
from cuechain.agents.errors import ConfigError, MediaError
from cuechain.agents.probe import TEXT_SUFFIXES, probe
from cuechain.agents.subtitles import SUBTITLE_SUFFIXES
from cuechain.agents.values import Sample

TABLES = (".csv", ".tsv", ".jsonl", ".parquet")
"""Files that list items; a .jsonl that holds turns is given to `ask`."""

MEDIA = frozenset(
    """.mp4 .mov .mkv .avi .webm .m4v .flv .mpg .mpeg .ts .wmv .wav .flac .mp3 .m4a .ogg .opus .aac .aiff .jpg .jpeg .png .gif .webp .bmp
    .tif .tiff .json""".split()  # noqa: SIM905
) | {*TEXT_SUFFIXES, *SUBTITLE_SUFFIXES}
"""Suffixes that are looked for in a folder."""

TIMES_MEDIAN = 5.0
"""A clip that is that many times longer or shorter than half of the others is told: it may be mis-cut."""

SHORT_SECONDS = 0.3
"""Shorter than a spoken word."""


def items_of(source: str, split: str = "") -> Iterator[Sample | Fault]:
    """The items that a source names.

    Args:
        source: `NAME:PATH` (see `cuechain list datasets`), a table, a folder, a file, or a pattern such as `clips/**/*.mp4`.
        split: Of a dataset.

    Raises:
        ConfigError: Nothing is there, or it cannot be read.
    """
    name, colon, _ = source.partition(":")
    if colon and name in registry.names("datasets"):
        yield from samples(source, split)
        return
    path = Path(source).expanduser()
    if path.suffix.lower() in TABLES and path.is_file():
        yield from samples(f"table:{source}", split)
        return
    files = list(_files(source, path))
    if not files:
        known = (
            registry.did_you_mean(name, registry.names("datasets")) if colon else "give a folder, a table, or NAME:PATH"
        )
        raise ConfigError(f"{source}: no media are there", known)
    root = path if path.is_dir() else None
    for file in files:
        id = str(file.relative_to(root)) if root else str(file)
        yield Sample(id=id, group=str(file.parent), files=(str(file),))


def _files(source: str, path: Path) -> Iterator[Path]:
    """Media in order; subtitles that lie beside a clip belong to it, and run folders are left alone."""
    if path.is_dir():
        found = sorted(p for p in path.rglob("*") if p.is_file())
    else:
        found = [path] if path.is_file() else sorted(Path(p) for p in glob.glob(source, recursive=True))  # noqa: PTH207 - a pattern may be absolute
    runs = {p.parent for p in found if p.name == "cases.jsonl"}
    stems = {
        p.with_suffix("") for p in found if p.suffix.lower() in MEDIA and p.suffix.lower() not in SUBTITLE_SUFFIXES
    }
    for file in found:
        beside = file.suffix.lower() in SUBTITLE_SUFFIXES and file.with_suffix("") in stems
        own = path.is_file() or file.suffix.lower() in MEDIA
        if own and file.is_file() and not beside and not file.name.startswith(".") and not runs & {*file.parents}:
            yield file


@dataclass(frozen=True)
class Looked:
    """What a dry run finds."""

    items: int
    """Items that would be answered."""
    faults: tuple[Fault, ...]
    """What cannot be used, or looks wrong."""
    seconds: float
    """Of video and sound."""
    texts: int
    """Items of words alone."""
    kinds: dict[str, int] = field(default_factory=dict[str, int])
    """Kind of medium to how many files."""


def looked(items: Iterable[Sample | Fault]) -> Looked:
    """Open each file as far as its head, and tell what is missing, unreadable, there twice, or suspiciously long or short."""
    faults: list[Fault] = []
    lengths: dict[str, float] = {}
    seen: dict[str, str] = {}
    kinds: Counter[str] = Counter()
    count = texts = 0
    for item in items:
        if isinstance(item, Fault):
            faults.append(item)
            continue
        count += 1
        files = [*item.files, *(t.file for t in item.turns if t.file)]
        texts += not files
        for file in files:
            if "://" in file:
                continue  # fetched when its turn comes
            try:
                media = probe(file)
            except MediaError as error:
                faults.append(Fault(item.id, "unreadable", error.message))
                continue
            kinds[media.kind] += 1
            if media.sha256 in seen and seen[media.sha256] != item.id and not item.span:
                faults.append(Fault(item.id, "twice", f"{file} has the same bytes as that of {seen[media.sha256]}"))
            seen.setdefault(media.sha256, item.id)
            if media.duration is not None and media.kind in ("video", "audio"):
                lengths[item.id] = item.span.length if item.span else media.duration
                if item.span and item.span.end > media.duration + 0.5:
                    faults.append(
                        Fault(
                            item.id, "miscut", f"it ends at {item.span.end:.1f} s, the file at {media.duration:.1f} s"
                        )
                    )
    return Looked(count, (*faults, *_odd(lengths)), sum(lengths.values()), texts, dict(kinds))


def _odd(lengths: dict[str, float]) -> Sequence[Fault]:
    if not lengths:
        return ()
    usual = median(lengths.values())
    found: list[Fault] = []
    for id, seconds in lengths.items():
        far = len(lengths) >= 5 and not usual / TIMES_MEDIAN <= seconds <= usual * TIMES_MEDIAN
        if far or seconds < SHORT_SECONDS:
            found.append(Fault(id, "length", f"{seconds:.1f} s, half of the clips are shorter than {usual:.1f} s"))
    return found
