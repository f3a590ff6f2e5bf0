"""Whether the files of an item that is done are still those that were looked at."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path
from typing import Any, TypedDict

from cuechain.agents.fetch import is_address
from cuechain.agents.subtitles import SUBTITLE_SUFFIXES
from cuechain.agents.values import Sample


class Files(TypedDict):
    """What an item's files are, as it takes no reading of them; JSON values."""

    stat: list[list[int] | None]
    """Bytes and nanoseconds of the last change of each; None where it is not there."""
    beside: dict[str, str]
    """Name of each subtitle file beside them to its SHA-256: these are small."""


def files_of(item: Sample) -> Files | None:
    """What the files of an item on this machine are now; None without any."""
    paths = _paths(item)
    if not paths:
        return None
    beside = dict.fromkeys(p.with_suffix(suffix) for p in paths for suffix in SUBTITLE_SUFFIXES if p.suffix != suffix)
    return {"stat": [_stat(path) for path in paths], "beside": {p.name: _digest(p) for p in beside if p.is_file()}}


def same(item: Sample, now: Files, before: Any, digests: Collection[str]) -> bool:
    """Whether an item's files are those that were looked at: by size and time, and where these differ by their bytes.

    A file that is gone is no other one.

    Args:
        item: It.
        now: Its files.
        before: Its files when they were looked at, as it was kept; None where an older version kept nothing.
        digests: SHA-256 of what was looked at.
    """
    known: dict[str, Any] = before if isinstance(before, dict) else {}
    if known.get("beside", now["beside"]) != now["beside"]:
        return False
    then = known.get("stat") or []
    if then == now["stat"]:
        return True
    for place, path in enumerate(_paths(item)):
        stat = now["stat"][place]
        if stat is not None and then[place : place + 1] != [stat] and _digest(path) not in digests:
            return False
    return True


def _paths(item: Sample) -> list[Path]:
    names = (*item.files, *(turn.file for turn in item.turns if turn.file))
    return [Path(name) for name in dict.fromkeys(names) if not is_address(name)]


def _stat(path: Path) -> list[int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns]


def _digest(path: Path) -> str:
    """Empty where it cannot be read: nothing has that."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
