"""One file below the cache folder: whole or absent, beside what its server told of it; and what came of it so far."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from cuechain.agents.errors import MediaError, RunError
from cuechain.agents.fetch.address import shown

T = TypeVar("T")

MOST = 8 * 2**30
"""Bytes of one file; nothing that is larger is fetched."""

PATIENCE, SLOWEST = 60.0, 2_000.0
"""A server that sends for longer than so many seconds must have sent so many bytes a second: one that drips for ever is left."""


class LaterError(Exception):
    """What may pass: the same request may succeed in a moment."""

    def __init__(self, told: str, wait: float = 0.0) -> None:
        super().__init__(told)
        self.wait = wait
        """Seconds that the server asked to wait."""


@dataclass(frozen=True)
class About:
    """What a server tells of a file, to know it again."""

    size: int | None = None
    """Bytes."""
    tag: str = ""
    """Strong ETag (RFC 9110 8.8.3), or the checksum that a store keeps."""
    modified: str = ""
    """When it was changed last, as the server writes it."""

    @property
    def sure(self) -> bool:
        """Whether two files that agree in it are one."""
        return bool(self.tag or self.modified)

    def differs(self, other: About) -> bool:
        """Whether they are two files; what only one of them tells decides nothing."""
        pairs = ((self.size, other.size), (self.tag, other.tag), (self.modified, other.modified))
        return any(a and b and a != b for a, b in pairs)


class Kept:
    """A file of the cache, and its address."""

    def __init__(self, path: Path, address: str) -> None:
        self.path, self.address = path, address
        self._part = path.with_name(path.name + ".part")

    @property
    def about(self) -> About | None:
        """What was told of the file when it was fetched; None where it is not there."""
        return _noted(self.path) if self.path.is_file() else None

    def begun(self) -> tuple[int, About]:
        """Bytes of an earlier try that can be gone on with, and what was told of them."""
        about = _noted(self._part)
        if about is None or not about.sure or not self._part.is_file():
            return 0, About()
        return self._part.stat().st_size, about

    def drop(self) -> None:
        """Forget what an earlier try has fetched."""
        self._part.unlink(missing_ok=True)

    def write(self, pieces: Iterable[bytes], about: About, at: int) -> None:
        """Write what comes, from a place on; when all of it is there, it becomes the file.

        Args:
            pieces: Of the file.
            about: What is told of it.
            at: Bytes of an earlier try before it.

        Raises:
            LaterError: Fewer or more bytes came than were told.
            MediaError: It is too large, or comes too slowly.
            RunError: The disk is full.
        """
        large = MediaError(f"{shown(self.address)} is larger than {MOST / 2**30:.1f} GB", "cut it, and give the pieces")
        if about.size is not None and about.size > MOST:
            raise large
        if not at:
            self.drop()
            _note(self._part, about, self.address)
        got, begun = at, time.monotonic()
        # Errors of whoever sends are not those of the disk: only what touches the file is told as such.
        file = _guarded(self._part, lambda: self._part.open("r+b" if at else "wb"))
        with file:
            file.seek(at)
            for piece in pieces:
                _guarded(self._part, lambda piece=piece: file.write(piece))
                got += len(piece)
                if got > MOST:
                    self.drop()
                    raise large
                seconds = time.monotonic() - begun
                if seconds > PATIENCE and (got - at) / seconds < SLOWEST:
                    raise MediaError(f"{shown(self.address)} cannot be fetched: it comes too slowly", "try again later")
            _guarded(self._part, file.flush)
            _guarded(self._part, lambda: os.fsync(file.fileno()))
        if about.size is not None and got != about.size:
            if got > about.size:
                self.drop()
            raise LaterError(f"{got:,} of {about.size:,} bytes came")
        # First the bytes, then what they are: killed between the two, the next call finds that they differ and fetches again.
        self._part.replace(self.path)
        _about(self._part).replace(_about(self.path))


def _guarded(path: Path, act: Callable[[], T]) -> T:
    try:
        return act()
    except OSError as error:
        raise no_room(path.parent, error) from error


def no_room(folder: Path, error: OSError) -> RunError:
    """The cache folder cannot be written."""
    hint = "free some space, or point CUECHAIN_CACHE to a folder that has it"
    return RunError(f"{folder} cannot be written: {error.strerror or error}", hint)


def _about(path: Path) -> Path:
    return path.with_name(f"{path.name}.about")


def _noted(path: Path) -> About | None:
    with suppress(OSError, ValueError, TypeError, KeyError):
        told = json.loads(_about(path).read_text("utf-8"))
        return About(told["size"], str(told["tag"]), str(told["modified"]))
    return None


def _note(path: Path, about: About, address: str) -> None:
    told = json.dumps({**asdict(about), "address": shown(address)})
    _guarded(path, lambda: _about(path).write_text(told, "utf-8"))
