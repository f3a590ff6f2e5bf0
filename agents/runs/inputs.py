"""What a run may be over: a published dataset, a table, a folder of media, files by a pattern, or any of them at an address."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NoReturn
from urllib.parse import quote

from pydantic_core import PydanticSerializationError

from cuechain.agents import registry
from cuechain.agents import settings as settings_module
from cuechain.agents.datasets import Fault, dataset, samples
from cuechain.agents.errors import ConfigError, MediaError
from cuechain.agents.fetch import is_address, is_web, listed, local, shown
from cuechain.agents.fetch.address import path_of
from cuechain.agents.probe import TEXT_SUFFIXES
from cuechain.agents.settings import Settings
from cuechain.agents.subtitles import SUBTITLE_SUFFIXES
from cuechain.agents.values import Sample

TABLES = (".csv", ".tsv", ".jsonl", ".parquet")
"""Files that list items; a .jsonl that holds turns is given to `ask`."""

MEDIA = frozenset(
    """.mp4 .mov .mkv .avi .webm .m4v .flv .mpg .mpeg .ts .wmv .wav .flac .mp3 .m4a .ogg .opus .aac .aiff .jpg .jpeg .png .gif .webp .bmp
    .tif .tiff .json""".split()  # noqa: SIM905
) | {*TEXT_SUFFIXES, *SUBTITLE_SUFFIXES}
"""Suffixes that are looked for in a folder."""


def items_of(source: str, split: str = "", settings: Settings | None = None) -> Iterator[Sample | Fault]:
    """The items that a source names; one that JSON cannot hold, such as a file whose name is not UTF-8, is told as a fault.

    Args:
        source: `NAME:PATH` (see `cuechain list datasets`), a table, a folder, a file, a pattern such as `clips/**/*.mp4`, or the address
            of a table or file (`https://…`), or of a folder or pattern of a store (`s3://bucket/clips/*.mp4`).
        split: Of a dataset.
        settings: Where a table that has an address is kept; from environment and cuechain.toml where not given.

    Raises:
        ConfigError: An unknown dataset, split or option, or a table or dataset of another form.
        MediaError: Nothing is there, or an address cannot be fetched.
        MissingExtraError: The package for this kind of address is not installed.
    """
    yield from map(_holdable, _items_of(source, split, settings))


def _holdable(item: Sample | Fault) -> Sample | Fault:
    """The item, or what is wrong with it where it holds half of a character pair, as Python reads bytes that are not UTF-8."""
    if isinstance(item, Fault):
        return Fault(_legible(item.id), item.reason, _legible(item.detail))
    try:
        item.model_dump_json()
    except PydanticSerializationError:
        named = any(_legible(name) != name for name in (item.id, *item.files))
        what = "the name of its file is not UTF-8; rename it" if named else "its words are not Unicode"
        return Fault(_legible(item.id), "unreadable", what)
    return item


def _legible(text: str) -> str:
    """What is not Unicode as escapes; PEP 383 keeps bytes of names in U+DC80 to U+DCFF."""

    def escaped(found: re.Match[str]) -> str:
        code = ord(found[0])
        return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"

    return re.sub("[\ud800-\udfff]", escaped, text)


def _items_of(source: str, split: str, settings: Settings | None) -> Iterator[Sample | Fault]:
    name, colon, place = source.partition(":")
    if colon and name in registry.names("datasets"):
        if is_address(place):
            if name != "table":
                raise ConfigError(
                    f"{name} wants its folder on this machine", "copy the dataset; a table:… may have an address"
                )
            yield from _table_afar(*_mapped(place), split, settings)
        else:
            yield from samples(source, split)
        return
    if is_address(source):
        if path_of(source).lower().removesuffix(".gz").endswith(TABLES):
            yield from _table_afar(source, "", split, settings)
        else:
            yield from _of_store(source)
        return
    path = Path(source).expanduser()
    if path.suffix.lower() in TABLES and path.is_file():
        yield from samples(f"table:{source}", split)
        return
    files, other = _files(source, path)
    if not files:
        _nothing(source, path)
    root = path if path.is_dir() else None
    for file in files:
        id = str(file.relative_to(root)) if root else str(file)
        yield Sample(id=id, group=str(file.parent), files=(str(file),))
    for file in other:
        id = str(file.relative_to(root)) if root else str(file)
        dangling = file.is_symlink() and not file.exists()
        yield Fault(id, *_DANGLING if dangling else _OTHER)


def _nothing(source: str, path: Path) -> NoReturn:
    """Say that a source has no media, and what it is instead."""
    name, colon, _ = source.partition(":")
    if colon and not path.exists():
        raise ConfigError(f"{source}: no media are there", registry.did_you_mean(name, registry.names("datasets")))
    if path.is_dir():
        hint = "it wants video, sound, pictures or texts; give a table by its own name, a dataset as NAME:PATH"
        raise MediaError(f"{source} is a folder without media", hint)
    if re.search(r"[*?\[]", source):
        raise MediaError(f"{source}: no file has such a name", 'check the pattern; "**/*.mp4" looks into folders below')
    raise MediaError(f"{source} does not exist", "check the path; a folder, a table, or NAME:PATH is wanted")


_DANGLING = ("missing", "it is a link to what is not there")
_OTHER = ("left alone", "it is no kind of file that can be looked at")


def _mapped(place: str) -> tuple[str, str]:
    """Address and options of a table. A web address may have a query of its own: what is no option stays there."""
    address, mark, query = place.rpartition("?")
    if not mark:
        return place, ""
    known = dataset("table").options
    parts = query.split("&")
    theirs = [part for part in parts if is_web(address) and part.partition("=")[0] not in known]
    return address + "?" * bool(theirs) + "&".join(theirs), "&".join(part for part in parts if part not in theirs)


def _table_afar(address: str, options: str, split: str, settings: Settings | None) -> Iterator[Sample | Fault]:
    """The items of a table at an address; its files are named from there."""
    if not re.search(r"(^|&)base=", options):
        base = address.partition("?")[0].rpartition("/")[0] + "/"
        options += f"{'&' * bool(options)}base={quote(base, safe='')}"
    with local(address, settings or settings_module.load()) as file:
        yield from samples(f"table:{file}?{options}", split)


def _of_store(address: str) -> Iterator[Sample]:
    """The media that an address stands for: itself, or what a store has below it or by its pattern."""
    several = not is_web(address) and (re.search(r"[*?\[]", address) or _kind(address) not in MEDIA)
    if not several:
        yield Sample(id=shown(address), group=shown(address).rpartition("/")[0], files=(address,))
        return
    found = listed(address)
    runs = {one.rpartition("/")[0] for one in found if one.endswith("/cases.jsonl")}
    media = [
        one
        for one in found
        if _kind(one) in MEDIA - {*SUBTITLE_SUFFIXES}
        and not one.rpartition("/")[2].startswith(".")
        and not any(one.startswith(f"{run}/") for run in runs)
    ]
    if not media:
        raise MediaError(
            f"{shown(address)}: no media are there", "give a folder, a pattern such as …/*.mp4, or a table"
        )
    root = "" if re.search(r"[*?\[]", address) else address.rstrip("/") + "/"
    for one in media:
        yield Sample(id=one.removeprefix(root), group=one.rpartition("/")[0], files=(one,))


def _kind(address: str) -> str:
    return PurePosixPath(path_of(address)).suffix.lower()


def _files(source: str, path: Path) -> tuple[list[Path], list[Path]]:
    """Media in order, and what else is there but run folders and hidden files; subtitles beside a clip belong to it."""
    if path.is_dir():
        found = sorted(p for p in path.rglob("*") if p.is_symlink() or p.is_file())
    else:
        found = [path] if path.is_file() else sorted(Path(p) for p in glob.glob(source, recursive=True))  # noqa: PTH207 - a pattern may be absolute
    runs = {p.parent for p in found if p.name == "cases.jsonl"}
    stems = {
        p.with_suffix("") for p in found if p.suffix.lower() in MEDIA and p.suffix.lower() not in SUBTITLE_SUFFIXES
    }
    files: list[Path] = []
    other: list[Path] = []
    for file in found:
        beside = file.suffix.lower() in SUBTITLE_SUFFIXES and file.with_suffix("") in stems
        if file.is_dir() or beside or file.name.startswith(".") or runs & {*file.parents}:
            continue
        ours = file.is_file() and (path.is_file() or file.suffix.lower() in MEDIA)
        (files if ours else other).append(file)
    return files, other
