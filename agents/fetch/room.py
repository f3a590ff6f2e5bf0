"""Room for fetched files: those that were used longest ago go first, and none that somebody is using."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

try:
    import fcntl

    _locks: Any = fcntl
except ImportError:  # Windows: nothing is removed there
    _locks = None

GB = 1e9


@contextmanager
def in_use(path: Path) -> Generator[bool]:
    """Hold a file, so that nobody removes it; False where somebody has just done so. Whoever dies lets go of it."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        yield False
        return
    with file:
        if _locks:
            _locks.flock(file, _locks.LOCK_SH)
        yield _same(file, path)


def _same(file: IO[bytes], path: Path) -> bool:
    """Whether an open file is still the one at a path; it is marked as used now."""
    try:
        ours, there = os.fstat(file.fileno()), path.stat()
        os.utime(path)
    except OSError:
        return path.exists()
    return (ours.st_dev, ours.st_ino) == (there.st_dev, there.st_ino)


def make_room(folder: Path, limit: float) -> None:
    """Remove fetched files until the rest takes no more than a limit, or is in use.

    Args:
        folder: `files` below the cache folder.
        limit: Gigabytes.
    """
    kept: list[tuple[float, int, Path]] = []
    for about in folder.glob("*/*/*.about") if _locks else ():
        with suppress(OSError):
            told = about.with_suffix("").stat()
            kept.append((told.st_mtime, told.st_size, about.with_suffix("")))
    total = sum(size for _, size, _ in kept)
    for _, size, path in sorted(kept):
        if total <= limit * GB:
            return
        with suppress(OSError), path.open("rb") as file:  # BlockingIOError: somebody is using it
            _locks.flock(file, _locks.LOCK_EX | _locks.LOCK_NB)
            path.unlink()
            path.with_name(f"{path.name}.about").unlink(missing_ok=True)
            total -= size
