"""What comes in: so much at once, so much of one owner, and nothing that the disk cannot take."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from cuechain.agents.errors import CueChainError

AT_ONCE = 64
"""Uploads at a time."""
EACH = 16
"""Uploads of one owner at a time."""
FREE = 2**30
"""Bytes that stay free on the disk."""
AGAIN = 5
"""Seconds after which an upload that found no place may be tried again."""


class BusyError(CueChainError):
    """Too much at once; `seconds` says when to try again."""

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message, f"try again in {seconds} s")
        self.seconds = seconds


class FullError(CueChainError):
    """The disk is full."""


def room(folder: Path, size: int) -> None:
    """See that a disk can take so many bytes.

    Raises:
        FullError: It cannot.
    """
    if shutil.disk_usage(folder).free - size < FREE:
        raise FullError("the disk of the server is full", "delete conversations that are not needed")


class Coming:
    """Counts uploads that are on their way; lives in one event loop."""

    def __init__(self) -> None:
        self._owners: Counter[str] = Counter()

    @contextmanager
    def place(self, owner: str, size: int, folder: Path) -> Generator[None]:
        """Let one in.

        Args:
            owner: Who sends it.
            size: Bytes, as far as they are told.
            folder: Where it will lie, twice for a moment.

        Raises:
            BusyError: Too many come at once.
            FullError: The disk cannot take it.
        """
        if self._owners.total() >= AT_ONCE or self._owners[owner] >= EACH:
            raise BusyError("too many uploads at once", AGAIN)
        room(folder, 2 * size)
        self._owners[owner] += 1
        try:
            yield
        finally:
            self._owners[owner] -= 1
            self._owners = +self._owners
